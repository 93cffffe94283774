/// A dataset's filters as decoders, undone in reverse order of their application.
///
/// Strict: a decoded chunk has exactly the bytes its shape calls for, and so has every step between
/// where its size can be known. libhdf5 itself does not look, and would hand out what was on the
/// heap before.
struct Pipeline: Sendable {
  /// One filter, with its parameters checked.
  enum Stage: Sendable {
    case gzip, lzf, lz4, zstd, fletcher32
    case shuffle(elementBytes: Int)
    case bitshuffle(Bitshuffle)
  }

  let stages: [Stage]
  /// Bytes of a chunk before the first filter.
  let chunkBytes: Int

  /// - Throws: `Fault` `.unsupported` if one of the filters is not decoded here.
  init(_ info: DatasetInfo) throws(Fault) {
    chunkBytes = info.chunkBytes ?? info.count * info.elementBytes
    var stages: [Stage] = []
    for filter in info.filters {
      stages.append(try Self.stage(filter, elementBytes: info.elementBytes))
    }
    self.stages = stages
  }

  /// For chunks that are stored as they are.
  init(withoutFilters info: DatasetInfo) {
    chunkBytes = info.chunkBytes ?? info.count * info.elementBytes
    stages = []
  }

  private static func stage(_ filter: Filter, elementBytes: Int) throws(Fault) -> Stage {
    switch filter.id {
    case FilterRegistry.gzip: return .gzip
    case FilterRegistry.fletcher32: return .fletcher32
    case FilterRegistry.lzf: return .lzf
    case FilterRegistry.lz4: return .lz4
    case FilterRegistry.zstd: return .zstd
    case FilterRegistry.shuffle:
      let bytes = filter.parameters.first.map(Int.init) ?? elementBytes
      guard bytes > 0 else { throw .badData("its shuffle filter has elements of 0 bytes") }
      return .shuffle(elementBytes: bytes)
    case FilterRegistry.bitshuffle:
      return .bitshuffle(try Bitshuffle(filter.parameters))
    default: throw FilterRegistry.unknown(filter)
    }
  }

  /// Undoes the filters on one stored chunk.
  ///
  /// - Parameters:
  ///   - stored: The chunk's bytes as they are in the file, in `scratch`.
  ///   - mask: Bit i set: filter i was not applied to this chunk.
  ///   - destination: Takes exactly `chunkBytes` bytes; `nil`: they may stay in `scratch`.
  ///   - scratch: Holds the steps between.
  /// - Returns: Where the `chunkBytes` decoded bytes are.
  func decode(
    _ stored: UnsafeMutableRawBufferPointer, mask: UInt32,
    into destination: UnsafeMutableRawPointer?, scratch: Scratch
  ) throws(Fault) -> UnsafeMutableRawPointer {
    let active = stages.indices.filter { $0 >= 32 || mask & (1 << UInt32($0)) == 0 }
    // From the front, as the writer went: how many bytes went into each filter.
    var before: [Int?] = []
    var known: Int? = chunkBytes
    for index in active {
      before.append(known)
      known = stages[index].bytesAfter(known)
    }
    if let known, known != stored.count {
      throw Self.wrongSize(got: stored.count, expected: known, "stored bytes")
    }

    var current = stored
    for (position, index) in active.enumerated().reversed() {
      let stage = stages[index]
      if case .fletcher32 = stage {
        try Fletcher32.check(UnsafeRawBufferPointer(current))
        current = UnsafeMutableRawBufferPointer(
          rebasing: current.dropLast(Fletcher32.checksumBytes))
        continue
      }
      let expected = before[position]
      // Between two compressors the size is not known, only its bound: what a compressor makes of
      // incompressible data.
      let capacity = expected ?? (chunkBytes + chunkBytes / 16 + 65_536)
      let target: UnsafeMutableRawPointer
      if position == 0, let destination {
        target = destination
      } else {
        target = try scratch.buffer(position & 1 == 0 ? .even : .odd, capacity)
      }
      let output = UnsafeMutableRawBufferPointer(start: target, count: capacity)
      let count = try stage.decode(
        UnsafeRawBufferPointer(current), into: output, scratch: scratch)
      if let expected, count != expected {
        throw Self.wrongSize(got: count, expected: expected, "bytes after \(stage.name)")
      }
      current = UnsafeMutableRawBufferPointer(start: target, count: count)
    }
    guard let decoded = current.baseAddress, current.count == chunkBytes else {
      throw Self.wrongSize(got: current.count, expected: chunkBytes, "bytes")
    }
    guard let destination, destination != decoded else { return decoded }
    destination.copyMemory(from: decoded, byteCount: chunkBytes)
    return destination
  }

  /// Refuses a chunk shape that no `stored` bytes could decode to, before anybody allocates it.
  func checkRatio(stored: Int) throws(Fault) {
    var most = Double(stored)
    for stage in stages { most = most * stage.mostExpansion + 4096 }
    guard Double(chunkBytes) <= most else {
      throw .badData(
        "its chunks claim \(chunkBytes) bytes each, but the largest has \(stored) stored bytes, which cannot decode to that",
        advice: "The file is damaged or made to exhaust memory.")
    }
  }

  static func wrongSize(got: Int, expected: Int, _ of: String) -> Fault {
    .badData(
      "it has \(got) \(of) where \(expected) are due",
      advice: "The chunk is damaged or was written by a broken filter: make or copy the file again."
    )
  }
}

extension Pipeline.Stage {
  /// Bytes that come out when writing, if they depend on nothing but the bytes that go in.
  fileprivate func bytesAfter(_ before: Int?) -> Int? {
    switch self {
    case .shuffle: before
    case .fletcher32: before.map { $0 + Fletcher32.checksumBytes }
    case .bitshuffle(let bitshuffle): bitshuffle.codec == .none ? before : nil
    case .gzip, .lzf, .lz4, .zstd: nil
    }
  }

  /// Decoded bytes that one stored byte can stand for at the very most.
  fileprivate var mostExpansion: Double {
    switch self {
    case .shuffle, .fletcher32: 1
    case .gzip: 1032  // deflate: 258 bytes for two bits
    case .lzf: 88  // 264 bytes for three
    case .lz4: 255
    case .zstd: 43_691  // a block of 128 KiB repeated from 3 bytes
    case .bitshuffle(let bitshuffle):
      switch bitshuffle.codec {
      case .none: 1
      case .lz4: 255
      case .zstd: 43_691
      }
    }
  }

  fileprivate var name: String {
    switch self {
    case .gzip: "gzip"
    case .lzf: "lzf"
    case .lz4: "lz4"
    case .zstd: "zstd"
    case .fletcher32: "fletcher32"
    case .shuffle: "shuffle"
    case .bitshuffle: "bitshuffle"
    }
  }

  /// Decodes into `output` and returns how many bytes came; never writes beyond it.
  fileprivate func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch: Scratch
  ) throws(Fault) -> Int {
    switch self {
    case .gzip: return try Gzip.decode(input, into: output, scratch: scratch)
    case .lzf: return try LZF.decode(input, into: output)
    case .lz4: return try LZ4Frame.decode(input, into: output)
    case .zstd: return try Zstd.decode(input, into: output, scratch: scratch)
    case .shuffle(let elementBytes):
      return try Shuffle.decode(input, into: output, elementBytes: elementBytes)
    case .bitshuffle(let bitshuffle):
      return try bitshuffle.decode(input, into: output, scratch: scratch)
    case .fletcher32:
      preconditionFailure("a checksum is checked, not decoded")
    }
  }
}
