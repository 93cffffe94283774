import Algorithms
import Crypto
import Foundation

/// The file `MANIFEST`: the SHA-256 of every other file of a version. Its own SHA-256 names the version.
///
/// Kept as it is on disk, with the starts of its lines: a store of a thousand classes has some 70,000 of them.
public struct Manifest: Sendable {
  /// First 16 hexadecimal digits of the SHA-256 of the file.
  public let version: String
  private let bytes: [UInt8]
  /// Offsets of the lines.
  private let starts: [Int]

  static let name = StorePath.manifest
  /// Hexadecimal digits of a hash, and the two spaces behind them.
  private static let hashBytes = 64
  private static let headBytes = hashBytes + 2

  init(_ folder: VersionFolder) throws(StoreError) {
    try self.init(folder.read(Self.name))
  }

  /// - Throws: `StoreError` of kind `corrupt`, naming the line.
  init(_ data: Data) throws(StoreError) {
    let bytes = [UInt8](data)
    version = String(hexadecimal(SHA256.hash(data: bytes)).prefix(16))
    guard bytes.last == UInt8(ascii: "\n") else { throw .corrupt(Self.name, "its last line is cut off") }
    var starts: [Int] = []
    var start = 0
    var before: ArraySlice<UInt8>?
    while start < bytes.count {
      let number = starts.count + 1
      // The last byte ends a line.
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let line = bytes[start..<end]
      let path = line.dropFirst(Self.headBytes)
      guard !path.isEmpty, line.prefix(Self.hashBytes).allSatisfy(isLowercaseHexadecimal),
        line.dropFirst(Self.hashBytes).starts(with: [32, 32]), String(validating: path, as: UTF8.self) != nil
      else { throw .corrupt(Self.name, "line \(number) is not a hash and a path") }
      if let before, !before.lexicographicallyPrecedes(path) {
        throw .corrupt(Self.name, "line \(number) is out of order")
      }
      before = path
      starts.append(start)
      start = end + 1
    }
    self.bytes = bytes
    self.starts = starts
  }

  /// Files that are listed.
  var count: Int { starts.count }

  /// The path in a line, sorted by their bytes.
  func path(_ line: Int) -> String { String(decoding: pathBytes(line), as: UTF8.self) }

  /// Hexadecimal SHA-256 of a file; `nil` where it is not listed.
  func hash(of path: String) -> String? {
    let wanted = Array(path.utf8)
    let line = starts.indices.partitioningIndex { !pathBytes($0).lexicographicallyPrecedes(wanted) }
    guard line < starts.count, pathBytes(line).elementsEqual(wanted) else { return nil }
    return String(decoding: bytes[starts[line]..<(starts[line] + Self.hashBytes)], as: UTF8.self)
  }

  private func pathBytes(_ line: Int) -> ArraySlice<UInt8> {
    let next = line + 1 < starts.count ? starts[line + 1] : bytes.count
    return bytes[(starts[line] + Self.headBytes)..<(next - 1)]
  }
}

private func isLowercaseHexadecimal(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}
