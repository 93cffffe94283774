import CKernels

/// Where the candidates of a tile lie: the values that ranks in question may turn out to be.
///
/// Every list, that is a column in a cell, has half-open intervals of its own. Zeros lie in none of them: how many there are is known.
public struct CandidateIntervals<Value: ActivationValue>: Sendable {
  /// The most intervals that a list has.
  let count: Int
  /// The same of the lists of each cell.
  private let countOfCell: [Int]
  /// `[cell, interval, column]`; those that a list does not need are empty.
  let low: [Value]
  let high: [Value]
  /// How many values lie in the intervals, of those that were counted when they were chosen.
  public let valueCount: Int

  /// - Parameters:
  ///   - bins: with candidates of each list, `[cell, column]`.
  ///   - grids: those of the columns, `[column]`.
  ///   - valueCount: values in the bins.
  init(_ bins: [BinSet], grids: [DyadicGrid], valueCount: Int) {
    var counts = [Int](repeating: 0, count: bins.count / tileColumns)
    for (list, bins) in bins.enumerated() where !bins.isEmpty {
      let (cell, column) = list.quotientAndRemainder(dividingBy: tileColumns)
      var count = 0
      Self.eachInterval(bins, on: grids[column]) { _, _ in count += 1 }
      counts[cell] = max(counts[cell], count)
    }
    let most = counts.max() ?? 0
    var low = [Value](repeating: .infinity, count: bins.count * most)
    var high = low
    low.withUnsafeMutableBufferPointer { low in
      high.withUnsafeMutableBufferPointer { high in
        for (list, bins) in bins.enumerated() where !bins.isEmpty {
          let (cell, column) = list.quotientAndRemainder(dividingBy: tileColumns)
          var place = cell * most * tileColumns + column
          Self.eachInterval(bins, on: grids[column]) {
            (low[place], high[place]) = ($0, $1)
            place += tileColumns
          }
        }
      }
    }
    count = most
    countOfCell = counts
    self.low = low
    self.high = high
    self.valueCount = valueCount
  }

  /// Every finite value other than 0, before anything was counted.
  public static func everything(cells: Int) -> CandidateIntervals {
    CandidateIntervals(
      [BinSet](repeating: .all, count: cells * tileColumns),
      grids: [DyadicGrid](repeating: .empty, count: tileColumns), valueCount: 0)
  }

  /// What bins cover, without zeros and infinities.
  @inline(__always)
  private static func eachInterval(_ bins: BinSet, on grid: DyadicGrid, _ body: (Value, Value) -> Void) {
    func edge(_ bin: Int64) -> Value {
      Value(sign: .plus, exponent: Value.Exponent(grid.exponent), significand: Value(bin))
    }
    if bins == .all {
      // Also what no grid of the values so far holds.
      body(-.greatestFiniteMagnitude, -0.0)
      body(.leastNonzeroMagnitude, .infinity)
      return
    }
    bins.eachRun { run in
      let first = grid.origin + Int64(run.lowerBound)
      let end = grid.origin + Int64(run.upperBound)
      if first < 0 { body(max(edge(first), -.greatestFiniteMagnitude), end < 0 ? edge(end) : -0.0) }
      if end > 0 { body(first > 0 ? edge(first) : .leastNonzeroMagnitude, edge(end)) }
    }
  }

  /// Gathers the candidates among rows of one cell.
  /// - Parameters:
  ///   - cursors: places in `values`, `[column]`, each moved on by what was found.
  ///   - ends: places in `values`, `[column]`, before which a column's list ends.
  @inline(__always)
  func gather(
    cell: Int, _ rows: TileRows<Value>, cursors: UnsafeMutablePointer<UInt64>, ends: UnsafePointer<UInt64>,
    values: UnsafeMutablePointer<Value>
  ) {
    let some = countOfCell[cell]
    guard some > 0 else { return }
    let first = cell * count * tileColumns
    low.withUnsafeBufferPointer { low in
      high.withUnsafeBufferPointer { high in
        Value.collect(
          rows, intervals: some, low: low.baseAddress! + first, high: high.baseAddress! + first, cursors: cursors,
          ends: ends, values: values)
      }
    }
  }

