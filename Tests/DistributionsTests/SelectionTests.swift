import CKernels
import Fixtures
import Testing

@testable import Distributions

@Suite struct SelectionTests {
  @Test func selectFindsEveryRank() {
    var random = SplitMix(seed: 10)
    for count in [1, 2, 3, 10, 101, 1000] {
      // Few distinct values: ties are where a selection goes wrong.
      let values = (0..<count).map { _ in Float(Int.random(in: 0..<max(2, count / 3), using: &random)) }
      let sorted = values.sorted()
      for rank in [0, count / 4, count / 2, count - 1] {
        var copy = values
        let found = copy.withUnsafeMutableBufferPointer { select($0, rank: rank) }
        #expect(found == sorted[rank])
        #expect(copy[..<rank].allSatisfy { $0 <= found } && copy[rank...].allSatisfy { $0 >= found })
        #expect(copy.sorted() == sorted)
      }
    }
  }

  /// Values of one bin, as the kernels pick and select them, against sorting.
  private func checkBin<Value: ActivationValue>(_: Value.Type) {
    var random = SplitMix(seed: 11)
    let bounds: [(Value, Value)] = [
      (1, 1.0625), (-0.25, -0.125), (0, Value.leastNonzeroMagnitude * 1000), (-1, -0.0), (0, 1),
      (Value.greatestFiniteMagnitude / 2, .infinity), (-.greatestFiniteMagnitude, -1),
    ]
    for (low, high) in bounds {
      for count in [1, 2, 24, 25, 26, 400, 3000] {
        for distinct in [1, 3, 100_000] {
          let top = min(high, .greatestFiniteMagnitude)
          let inside = (0..<count).map { _ in
            let share = Value(Int.random(in: 0..<distinct, using: &random)) / Value(distinct)
            return min(max(low, low + share * (top - low)), top.nextDown)
          }
          let others = [low.nextDown, high, .nan, Value.infinity, -1e30].filter { !(low..<high ~= $0) }
          var picked = [Value](repeating: 7, count: count + others.count + 1)
          let found = (others + inside).withUnsafeBufferPointer { values in
            Value.pick(values, from: low, below: high, into: &picked)
          }
          #expect(Array(picked[..<found]) == inside)
          let sorted = inside.sorted()
          for rank in Set([0, count / 4, count / 2, count - 1]) {
            #expect(
              inside.withUnsafeBufferPointer { Value.select($0, rank: rank, from: low, below: high) } == sorted[rank])
          }
        }
      }
    }
  }

  /// With the processor's own instructions and without, of several intervals.
  @Test func pickingIsTheSameEverywhere() {
    var random = SplitMix(seed: 12)
    for count in [0, 1, 15, 16, 17, 63, 64, 65, 200] {
      for intervals in 0...7 {
        let bounds = (0..<2 * intervals).map { _ in Float.random(in: -2...2, using: &random) }.sorted()
        let stride = 3
        var (low, high) = ([Float](repeating: 9, count: 1 + 7 * stride), [Float](repeating: 9, count: 1 + 7 * stride))
        for index in 0..<intervals {
          (low[index * stride], high[index * stride]) = (bounds[2 * index], bounds[2 * index + 1])
        }
        var values = (0..<count).map { _ in Float.random(in: -2...2, using: &random) }
        for index in values.indices where random.next() % 5 == 0 {
          values[index] = ([.nan, .infinity, -.infinity, 0, -0.0] + bounds).randomElement(using: &random)!
        }
        var picked = [[Float]](repeating: [Float](repeating: 7, count: count + 1), count: 2)
        let found = [
          nd_pick_f32(values, count, intervals, low, high, stride, &picked[0]),
          nd_pick_portable_f32(values, count, intervals, low, high, stride, &picked[1]),
        ]
        let expected = values.filter { value in
          (0..<intervals).contains { bounds[2 * $0]..<bounds[2 * $0 + 1] ~= value }
        }
        for way in 0..<2 {
          #expect(picked[way][..<found[way]].map(\.bitPattern) == expected.map(\.bitPattern))
        }
      }
    }
  }

  @Test func floatsOfABin() { checkBin(Float.self) }
  @Test func doublesOfABin() { checkBin(Double.self) }

  @Test func positionsOfTheQuartiles() {
    #expect(QuantilePosition(quarters: 2, count: 4) == .init(lower: 1, upper: 2, fraction: 0.5, isMedian: true))
    #expect(QuantilePosition(quarters: 2, count: 5) == .init(lower: 2, upper: 2, fraction: 0, isMedian: true))
    #expect(QuantilePosition(quarters: 1, count: 4) == .init(lower: 0, upper: 1, fraction: 0.75))
    #expect(QuantilePosition(quarters: 3, count: 1) == .init(lower: 0, upper: 0, fraction: 0))
  }

  /// Half-way between two values, `numpy.percentile([-0.95, 2.08, 2.08], 25)` is 0.565, while their mean is the next number.
  @Test func quartilesAreInterpolatedAsNumPyDoes() {
    let quartile = QuantilePosition(quarters: 1, count: 3)
    #expect(quartile.fraction == 0.5)
    #expect(quartile.interpolate(-0.95, 2.08) == 0.565)
    #expect(QuantilePosition(quarters: 2, count: 4).interpolate(-0.95, 2.08) == 0.5650000000000001)
  }

  @Test func theMeanOfTwoHugeValuesIsFinite() {
    let position = QuantilePosition(quarters: 2, count: 2)
    #expect(position.interpolate(Float.greatestFiniteMagnitude, .greatestFiniteMagnitude) == .greatestFiniteMagnitude)
    #expect(position.interpolate(0x1p1023, 0x1.8p1023) == 0x1.4p1023)
    #expect(position.interpolate(-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude) == 0)
  }
}

extension QuantilePosition {
  fileprivate init(lower: Int, upper: Int, fraction: Double, isMedian: Bool = false) {
    self.init(quarters: 0, count: 1)
    self.lower = lower
    self.upper = upper
    self.fraction = fraction
    self.isMedian = isMedian
  }
}
