import Foundation
import Glibc

/// Reads a file of records, each checked. May be used by several threads at once. See `RecordFile`.
public final class RecordReader: Sendable {
  public let path: String
  public let header: Data
  public let count: Int
  private let descriptor: Int32
  /// Where each record begins, and the end of the last.
  private let offsets: [Int]
  private let sums: [UInt32]

  /// Opens a file and checks everything but the records themselves.
  /// - Throws: `RecordFileError`, also where there is no such file.
  public init(path: String) throws(RecordFileError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw RecordFileError(path, String(cString: strerror(errno))) }
    do throws(RecordFileError) {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { throw RecordFileError(path, String(cString: strerror(errno))) }
      let size = Int(status.st_size)
      guard size >= RecordFile.preambleBytes + RecordFile.trailerBytes else {
        throw RecordFileError(path, "it is cut off at \(size) bytes")
      }
      func number<Number: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int, _: Number.Type) -> Int {
        bytes.withUnsafeBytes {
          let stored = $0.loadUnaligned(fromByteOffset: offset, as: Number.self)
          return Int(truncatingIfNeeded: Number(littleEndian: stored))
        }
      }
      let preamble = try Self.read(descriptor, path, RecordFile.preambleBytes, at: 0)
      guard Array(preamble[..<8]) == RecordFile.magic else { throw RecordFileError(path, "it is no file of records") }
      let headerBytes = number(preamble, 8, UInt32.self)
      guard headerBytes <= min(RecordFile.headerBytesMax, size - RecordFile.preambleBytes - RecordFile.trailerBytes)
      else { throw RecordFileError(path, "its header is damaged") }
      let header = try Self.read(descriptor, path, headerBytes, at: RecordFile.preambleBytes)
      guard number(preamble, 12, UInt32.self) == Int(header.withUnsafeBytes { crc32c($0) }) else {
        throw RecordFileError(path, "its header is damaged")
      }
      let trailer = try Self.read(descriptor, path, RecordFile.trailerBytes, at: size - RecordFile.trailerBytes)
      guard Array(trailer[24...]) == RecordFile.endMagic,
        number(trailer, 20, UInt32.self) == Int(trailer[..<20].withUnsafeBytes { crc32c($0) })
      else { throw RecordFileError(path, "its end is missing or damaged") }
      let indexAt = number(trailer, 0, UInt64.self)
      let count = number(trailer, 8, UInt64.self)
      let first = RecordFile.preambleBytes + headerBytes
      guard count >= 0, count <= size / 8, indexAt >= first, indexAt <= size,
        indexAt + count * 8 + RecordFile.trailerBytes == size
      else { throw RecordFileError(path, "its size is not what it says") }
      let index = try Self.read(descriptor, path, count * 8, at: indexAt)
      guard number(trailer, 16, UInt32.self) == Int(index.withUnsafeBytes { crc32c($0) }) else {
        throw RecordFileError(path, "its index is damaged")
      }
      var offsets = [first]
      var sums: [UInt32] = []
      for record in 0..<count {
        offsets.append(offsets[record] + number(index, record * 8, UInt32.self))
        sums.append(UInt32(number(index, record * 8 + 4, UInt32.self)))
      }
      guard offsets[count] == indexAt else { throw RecordFileError(path, "its records do not fill it") }
      self.header = Data(header)
      self.count = count
      self.offsets = offsets
      self.sums = sums
      self.descriptor = descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  /// The header, which must have exactly this form.
  public func header<Header: Decodable>(as: Header.Type) throws(RecordFileError) -> Header {
    do { return try JSONDecoder().decode(Header.self, from: header) } catch {
      throw RecordFileError(path, "its header says something else than it should")
    }
  }

  /// Byte of the file at which a record begins, and its length.
  public func place(of number: Int) -> (offset: Int, bytes: Int) {
    (offsets[number], offsets[number + 1] - offsets[number])
  }

  /// A record, checked.
  /// - Precondition: there is such a record.
  public func record(_ number: Int) throws(RecordFileError) -> [UInt8] {
    let bytes = try Self.read(descriptor, path, offsets[number + 1] - offsets[number], at: offsets[number])
    guard bytes.withUnsafeBytes({ crc32c($0) }) == sums[number] else {
      throw RecordFileError(path, "record \(number) is damaged")
    }
    return bytes
  }

  /// Reads and checks every record.
  public func verify() throws(RecordFileError) {
    for number in 0..<count { _ = try record(number) }
  }

  private static func read(
    _ descriptor: Int32, _ path: String, _ count: Int, at offset: Int
  ) throws(RecordFileError) -> [UInt8] {
    var failure: String?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      while done < count {
        let got = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset + done))
        if got < 0, errno == EINTR { continue }
        if got <= 0 {
          failure = got < 0 ? String(cString: strerror(errno)) : "it ends in the middle"
          return
        }
        done += got
      }
    }
    if let failure { throw RecordFileError(path, failure) }
    return bytes
  }
}
