import CKernels
import CLZ4

/// The Zarr codec `blosc` with `cname` `lz4`: the container of Blosc 1, its bytes or bits transposed before LZ4.
///
/// A buffer has a header of 16 bytes, little endian: version of the container 2, version of its LZ4 1, flags (bit 0 bytes are shuffled,
/// 1 stored as it is, 2 bits are shuffled, 4 blocks are not split; 5 to 7 the compressor, 1 for LZ4), bytes of an element, decoded bytes,
/// decoded bytes of a block, bytes of the buffer (u32 each). Stored as it is, the data follow. Otherwise the offset of each block (u32), and
/// the blocks: the bytes that follow (i32), and an LZ4 block, or as many plain bytes as are due. Where blocks are split, each byte of the
/// elements is such a stream of its own.
///
/// Written is one block that is not split, or the data as they are where that is no longer.
///
/// Source: README_CHUNK_FORMAT.rst of Blosc/c-blosc 1.21, and what libblosc reads; Zarr v3 `blosc` codec, version 1.0.
public struct Blosc: Sendable, Equatable {
  /// What is transposed before LZ4.
  public enum Shuffle: String, Sendable, CaseIterable {
    case none = "noshuffle"
    case bytes = "shuffle"
    case bits = "bitshuffle"

    /// Its bit of the flags.
    fileprivate var flag: UInt8 {
      switch self {
      case .none: 0
      case .bytes: 1
      case .bits: 4
      }
    }
  }

  public var shuffle: Shuffle
  /// 1 to 255.
  public var elementBytes: Int
  /// How thorough writing is, 0 to 9; as in libblosc, LZ4's acceleration is what is missing to 10.
  public var level: Int

  public init(_ shuffle: Shuffle, elementBytes: Int, level: Int = levelMax) {
    precondition((1...255).contains(elementBytes) && (0...Self.levelMax).contains(level))
    self.shuffle = shuffle
    self.elementBytes = elementBytes
    self.level = level
  }

  /// LZ4 is as thorough as the fast one gets.
  public static let levelMax = 9

  static let headerBytes = 16
  /// Most bytes a buffer of `count` decoded bytes takes.
  static func maxEncodedBytes(_ count: Int) -> Int { count + headerBytes }

  private static let containerVersion: UInt8 = 2
  private static let lz4Version: UInt8 = 1
  private static let lz4Flag: UInt8 = 1 << 5
  private static let storedFlag: UInt8 = 1 << 1
  private static let unsplitFlag: UInt8 = 1 << 4
  /// Blocks are split by the bytes of elements up to this size …
  private static let splitElementBytesMax = 16
  /// … where each part has as many bytes at least.
  private static let splitPartBytesMin = 128
}

// MARK: - Metadata

extension Blosc {
  var json: JSONValue {
    [
      "cname": "lz4", "clevel": JSONValue(level), "shuffle": .string(shuffle.rawValue),
      "typesize": JSONValue(elementBytes), "blocksize": 0,
    ]
  }

  /// - Returns: `nil` where the compressor is not LZ4, or something else is not as the codec's specification says.
  init?(json: JSONValue?, _ dataType: DataType) {
    guard let json, json["cname"]?.string == "lz4", let level = json["clevel"]?.int,
      (0...Self.levelMax).contains(level),
      let shuffle = json["shuffle"]?.string.flatMap(Shuffle.init(rawValue:)),
      let block = json["blocksize"]?.int, block >= 0
    else { return nil }
    // Without shuffle nothing depends on it, and it may be left out.
    let size = json["typesize"]?.int
    guard size == dataType.byteCount || shuffle == .none && size ?? 1 > 0 else { return nil }
    self.init(shuffle, elementBytes: dataType.byteCount, level: level)
  }
}

// MARK: - Encoding

extension Blosc {
  /// Bytes before the LZ4 block: header, offset of the block, its length.
  private static let prefixBytes = headerBytes + 8

