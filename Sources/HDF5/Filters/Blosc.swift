import CBlosc

/// Filter 32001: a chunk of Blosc 1, blocks whose bytes or bits are transposed and then compressed.
///
/// A header of 16 bytes says all that reading needs: format version (2), version of the codec, flags, element bytes,
/// then decoded bytes, bytes of a block and stored bytes, header included (little-endian u32 each). Flags: 2 not
/// compressed at all, the upper three bits the codec. Of the dataset's parameters none is needed.
///
/// libblosc decodes, on the calling thread. It trusts no number inside the blocks; those of the header are checked here first.
///
/// Source: README_CHUNK_FORMAT and blosc.c of Blosc/c-blosc 1.21.
enum Blosc {
  static let headerBytes = 16
  /// In the order of their numbers.
  static let codecs = ["blosclz", "lz4", "snappy", "zlib", "zstd"]
  /// Bytes that one stored byte can stand for: zstd's, the most of all codecs.
  static let mostExpansion = Zstd.mostExpansion
  /// No chunk holds more, in bytes (`BLOSC_MAX_BUFFERSIZE`).
  static let bytesMax = Int(Int32.max) - headerBytes

  /// A chunk's header.
  private struct Header {
    let version: UInt8
    let isCopy: Bool
    let codec: Int
    let elementBytes: Int
    let decodedBytes: Int
    let blockBytes: Int
    let storedBytes: Int

    init(_ input: UnsafeRawBufferPointer) throws(Fault) {
      guard input.count >= Blosc.headerBytes else { throw damaged("ends within its header") }
      version = input[0]
      isCopy = input[2] & 2 != 0
      codec = Int(input[2] >> 5)
      elementBytes = Int(input[3])
      func number(_ at: Int) -> Int {
        Int(UInt32(littleEndian: input.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
      }
      decodedBytes = number(4)
      blockBytes = number(8)
      storedBytes = number(12)
    }
  }

  static func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch _: Scratch
  ) throws(Fault) -> Int {
    let header = try Header(input)
    guard header.version == BLOSC_VERSION_FORMAT else {
      throw .damaged(
        "its blosc chunk has version \(header.version), and Blosc 1 writes version \(BLOSC_VERSION_FORMAT)")
    }
    guard header.decodedBytes <= min(output.count, bytesMax) else {
      throw Pipeline.wrongSize(got: header.decodedBytes, expected: output.count, "bytes by its blosc header")
    }
    guard header.storedBytes == input.count else {
      throw Pipeline.wrongSize(got: input.count, expected: header.storedBytes, "bytes in its blosc chunk")
    }
    guard header.elementBytes > 0, header.blockBytes > 0, header.blockBytes <= header.decodedBytes else {
      throw damaged(
        "has elements of \(header.elementBytes) and blocks of \(header.blockBytes) of \(header.decodedBytes) bytes")
    }
    guard header.codec < codecs.count else {
      throw damaged("has codec \(header.codec), and Blosc 1 has \(codecs.count)")
    }
    // A block begins with its place and the length of what it holds.
    let blocks = (header.decodedBytes - 1) / header.blockBytes + 1
    let least = headerBytes + (header.isCopy ? header.decodedBytes : 8 * blocks)
    guard header.isCopy ? input.count == least : input.count >= least else {
      throw Pipeline.wrongSize(got: input.count, expected: least, "bytes in its blosc chunk")
    }
    var validated = 0
    guard blosc_cbuffer_validate(input.baseAddress, input.count, &validated) == 0, validated == header.decodedBytes
    else {
      throw damaged("has a header that contradicts itself")
    }
    let produced = Int(blosc_decompress_ctx(input.baseAddress, output.baseAddress, header.decodedBytes, 1))
    guard produced != codecIsMissing else {
      throw .unsupported(
        "its blosc chunk is compressed with \(codecs[header.codec]), which this machine's libblosc lacks",
        advice: FilterRegistry.rewriting)
    }
    guard produced == header.decodedBytes else { throw damaged("is damaged in a block") }
    return produced
  }

  /// libblosc's code for a codec that it was built without.
  private static let codecIsMissing = -5

  private static func damaged(_ what: String) -> Fault {
    .damaged("its blosc data \(what)")
  }
}

extension FilterDescriptor {
  static let blosc = FilterDescriptor(id: 32001, name: "blosc", secondsPerByte: 0.5e-9) { _, _ in
    // libblosc's own: three blocks, and a block may be the whole chunk; a decoder of zstd.
    Stage(
      name: "blosc", mostExpansion: Blosc.mostExpansion, bytesAfter: { _ in nil },
      scratchBytes: { 3 * $0 + (1 << 18) }, undo: .decode(Blosc.decode))
  }
}
