/// A dataset's filters as decoders, undone in reverse order of their application.
///
/// Strict: a decoded chunk has exactly the bytes its shape calls for, and so has every step between
/// where its size can be known. libhdf5 itself does not look, and would hand out what was on the
/// heap before.
struct Pipeline: Sendable {
  let stages: [FilterDescriptor.Stage]
  /// Bytes of a chunk before the first filter.
  let chunkBytes: Int

  /// - Throws: `Fault` `.unsupported` if one of the filters is not decoded here.
  init(_ info: DatasetInfo) throws(Fault) {
    chunkBytes = info.chunkBytes ?? info.count * info.elementBytes
    var stages: [FilterDescriptor.Stage] = []
    for filter in info.filters {
      guard let descriptor = FilterRegistry.descriptor(filter.id) else { throw FilterRegistry.unknown(filter) }
      stages.append(try descriptor.stage(filter.parameters, info.elementBytes))
    }
    self.stages = stages
  }

  /// For chunks that are stored as they are.
  init(withoutFilters info: DatasetInfo) {
    chunkBytes = info.chunkBytes ?? info.count * info.elementBytes
    stages = []
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
      known = known.flatMap(stages[index].bytesAfter)
    }
    if let known, known != stored.count {
      throw Self.wrongSize(got: stored.count, expected: known, "stored bytes")
    }

    var current = stored
    var slot = Scratch.Slot.even
    for (position, index) in active.enumerated().reversed() {
      let stage = stages[index]
      let decode: @Sendable (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer, Scratch) throws(Fault) -> Int
      switch stage.undo {
      case .check(let check):
        current = UnsafeMutableRawBufferPointer(rebasing: current.prefix(try check(UnsafeRawBufferPointer(current))))
        continue
      case .decode(let function): decode = function
      }
      let expected = before[position]
      // Between two compressors the size is not known, only its bound: what a compressor makes of
      // incompressible data.
      let capacity = expected ?? (chunkBytes + chunkBytes / 16 + 65_536)
      let target: UnsafeMutableRawPointer
      if position == 0, let destination {
        target = destination
      } else {
        // Never the one that the step before went to, also where steps lie between that only check.
        target = try scratch.buffer(slot, capacity)
        slot = slot == .even ? .odd : .even
      }
      let output = UnsafeMutableRawBufferPointer(start: target, count: capacity)
      let count = try decode(UnsafeRawBufferPointer(current), output, scratch)
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