  /// Encodes `chunk` to the start of `destination` and returns the bytes written.
  /// - Precondition: `destination` holds `maxEncodedBytes(chunk.count)`; shuffled by bits, a chunk has a multiple of eight elements.
  func encode(_ chunk: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) -> Int {
    precondition(destination.count >= Self.maxEncodedBytes(chunk.count) && chunk.count < 1 << 31)
    precondition(shuffle != .bits || chunk.count % (8 * elementBytes) == 0, "bits of incomplete bytes")
    let most = Self.maxEncodedBytes(chunk.count)
    var body = 0
    if most > Self.prefixBytes {
      let target = UnsafeMutableRawBufferPointer(rebasing: destination[Self.prefixBytes..<most])
      body = withShuffled(chunk) { compress($0, into: target) }
    }
    let isStored = body == 0
    let total = isStored ? most : Self.prefixBytes + body
    destination[0] = Self.containerVersion
    destination[1] = Self.lz4Version
    destination[2] = Self.lz4Flag | Self.unsplitFlag | shuffle.flag | (isStored ? Self.storedFlag : 0)
    destination[3] = UInt8(elementBytes)
    func store(_ number: Int, at offset: Int) {
      destination.storeBytes(of: UInt32(number).littleEndian, toByteOffset: offset, as: UInt32.self)
    }
    store(chunk.count, at: 4)
    store(chunk.count, at: 8)
    store(total, at: 12)
    if isStored {
      UnsafeMutableRawBufferPointer(rebasing: destination[Self.headerBytes...]).copyMemory(from: chunk)
    } else {
      store(Self.headerBytes + 4, at: Self.headerBytes)
      store(body, at: Self.headerBytes + 4)
    }
    return total
  }

  /// - Returns: bytes written; 0 where they would be more than there is room for.
  private func compress(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
    let acceleration = Int32(Self.levelMax + 1 - level)
    return Int(
      LZ4_compress_fast(bytes.baseAddress, target.baseAddress, Int32(bytes.count), Int32(target.count), acceleration))
  }

  /// - Precondition: shuffled by bits, a chunk has a multiple of eight elements.
  private func withShuffled(_ chunk: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Int) -> Int {
    guard shuffle != .none, elementBytes > 1 || shuffle == .bits else { return body(chunk) }
    return withScratch(chunk.count) { shuffled, planes in
      let from = chunk.baseAddress!
      if shuffle == .bytes {
        nd_shuffle(shuffled, from, chunk.count, elementBytes)
      } else {
        nd_bit_shuffle(shuffled, from, chunk.count / elementBytes, elementBytes, planes)
      }
      return body(UnsafeRawBufferPointer(start: shuffled, count: chunk.count))
    }
  }

  /// Memory for `count` bytes that are shuffled, and for as many while their bits are.
  private func withScratch<Result>(
    _ count: Int, _ body: (_ shuffled: UnsafeMutablePointer<UInt8>, _ planes: UnsafeMutablePointer<UInt8>) -> Result
  ) -> Result {
    let hasPlanes = shuffle == .bits && elementBytes > 1
    return withUnsafeTemporaryAllocation(byteCount: hasPlanes ? 2 * count : max(count, 1), alignment: 16) { scratch in
      let base = scratch.bindMemory(to: UInt8.self).baseAddress!
      return body(base, hasPlanes ? base + count : base)
    }
  }
}

// MARK: - Decoding

