import Fixtures
import Testing

@testable import Distributions

@Suite struct DyadicGridTests {
  /// The definition, read literally: the smallest exponent that holds both, found from far below.
  private func literal(_ low: Double, _ high: Double) -> Int {
    var exponent = -200
    func bin(_ value: Double) -> Double {
      (value * Double(sign: .plus, exponent: -exponent, significand: 1)).rounded(.down)
    }
    while bin(high) - bin(low) >= 256 { exponent += 1 }
    return exponent
  }

  @Test func smallestExponentThatHoldsTheRange() {
    var random = SplitMix(seed: 6)
    for _ in 0..<2000 {
      let low = Float.random(in: -100...100, using: &random)
      let high = low + Float.random(in: 0.1...300, using: &random)
      let grid = DyadicGrid(holding: low, high)
      #expect(grid.exponent == literal(Double(low), Double(high)))
      #expect(grid.origin == DyadicGrid.bin(of: low, exponent: grid.exponent))
    }
  }

  @Test func noFinerThanTheNumbersThemselves() {
    #expect(DyadicGrid(holding: Float(1), Float(1)).exponent == -23)
    #expect(DyadicGrid(holding: 1.0, 1.0).exponent == -52)
    #expect(DyadicGrid(holding: Float(0), Float(0)) == DyadicGrid(exponent: -149, origin: 0))
    #expect(DyadicGrid(holding: Float(1), Float(1).nextUp) == DyadicGrid(exponent: -23, origin: 1 << 23))
  }

  @Test func extremesOfTheType() {
    let grid = DyadicGrid(holding: -Float.greatestFiniteMagnitude, Float.greatestFiniteMagnitude)
    #expect(grid == DyadicGrid(exponent: 121, origin: -128))
    let wide = DyadicGrid(holding: -Double.greatestFiniteMagnitude, Double.greatestFiniteMagnitude)
    #expect(wide == DyadicGrid(exponent: 1017, origin: -128))
  }

  @Test func aTinyNegativeValueLiesBelowZero() {
    #expect(DyadicGrid.bin(of: -Float.leastNonzeroMagnitude, exponent: 100) == -1)
    #expect(DyadicGrid.bin(of: -Double.leastNonzeroMagnitude, exponent: 1000) == -1)
    #expect(DyadicGrid.bin(of: Float(-0.0), exponent: 3) == 0)
  }

  @Test func sharedAxisHoldsEveryWindow() {
    var random = SplitMix(seed: 7)
    for _ in 0..<200 {
      let grids = (0..<9).map { _ in
        DyadicGrid(
          exponent: Int.random(in: -8...3, using: &random), origin: Int64.random(in: -400...400, using: &random))
      }
      let shared = DyadicGrid.shared(by: grids)
      for grid in grids {
        for index in [0, 1, 100, 255] {
          let place = shared.index(ofBin: index, of: grid)
          #expect((0..<256).contains(place))
          let edge = Double(grid.origin + Int64(index)) * Double(sign: .plus, exponent: grid.exponent, significand: 1)
          let lower =
            Double(shared.origin + Int64(place)) * Double(sign: .plus, exponent: shared.exponent, significand: 1)
          #expect(lower <= edge)
        }
      }
    }
    #expect(DyadicGrid.shared(by: [DyadicGrid]()) == .empty)
  }

  /// Counts of own grids on the shared one are what each bin adds by itself.
  @Test func countsAreAddedBinByBin() {
    var random = SplitMix(seed: 9)
    for round in 0..<500 {
      let grids = (0..<round % 5 + 1).map { _ in
        DyadicGrid(
          exponent: Int.random(in: round % 3 == 0 ? -60...3 : -3...1, using: &random),
          origin: Int64.random(in: -400...400, using: &random))
      }
      let shared = DyadicGrid.shared(by: grids)
      for grid in grids {
        let counts = (0..<256).map { _ in UInt16.random(in: 0...3, using: &random) / 2 * 30_000 }
        var expected = [UInt32](repeating: 7, count: 256)
        for index in 0..<256 { expected[shared.index(ofBin: index, of: grid)] += UInt32(counts[index]) }
        var sums = [UInt32](repeating: 7, count: 256)
        shared.add(counts, of: grid, to: &sums)
        #expect(sums == expected)
      }
    }
    // A neuron without values has a grid that lies anywhere.
    for exponent in [-300, -40, -3, 0, 5] {
      var sums = [UInt32](repeating: 0, count: 256)
      DyadicGrid(exponent: exponent, origin: 1 << 40).add([UInt8](repeating: 0, count: 256), of: .empty, to: &sums)
      #expect(sums.allSatisfy { $0 == 0 })
    }
  }
}
