import CKernels
import CZstd

/// Filter 32008: blocks of elements whose bits are transposed, each block stored as it is or
/// compressed by itself.
///
/// Parameters: [major version, minor version, element bytes, elements of a block (0: default),
/// codec (0 none, 2 lz4, 3 zstd), level]. The compressed form begins with the decoded size
/// (big-endian u64) and the block's bytes (big-endian u32); each block has its length (big-endian
/// u32) before it. Blocks hold a multiple of 8 elements; what is left over beyond that, fewer than
/// 8 elements, stays raw at the end.
///
/// Source: bshuf_h5filter.c and bitshuffle_core.c of kiyo-masui/bitshuffle.
struct Bitshuffle: Sendable {
  enum Codec: Sendable { case none, lz4, zstd }

  let codec: Codec
  private let elementBytes: Int
  /// Elements of a block in the uncompressed form.
  private let blockElements: Int

  var blockBytes: Int { blockElements * elementBytes }

  /// Bytes that one stored byte can stand for.
  var mostExpansion: Double {
    switch codec {
    case .none: 1
    case .lz4: LZ4Frame.mostExpansion
    case .zstd: Zstd.mostExpansion
    }
  }

  init(_ parameters: [UInt32]) throws(Fault) {
    guard parameters.count >= 3, (1...65_536).contains(parameters[2]) else {
      throw .badData("its bitshuffle filter has parameters \(parameters)")
    }
    elementBytes = Int(parameters[2])
    let block = parameters.count > 3 ? Int(parameters[3]) : 0
    guard block % 8 == 0, block <= 1 << 28 else {
      throw .badData("its bitshuffle filter has blocks of \(block) elements")
    }
    blockElements = block > 0 ? block : max(128, 8192 / elementBytes / 8 * 8)
    switch parameters.count > 4 ? parameters[4] : 0 {
    case 0: codec = .none
    case 2: codec = .lz4
    case 3: codec = .zstd
    case let other:
      throw .unsupported(
        "its bitshuffle filter compresses with method \(other), which is not decoded here",
        advice: "Rewrite it with bitshuffle and lz4 or zstd.")
    }
  }

  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch: Scratch
  ) throws(Fault) -> Int {
    var reader = BigEndianReader(input)
    var blockElements = blockElements
    var total = input.count
    if codec != .none {
      guard let claimed = reader.next(8), let blockBytes = reader.next(4) else {
        throw damaged("ends within its header")
      }
      total = claimed
      blockElements = blockBytes / elementBytes
      guard blockBytes > 0, blockBytes % (8 * elementBytes) == 0 else {
        throw damaged("has blocks of \(blockBytes) bytes")
      }
    }
    guard total <= output.count else {
      throw Pipeline.wrongSize(got: total, expected: output.count, "bytes by its bitshuffle header")
    }
    guard total % elementBytes == 0 else {
      throw damaged("has \(total) bytes, and elements of \(elementBytes)")
    }
    let elements = total / elementBytes
    // A header may claim a block far beyond the chunk: buffers follow the chunk.
    let largest = min(blockElements, elements) * elementBytes
    guard codec != .lz4 || largest <= LZ4Frame.blockBytesMax else {
      throw damaged("has a block of \(largest) bytes, and LZ4 has none above \(LZ4Frame.blockBytesMax)")
    }
    let planes = try scratch.buffer(.planes, largest).assumingMemoryBound(to: UInt8.self)
    var done = 0
    while elements - done >= 8 {
      let count = min(blockElements, (elements - done) / 8 * 8)
      let bytes = count * elementBytes
      let block = try transposed(&reader, bytes, at: done, scratch)
      nd_bit_unshuffle(
        output.baseAddress!.assumingMemoryBound(to: UInt8.self) + done * elementBytes,
        block.assumingMemoryBound(to: UInt8.self), count, elementBytes, planes)
      done += count
    }
    let rest = total - done * elementBytes
    guard let raw = reader.take(rest) else { throw damaged("ends before its last elements") }
    if rest > 0 {
      (output.baseAddress! + done * elementBytes)
        .copyMemory(from: raw.baseAddress!, byteCount: rest)
    }
    guard reader.isAtEnd else { throw damaged("goes on behind its end") }
    return total
  }

  /// The next block of exactly `bytes` bytes, decompressed but still transposed.
  private func transposed(
    _ reader: inout BigEndianReader, _ bytes: Int, at element: Int, _ scratch: Scratch
  ) throws(Fault) -> UnsafeRawPointer {
    guard codec != .none else {
      guard let block = reader.take(bytes) else { throw damaged("ends at element \(element)") }
      return block.baseAddress!
    }
    guard let length = reader.next(4), let block = reader.take(length) else {
      throw damaged("ends at element \(element)")
    }
    let target = try scratch.buffer(.block, bytes)
    if codec == .lz4 {
      try LZ4Frame.decodeBlock(block, into: target, due: bytes, at: element * elementBytes)
    } else {
      let count = try Zstd.decode(
        block, into: UnsafeMutableRawBufferPointer(start: target, count: bytes), scratch: scratch)
      guard count == bytes else {
        throw Pipeline.wrongSize(got: count, expected: bytes, "bytes in a block")
      }
    }
    return UnsafeRawPointer(target)
  }

  private func damaged(_ what: String) -> Fault {
    .damaged("its bitshuffle data \(what)")
  }
}

extension FilterDescriptor {
  static let bitshuffle = FilterDescriptor(id: 32008, name: "bitshuffle", secondsPerByte: 0.4e-9) {
    (parameters, _) throws(Fault) in
    let bitshuffle = try Bitshuffle(parameters)
    return Stage(
      name: "bitshuffle", mostExpansion: bitshuffle.mostExpansion,
      bytesAfter: { bitshuffle.codec == .none ? $0 : nil }, scratchBytes: { 2 * min($0, bitshuffle.blockBytes) },
      undo: .decode { (input, output, scratch) throws(Fault) in
        try bitshuffle.decode(input, into: output, scratch: scratch)
      })
  }
}
