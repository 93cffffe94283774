import CDeflate
import CZstd

/// How bytes may be compressed on their way to a browser.
package enum ContentCoding: String, Sendable, CaseIterable {
  case zstd, gzip, identity
}

/// Compressing answers, once each: what is sent again comes from the cache.
package enum Compression {
  /// 4.8 KB for a usual 64 KiB tile, in 0.2 ms.
  private static let gzipLevel: Int32 = 1
  /// 3.7 KB for the same in 0.1 ms.
  private static let zstdLevel: Int32 = 3
  /// Answers shorter than this are sent as they are.
  private static let bytesMin = 256

  /// `bytes` in a coding; `nil` where that saves less than one byte in twenty: then send them as they are.
  package static func compress(_ bytes: [UInt8], _ coding: ContentCoding) -> [UInt8]? {
    guard bytes.count >= bytesMin else { return nil }
    let most = bytes.count - bytes.count / 20
    switch coding {
    case .identity: return nil
    case .gzip:
      guard let compressor = libdeflate_alloc_compressor(gzipLevel) else { return nil }
      defer { libdeflate_free_compressor(compressor) }
      return fill(most) { libdeflate_gzip_compress(compressor, bytes, bytes.count, $0.baseAddress, $0.count) }
    case .zstd:
      return fill(most) {
        let count = ZSTD_compress($0.baseAddress, $0.count, bytes, bytes.count, zstdLevel)
        return ZSTD_isError(count) == 0 ? count : 0
      }
    }
  }

  /// The bytes that `body` wrote; `nil` where it wrote none.
  private static func fill(_ count: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Int) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in filled = body(buffer) }
    return bytes.isEmpty ? nil : bytes
  }

  /// The bytes as a zlib stream, as PNG holds them.
  static func zlib(_ bytes: [UInt8]) -> [UInt8] {
    guard let compressor = libdeflate_alloc_compressor(6) else { preconditionFailure("no memory") }
    defer { libdeflate_free_compressor(compressor) }
    let most = libdeflate_zlib_compress_bound(compressor, bytes.count)
    return fill(most) { libdeflate_zlib_compress(compressor, bytes, bytes.count, $0.baseAddress, $0.count) } ?? []
  }

  /// The bytes as gzip, compressed well: for files that are written once. Level 9 takes eight times as long on counts,
  /// for 6 % less.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    guard let compressor = libdeflate_alloc_compressor(6) else { preconditionFailure("no memory") }
    defer { libdeflate_free_compressor(compressor) }
    let most = libdeflate_gzip_compress_bound(compressor, bytes.count)
    return fill(most) { libdeflate_gzip_compress(compressor, bytes, bytes.count, $0.baseAddress, $0.count) } ?? []
  }

  /// CRC-32 of some bytes, as PNG uses it.
  static func crc32(_ bytes: [UInt8]) -> UInt32 { libdeflate_crc32(0, bytes, bytes.count) }
}
