import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import Testing
import TileStore

@testable import TileServer
@testable import Views

/// A server of the golden store (`Tiles/golden`), talked to without a socket.
enum GoldenServer {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Tiles/golden").standardizedFileURL
  static let tiles = folder.appendingPathComponent("store").path

  static func expected() throws -> JSONValue {
    try JSONDecoder().decode(
      JSONValue.self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
  }

  static func server(_ change: (inout Settings) -> Void = { _ in }) throws -> Server {
    var settings = Settings()
    settings.folder = tiles
    settings.cacheBytes = 64 << 20
    settings.buildThreads = 2
    change(&settings)
    var log = Logger(label: "test")
    log.logLevel = .critical
    let server = try Server(settings, log: log, access: log)
    _ = try server.open()
    return server
  }

  /// One for all tests that change no setting.
  private static let shared = Result { try server() }

  /// Runs `body` with a client, and the address of the golden store's version.
  static func with(
    _ change: ((inout Settings) -> Void)? = nil,
    _ body: @Sendable (_ client: any TestClientProtocol, _ version: String) async throws -> Void
  ) async throws {
    let server = try change.map { try Self.server($0) } ?? shared.get()
    let store = try #require(try server.service.library.current("golden")).store
    let address = "\(server.service.settings.prefix)/api/v1/datasets/golden/\(store.version)"
    try await server.application().test(.router) { client in try await body(client, address) }
  }
}

extension Server {
  /// The parts of a layer of the golden store. Nothing is decoded in the background, so that what is at hand follows from what was asked.
  func golden(layer index: Int) throws -> LayerParts {
    let version = try #require(try service.library.current("golden"))
    return LayerParts(
      serial: version.serial, store: version.store, index: index, parts: service.parts, planes: service.planes,
      helpers: service.helpers, slabs: service.slabs)
  }
}

extension TestResponse {
  var json: JSONValue {
    get throws { try JSONDecoder().decode(JSONValue.self, from: Data(body.readableBytesView)) }
  }
  var bytes: [UInt8] { Array(body.readableBytesView) }
}

extension String {
  /// Percent-encoded, every byte that is not a letter or a digit.
  var quoted: String { addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "" }
}
