import Crypto
import Foundation
import HummingbirdTesting
import Testing
import TileStore

@testable import TileServer
@testable import Views

struct TileRouteTests {
  @Test func `Tiles equal those that another program made from the same store`() async throws {
    let samples = try #require(GoldenServer.expected()["tiles"]?.array)
    #expect(samples.count == 15)
    try await GoldenServer.with { client, version in
      for sample in samples {
        func text(_ key: String) -> String { sample[key]?.string ?? sample[key]?.int.map(String.init) ?? "" }
        let path =
          "\(version)/layers/\(text("layer"))/tiles/\(text("group"))/\(text("level"))/\(text("index"))"
          + "?order=\(text("order").quoted)&direction=\(text("direction"))&axis=\(text("axis"))&bins=\(text("bins"))"
        try await client.execute(uri: path, method: .get) { response in
          #expect(response.status == .ok)
          #expect(hexadecimal(SHA256.hash(data: response.bytes)) == text("sha256"), "\(path)")
        }
      }
    }
  }
}