  /// Copies a list's candidates out of some of its values.
  /// - Parameters:
  ///   - values: need not be aligned.
  ///   - picked: room for all of them and one more.
  /// - Returns: how many there are.
  func pick(
    _ values: UnsafeRawPointer, count: Int, cell: Int, column: Int, into picked: UnsafeMutablePointer<Value>
  ) -> Int {
    let first = cell * self.count * tileColumns + column
    return low.withUnsafeBufferPointer { low in
      high.withUnsafeBufferPointer { high in
        Value.pick(
          values, count: count, intervals: countOfCell[cell], low: low.baseAddress! + first,
          high: high.baseAddress! + first, stride: tileColumns, into: picked)
      }
    }
  }
}

extension BandCounters {
  /// The bins with candidates of each list of a tile, `[cell, column]`: those of all groups that the list's cell belongs to.
  /// - Parameters:
  ///   - groups: the first holds all rows.
  ///   - columns: of the tile; the others have no candidates.
  ///   - bins: with candidates of a column in a group, by the group's counts on the grid; `isOfAll` for the first group. Where that
  ///     takes all bins, the other groups are not asked. Called for groups with values.
  @inline(__always)
  func candidateBins(
    tile: Int, groups: [CountingCells.Members], columns: Range<Int> = 0..<tileColumns,
    _ bins: (_ column: Int, _ isOfAll: Bool, _ ranks: HistogramRanks<Value>) -> BinSet
  ) -> [BinSet] {
    var lists = [BinSet](repeating: BinSet(), count: cells * tileColumns)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      for column in columns.clamped(to: 0..<neurons - tile * tileColumns) {
        let neuron = tile * tileColumns + column
        let grid = grid(neuron)
        for (group, members) in groups.enumerated() {
          guard let histograms = members.histograms else { continue }
          let tally = tally(neuron, of: members.cells)
          guard tally.count > 0 else { continue }
          histogram(neuron, of: histograms, on: grid, into: counts.baseAddress!)
          let found = bins(column, group == 0, HistogramRanks(UnsafeBufferPointer(counts), grid: grid, tally: tally))
          if !found.isEmpty { for cell in members.cells { lists[cell * tileColumns + column].formUnion(found) } }
          if group == 0, found == .all { break }
        }
        for cell in 0..<cells where counting.sharesHistogram(cell) {
          // How many of its values lie in some bins is not known, and its quartiles are found without.
          let at = cell * pitch + neuron
          lists[cell * tileColumns + column] = figures.count[at] > figures.zeros[at] ? .all : BinSet()
        }
      }
    }
    return lists
  }

  /// The grids of a tile's columns.
  func grids(tile: Int) -> [DyadicGrid] {
    (tile * tileColumns..<(tile + 1) * tileColumns).map { $0 < neurons ? grid($0) : .empty }
  }

  /// How many values other than 0 each list of a tile has in its bins, `[cell, column]`.
  func candidateCounts(tile: Int, _ bins: [BinSet], _ grids: [DyadicGrid]) -> [Int] {
    bins.indices.map { list in
      guard !bins[list].isEmpty else { return 0 }
      let (cell, column) = list.quotientAndRemainder(dividingBy: tileColumns)
      return candidateCount(tile * tileColumns + column, cell: cell, bins: bins[list], on: grids[column])
    }
  }

  private func candidateCount(_ neuron: Int, cell: Int, bins: BinSet, on grid: DyadicGrid) -> Int {
    let at = cell * pitch + neuron
    guard figures.count[at] > 0 else { return 0 }
    if bins == .all { return Int(figures.count[at] - figures.zeros[at]) }
    let histogram = counting.histogramOfCell[cell]
    var sum = 0
    bins.eachRun { run in
      for index in run {
        let bin = grid.origin + Int64(index)
        sum += Int(counter(neuron, histogram: histogram, place: Int(bin & 255)))
        // A grid that holds zeros holds them in the bin that begins at 0.
        if bin == 0 { sum -= Int(figures.zeros[at]) }
      }
    }
    return sum
  }
}
