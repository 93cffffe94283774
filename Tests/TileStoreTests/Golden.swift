import Crypto
import Foundation
import Testing

@testable import TileStore

/// The golden stores (`Tiles/golden`), one of each version of the format, and copies of them that a test may damage.
enum Golden {
  /// Versions of the format.
  static let versions = [1, 2]
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Tiles/golden").standardizedFileURL
  /// That of the first version.
  static let dataset = dataset(of: 1)

  private static func folder(of version: Int) -> URL {
    version == 1 ? folder : folder.appendingPathComponent("version-\(version)")
  }

  static func dataset(of version: Int) -> String { folder(of: version).appendingPathComponent("store/golden").path }

  static func expected(of version: Int) throws -> JSONValue {
    try JSONDecoder().decode(
      JSONValue.self, from: Data(contentsOf: folder(of: version).appendingPathComponent("expected.json")))
  }

  /// Runs `body` on a copy of the data set's folder, which is removed afterwards.
  static func withCopy<Result>(of version: Int = 1, _ body: (_ dataset: String) throws -> Result) throws -> Result {
    let copy = FileManager.default.temporaryDirectory.appendingPathComponent("golden-\(UUID().uuidString)")
    try FileManager.default.copyItem(atPath: dataset(of: version), toPath: copy.path)
    defer { try? FileManager.default.removeItem(at: copy) }
    return try body(copy.path)
  }

  /// Runs `body` on a copy in which something was changed and that is signed anew (`FORMAT.md` §1), so that only its meaning may be
  /// wrong. Files that the change removes are not listed.
  static func withEdited<Result>(
    of version: Int = 1, _ edit: (_ version: URL) throws -> Void, _ body: (_ dataset: String) throws -> Result
  ) throws -> Result {
    try withCopy(of: version) { dataset in
      let files = FileManager.default
      let folder = URL(fileURLWithPath: dataset)
      let before = folder.appendingPathComponent(try #require(Catalogue.currentVersion(ofDataset: dataset)))
      try edit(before)
      let paths = try files.subpathsOfDirectory(atPath: before.path).filter {
        var isFolder: ObjCBool = false
        return $0 != "MANIFEST"
          && files.fileExists(atPath: before.appendingPathComponent($0).path, isDirectory: &isFolder)
          && !isFolder.boolValue
      }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      let manifest = try paths.reduce(into: "") { text, path in
        let content = try Data(contentsOf: before.appendingPathComponent(path))
        text += "\(hexadecimal(SHA256.hash(data: content)))  \(path)\n"
      }
      try Data(manifest.utf8).write(to: before.appendingPathComponent("MANIFEST"))
      let version = String(hexadecimal(SHA256.hash(data: Data(manifest.utf8))).prefix(16))
      if before.lastPathComponent != version {
        try files.moveItem(at: before, to: folder.appendingPathComponent(version))
        try files.removeItem(at: folder.appendingPathComponent("current"))
        try files.createSymbolicLink(
          atPath: folder.appendingPathComponent("current").path, withDestinationPath: version)
      }
      return try body(dataset)
    }
  }

  /// Replaces texts in files of a version; each must be there.
  static func replace(_ old: String, _ new: String, in paths: [String], of version: URL) throws {
    for path in paths {
      let url = version.appendingPathComponent(path)
      let text = try String(contentsOf: url, encoding: .utf8)
      #expect(text.contains(old), "\(path) has no \(old)")
      try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: url)
    }
  }

  /// Shards of a store that have several inner chunks, by path, with the bytes of their index.
  static func shardsOfSeveralChunks(_ version: URL) throws -> [(path: String, indexBytes: Int)] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: version.path).sorted()
    return try paths.filter { $0.contains("/c/") && !isFolder("\(version.path)/\($0)") }.compactMap { path in
      let array = String(path[..<path.range(of: "/c/")!.lowerBound])
      let text = try Data(contentsOf: version.appendingPathComponent("\(array)/zarr.json"))
      let metadata = try #require(ArrayMetadata(json: try JSONDecoder().decode(JSONValue.self, from: text)))
      let shard = try Data(contentsOf: version.appendingPathComponent(path))
      // What lies beyond the array has no chunk.
      let hasSecond = metadata.indexBytes > 2 * 16 && shard[16..<32].contains { $0 != 255 }
      return hasSecond ? (path, metadata.indexBytes) : nil
    }
  }

  /// What chunks of a shard may not do, though every checksum is right.
  static let disorders: [(edit: @Sendable (_ shard: inout Data, _ indexBytes: Int) -> Void, what: String)] = [
    (
      { shard, indexBytes in
        shard.replaceSubrange(16..<32, with: shard[0..<16])
        sign(&shard, indexBytes)
      }, "a chunk twice"
    ),
    (
      { shard, indexBytes in
        // The first chunk anew at the end, and a hole where it was.
        let numbers = shard.withUnsafeBytes { bytes in
          [0, 8].map { Int(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))) }
        }
        let end = UInt64(shard.count).littleEndian
        shard.append(shard[numbers[0]..<numbers[0] + numbers[1]])
        shard.replaceSubrange(0..<8, with: withUnsafeBytes(of: end) { Array($0) })
        sign(&shard, indexBytes)
      }, "a hole"
    ),
  ]

  private static func sign(_ shard: inout Data, _ indexBytes: Int) {
    let sum = shard.withUnsafeBytes { crc32c(UnsafeRawBufferPointer(rebasing: $0[..<(indexBytes - 4)])) }
    shard.replaceSubrange(indexBytes - 4..<indexBytes, with: withUnsafeBytes(of: sum.littleEndian) { Array($0) })
  }
}
