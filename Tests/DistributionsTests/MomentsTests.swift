import Fixtures
import Testing

@testable import Distributions

@Suite struct MomentsTests {
  @Test func mergingEqualsCountingTogether() {
    var random = SplitMix(seed: 1)
    let values = (0..<1000).map { _ in 1000 + Double.random(in: -1...1, using: &random) }
    func moments(_ values: ArraySlice<Double>) -> Moments {
      Moments(count: UInt32(values.count), sum: values.reduce(0, +), squares: values.reduce(0) { $0 + $1 * $1 })
    }
    var merged = Moments()
    for start in stride(from: 0, to: 1000, by: 130) { merged.merge(moments(values[start..<min(start + 130, 1000)])) }
    let mean = values.reduce(0, +) / 1000
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1000).squareRoot()
    #expect(merged.count == 1000)
    #expect(abs(merged.mean - mean) < 1e-11 && abs(merged.deviation - deviation) < 1e-7)
  }

  @Test func withoutValuesThereIsNoDeviation() {
    #expect(Moments().deviation.isNaN)
    var empty = Moments()
    empty.merge(Moments())
    #expect(empty == Moments())
  }

  @Test func sumsBeyondTheTypeAreInfiniteAndNeverNaN() {
    func moments(_ value: Double, count: UInt32) -> Moments {
      Moments(count: count, sum: value * Double(count), squares: value * value * Double(count))
    }
    var high = moments(1.5e308, count: 200)
    high.merge(moments(1.5e308, count: 200))
    high.merge(moments(1, count: 10))
    #expect(high.mean == .infinity && high.deviation == .infinity && high.count == 410)
    var apart = moments(1.5e308, count: 1)
    apart.merge(moments(-1.5e308, count: 1))
    #expect(apart.mean == 0 && apart.deviation == .infinity)
  }
}
