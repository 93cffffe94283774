import Fixtures
import Foundation
import Testing

@testable import TileServer

struct PercentileTests {
  /// Bins and true shares of random samples: the bounds hold the truth, and are exact at edges.
  @Test func `Bounds hold the true percentile`() {
    var random = SplitMix(seed: 1)
    for _ in 0..<50 {
      let grid = NeuronGrid(exponent: -3, origin: .random(in: -200...0, using: &random), hasTails: true)
      let samples = (0..<200).map { _ in (Double.random(in: -30...30, using: &random) * 16).rounded() / 16 }
      var counts = [Int](repeating: 0, count: 256)
      for sample in samples { counts[min(max(grid.bin(of: sample), 0), 255)] += 1 }
      let distribution = NeuronDistribution(
        grid: grid, counts: counts, minimum: samples.min() ?? 0, maximum: samples.max() ?? 0)
      for value in samples + [-31, 31, 0, 0.5] {
        guard let bounds = distribution.percentile(of: value) else {
          Issue.record("no bounds")
          continue
        }
        let below = Double(samples.count { $0 < value }) / 2
        let atMost = Double(samples.count { $0 <= value }) / 2
        #expect(bounds.low <= below && atMost <= bounds.high)
        let isEdge = value * 8 == (value * 8).rounded()
        if isEdge, (1...254).contains(grid.bin(of: value)) { #expect(bounds.low == below) }
      }
      #expect(distribution.percentile(of: .nan) == nil)
      #expect(distribution.percentile(of: .infinity)! == (100, 100))
      #expect(distribution.percentile(of: -.infinity)! == (0, 0))
    }
    let empty = NeuronDistribution(
      grid: NeuronGrid(exponent: 0, origin: 0, hasTails: false), counts: Array(repeating: 0, count: 256), minimum: .nan,
      maximum: .nan)
    #expect(empty.percentile(of: 1) == nil)
  }

  @Test func `A share of all is a hundred percent, whatever their number`() {
    for total in 1...2000 {
      var counts = [Int](repeating: 0, count: 256)
      counts[5] = total
      let distribution = NeuronDistribution(
        grid: NeuronGrid(exponent: 0, origin: 0, hasTails: false), counts: counts, minimum: 5, maximum: 5.75)
      #expect(distribution.percentile(of: 5.5)! == (0, 100))
    }
  }

  @Test(arguments: [
    (-149, 0, 1e-45, 0), (-149, 0, 1e30, 256), (-1074, 0, -5e-324, -1), (100, -1, -1e-300, 0), (0, -5, -5.0, 0),
  ])
  func `Bins of extreme values`(exponent: Int, origin: Int, value: Double, bin: Int) {
    #expect(NeuronGrid(exponent: exponent, origin: origin, hasTails: false).bin(of: value) == bin)
  }
}
