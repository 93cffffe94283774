import CMapping
import Foundation
import Testing

@testable import TileStore

/// Stores that are signed, and say what no sound one does.
struct StoreLimitsTests {
  static let root = ["zarr.json"]
  static let both = ["zarr.json", "layers/wide/zarr.json"]

  @Test(arguments: [
    ("\"rows\": 220\n", "\"rows\": 9223372036854775807\n", root),
    ("\"rows\": 101", "\"rows\": 9223372036854775807", root),
    ("\"rows\": 220", "\"rows\": -1", root), ("\"rows\": 220", "\"rows\": 4294967296", root),
    ("\"samples\": 1,", "\"samples\": 2305843009213693952,", both), ("\"samples\": 1,", "\"samples\": 0,", both),
    ("\"neurons\": 270,", "\"neurons\": 2147483647,", both), ("\"neurons\": 270,", "\"neurons\": 2147483648,", both),
    ("\"neurons\": 270,", "\"neurons\": 0,", both), ("\"bins\": 256,", "\"bins\": 64,", both),
    ("\"exponent\": ", "\"exponent\": 9999", both), ("\"origin\": ", "\"origin\": 922337203685477580", both),
    ("\"format_version\": 1", "\"format_version\": 1, \"format_version\": 1", root),
    ("\"format_version\": 1", "\"format_version\": 3", root),
  ])
  func `Numbers that no sound store holds are refused at opening`(old: String, new: String, files: [String]) throws {
    try Golden.withEdited {
      try Golden.replace(old, new, in: files, of: $0)
    } _: { dataset in
      #expect(throws: StoreError.self) { try Store.open(dataset) }
      let problems = try Verification.verify(dataset, depth: .full).problems
      #expect(!problems.isEmpty)
    }
  }

  @Test func `More neurons than shards hold are refused before anything is made for them`() throws {
    let path = "layers/wide/statistics/zeros/zarr.json"
    try Golden.withEdited {
      try Golden.replace("\"neurons\": 270,", "\"neurons\": 2147483647,", in: Self.both, of: $0)
      for kind in try FileManager.default.subpathsOfDirectory(atPath: $0.path)
      where kind.hasPrefix("layers/wide/") && kind.hasSuffix("/zarr.json") {
        let url = $0.appendingPathComponent(kind)
        let text = try String(contentsOf: url, encoding: .utf8).replacing(/\b270\b/, with: "2147483647")
          .replacing(/\b512\b/, with: "65536")
        try Data(text.utf8).write(to: url)
      }
      #expect(try String(contentsOf: $0.appendingPathComponent(path), encoding: .utf8).contains("2147483647"))
    } _: { dataset in
      let error = #expect(throws: StoreError.self) { try Store.open(dataset) }
      #expect(error?.kind == .corrupt)
    }
  }

  @Test(arguments: [("layers/wide/values/c/0/0", "list"), ("layers/wide/own/256/c/0/0/0", "list")])
  func `Shards that are not listed are missed at opening`(shard: String, said: String) throws {
    try Golden.withEdited {
      try FileManager.default.removeItem(at: $0.appendingPathComponent(shard))
    } _: { dataset in
      let error = #expect(throws: StoreError.self) { try Store.open(dataset) }
      #expect(error?.file == shard && error?.detail.contains(said) == true, "\(String(describing: error))")
    }
  }

  @Test(arguments: [0, 7, 200]) func `Shards that are too short for their chunks are missed at opening`(bytes: Int)
    throws
  {
    let shard = "layers/spread/shared/64/c/0/0/0"
    try Golden.withEdited {
      let file = try FileHandle(forUpdating: $0.appendingPathComponent(shard))
      try file.truncate(atOffset: UInt64(bytes))
      try file.close()
    } _: { dataset in
      let error = #expect(throws: StoreError.self) { try Store.open(dataset) }
      #expect(error?.file == shard && error?.kind == .corrupt, "\(String(describing: error))")
    }
  }

  @Test func `A listed shard that is not there is damage`() throws {
    try Golden.withCopy { dataset in
      let version = try #require(Catalogue.currentVersion(ofDataset: dataset))
      try FileManager.default.removeItem(atPath: "\(dataset)/\(version)/layers/wide/values/c/0/0")
      let error = #expect(throws: StoreError.self) { try Store.open(dataset) }
      #expect(error?.kind == .corrupt)
    }
  }