extension Blosc {
  /// Decodes a buffer to `destination`, which must be exactly its decoded size.
  ///
  /// Buffers of other writers may have several blocks, split or not, in any order.
  /// - Throws: `size` where the buffer says that it has another size; `malformed` where it is no buffer of this codec, from its first to its
  ///   last byte.
  func decode(
    _ buffer: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) throws(ChunkCodec.DecodingError) {
    guard buffer.count >= Self.headerBytes else { throw .malformed }
    let flags = buffer[2]
    let size = Self.number(buffer, at: 4)
    let blockBytes = Self.number(buffer, at: 8)
    guard buffer[0] == Self.containerVersion, buffer[1] == Self.lz4Version, flags & 0xE0 == Self.lz4Flag,
      flags & 0x08 == 0, Self.number(buffer, at: 12) == buffer.count
    else { throw .malformed }
    guard size == destination.count else { throw .size }
    if flags & Self.storedFlag != 0 {
      guard buffer.count == Self.headerBytes + size else { throw .malformed }
      destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[Self.headerBytes...]))
      return
    }
    // Without shuffle the size of elements counts only where blocks are split.
    let written = Blosc.Written(elementBytes: Int(buffer[3]), isSplit: flags & Self.unsplitFlag == 0)
    guard flags & 0x05 == shuffle.flag, written.elementBytes == elementBytes || shuffle == .none,
      written.elementBytes > 0, (1...max(size, 1)).contains(blockBytes)
    else { throw .malformed }
    let blocks = (size + blockBytes - 1) / blockBytes
    let start = Self.headerBytes + 4 * blocks
    guard start <= buffer.count else { throw .malformed }
    var used = start
    let isWhole = withScratch(shuffle == .none ? 0 : min(blockBytes, size)) { shuffled, planes in
      for block in 0..<blocks {
        let offset = Self.number(buffer, at: Self.headerBytes + 4 * block)
        let first = block * blockBytes
        let target = UnsafeMutableRawBufferPointer(rebasing: destination[first..<min(first + blockBytes, size)])
        guard offset >= start, offset <= buffer.count else { return false }
        let streams = UnsafeRawBufferPointer(rebasing: buffer[offset...])
        let parts = written.parts(target.count, isWhole: target.count == blockBytes)
        guard
          let taken = decode(streams, parts: parts, into: target, UnsafeMutableRawPointer(shuffled), planes: planes)
        else { return false }
        used += taken
      }
      return true
    }
    guard isWhole, used == buffer.count else { throw .malformed }
  }

  /// Decodes a buffer of single bytes, shuffled by bits, to their bit planes, which is how they lie in a block.
  /// - Returns: `false` where it is no single block of this kind, or malformed: `decode` says what it is. `destination` may have changed.
  func decodePlanes(_ buffer: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) -> Bool {
    let size = destination.count
    guard shuffle == .bits, elementBytes == 1, size > 0, buffer.count >= Self.prefixBytes,
      buffer[0] == Self.containerVersion, buffer[1] == Self.lz4Version, buffer[3] == 1,
      buffer[2] == Self.lz4Flag | Self.unsplitFlag | shuffle.flag,
      Self.number(buffer, at: 4) == size, Self.number(buffer, at: 8) == size,
      Self.number(buffer, at: 12) == buffer.count, Self.number(buffer, at: Self.headerBytes) == Self.headerBytes + 4,
      Self.number(buffer, at: Self.headerBytes + 4) == buffer.count - Self.prefixBytes
    else { return false }
    let length = buffer.count - Self.prefixBytes
    let stream = UnsafeRawBufferPointer(rebasing: buffer[Self.prefixBytes...])
    if length == size {
      destination.copyMemory(from: stream)
      return true
    }
    return Int(LZ4_decompress_safe(stream.baseAddress, destination.baseAddress, Int32(length), Int32(size))) == size
  }

  /// What a buffer's writer did with blocks.
  private struct Written {
    var elementBytes: Int
    var isSplit: Bool

    /// Streams that a block is made of.
    func parts(_ bytes: Int, isWhole: Bool) -> Int {
      isSplit && isWhole && elementBytes <= splitElementBytesMax && bytes / elementBytes >= splitPartBytesMin
        ? elementBytes : 1
    }
  }

  /// Decodes one block.
  /// - Parameters:
  ///   - streams: begins with the block's streams, and may go on behind them.
  ///   - shuffled: room for the block's bytes where they are shuffled; `planes`: likewise where their bits are.
  /// - Returns: bytes that the block takes; `nil` where it is malformed.
  private func decode(
    _ streams: UnsafeRawBufferPointer, parts: Int, into target: UnsafeMutableRawBufferPointer,
    _ shuffled: UnsafeMutableRawPointer, planes: UnsafeMutablePointer<UInt8>
  ) -> Int? {
    guard target.count % parts == 0 else { return nil }
    let due = target.count / parts
    let base = shuffle == .none ? target.baseAddress! : shuffled
    var at = 0
    for part in 0..<parts {
      guard at + 4 <= streams.count else { return nil }
      let length = Self.number(streams, at: at)
      at += 4
      guard length <= streams.count - at, length < 1 << 31 else { return nil }
      let stream = streams.baseAddress! + at
      if length == due {
        (base + part * due).copyMemory(from: stream, byteCount: due)
      } else {
        guard Int(LZ4_decompress_safe(stream, base + part * due, Int32(length), Int32(due))) == due else { return nil }
      }
      at += length
    }
    let bytes = target.baseAddress!
    switch shuffle {
    case .none: break
    case .bytes: nd_unshuffle(bytes, shuffled, target.count, elementBytes)
    case .bits:
      // libblosc 1 leaves such blocks as they are, and libblosc 2 shuffles the first of their elements: nobody knows which it was.
      guard target.count % (8 * elementBytes) == 0 else { return nil }
      nd_bit_unshuffle(
        bytes.assumingMemoryBound(to: UInt8.self), shuffled.assumingMemoryBound(to: UInt8.self),
        target.count / elementBytes, elementBytes, planes)
    }
    return at
  }

  /// An unsigned number of four bytes.
  private static func number(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
    Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }
}
