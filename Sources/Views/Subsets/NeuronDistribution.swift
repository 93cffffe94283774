import Distributions

/// A neuron's distribution in one group, by which a value's place among the group's is bounded.
struct NeuronDistribution {
  let grid: NeuronGrid
  /// `[bin]`, 256 of them.
  let counts: [Int]
  let minimum: Double
  let maximum: Double

  /// Bounds of the share, in percent, of the finite values that lie below (`low`) and at or below (`high`) a value.
  ///
  /// What is known exactly is used: everything lies between minimum and maximum, and no value lies across a bin's edge.
  /// - Returns: `nil` for NaN, and where the group has no finite values.
  func percentile(of value: Double) -> (low: Double, high: Double)? { percentile(of: .exactly(value)) }

  /// The same of a value of which perhaps only the bin is known.
  func percentile(of place: ValuePlace) -> (low: Double, high: Double)? {
    guard let bin = place.bin(on: grid) else { return nil }
    let held = HeldBin(bin: bin, below: counts[..<bin].reduce(0, +), count: counts[bin])
    return held.percentile(of: place, among: counts.reduce(0, +), from: minimum, to: maximum)
  }
}

extension ValuePlace {
  /// The bin that it is in, or in which it would be; `nil` for NaN.
  func bin(on grid: NeuronGrid) -> Int? {
    switch self {
    case .exactly(let value): value.isNaN ? nil : min(max(grid.bin(of: value), 0), DyadicGrid.binCount - 1)
    case .bin(let bin): bin
    }
  }
}

extension HeldBin {
  /// The bounds of a place in this bin, among so many finite values that lie between two numbers.
  func percentile(of place: ValuePlace, among total: Int, from minimum: Double, to maximum: Double) -> (
    low: Double, high: Double
  )? {
    guard total > 0 else { return nil }
    func percent(_ count: Int) -> Double { 100 * Double(count) / Double(total) }
    let bounds = (low: percent(below), high: percent(below + count))
    guard case .exactly(let value) = place else { return bounds }
    if value < minimum { return (0, 0) }
    if value > maximum { return (100, 100) }
    return (value == minimum ? 0 : bounds.low, value == maximum ? 100 : bounds.high)
  }
}