  @Test func `Metadata are bounded by name, and in their depth`() throws {
    let node = "layers/wide/values/zarr.json"
    for (old, new) in [
      ("\"zarr_format\"", "\"x\": \"" + String(repeating: "x", count: StoreLimits.nodeBytes) + "\", \"zarr_format\""),
      ("\"zarr_format\"", "\"x\": " + nested(StoreLimits.jsonDepth) + ", \"zarr_format\""),
    ] {
      try Golden.withEdited {
        try Golden.replace(old, new, in: [node], of: $0)
      } _: { dataset in
        let error = #expect(throws: StoreError.self) { try Store.open(dataset) }
        #expect(error?.file == node)
      }
    }
    try Golden.withEdited {
      try Golden.replace("\"zarr_format\"", "\"x\": \(nested(100_000)), \"zarr_format\"", in: Self.root, of: $0)
    } _: { dataset in
      let error = #expect(throws: StoreError.self) { try Store.open(dataset) }
      #expect(error?.detail.contains("nested") == true)
    }
  }

  private func nested(_ depth: Int) -> String {
    String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
  }

  @Test func `A long job is not decoded at opening, and is there when asked for`() throws {
    let words = (0..<100_000).map { "\"key \($0)\": [\($0), 1.5, null, true]" }.joined(separator: ", ")
    let before = try Store.open(Golden.dataset).origin()
    try Golden.withEdited {
      try Golden.replace("\"job\": {", "\"job\": {\(words), ", in: Self.root, of: $0)
    } _: { dataset in
      let store = try Store.open(dataset)
      #expect(store.attributes.job == nil && store.attributes.provenance == nil)
      #expect(store.metadataBytes < 1 << 20)
      let origin = try store.origin()
      #expect(origin.provenance == before.provenance)
      #expect(origin.job["key 99999"] == [99_999, 1.5, .null, true])
    }
  }

  @Test func `A version that is a link is refused, a linked data set is not`() throws {
    try Golden.withCopy { dataset in
      let files = FileManager.default
      let version = try #require(Catalogue.currentVersion(ofDataset: dataset))
      let outside = dataset + "-outside"
      defer { try? files.removeItem(atPath: outside) }
      try files.createSymbolicLink(atPath: outside, withDestinationPath: dataset)
      #expect(try Store.open(outside).version == version)
      #expect(try Store.open(dataset: outside, version: version).version == version)
      try files.moveItem(atPath: "\(dataset)/\(version)", toPath: "\(dataset)/elsewhere")
      try files.createSymbolicLink(atPath: "\(dataset)/\(version)", withDestinationPath: "elsewhere")
      for open in [{ try Store.open(dataset) }, { try Store.open(dataset: dataset, version: version) }] {
        let error = #expect(throws: StoreError.self) { try open() }
        #expect(error?.kind == .corrupt && error?.detail.contains("link") == true, "\(String(describing: error))")
      }
      #expect(Catalogue.versions(ofDataset: dataset).isEmpty)
    }
  }

  @Test(arguments: [
    "../golden", "/etc", "current", ".", "a8cec442d7e0a28e/", "A8CEC442D7E0A28E", "a8cec442d7e0a28", "x",
  ])
  func `Of the link current only a version's name is taken`(target: String) throws {
    try Golden.withCopy { dataset in
      try FileManager.default.removeItem(atPath: "\(dataset)/current")
      try FileManager.default.createSymbolicLink(atPath: "\(dataset)/current", withDestinationPath: target)
      #expect(Catalogue.currentVersion(ofDataset: dataset) == nil)
    }
  }

  @Test func `Stores share one table of mappings, and leave it when they are closed`() throws {
    let maps = ShardMaps(limit: 16)
    do {
      let stores = try (0..<3).map { _ in try Golden.open(maps) }
      for store in stores {
        for array in store.arrays { _ = try array.row(plane: 0, 0) }
      }
      #expect((1...16).contains(maps.count))
    }
    #expect(maps.count == 0)
  }

  /// In a process of its own: others could not map anything meanwhile.
  @Test func `Where nobody would watch over a mapping there is none, and that is no damage`() async {
    await #expect(processExitsWith: .success) {
      let one = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)
      let before = try orders(of: Store.open(Golden.dataset))
      let store = try Store.open(Golden.dataset)
      for _ in 0..<Int(CM_WATCHES_MAX) { _ = cm_watch(one, 16) }
      let layer = try #require(store.layer("wide"))
      let error = #expect(throws: StoreError.self) { try layer.medianOrder.plane(0, as: UInt32.self) }
      #expect(error?.kind == .exhausted)
      // With one free, stores take turns.
      cm_forget(17)
      for _ in 0..<3 { #expect(try orders(of: store) == before) }
    }
  }
}

private func orders(of store: Store) throws -> [[UInt32]] {
  try store.layers.map { try $0.medianOrder.plane(0, as: UInt32.self) }
}

extension Golden {
  fileprivate static func open(_ maps: ShardMaps) throws -> Store {
    let folder = try VersionFolder(path: Catalogue.resolveVersion(dataset))
    return try Store(folder, Manifest(folder), maps: maps)
  }
}
