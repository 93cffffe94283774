import Foundation
import Glibc

/// Writes a file of records under a temporary name, and gives it its own when it is complete and lasting. See `RecordFile`.
public final class RecordWriter {
  public let path: String
  private let temporary: String
  private let file: RecordRoom.File
  private var index: [UInt8] = []
  private var end: Int
  /// Byte of the file at which the first record begins.
  public let firstPlace: Int
  private var waiting: [UInt8] = []

  /// Bytes that are collected before they are written.
  private static var waitingBytesMax: Int { 1 << 20 }

  /// Of the name of a file that is not complete.
  public static let unfinishedSuffix = ".unfinished"

  /// How far a file was written, to go on there after the process was ended.
  public struct Position: Sendable {
    public var end: Int
    public var index: [UInt8]

    public init(end: Int, index: [UInt8]) {
      self.end = end
      self.index = index
    }
  }

  /// Begins a file, or goes on at `position` with what an earlier writer of the same header left.
  /// - Throws: `StoreWriteError`.
  public init(path: String, header: some Encodable, resuming position: Position? = nil) throws {
    self.path = path
    temporary = path + Self.unfinishedSuffix
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let header = [UInt8](try encoder.encode(header))
    var preamble = RecordFile.magic
    preamble.append(littleEndian: UInt32(header.count))
    preamble.append(littleEndian: header.withUnsafeBytes { crc32c($0) })
    preamble += header
    firstPlace = preamble.count
    if let position {
      file = try RecordRoom.File(path: temporary, flags: O_WRONLY)
      try file.output.truncate(to: position.end)
      end = position.end
      index = position.index
    } else {
      file = try RecordRoom.File(path: temporary, flags: O_WRONLY | O_CREAT | O_TRUNC)
      end = preamble.count
      try file.output.write(preamble, at: 0)
    }
  }

  public func append(_ record: [UInt8]) throws {
    index.append(littleEndian: UInt32(record.count))
    index.append(littleEndian: record.withUnsafeBytes { crc32c($0) })
    waiting += record
    if waiting.count >= Self.waitingBytesMax { try flush() }
  }

  /// Makes room for records of one length behind those before; whoever fills it gives it to `append`.
  public func room(for count: Int, bytes: Int) throws -> RecordRoom {
    try flush()
    defer { end += count * bytes }
    return RecordRoom(file, place: end, count: count, bytes: bytes)
  }

  /// Takes the records of a room that is filled.
  /// - Precondition: it is the last that was made, and nothing was appended since.
  public func append(_ room: RecordRoom) {
    precondition(room.end == end && waiting.isEmpty)
    for number in 0..<room.count {
      index.append(littleEndian: UInt32(room.bytes))
      index.append(littleEndian: room.sum(number))
    }
  }

  /// Byte of the file behind the last record.
  public var place: Int { end + waiting.count }

  /// Hands what was appended to the system, for readers of the file.
  public func flush() throws {
    try file.output.write(waiting, at: end)
    end += waiting.count
    waiting.removeAll(keepingCapacity: true)
  }

  /// Where the file lies until it is finished.
  public var unfinishedPath: String { temporary }

  /// Makes what was written so far lasting.
  public func save() throws -> Position {
    try flush()
    try file.output.synchronize()
    return Position(end: end, index: index)
  }

  /// Completes the file, makes it lasting and gives it its name.
  public func finish() throws {
    try flush()
    var trailer: [UInt8] = []
    trailer.append(littleEndian: UInt64(end))
    trailer.append(littleEndian: UInt64(index.count / 8))
    trailer.append(littleEndian: index.withUnsafeBytes { crc32c($0) })
    trailer.append(littleEndian: trailer.withUnsafeBytes { crc32c($0) })
    try file.output.write(index + trailer + RecordFile.endMagic, at: end)
    try file.output.synchronize()
    try renameFile(temporary, to: path)
    try synchronizeFolder(parentFolder(of: path))
  }
}
