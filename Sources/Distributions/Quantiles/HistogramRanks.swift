import CKernels

/// The values of ranks of a group as far as its counts tell them.
struct HistogramRanks<Value: ActivationValue> {
  let counts: UnsafeBufferPointer<UInt32>
  let grid: DyadicGrid
  let tally: GroupTally<Value>

  init(_ counts: UnsafeBufferPointer<UInt32>, grid: DyadicGrid, tally: GroupTally<Value>) {
    self.counts = counts
    self.grid = grid
    self.tally = tally
  }

  enum Finding {
    case value(Value)
    /// The rank is pending: it is the `rank`-th, from 0, of the values other than 0 in bin number `bin`.
    case pending(bin: Int64, rank: Int)
  }

  /// - Parameter integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  @inline(__always)
  func find(_ rank: Int, integers: Bool) -> Finding {
    if rank == 0 || tally.minimum == tally.maximum { return .value(tally.minimum) }
    if rank == Int(tally.count) - 1 { return .value(tally.maximum) }
    var below: UInt64 = 0
    let bin = grid.origin + Int64(nd_find_rank(counts.baseAddress, UInt64(rank), &below))
    let place = rank - Int(below)
    if integers, grid.exponent <= 0 {
      return .value(Value(bin) * Value(sign: .plus, exponent: Value.Exponent(grid.exponent), significand: 1))
    }
    guard bin == 0 else { return .pending(bin: bin, rank: place) }
    let zeros = Int(tally.zeros)
    return place < zeros ? .value(0) : .pending(bin: 0, rank: place - zeros)
  }

  /// The index of the bin that holds a rank.
  @inline(__always)
  func index(ofRank rank: Int) -> Int {
    var below: UInt64 = 0
    return Int(nd_find_rank(counts.baseAddress, UInt64(rank), &below))
  }

  /// Whether outliers squeeze the grid: whether the middle 99 % of the values other than 0 lie in fewer than `bins` of its bins.
  func isSqueezed(intoFewerThan bins: Int = 16) -> Bool {
    OutlierWindow.isNeeded(counts, zeros: tally.zeros, on: grid, bins: bins)
  }
}

extension BandCounters {
  /// The quartiles of a group as the counts tell them: exact where they are known, otherwise the middle of their bins.
  /// - Precondition: the group has histograms of its own.
  public func binnedQuartiles(_ neuron: Int, of members: CountingCells.Members) -> Quartiles<Value> {
    guard let histograms = members.histograms else { preconditionFailure("a group without histograms") }
    let tally = tally(neuron, of: members.cells)
    guard tally.count > 0 else { return Quartiles() }
    let grid = grid(neuron)
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      histogram(neuron, of: histograms, on: grid, into: counts.baseAddress!)
      let ranks = HistogramRanks(UnsafeBufferPointer(counts), grid: grid, tally: tally)
      func value(_ quarters: Int) -> Value {
        switch ranks.find(QuantilePosition(quarters: quarters, count: Int(tally.count)).lower, integers: false) {
        case .value(let value): value
        case .pending(let bin, _):
          Value(sign: .plus, exponent: Value.Exponent(grid.exponent), significand: Value(bin) + 0.5)
        }
      }
      return Quartiles(lower: value(1), median: value(2), upper: value(3))
    }
  }
}
