import Fixtures
import Foundation
import HummingbirdTesting
import Testing
import TileStore

@testable import TileServer
@testable import Views

/// Random views of the golden store, compared with brute force.
struct TilePropertyTests {
  @Test func `Tiles equal brute force over the store`() async throws {
    var random = SplitMix(seed: 1)
    let store = try Store.open("\(GoldenServer.tiles)/golden")
    let wanted = try store.layers.flatMap { layer in
      let brute = BruteForce(store: store, layer: layer)
      return try (0..<15).map { _ in
        let view = RandomView(store, layer, using: &random)
        return (
          path: view.path(store, layer),
          tile: try brute.tile(view.plane, view.request, level: view.level, index: view.index)
        )
      }
    }
    try await GoldenServer.with { client, version in
      for (path, tile) in wanted {
        try await client.execute(uri: "\(version)/\(path)", method: .get) { response in
          #expect(response.status == .ok)
          #expect(response.bytes == tile, "\(path)")
        }
      }
    }
  }

  @Test func `Windows of the axis equal brute force over the own grids`() async throws {
    var random = SplitMix(seed: 2)
    let store = try Store.open("\(GoldenServer.tiles)/golden")
    let wanted = try store.layers.flatMap { layer in
      let brute = BruteForce(store: store, layer: layer)
      return try (0..<12).map { _ in
        let view = RandomView(store, layer, axis: .shared, using: &random)
        let zoom = Int.random(in: 1...(Bool.random(using: &random) ? 10 : 24), using: &random)
        // Half of the windows lie at the bulk's end of the axis, where there is something to see.
        let from = Bool.random(using: &random) ? 0 : Int.random(in: 0...((256 << zoom) - 256), using: &random)
        return (
          path: "\(view.path(store, layer))&zoom=\(zoom)&from=\(from)",
          tile: try brute.windowTile(
            group: view.plane.group, bins: view.plane.bins.rawValue, zoom: zoom, from: from, view.request,
            level: view.level, index: view.index)
        )
      }
    }
    try await GoldenServer.with { client, version in
      for (path, tile) in wanted {
        try await client.execute(uri: "\(version)/\(path)", method: .get) { response in
          #expect(response.status == .ok)
          #expect(response.bytes == tile, "\(path)")
        }
      }
    }
  }

  @Test(arguments: [
    ("zoom=25", 404), ("zoom=2&from=769", 404), ("from=1", 404), ("zoom=1&axis=own", 400), ("zoom=x", 400),
    ("zoom=24&from=4294967040", 200), ("zoom=24&from=4294967041", 404), ("zoom=0&from=0&axis=own", 200),
  ])
  func `A window must lie on the shared axis`(query: String, status: Int) async throws {
    try await GoldenServer.with { client, version in
      try await client.execute(uri: "\(version)/layers/wide/tiles/0/0/0?\(query)", method: .get) { response in
        #expect(response.status.code == status)
      }
    }
  }

  @Test func `Rows equal brute force over the store`() throws {
    var random = SplitMix(seed: 3)
    let server = try GoldenServer.server()
    let version = try #require(try server.service.library.current("golden"))
    for index in version.store.layers.indices {
      let layer = try server.golden(layer: index)
      let brute = BruteForce(store: version.store, layer: layer.layer)
      for _ in 0..<20 {
        let view = RandomView(version.store, layer.layer, using: &random)
        let instances = [[], [0], [1], [1, 0]].randomElement(using: &random) ?? []
        for withSpreads in [false, true] {
          let made = try layer.rows(
            view.request, instances: instances.map { .instance($0) }, withSpreads: withSpreads, level: view.level,
            index: view.index)
          let wanted = try brute.rows(
            view.request, instances, withSpreads: withSpreads, level: view.level, index: view.index)
          #expect(made == wanted)
        }
      }
    }
  }

  /// Gathering and the pyramid are two ways to the same tile.
  @Test func `Both ways of making a tile agree`() throws {
    var random = SplitMix(seed: 4)
    let server = try GoldenServer.server()
    let version = try #require(try server.service.library.current("golden"))
    let layer = try server.golden(layer: 0)
    for _ in 0..<10 {
      let view = RandomView(version.store, layer.layer, using: &random)
      let maker = TileMaker(
        order: try layer.order(view.request), bins: view.plane.bins,
        zeros: try layer.zeros(group: view.plane.group), grids: nil)
      let rows = try #require(maker.levels.rows(ofTile: 0, at: 1))
      let counts = StoredCounts(
        array: layer.layer.counts(view.plane.axis, view.plane.bins), plane: view.plane.group)
      let plane = try #require(
        try DecodedPlane(counts, server.service.helpers, server.service.slabs, bytesMax: .max))
      let tile = try maker.gather(rows, level: 1, from: .rows(counts), .bits32)
      for source in [CountSource.rows(counts), .memory(plane)] {
        for word in [TilePlan.Word.bits32, .bits64] {
          #expect(tile == (try maker.gather(rows, level: 1, from: source, word)), "\(source), \(word)")
          let pyramid = try maker.pyramid(server.service.helpers, lowest: 1, from: source, word)
          #expect(tile == pyramid.tile(level: 1, index: 0), "\(source), \(word)")
        }
      }
    }
  }

  @Test func `Rank and neuron find each other`() async throws {
    let order = "difference(value(attacked 0),median(chien λ/2))".quoted
    try await GoldenServer.with { client, version in
      for neuron in [0, 8, 21, 269] {
        let base = "\(version)/layers/wide/find?order=\(order)&direction=descending"
        let rank = try await client.execute(uri: "\(base)&neuron=\(neuron)", method: .get) { try $0.json["rank"]?.int }
        let back = try await client.execute(uri: "\(base)&rank=\(rank ?? -1)", method: .get) {
          try $0.json["neuron"]?.int
        }
        #expect(back == neuron)
      }
    }
  }
}

struct LevelsTests {
  @Test(arguments: [1, 255, 256, 257, 511, 512, 513, 262_144, 1_000_000])
  func `Levels cover every neuron once`(neurons: Int) {
    let levels = Levels(neurons: neurons)
    #expect(levels.rows(at: levels.top) <= 256)
    #expect(levels.top == 0 || levels.rows(at: levels.top - 1) > 256)
    for level in 0...levels.top {
      var next = 0
      for index in 0..<levels.tiles(at: level) {
        guard let rows = levels.rows(ofTile: index, at: level) else { continue }
        #expect(rows.lowerBound == index * 256)
        let ranks = levels.ranks(ofRows: rows, at: level)
        #expect(ranks.lowerBound == next)
        next = ranks.upperBound
      }
      #expect(next == neurons)
      #expect(levels.rows(ofTile: levels.tiles(at: level), at: level) == nil)
    }
    #expect(levels.rows(ofTile: 0, at: levels.top + 1) == nil)
    #expect(levels.rows(ofTile: 0, at: -1) == nil)
  }
}
