import Crypto
import Fixtures
import Foundation
import Testing

@testable import TileStore

/// What was built is looked at as readers do, before it is published.
struct PublishingTests {
  /// The golden store, as a builder left it that had come as far as publishing.
  private struct Built {
    let root: String
    let name: String
    let attributes: Attributes
    var folder: String { "\(root)/\(name)" }
    var building: String { "\(folder)/.building" }

    func publish() throws -> String {
      let builder = try StoreBuilder(root: root, name: name, fingerprint: "golden", restart: false)
      return try builder.publish(attributes, madeFrom: "golden") { count, body in
        for index in (0..<count).reversed() { try body(index) }
      }
    }

    /// Paths of its shards, within the store.
    func shards() throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: building).filter {
        $0.contains("/c/") && $0.last!.isNumber && !isFolder("\(building)/\($0)")
      }.sorted()
    }

    func edit(_ path: String, _ body: (inout Data) -> Void) throws {
      let url = URL(fileURLWithPath: "\(building)/\(path)")
      var data = try Data(contentsOf: url)
      body(&data)
      try data.write(to: url)
    }

    /// Whether the store is refused, with a text that names `file`, and nothing is there for readers.
    func expectRefused(_ file: String, _ comment: String) {
      do {
        _ = try publish()
        Issue.record("published: \(comment)")
      } catch let error as StoreNotWhole {
        #expect("\(error)".contains(file) && "\(error)".contains("nothing was published"), "\(error)")
      } catch {
        Issue.record("\(error): \(comment)")
      }
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/current"), "\(comment)")
    }
  }

  private static func withBuilt(_ body: (Built) throws -> Void) throws {
    let version = try #require(Golden.versions.last)
    try Golden.withCopy(of: version) { dataset in
      let store = try Store.open(dataset)
      var attributes = store.attributes
      let origin = try store.origin()
      (attributes.provenance, attributes.job) = (origin.provenance, origin.job)
      let files = FileManager.default
      let url = URL(fileURLWithPath: dataset)
      let built = Built(
        root: url.deletingLastPathComponent().path, name: url.lastPathComponent, attributes: attributes)
      let name = try #require(Catalogue.currentVersion(ofDataset: dataset))
      try files.moveItem(atPath: "\(dataset)/\(name)", toPath: built.building)
      try files.removeItem(atPath: "\(dataset)/current")
      try files.createDirectory(atPath: "\(built.building)/.scratch", withIntermediateDirectories: true)
      try Data("golden".utf8).write(to: URL(fileURLWithPath: "\(built.building)/.scratch/fingerprint"))
      try body(built)
    }
  }

  @Test func `What is whole is published, and its manifest has the hash of every file`() throws {
    try Self.withBuilt { built in
      let version = try built.publish()
      let folder = "\(built.folder)/\(version)"
      #expect(Catalogue.currentVersion(ofDataset: built.folder) == version)
      #expect(try Verification.verify(folder, depth: .full).problems == [])
      let listed = try String(contentsOfFile: "\(folder)/MANIFEST", encoding: .utf8).split(separator: "\n")
      #expect(listed.count > 100)
      for line in listed {
        let parts = line.split(separator: " ", omittingEmptySubsequences: true)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(parts[1])"))
        #expect(hexadecimal(SHA256.hash(data: data)) == parts[0], "\(parts[1])")
      }
    }
  }

  @Test func `A shard with a flipped byte, or more or fewer of them, is refused`() throws {
    try Self.withBuilt { built in
      var random = SplitMix(seed: 5)
      for path in try built.shards().shuffled(using: &random).prefix(24) {
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(built.building)/\(path)"))
        for offset in [0, whole.count - 1, Int.random(in: 0..<whole.count, using: &random)] {
          try built.edit(path) { $0[offset] ^= 16 }
          built.expectRefused(path, "\(path), byte \(offset)")
          try built.edit(path) { $0 = whole }
        }
        try built.edit(path) { $0.append(0) }
        built.expectRefused(path, "\(path), a byte more")
        try built.edit(path) { $0 = whole.dropLast() }
        built.expectRefused(path, "\(path), a byte less")
        try built.edit(path) { $0 = whole }
      }
      _ = try built.publish()
    }
  }

  /// Two entries of an index that name the same chunk, and one that leaves bytes before it out: every checksum is right.
  @Test func `Chunks that do not follow each other are refused`() throws {
    try Self.withBuilt { built in
      var tried = 0
      for path in try built.shards() {
        let array = String(path[..<path.range(of: "/c/")!.lowerBound])
        let metadata = try #require(
          ArrayMetadata(
            json: try JSONDecoder().decode(
              JSONValue.self, from: Data(contentsOf: URL(fileURLWithPath: "\(built.building)/\(array)/zarr.json")))))
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(built.building)/\(path)"))
        // What lies beyond the array has no chunk.
        let entries = (metadata.indexBytes - 4) / 16
        guard entries > 1, whole[16..<32].contains(where: { $0 != 255 }), tried < 8 else { continue }
        tried += 1
        try built.edit(path) { data in
          data.replaceSubrange(16..<32, with: whole[0..<16])
          Self.sign(&data, metadata.indexBytes)
        }
        built.expectRefused(path, "\(path), a chunk twice")
        try built.edit(path) { data in
          // The first chunk anew at the end, and a hole where it was.
          let range = Self.range(whole, 0)
          data.append(whole[range])
          data.replaceSubrange(0..<8, with: withUnsafeBytes(of: UInt64(whole.count).littleEndian) { Array($0) })
          Self.sign(&data, metadata.indexBytes)
        }
        built.expectRefused(path, "\(path), a hole")
        try built.edit(path) { $0 = whole }
      }
      #expect(tried > 2)
      _ = try built.publish()
    }
  }

  private static func range(_ data: Data, _ entry: Int) -> Range<Int> {
    func number(_ place: Int) -> Int {
      Int(data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self)) })
    }
    return number(entry * 16)..<number(entry * 16) + number(entry * 16 + 8)
  }

  private static func sign(_ data: inout Data, _ indexBytes: Int) {
    let sum = data.withUnsafeBytes { crc32c(UnsafeRawBufferPointer(rebasing: $0[..<(indexBytes - 4)])) }
    data.replaceSubrange(indexBytes - 4..<indexBytes, with: withUnsafeBytes(of: sum.littleEndian) { Array($0) })
  }

  @Test func `A file too many or too few is refused`() throws {
    try Self.withBuilt { built in
      let files = FileManager.default
      let foreign = "layers/notes.txt"
      try Data([1]).write(to: URL(fileURLWithPath: "\(built.building)/\(foreign)"))
      built.expectRefused(foreign, "a file that is no part of it")
      try files.removeItem(atPath: "\(built.building)/\(foreign)")
      for path in try built.shards().prefix(3) {
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(built.building)/\(path)"))
        try files.removeItem(atPath: "\(built.building)/\(path)")
        built.expectRefused(path, "a shard is missing")
        try whole.write(to: URL(fileURLWithPath: "\(built.building)/\(path)"))
      }
      _ = try built.publish()
    }
  }

  /// A version of the same content is only named again where all of it is right, be it signed or not.
  @Test func `What is published again takes the place of what was damaged`() throws {
    try Self.withBuilt { built in
      let files = FileManager.default
      let copy = built.root + "/again-\(UUID().uuidString)"
      try files.copyItem(atPath: built.building, toPath: copy)
      defer { try? files.removeItem(atPath: copy) }
      let version = try built.publish()
      let shard = try files.subpathsOfDirectory(atPath: "\(built.folder)/\(version)").filter { $0.contains("/c/") }
        .filter { !isFolder("\(built.folder)/\(version)/\($0)") }.sorted()[0]
      let url = URL(fileURLWithPath: "\(built.folder)/\(version)/\(shard)")
      var data = try Data(contentsOf: url)
      data[data.count - 1] ^= 1
      try data.write(to: url)
      try files.copyItem(atPath: copy, toPath: built.building)
      #expect(try built.publish() == version)
      #expect(try Verification.verify("\(built.folder)/\(version)", depth: .full).problems == [])
    }
  }
}
