import Foundation
import Testing

@testable import TileStore

/// Files of records: what was written is read, and whatever is damaged is refused.
@Suite struct RecordFileTests {
  private struct Header: Codable, Equatable {
    var name: String
    var parts: [Int]
  }

  private let header = Header(name: "a/b \u{1F431}", parts: [3, 1])
  private let records: [[UInt8]] = [[], [7], Array(0..<50), [UInt8](repeating: 9, count: 150), []]

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/records-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func write(_ path: String) throws -> [UInt8] {
    let writer = try RecordWriter(path: path, header: header)
    for record in records { try writer.append(record) }
    #expect(!FileManager.default.fileExists(atPath: path))
    try writer.finish()
    #expect(!FileManager.default.fileExists(atPath: path + RecordWriter.unfinishedSuffix))
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func expectWhole(_ path: String) throws {
    let reader = try RecordReader(path: path)
    #expect(try reader.header(as: Header.self) == header && reader.count == records.count)
    for number in records.indices.reversed() { #expect(try reader.record(number) == records[number]) }
    try reader.verify()
  }

  @Test func whatIsWrittenIsRead() throws {
    try withFolder { folder in
      _ = try write(folder + "/a")
      try expectWhole(folder + "/a")
      try RecordWriter(path: folder + "/empty", header: header).finish()
      #expect(try RecordReader(path: folder + "/empty").count == 0)
    }
  }

  @Test func `Scratch is read under no name`() throws {
    try withFolder { folder in
      let path = folder + "/a"
      let bytes = (0..<9000).map { UInt8(truncatingIfNeeded: $0 % 251) }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      func read(_ parts: RecordParts) throws -> [UInt8] {
        var read = [UInt8](repeating: 0, count: bytes.count - 5)
        try read.withUnsafeMutableBytes { try parts.read(into: $0, at: 5) }
        return read
      }
      #expect(try read(RecordParts(path: path)) == Array(bytes[5...]))
      let scratch = try RecordParts(path: path, isScratch: true)
      #expect(!FileManager.default.fileExists(atPath: path))
      #expect(try read(scratch) == Array(bytes[5...]))
      // What is given back reads as nothing, where the file system can do so, and the rest as before.
      scratch.giveBack(100..<8500)
      let left = try read(scratch)
      #expect(left[..<95] == bytes[5..<100] && left[8495...] == bytes[8500...])
      #expect(left[95..<8495].allSatisfy { $0 == 0 } || left == Array(bytes[5...]))
    }
  }

  /// A writer that goes on where another was ended makes the same bytes, whatever the other had written behind that.
  @Test func goingOn() throws {
    try withFolder { folder in
      let expected = try write(folder + "/a")
      for stop in 0...records.count {
        let path = folder + "/b\(stop)"
        let first = try RecordWriter(path: path, header: header)
        for record in records[..<stop] { try first.append(record) }
        let position = try first.save()
        try first.append([UInt8](repeating: 1, count: 2 << 20))
        _ = try first.save()
        let second = try RecordWriter(path: path, header: header, resuming: position)
        for record in records[stop...] { try second.append(record) }
        try second.finish()
        #expect(Array(try Data(contentsOf: URL(fileURLWithPath: path))) == expected)
      }
    }
  }

  /// Every byte in turn, and every length.
  @Test func damageIsFound() throws {
    try withFolder { folder in
      let path = folder + "/a"
      let intact = try write(path)
      func isRefused(_ bytes: [UInt8]) throws -> Bool {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        do throws(RecordFileError) {
          try RecordReader(path: path).verify()
          return false
        } catch {
          #expect(error.path == path && error.description.hasPrefix(path + ": "))
          return true
        }
      }
      #expect(try !isRefused(intact))
      for offset in intact.indices {
        var bytes = intact
        bytes[offset] ^= 1 << UInt8(offset % 8)
        #expect(try isRefused(bytes), "byte \(offset)")
      }
      for length in 0..<intact.count { #expect(try isRefused(Array(intact[..<length])), "\(length) bytes") }
      for more in [[0], intact] { #expect(try isRefused(intact + more)) }
      try expectRefusedHeader(path, intact)
    }
  }

  private func expectRefusedHeader(_ path: String, _ intact: [UInt8]) throws {
    struct Other: Codable { var size: Int }
    try Data(intact).write(to: URL(fileURLWithPath: path))
    #expect(throws: RecordFileError.self) { try RecordReader(path: path).header(as: Other.self) }
    #expect(throws: RecordFileError.self) { try RecordReader(path: path + "-not") }
  }
}
