import Crypto
import Foundation
import HummingbirdTesting
import Testing
import TileStore

@testable import TileServer
@testable import Views

/// Changes on disk while the server runs.
struct LibraryTests {
  /// A folder with one data set, `golden`, in as many versions as are published.
  struct Shelf {
    let folder: URL
    private var dataset: URL { folder.appendingPathComponent("golden") }

    init() throws {
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("shelf-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: dataset, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// Publishes the golden store under another title, and so as another version, as `FORMAT.md` §1 says.
    func publish(title: String) throws -> String {
      let source = URL(fileURLWithPath: "\(GoldenServer.tiles)/golden/current").resolvingSymlinksInPath()
      let building = dataset.appendingPathComponent(".building-\(UUID().uuidString)")
      try FileManager.default.copyItem(at: source, to: building)
      let root = building.appendingPathComponent("zarr.json")
      let text = try String(contentsOf: root, encoding: .utf8).replacingOccurrences(of: "The golden store", with: title)
      try Data(text.utf8).write(to: root)
      let manifest = building.appendingPathComponent("MANIFEST")
      let hash = hexadecimal(SHA256.hash(data: Data(text.utf8)))
      let lines = try String(contentsOf: manifest, encoding: .utf8).split(separator: "\n").map { line in
        line.hasSuffix("  zarr.json") && !line.contains("/") ? "\(hash)  zarr.json" : String(line)
      }
      let listed = Data((lines.joined(separator: "\n") + "\n").utf8)
      try listed.write(to: manifest)
      let version = String(hexadecimal(SHA256.hash(data: listed)).prefix(16))
      try FileManager.default.moveItem(at: building, to: path(version))
      try point(to: version)
      return version
    }

    func point(to version: String) throws {
      let link = dataset.appendingPathComponent(".current-\(UUID().uuidString)")
      try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: version)
      guard rename(link.path, dataset.appendingPathComponent("current").path) == 0 else {
        throw CocoaError(.fileWriteUnknown)
      }
    }

    func path(_ version: String) -> URL { dataset.appendingPathComponent(version) }
  }

  static func with(_ body: (Shelf, () throws -> Server) async throws -> Void) async throws {
    let shelf = try Shelf()
    defer { shelf.remove() }
    try await body(shelf) { try GoldenServer.server { $0.folder = shelf.folder.path } }
  }

  @Test func `A new version is swapped in, and older ones answer while their folders stand, after a restart, too`()
    async throws
  {
    try await Self.with { shelf, open in
      let first = try shelf.publish(title: "0")
      let server = try open()
      try await server.application().test(.router) { client in
        var versions = [first]
        for number in 1...4 {
          versions.append(try shelf.publish(title: "\(number)"))
          #expect(try server.service.library.refresh().opened.map(\.version) == [versions[number]])
          let current = try await client.execute(uri: "/api/v1/datasets/golden", method: .get).json
          #expect(current["version"]?.string == versions[number])
          #expect(current["versions"]?.array?.map(\.string) == versions.reversed())
        }
        try await Self.expect(versions, at: client)
        try FileManager.default.removeItem(at: shelf.path(versions[0]))
        versions.append(try shelf.publish(title: "5"))
        try server.service.library.refresh()
        let gone = try await client.execute(uri: "/api/v1/datasets/golden/\(versions[0])", method: .get)
        #expect(gone.status == .notFound)
      }
      // A link from yesterday.
      try await open().application().test(.router) { client in
        let all = try FileManager.default.contentsOfDirectory(atPath: shelf.path("").path).filter(isVersion)
        for version in all {
          #expect(try await client.execute(uri: "/api/v1/datasets/golden/\(version)", method: .get).status == .ok)
        }
        #expect(all.count == 5)
      }
    }
  }

  private static func expect(_ versions: [String], at client: any TestClientProtocol) async throws {
    for (number, version) in versions.enumerated() {
      let response = try await client.execute(uri: "/api/v1/datasets/golden/\(version)", method: .get)
      #expect(response.status == .ok)
      #expect(try response.json["title"]?.string == "\(number)")
    }
  }

