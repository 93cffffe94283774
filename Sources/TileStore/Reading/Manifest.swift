import Crypto
import Foundation

/// The file `MANIFEST`: the SHA-256 of every other file of a version. Its own SHA-256 names the version.
public struct Manifest: Sendable {
  /// Hexadecimal SHA-256 by path.
  public let hashes: [String: String]
  /// Paths, sorted by their bytes.
  public let paths: [String]
  /// First 16 hexadecimal digits of the SHA-256 of the file.
  public let version: String

  static let name = "MANIFEST"

  init(_ folder: VersionFolder) throws(StoreError) {
    try self.init(folder.read(Self.name))
  }

  /// - Throws: `StoreError` of kind `corrupt`, naming the line.
  init(_ bytes: Data) throws(StoreError) {
    version = String(hexadecimal(SHA256.hash(data: bytes)).prefix(16))
    var hashes: [String: String] = [:]
    var paths: [String] = []
    guard bytes.last == UInt8(ascii: "\n") else { throw .corrupt(Self.name, "its last line is cut off") }
    for line in bytes.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let number = paths.count + 1
      guard let text = String(validating: line, as: UTF8.self), line.count > 66 else {
        throw .corrupt(Self.name, "line \(number) is not a hash and a path")
      }
      let hash = String(text.utf8.prefix(64)) ?? ""
      let rest = String(text.utf8.dropFirst(64)) ?? ""
      guard hash.utf8.allSatisfy(isLowercaseHexadecimal), rest.hasPrefix("  ") else {
        throw .corrupt(Self.name, "line \(number) is not a hash and a path")
      }
      let path = String(rest.dropFirst(2))
      if let last = paths.last, !last.utf8.lexicographicallyPrecedes(path.utf8) {
        throw .corrupt(Self.name, "line \(number) is out of order")
      }
      hashes[path] = hash
      paths.append(path)
    }
    self.hashes = hashes
    self.paths = paths
  }
}

/// Lowercase hexadecimal digits of some bytes.
public func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

private func isLowercaseHexadecimal(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}
