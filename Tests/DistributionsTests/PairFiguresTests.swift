import CKernels
import Distributions
import Fixtures
import Foundation
import Testing

struct PairFiguresTests {
  /// Random values with zeros, ties and outliers, and a grid that holds them, perhaps a window.
  private func sample(_ count: Int, _ kind: Int, using random: inout SplitMix) -> [Double] {
    (0..<count).map { _ in
      let value = Double.random(in: -1...1, using: &random)
      switch kind {
      case 0: return max(0, value)
      case 1: return (value * 6).rounded()
      case 2: return value < -0.9 ? value * 1e6 : value
      case 3: return 0.75
      default: return value * value * value
      }
    }
  }

  private func histogram(_ values: [Double], _ grid: DyadicGrid, hasTails: Bool) -> PairCells.Histogram {
    var counts = [UInt32](repeating: 0, count: DyadicGrid.binCount)
    for value in values {
      let bin = DyadicGrid.bin(of: value, exponent: grid.exponent) - grid.origin
      counts[Int(min(max(bin, 0), 255))] += 1
    }
    let zeros = UInt32(values.count { $0 == 0 })
    return PairCells.Histogram(grid: grid, hasTails: hasTails, counts: counts, zeros: zeros)
  }

  /// AUROC, Wasserstein and Kolmogorov-Smirnov of values, by comparing all pairs and walking all points.
  private func exact(_ a: [Double], _ b: [Double]) -> (Double, Double, Double) {
    var wins = 0.0
    for x in a { for y in b { wins += x < y ? 1 : x == y ? 0.5 : 0 } }
    let points = (a + b).sorted()
    func share(_ values: [Double], _ point: Double) -> Double {
      Double(values.count { $0 <= point }) / Double(values.count)
    }
    var (area, distance) = (0.0, 0.0)
    for (index, point) in points.enumerated() {
      let gap = abs(share(a, point) - share(b, point))
      distance = max(distance, gap)
      if index + 1 < points.count { area += gap * (points[index + 1] - point) }
    }
    return (wins / Double(a.count) / Double(b.count), area, distance)
  }

  @Test func `Bounds hold the exact figures, on one grid and on two, with tails and without`() {
    var random = SplitMix(seed: 20)
    for round in 0..<1500 {
      let a = sample(Int.random(in: 1...12, using: &random), round % 5, using: &random)
      let b = sample(Int.random(in: 1...12, using: &random), round / 5 % 5, using: &random)
      let both = DyadicGrid(holding: (a + b).min()!, (a + b).max()!)
      let window = DyadicGrid(exponent: -9, origin: -100)
      let grids: (DyadicGrid, DyadicGrid) =
        switch round % 3 {
        case 0: (both, both)
        case 1: (DyadicGrid(holding: a.min()!, a.max()!), DyadicGrid(holding: b.min()!, b.max()!))
        default: (window, round % 2 == 0 ? window : both)
        }
      let pair = PairCells(
        histogram(a, grids.0, hasTails: grids.0 == window), histogram(b, grids.1, hasTails: grids.1 == window))
      let figures = PairFigures(pair)
      let (auroc, area, distance) = exact(a, b)
      #expect(figures.countFirst == a.count && figures.countSecond == b.count)
      #expect(abs(figures.auroc - auroc) <= figures.aurocBound)
      #expect(abs(figures.wasserstein - area) <= figures.wassersteinBound)
      #expect(figures.kolmogorovSmirnov <= distance + 1e-12)
      #expect(distance <= figures.kolmogorovSmirnov + figures.kolmogorovSmirnovBound)
      #expect((0...1).contains(figures.jensenShannon) && (0...1).contains(figures.p))
    }
  }

  /// A few thousand pairs; as many as `ND_PAIRS` says where it is set.
  @Test func `Bounds hold what the kernel finds`() throws {
    let asked = ProcessInfo.processInfo.environment["ND_PAIRS"].flatMap { Int($0) } ?? 3000
    var random = SplitMix(seed: 100)
    for round in 0..<asked {
      let a = sample(Int.random(in: 1...9, using: &random), round % 5, using: &random)
      let b = sample(Int.random(in: 1...9, using: &random), round / 5 % 5, using: &random)
      let isWindow = round % 4 == 3
      let grid =
        isWindow ? DyadicGrid(exponent: -9, origin: -100) : DyadicGrid(holding: (a + b).min()!, (a + b).max()!)
      let (first, second) = (histogram(a, grid, hasTails: isWindow), histogram(b, grid, hasTails: isWindow))
      var found = nd_pair_figures()
      first.counts.withUnsafeBytes { x in
        second.counts.withUnsafeBytes { y in
          withUnsafePointer(to: first.zeros) { zeros in
            withUnsafePointer(to: second.zeros) { others in
              nd_compare_pairs(
                nd_pair_side(counts: x.baseAddress, count_bytes: 4, zeros: zeros),
                nd_pair_side(counts: y.baseAddress, count_bytes: 4, zeros: others), 1,
                [Int32(clamping: -grid.origin)], [isWindow ? 1 : 0], &found)
            }
          }
        }
      }
      let bounds = PairFigures(PairCells(first, second))
      let (auroc, area, distance) = exact(a, b)
      let width = Double(sign: .plus, exponent: grid.exponent, significand: 1)
      #expect(abs(found.auroc - auroc) <= bounds.aurocBound, "round \(round)")
      #expect(abs(found.area * width - area) <= bounds.wassersteinBound, "round \(round)")
      #expect(found.distance <= distance + 1e-12, "round \(round)")
      #expect(distance <= found.distance + bounds.kolmogorovSmirnovBound, "round \(round)")
    }
  }

  @Test func `Exchanged groups mirror the figures`() {
    var random = SplitMix(seed: 3)
    for round in 0..<200 {
      let (a, b) = (sample(9, round % 5, using: &random), sample(14, (round + 1) % 5, using: &random))
      let grid = DyadicGrid(holding: (a + b).min()!, (a + b).max()!)
      let (x, y) = (histogram(a, grid, hasTails: false), histogram(b, grid, hasTails: false))
      let (there, back) = (PairFigures(PairCells(x, y)), PairFigures(PairCells(y, x)))
      #expect(abs(there.auroc + back.auroc - 1) < 1e-15)
      #expect(abs(there.wasserstein - back.wasserstein) < 1e-9 * (1 + there.wasserstein))
      #expect(abs(there.p - back.p) < 1e-12 && abs(there.jensenShannon - back.jensenShannon) < 1e-12)
    }
  }

  @Test func `Rates of false discoveries`() {
    // Benjamini and Hochberg 1995, their example of thrombolysis.
    let p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1,
    ]
    let q = falseDiscoveryRates([.nan] + p)
    #expect(q[0].isNaN)
    #expect(q.dropFirst().count { $0 <= 0.05 } == 4)
    #expect(abs(q[4] - 0.0095 * 15 / 4) < 1e-15)
    #expect(q[15] == 1)
  }

  @Test func `The farthest of many figures without a difference`() {
    // 262,144 neurons, 50 rows each: about 0.27 from a half (measured).
    let far = PairFigures.nullDeviation(50, 50) * PairFigures.farthestDeviations(of: 262_144)
    #expect((0.26...0.28).contains(far))
  }
}
