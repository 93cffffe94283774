/// The window that shows a neuron's bulk where outliers have stretched its grid; see `Tiles/FORMAT.md` §4, Tails.
enum OutlierWindow {
  /// Whether the middle 99 % of the values other than 0 lie in fewer than `bins` bins of a grid whose values span more.
  static func isNeeded(
    _ counts: UnsafeBufferPointer<UInt32>, zeros: UInt32, on grid: DyadicGrid, bins: Int
  ) -> Bool {
    let zeroIndex = grid.origin <= 0 && grid.origin > -Int64(counts.count) ? Int(-grid.origin) : -1
    func others(_ index: Int) -> Int { Int(counts[index]) - (index == zeroIndex ? Int(zeros) : 0) }
    let total = counts.indices.reduce(0) { $0 + others($1) }
    guard total > 0, let last = counts.lastIndex(where: { $0 > 0 }), last >= bins else { return false }
    let ranks = bulkRanks(of: total)
    var seen = 0
    var first: Int?
    for index in counts.indices {
      seen += others(index)
      if first == nil, seen > ranks.lowerBound { first = index }
      if seen > ranks.upperBound { return index - first! < bins - 1 }
    }
    return false
  }

  /// The window round the bulk of some values, if it shows more of them than a grid of `exponent` does.
  /// - Parameters:
  ///   - values: all finite ones of a neuron other than 0, which change places; at least one.
  ///   - hasZeros: whether 0 must lie in the window, too.
  static func around<Value: ActivationValue>(
    _ values: UnsafeMutableBufferPointer<Value>, hasZeros: Bool, finerThan exponent: Int
  ) -> DyadicGrid? {
    let ranks = bulkRanks(of: values.count)
    var (low, high) = (select(values, rank: ranks.lowerBound), select(values, rank: ranks.upperBound))
    guard low < high else { return nil }
    if hasZeros {
      low = min(low, 0)
      high = max(high, 0)
    }
    // The first and the last bin take what lies beyond the others.
    let finer = DyadicGrid.exponent(low: low, high: high, bins: 254)
    guard finer < exponent else { return nil }
    return DyadicGrid(exponent: finer, origin: DyadicGrid.bin(of: low, exponent: finer) - 1)
  }

  /// Ranks that bound the middle 99 % of `count` values.
  private static func bulkRanks(of count: Int) -> ClosedRange<Int> {
    let cut = count / 200
    return cut...(count - 1 - cut)
  }
}
