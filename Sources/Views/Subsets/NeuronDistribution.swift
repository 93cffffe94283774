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
  func percentile(of value: Double) -> (low: Double, high: Double)? {
    guard !value.isNaN, let bounds = percentile(ofBin: min(max(grid.bin(of: value), 0), counts.count - 1)) else {
      return nil
    }
    if value < minimum { return (0, 0) }
    if value > maximum { return (100, 100) }
    return (value == minimum ? 0 : bounds.low, value == maximum ? 100 : bounds.high)
  }

  /// The same of a value of which the bin is known.
  func percentile(of place: ValuePlace) -> (low: Double, high: Double)? {
    switch place {
    case .exactly(let value): percentile(of: value)
    case .bin(let bin): percentile(ofBin: bin)
    }
  }

  private func percentile(ofBin bin: Int) -> (low: Double, high: Double)? {
    let total = counts.reduce(0, +)
    guard total > 0 else { return nil }
    let below = counts[..<bin].reduce(0, +)
    func percent(_ count: Int) -> Double { 100 * Double(count) / Double(total) }
    return (percent(below), percent(below + counts[bin]))
  }
}