  @Test func `A version that is copied in beside the current one answers, and is gone with its folder`() async throws {
    try await Self.with { shelf, open in
      let other = try shelf.publish(title: "0")
      let aside = shelf.folder.appendingPathComponent("aside")
      try FileManager.default.moveItem(at: shelf.path(other), to: aside)
      let current = try shelf.publish(title: "1")
      let server = try open()
      let uri = "/api/v1/datasets/golden/\(other)"
      try await server.application().test(.router) { client in
        #expect(try await client.execute(uri: uri, method: .get).status == .notFound)
        try FileManager.default.moveItem(at: aside, to: shelf.path(other))
        #expect(try server.service.library.refresh().opened.isEmpty)
        try await Self.expect([other, current], at: client)
        #expect(server.service.library.dataset("golden")?.current.name == current)
        for number in 0..<3 {
          try FileManager.default.createDirectory(
            at: shelf.path("000000000000000\(number)"), withIntermediateDirectories: true)
        }
        try FileManager.default.removeItem(at: shelf.path(other))
        try server.service.library.refresh()
        for number in 0..<3 {
          let empty = "/api/v1/datasets/golden/000000000000000\(number)"
          #expect(try await client.execute(uri: empty, method: .get).status == .notFound, "no store, no fault")
        }
      }
    }
  }

  @Test func `Of many data sets some are opened at the start, any when it is asked for, and few stay open`()
    async throws
  {
    try await Self.with { shelf, open in
      let version = try shelf.publish(title: "many")
      let names = (0..<70).map { "d\(1000 + $0)" }
      for name in names {
        try FileManager.default.createSymbolicLink(
          atPath: shelf.folder.appendingPathComponent(name).path, withDestinationPath: "golden")
      }
      let broken = shelf.folder.appendingPathComponent("e")
      try FileManager.default.createDirectory(at: broken, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: broken.appendingPathComponent("current").path, withDestinationPath: version)
      let server = try open()
      let library = server.service.library
      #expect((1...Library.looksMax).contains(library.datasets.count))
      #expect(server.datasets.count == 72)
      #expect(!server.service.isReady)
      try await server.application().test(.router) { client in
        for name in ["d1069", "golden"] {
          let tile = "/api/v1/datasets/\(name)/\(version)/layers/wide/tiles/0/0/0"
          #expect(try await client.execute(uri: tile, method: .get).status == .ok)
        }
        #expect(try await client.execute(uri: "/api/v1/datasets/e", method: .get).status == .notFound)
        #expect(!library.isUnseen("d1069") && !library.isUnseen("golden") && !library.isUnseen("e"))
        #expect(library.isUnseen("d1068"))
        var refused: [String] = []
        while try library.refresh().areMore {}
        refused += try library.refresh().refused.map(\.dataset)
        #expect(refused.isEmpty, "it was told when it was asked for")
        #expect(server.service.isReady)
        for name in names {
          #expect(try await client.execute(uri: "/api/v1/datasets/\(name)/\(version)", method: .get).status == .ok)
        }
        let bytes = try #require(try library.current("golden")).byteCount
        #expect(library.openCount * bytes <= Library.openBytesMax)
        #expect(256 * bytes >= Library.openBytesMax)
        let listed = try await client.execute(uri: "/api/v1/datasets", method: .get).json["datasets"]?.array
        #expect(listed?.count == 71)
      }
    }
  }

