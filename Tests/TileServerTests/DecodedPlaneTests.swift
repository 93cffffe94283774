import Fixtures
import Foundation
import Testing
import TileStore

@testable import TileServer
@testable import Views

struct DecodedPlaneTests {
  @Test(arguments: [(16, 600), (64, 300), (256, 3000)])
  func `A plane takes what is not 0, and is there as long as that has room`(bins: Int, rows: Int) throws {
    var random = SplitMix(seed: UInt64(bins))
    var counts = [UInt16](repeating: 0, count: rows * bins)
    for row in 0..<rows where row % 5 != 0 {
      for _ in 0..<4 {
        counts[row * bins + .random(in: 0..<bins, using: &random)] =
          [1, 255, 256, 300, 512, 65_535].randomElement(using: &random)!
      }
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let builder = try StoreBuilder(root: folder, name: "plane", fingerprint: "", restart: false)
    let writer = try builder.makeArray(
      "counts",
      ArrayMetadata(
        shape: [1, rows, bins], dataType: .uint16, shardShape: [1, rows + rows % 2, bins], chunkShape: [1, 2, bins],
        codec: .blosc(Blosc(.bytes, elementBytes: 2))))
    try counts.withUnsafeBufferPointer { try writer.write(rows: 0..<1, $0) }
    writer.finish()
    let stored = StoredCounts(array: try builder.reader(of: writer), plane: 0)
    let helpers = HelperThreads(count: 2)
    let pool = SlabPool(bytesMax: 64 << 20)

    let blocks = stride(from: 0, to: counts.count, by: 16).map { counts[$0..<($0 + 16)] }
    let low = blocks.count { $0.contains { $0 & 255 != 0 } }
    let high = blocks.count { $0.contains { $0 > 255 } }
    let needed = DecodedPlane.bytesMin(rows: rows) + 16 * (low + high)
    let whole = try DecodedPlane(stored, helpers, pool, bytesMax: needed)
    let plane = try #require(whole)
    #expect(plane.byteCount == needed)
    for bytesMax in [needed - 1, needed / 2, DecodedPlane.bytesMin(rows: rows) - 1, 0] {
      let none = try DecodedPlane(stored, helpers, pool, bytesMax: bytesMax)
      #expect(none?.byteCount == nil, "\(bytesMax) of \(needed) bytes")
    }

    let chosen = (0..<rows).map { UInt32($0) }
    var sums = [UInt32](repeating: 0, count: bins)
    chosen.withUnsafeBufferPointer { chosen in
      sums.withUnsafeMutableBufferPointer { UInt32.add(chosen, of: plane.kernel, to: $0.baseAddress!) }
    }
    var expected = [UInt32](repeating: 0, count: bins)
    for (place, count) in counts.enumerated() { expected[place % bins] += UInt32(count) }
    #expect(sums == expected)
  }

  @Test func `Of a plane that takes too much, tiles are the same`() throws {
    var random = SplitMix(seed: 5)
    let server = try GoldenServer.server()
    let version = try #require(try server.service.library.current("golden"))
    for index in version.store.layers.indices {
      let layer = try server.golden(layer: index)
      let brute = BruteForce(store: version.store, layer: layer.layer)
      for _ in 0..<10 {
        let view = RandomView(version.store, layer.layer, using: &random)
        let window = try #require(AxisWindow(zoom: 2, from: 128, on: layer.layer.layer.shared, samples: 1 << 20))
        let plane = Bool.random(using: &random) ? view.plane : view.plane.window(window)
        let stored = StoredPlane(version: version.serial, layer: index, plane: plane.source)
        _ = try server.service.planes.part(stored) { nil }
        let tile = try layer.tile(plane, view.request, level: view.level, index: view.index)
        #expect(tile == (try brute.tile(plane, view.request, level: view.level, index: view.index)))
        guard case .some(nil) = server.service.planes.partAtHand(stored) else {
          Issue.record("It was decoded again.")
          continue
        }
      }
    }
  }
}

extension PlaneKey {
  fileprivate func window(_ window: AxisWindow) -> PlaneKey {
    PlaneKey(group: group, axis: .shared, bins: bins, window: window)
  }
}
