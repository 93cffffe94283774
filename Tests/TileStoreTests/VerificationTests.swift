import Fixtures
import Foundation
import Testing

@testable import TileStore

struct VerificationTests {
  @Test(arguments: Golden.versions, [Verification.Depth.quick, .full])
  func `The golden store is sound`(version: Int, depth: Verification.Depth) throws {
    let verification = try Verification.verify(Golden.dataset(of: version), depth: depth)
    #expect(verification.problems == [])
    #expect(verification.files == (version == 1 ? 111 : 147))
    #expect(verification.histograms == (depth == .full ? 2 * 3 * 280 : 0))
  }

  /// The first, the last and some other byte of 24 files, always of those that name all others.
  private static func sampled(_ dataset: String) throws -> [(file: String, offset: Int)] {
    let version = try #require(Catalogue.currentVersion(ofDataset: dataset))
    let root = URL(fileURLWithPath: "\(dataset)/\(version)")
    let files = FileManager.default.subpaths(atPath: root.path)?.filter {
      (try? root.appendingPathComponent($0).resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
    }
    let shards = files?.filter { $0.contains("/c/") } ?? []
    let others = files?.filter { !$0.contains("/c/") } ?? []
    var random = SplitMix(seed: 1)
    let chosen =
      ["MANIFEST", "zarr.json"] + shards.sorted().shuffled(using: &random).prefix(14)
      + others.sorted().shuffled(using: &random).prefix(8)
    return chosen.flatMap { path in
      let size = (try? root.appendingPathComponent(path).resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
      return [0, size - 1, .random(in: 0..<size, using: &random)].map { (file: path, offset: $0) }
    }
  }

  @Test(arguments: Golden.versions) func `A flipped byte anywhere is found, and never read as data`(format: Int) throws
  {
    let sound = try contents(of: Store.open(Golden.dataset(of: format)))
    try Golden.withCopy(of: format) { dataset in
      let version = try #require(Catalogue.currentVersion(ofDataset: dataset))
      for (file, offset) in try Self.sampled(dataset) {
        let path = "\(dataset)/\(version)/\(file)"
        try flip(path, at: offset)
        let verification = try Verification.verify(dataset, depth: .full)
        #expect(!verification.problems.isEmpty, "\(file) at \(offset)")
        // Whatever can still be read is what was written.
        if let store = try? Store.open(dataset) {
          for (array, values) in try contents(of: store) {
            #expect(values == nil || values == sound[array], "\(file) at \(offset)")
          }
        }
        try flip(path, at: offset)
      }
    }
  }

  @Test(arguments: [Verification.Depth.quick, .full])
  func `Chunks that do not follow each other are found, though every hash is right`(depth: Verification.Depth) throws {
    for (edit, what) in Golden.disorders {
      var path = ""
      try Golden.withEdited(of: 2) { version in
        let shard = try #require(Golden.shardsOfSeveralChunks(version).last)
        path = shard.path
        let url = version.appendingPathComponent(path)
        var data = try Data(contentsOf: url)
        edit(&data, shard.indexBytes)
        try data.write(to: url)
      } _: { dataset in
        let problems = try Verification.verify(dataset, depth: depth).problems
        #expect(problems.contains { $0.file == path && $0.kind == .corrupt }, "\(what): \(problems)")
      }
    }
  }

  private func flip(_ path: String, at offset: Int) throws {
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    defer { try? file.close() }
    try file.seek(toOffset: UInt64(offset))
    let byte = try #require(file.read(upToCount: 1)?.first)
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: [byte ^ UInt8(1 + offset % 255)])
  }

  /// All bytes of every array of a small layer and a few of the large one; `nil` where reading is refused.
  private func contents(of store: Store) throws -> [String: [UInt8]?] {
    var contents: [String: [UInt8]?] = [:]
    for array in store.arrays {
      contents[array.path] = .some(try? (0..<array.planes).flatMap { try array.plane($0, as: array.metadata.dataType) })
    }
    return contents
  }

  @Test func `Missing, additional and linked files are found`() throws {
    let files = FileManager.default
    for damage in [
      { try files.removeItem(atPath: "\($0)/layers/wide/own/256/c/0/0/0") },
      { try files.removeItem(atPath: "\($0)/layers/wide/grid/tails/zarr.json") },
      { _ = files.createFile(atPath: "\($0)/layers/extra", contents: Data([1])) },
      {
        try files.moveItem(atPath: "\($0)/layers/wide/values/c/0/0", toPath: "\($0)/../moved")
        try files.createSymbolicLink(atPath: "\($0)/layers/wide/values/c/0/0", withDestinationPath: "\($0)/../moved")
      },
    ] as [(String) throws -> Void] {
      try Golden.withCopy { dataset in
        try damage("\(dataset)/\(Catalogue.currentVersion(ofDataset: dataset) ?? "")")
        #expect(!(try Verification.verify(dataset, depth: .quick)).problems.isEmpty)
        #expect(!(try Verification.verify(dataset, depth: .full)).problems.isEmpty)
      }
    }
  }

  @Test func `A shard that is cut off while it is mapped is an error and not the end`() throws {
    try Golden.withCopy { dataset in
      let store = try Store.open(dataset)
      let array = try #require(store.layer("wide")).counts(.own, .full)
      let before = try array.plane(2, as: UInt8.self)
      let file = try FileHandle(forUpdating: URL(fileURLWithPath: "\(store.path)/layers/wide/own/256/c/0/0/0"))
      try file.truncate(atOffset: 8192)
      try file.close()
      #expect(throws: StoreError.self) { try array.plane(2, as: UInt8.self) }
      #expect(before.count == 270 * 256)
    }
  }

  @Test func `A truncated shard is found quickly`() throws {
    try Golden.withCopy { dataset in
      let version = try #require(Catalogue.currentVersion(ofDataset: dataset))
      let shard = "\(dataset)/\(version)/layers/wide/own/256/c/0/0/0"
      let file = try FileHandle(forUpdating: URL(fileURLWithPath: shard))
      try file.truncate(atOffset: 20_000)
      try file.close()
      let problems = try Verification.verify(dataset, depth: .quick).problems
      #expect(problems.contains { $0.file == "layers/wide/own/256/c/0/0/0" && $0.kind == .corrupt })
    }
  }
}

extension ArrayReader {
  /// A plane's bytes, whatever its type.
  fileprivate func plane(_ plane: Int, as type: DataType) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try stream(plane: plane) { bytes += $1 }
    return bytes
  }
}