  @Test func `The catalogue is written once for all who may see the same, and anew when it has changed`() async throws {
    try await Self.with { shelf, open in
      let first = try shelf.publish(title: "0")
      let server = try open()
      let (service, uri) = (server.service, "/api/v1/datasets")
      @Sendable func listed(_ response: TestResponse) throws -> [String?]? {
        try response.json["datasets"]?.array?.map { $0["version"]?.string }
      }
      try await server.application().test(.router) { client in
        for _ in 0..<3 { #expect(try listed(await client.execute(uri: uri, method: .get)) == [first]) }
        #expect(service.answers.figures.misses == 1)
        // A token that opens nothing sees what everybody sees, and makes no entry of its own.
        for number in 0..<3 {
          _ = try await client.execute(uri: uri, method: .get, headers: [.authorization: "Bearer \(number)"])
        }
        #expect(service.answers.figures.misses == 1)
        let second = try shelf.publish(title: "1")
        try service.library.refresh()
        #expect(try listed(await client.execute(uri: uri, method: .get)) == [second])
        try service.library.refresh()
        #expect(try listed(await client.execute(uri: uri, method: .get)) == [second])
        #expect(service.answers.figures.misses == 2, "a look at the disk that finds nothing changes nothing")
      }
    }
  }

  @Test func `A version that leads out of the library is not served`() async throws {
    try await Self.with { shelf, open in
      let version = try shelf.publish(title: "outside")
      let outside = FileManager.default.temporaryDirectory.appendingPathComponent("outside-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: outside) }
      try FileManager.default.moveItem(at: shelf.path(version), to: outside)
      try FileManager.default.createSymbolicLink(at: shelf.path(version), withDestinationURL: outside)
      let server = try open()
      #expect(server.datasets.isEmpty)
      try await server.application().test(.router) { client in
        let answer = try await client.execute(uri: "/api/v1/datasets/golden/\(version)", method: .get)
        #expect(answer.status == .notFound)
      }
    }
  }

  @Test func `Every store answers that NaN, infinities and large whole numbers have`() throws {
    for (value, expected) in [
      (-0x1p63, JSONValue.double(-0x1p63)), (0x1p63, .double(0x1p63)), (-3, .int(-3)), (.nan, .null),
      (0x1p52, .int(1 << 52)),
    ] {
      #expect(NeuronFigures.number(value) == expected)
    }
  }

  @Test func `A version that was removed answers from what is mapped, or is gone`() async throws {
    try await Self.with { shelf, open in
      let first = try shelf.publish(title: "first")
      let server = try open()
      try await server.application().test(.router) { client in
        let base = "/api/v1/datasets/golden/\(first)/layers/wide/tiles"
        let before = try await client.execute(uri: "\(base)/0/0/0", method: .get)
        _ = try shelf.publish(title: "second")
        try FileManager.default.removeItem(at: shelf.path(first))
        try server.service.library.refresh()
        let cached = try await client.execute(uri: "\(base)/0/0/0", method: .get)
        #expect(cached.bytes == before.bytes)
        // The same shard, other rows: it is mapped still.
        #expect(try await client.execute(uri: "\(base)/1/0/1", method: .get).status == .ok)
        let other = try await client.execute(uri: "\(base)/0/0/0?axis=own&bins=64", method: .get)
        #expect(other.status == .notFound)
        #expect(try other.json["type"]?.string == "/problems/gone")
      }
    }
  }

  @Test func `A damaged version is refused, and the one before goes on`() async throws {
    try await Self.with { shelf, open in
      let first = try shelf.publish(title: "first")
      let server = try open()
      let second = try shelf.publish(title: "second")
      let root = shelf.path(second).appendingPathComponent("zarr.json")
      var bytes = try Data(contentsOf: root)
      bytes[bytes.count / 2] ^= 4
      try bytes.write(to: root)
      let changes = try server.service.library.refresh()
      #expect(changes.opened.isEmpty)
      #expect(changes.refused.map(\.error.kind) == [.corrupt])
      #expect(try server.service.library.refresh().refused.isEmpty, "told once")
      #expect(server.service.library.dataset("golden")?.current.name == first)
    }
  }

  @Test func `A data set that disappears is not served any more`() async throws {
    try await Self.with { shelf, open in
      _ = try shelf.publish(title: "first")
      let server = try open()
      #expect(server.service.isReady)
      try FileManager.default.removeItem(at: shelf.folder.appendingPathComponent("golden"))
      #expect(try server.service.library.refresh().removed == ["golden"])
      #expect(!server.service.isReady)
    }
  }

  @Test func `A flipped byte is told and not served, and other tiles are`() async throws {
    try await Self.with { shelf, open in
      let version = try shelf.publish(title: "damaged")
      // Somewhere in the first inner chunk of group 0, behind the index.
      let shard = shelf.path(version).appendingPathComponent("layers/wide/shared/256/c/0/0/0")
      var bytes = try Data(contentsOf: shard)
      bytes[16 * 96 + 4 + 20] ^= 1
      try bytes.write(to: shard)
      let server = try open()
      try await server.application().test(.router) { client in
        let base = "/api/v1/datasets/golden/\(version)/layers/wide/tiles"
        for _ in 0..<2 {
          let tile = try await client.execute(uri: "\(base)/0/0/0", method: .get)
          #expect(tile.status == .internalServerError)
          #expect(try tile.json["type"]?.string == "/problems/damaged")
        }
        #expect(try await client.execute(uri: "\(base)/0/1/0", method: .get).status == .internalServerError)
        #expect(try await client.execute(uri: "\(base)/0/0/1", method: .get).status == .ok)
        #expect(try await client.execute(uri: "\(base)/1/0/0", method: .get).status == .ok)
      }
    }
  }

  @Test func `One data set's folder may be named itself`() throws {
    let server = try GoldenServer.server { $0.folder = "\(GoldenServer.tiles)/golden" }
    #expect(server.datasets == ["golden"])
  }
}
