extension BandCounters {
  /// The quartiles of a group as the counts tell them: exact where they are known, otherwise the middle of their bins.
  public func binnedQuartiles(_ neuron: Int, of members: [Int]) -> Quartiles<Value> {
    let tally = tally(neuron, of: members)
    guard tally.count > 0 else { return Quartiles() }
    let grid = grid(neuron)
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      histogram(neuron, of: members, on: grid, into: counts.baseAddress!)
      let ranks = Ranks(UnsafeBufferPointer(counts), grid: grid, tally: tally, integers: false)
      func value(_ quarters: Int) -> Value {
        switch ranks.find(QuantilePosition(quarters: quarters, count: Int(tally.count)).lower) {
        case .value(let value): value
        case .inBin(let bin, _):
          Value(sign: .plus, exponent: Value.Exponent(grid.exponent), significand: Value(bin) + 0.5)
        }
      }
      return Quartiles(lower: value(1), median: value(2), upper: value(3))
    }
  }
}
