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

  @Test func `Chunks that do not follow each other are refused`() throws {
    try Self.withBuilt { built in
      let shards = try Golden.shardsOfSeveralChunks(URL(fileURLWithPath: built.building)).prefix(8)
      #expect(shards.count > 2)
      for shard in shards {
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(built.building)/\(shard.path)"))
        for (edit, what) in Golden.disorders {
          try built.edit(shard.path) { edit(&$0, shard.indexBytes) }
          built.expectRefused(shard.path, "\(shard.path), \(what)")
        }
        try built.edit(shard.path) { $0 = whole }
      }
      _ = try built.publish()
    }
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

  /// A version of the same content is only named again where all of it is right: each shard by its checksums, what is no shard by its hash.
  @Test func `What is published again takes the place of what was damaged, and of nothing else`() throws {
    try Self.withBuilt { built in
      let files = FileManager.default
      let copy = built.root + "/again-\(UUID().uuidString)"
      try files.copyItem(atPath: built.building, toPath: copy)
      defer { try? files.removeItem(atPath: copy) }
      let shard = try built.shards()[0]
      let version = try built.publish()
      let folder = "\(built.folder)/\(version)"
      func inode() throws -> UInt64? { try files.attributesOfItem(atPath: folder)[.systemFileNumber] as? UInt64 }
      for (path, edit) in [
        (nil, { (_: inout Data) in }), (shard, { $0[$0.count - 1] ^= 1 }), ("layers/zarr.json", { $0.append(32) }),
      ] {
        let before = try #require(try inode())
        if let path {
          let url = URL(fileURLWithPath: "\(folder)/\(path)")
          var data = try Data(contentsOf: url)
          edit(&data)
          try data.write(to: url)
        }
        try files.copyItem(atPath: copy, toPath: built.building)
        #expect(try built.publish() == version)
        #expect(try (inode() == before) == (path == nil), "\(path ?? "whole")")
        #expect(try Verification.verify(folder, depth: .full).problems == [])
      }
    }
  }
}
