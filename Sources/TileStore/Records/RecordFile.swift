import Glibc

/// A file of numbered records, each with a checksum: what is kept of unfinished work, or handed from one machine to another.
///
///     offset  bytes
///     0       8      "NDRECORD"
///     8       4      length of the header, u32 little-endian as all numbers
///     12      4      CRC-32C of the header
///     16      …      header, JSON
///             …      records, behind one another
///             8 n    index: length (u32) and CRC-32C (u32) of each of the n records
///     -32     8      where the index begins (u64)
///     -24     8      n (u64)
///     -16     4      CRC-32C of the index
///     -12     4      CRC-32C of the 20 bytes before
///     -8      8      "NDRECEND"
///
/// Every byte is under a checksum, and the lengths add up to that of the file: a file that was cut off or changed is told from a
/// whole one.
enum RecordFile {
  static let magic = Array("NDRECORD".utf8)
  static let endMagic = Array("NDRECEND".utf8)
  static let preambleBytes = 16
  static let trailerBytes = 32
  /// Most bytes of a header.
  static let headerBytesMax = 64 << 20
}

/// A file of records that is not what it should be.
public struct RecordFileError: Error, CustomStringConvertible, Sendable {
  public let path: String
  public let what: String

  public init(_ path: String, _ what: String) {
    self.path = path
    self.what = what
  }

  public var description: String { "\(path): \(what)." }
}

extension [UInt8] {
  /// Appends the bytes of a number, the least significant first.
  @inlinable public mutating func append(littleEndian number: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }
}
