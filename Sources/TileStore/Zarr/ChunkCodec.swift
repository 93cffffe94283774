import CKernels
import CLZ4

/// CRC-32C of `bytes`; `sum` continues an earlier one.
public func crc32c(_ bytes: UnsafeRawBufferPointer, continuing sum: UInt32 = 0) -> UInt32 {
  guard let base = bytes.baseAddress else { return sum }
  return nd_crc32c(sum, base, bytes.count)
}

/// The codecs of an inner chunk: decoded size (u32), LZ4 block, CRC-32C of both (u32), little endian.
public enum ChunkCodec {
  /// Most bytes an encoded chunk of `count` decoded bytes takes.
  public static func maxEncodedBytes(_ count: Int) -> Int { Int(LZ4_compressBound(Int32(count))) + 8 }

  /// Fewest bytes an encoded chunk of `count` decoded bytes takes: a byte of an LZ4 block stands for 255 bytes at most.
  static func minEncodedBytes(_ count: Int) -> Int { count / 255 + 8 }

  /// Encodes `chunk` to the start of `destination` and returns the bytes written.
  /// - Precondition: `destination` holds `maxEncodedBytes(chunk.count)`.
  public static func encode(
    _ chunk: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) -> Int {
    precondition(destination.count >= maxEncodedBytes(chunk.count))
    destination.storeBytes(of: UInt32(chunk.count).littleEndian, as: UInt32.self)
    let body = LZ4_compress_fast(
      chunk.baseAddress, destination.baseAddress! + 4, Int32(chunk.count),
      Int32(destination.count - 8), 1)
    precondition(body > 0, "LZ4 refused a chunk within its own bound")
    let checked = 4 + Int(body)
    let sum = crc32c(UnsafeRawBufferPointer(rebasing: destination[..<checked]))
    destination.storeBytes(of: sum.littleEndian, toByteOffset: checked, as: UInt32.self)
    return checked + 4
  }

  public enum DecodingError: Error, Sendable, Equatable { case checksum, size, lz4 }

  /// Decodes one encoded chunk to `destination`, which must be exactly its decoded size.
  public static func decode(
    _ encoded: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) throws(DecodingError) {
    guard encoded.count >= 8 else { throw .size }
    let checked = encoded.count - 4
    let sum = UInt32(littleEndian: encoded.loadUnaligned(fromByteOffset: checked, as: UInt32.self))
    guard crc32c(UnsafeRawBufferPointer(rebasing: encoded[..<checked])) == sum else { throw .checksum }
    let size = Int(UInt32(littleEndian: encoded.loadUnaligned(as: UInt32.self)))
    guard size == destination.count else { throw .size }
    let decoded = LZ4_decompress_safe(
      encoded.baseAddress! + 4, destination.baseAddress, Int32(checked - 4), Int32(size))
    guard Int(decoded) == size else { throw .lz4 }
  }
}
