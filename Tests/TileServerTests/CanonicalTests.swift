import Hummingbird
import HummingbirdTesting
import Testing
import TileStore

@testable import TileServer
@testable import Views

/// One content, one key: however it is asked for, it is made once.
struct CanonicalTests {
  /// Different ways to ask for the same, below a layer's address.
  static let spellings: [[String]] = [
    [
      "summary", "summary?groups=0,1,2", "summary?groups=2,0,1", "summary?groups=1,1,0,2,2", "summary?groups=00,1,02",
      "summary?groups=%30%2C1,2", "summary?&groups=2,1,0&",
    ],
    [
      "neurons/7?groups=0,2&instances=0,1", "neurons/7?groups=2,0&instances=1,0",
      "neurons/7?instances=1,0,1&groups=2,2,0",
      "neurons/07?groups=0,2",
    ],
    [
      "tiles/1/0/0", "tiles/1/0/0?order=index", "tiles/1/0/0?direction=ascending&order=index", "tiles/01/0/00?bins=256",
      "tiles/1/0/0?axis=shared&zoom=0&from=0", "tiles/%31/0/0?order=%69ndex",
    ],
    ["rows/0/0", "rows/0/0?instances=", "rows/0/0?order=index&direction=ascending"],
    ["find", "find?rank=0", "find?order=index&rank=00"],
    ["find?neuron=3", "find?neuron=3&rank=5"],
    [
      "compare?a=1&b=2", "compare?b=02&a=1", "compare?a=1&b=2&order=auroc&format=json&from=0",
      "compare?a=1&b=2&count=270", "compare?a=1&b=2&count=65536",
    ],
    ["similar?a=1", "similar?a=01"],
  ]

  @Test(arguments: spellings)
  func `However it is written, it is built once`(paths: [String]) async throws {
    let server = try GoldenServer.server()
    let version = try #require(server.service.library.dataset("golden")).current.name
    let layer = "/api/v1/datasets/golden/\(version)/layers/wide/"
    try await server.application().test(.router) { client in
      var bodies: Set<[UInt8]> = []
      for path in paths {
        let response = try await client.execute(uri: layer + path, method: .get)
        #expect(response.status == .ok, "\(path)")
        bodies.insert(response.bytes)
      }
      #expect(bodies.count == 1)
      #expect(server.service.answers.figures.misses == 1)
      #expect(server.service.answers.figures.count == 1)
    }
  }

  @Test func `Rows come in the order that is asked for, and are looked up once`() async throws {
    let server = try GoldenServer.server()
    let layer = try server.golden(layer: 0)
    let order = OrderRequest(name: .item(.median(1)), direction: .descending)
    let before = layer.cost(ofRows: order, instances: [.instance(0), .instance(1)], level: 0, index: 0)
    let both = try layer.rows(order, instances: [.instance(0), .instance(1)], level: 0, index: 0)
    let after = layer.cost(ofRows: order, instances: [.instance(1), .instance(0), .instance(1)], level: 0, index: 0)
    #expect(before.units > after.units && after == .least)
    let turned = try layer.rows(order, instances: [.instance(1), .instance(0)], level: 0, index: 0)
    let extents = 256 * 3 * 4
    let (first, second) = (both.dropLast(extents).suffix(extents), both.suffix(extents))
    #expect(first != second)
    #expect(turned.suffix(2 * extents) == second + first)
    let repeated = try layer.rows(order, instances: [.instance(1), .instance(1)], level: 0, index: 0)
    #expect(repeated.suffix(2 * extents) == second + second)
  }

  @Test func `A summary costs the groups that nobody asked for before, a tile what is not at hand`() throws {
    let server = try GoldenServer.server()
    let layer = try server.golden(layer: 0)
    let group = Cost.summary(neurons: layer.levels.neurons).units
    func summary(_ groups: [Int]) -> Double { layer.cost(ofSummary: groups).units - Cost.least.units }
    // The first also looks at how far the neurons reach.
    let spreads = Cost.gathering(neurons: layer.levels.neurons, inMemory: false).units
    #expect(abs(summary([0, 1, 2]) - 3 * group - spreads) < 1e-9)
    _ = try layer.summary(groups: [2, 0])
    #expect(abs(summary([0, 1, 2]) - group) < 1e-9)
    #expect(layer.cost(ofSummary: [0, 2]) == .least)

    let plane = PlaneKey(group: 1, axis: .shared, bins: .full)
    let order = OrderRequest(name: .item(.median(1)), direction: .descending)
    func tile(_ level: Int) -> Double { layer.cost(ofTile: plane, order, level: level).units }
    let all = tile(1)
    _ = try layer.order(order)
    let ordered = tile(1)
    _ = try layer.tile(plane, order, level: 1, index: 0)
    #expect(all - ordered == Cost.ordering(neurons: layer.levels.neurons).units)
    #expect(ordered > tile(1) && tile(1) == Cost.least.units)
    #expect(tile(0) > Cost.least.units, "it is gathered, whatever pyramid is at hand")
    let other = OrderRequest(name: .item(.median(2)), direction: .descending)
    #expect(layer.cost(ofTile: plane, other, level: 1).units < all, "the plane is decoded by now")
  }
}
