import CKernels

/// What is still to be found out about the neurons of a tile once all rows are counted: which bins hold middle ranks
/// that the counts alone do not tell, and which neurons' grids outliers have squeezed.
///
/// It follows from the counts how many values that is, so the memory for them is known before it is taken. Zeros are
/// never collected: their number is known, and they are the lowest values of their bin.
public struct OpenQuestions<Value: ActivationValue>: Sendable {
  public let tile: Int
  /// Columns of the tile that are asked about.
  public let columns: Range<Int>
  let intervals: CollectedIntervals<Value>
  /// Where the list of each `[cell, column]` begins, and one more: the number of values to collect.
  let starts: [UInt64]
  /// Columns of which all values other than 0 are collected, for outliers have squeezed their grids; a bit each.
  let squeezed: UInt64

  /// Values to collect.
  public var valueCount: Int { Int(starts[starts.count - 1]) }
  /// Bytes that collecting takes.
  public var bytes: Int {
    starts.count * 16 + (intervals.low.count * 2 + valueCount) * MemoryLayout<Value>.size
  }

  /// Reads off the counts of `band` what the quartiles of `groups` and the windows still need.
  /// - Parameters:
  ///   - groups: the member cells of each group; the first holds all rows.
  ///   - integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  ///   - columns: of the tile, to be asked about; all of them without it.
  public init(
    _ band: BandCounters<Value>, tile: Int, groups: [[Int]], integers: Bool, columns: Range<Int>? = nil
  ) {
    let firstNeuron = tile * tileColumns
    let columns = (columns ?? 0..<tileColumns).clamped(to: 0..<band.neurons - firstNeuron)
    var squeezed: UInt64 = 0
    let bins = band.wantedBins(tile: tile, groups: groups, columns: columns) { column, isOfAll, grid, counts, tally in
      if isOfAll, isSqueezed(counts, zeros: tally.zeros, on: grid) {
        squeezed |= 1 << UInt64(column)
        return .all
      }
      let ranks = Ranks(counts, grid: grid, tally: tally, integers: integers)
      var wanted = WantedBins()
      for quarters in 1...3 {
        let position = QuantilePosition(quarters: quarters, count: Int(tally.count))
        if case .inBin(let bin, _) = ranks.find(position.lower) { wanted.insert(Int(bin - grid.origin)) }
        if position.upper != position.lower, case .inBin(let bin, _) = ranks.find(position.upper) {
          wanted.insert(Int(bin - grid.origin))
        }
      }
      return wanted
    }
    let grids = band.grids(tile: tile)
    var starts = [UInt64](repeating: 0, count: bins.count + 1)
    var total: UInt64 = 0
    for (list, count) in band.collectable(tile: tile, bins, grids).enumerated() {
      starts[list] = total
      total += UInt64(count)
    }
    starts[bins.count] = total
    self.tile = tile
    self.columns = columns
    intervals = CollectedIntervals(bins, grids: grids)
    self.starts = starts
    self.squeezed = squeezed
  }
}

extension OpenQuestions {
  /// The columns in ranges of which each needs about `bytes` for its values, or is a single column.
  public func columns(within bytes: Int) -> [Range<Int>] {
    let lists = starts.count - 1
    var ranges: [Range<Int>] = []
    var some = 0
    for column in columns {
      var values = 0
      for list in stride(from: column, to: lists, by: tileColumns) { values += Int(starts[list + 1] - starts[list]) }
      some += values * MemoryLayout<Value>.size
      if let last = ranges.last, some <= bytes {
        ranges[ranges.count - 1] = last.lowerBound..<column + 1
      } else {
        ranges.append(column..<column + 1)
        some = values * MemoryLayout<Value>.size
      }
    }
    return ranges
  }
}

extension BandCounters {
  /// What is wanted of each list of a tile, `[cell, column]`: what is wanted of the groups that its cell is a member of.
  /// - Parameters:
  ///   - groups: the member cells of each group; the first holds all rows.
  ///   - columns: of the tile; of the others nothing is wanted.
  ///   - find: says of a group with values what is wanted of a column, by its counts on the grid; `isOfAll` for the first group. Where
  ///     that wants all, the others are not asked.
  @inline(__always)
  func wantedBins(
    tile: Int, groups: [[Int]], columns: Range<Int> = 0..<tileColumns,
    _ find: (
      _ column: Int, _ isOfAll: Bool, _ grid: DyadicGrid, _ counts: UnsafeBufferPointer<UInt32>,
      _ tally: GroupTally<Value>
    ) -> WantedBins
  ) -> [WantedBins] {
    var bins = [WantedBins](repeating: WantedBins(), count: cells * tileColumns)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      for column in columns.clamped(to: 0..<neurons - tile * tileColumns) {
        let neuron = tile * tileColumns + column
        let grid = grid(neuron)
        var isOfAll = true
        for members in groups {
          defer { isOfAll = false }
          let tally = tally(neuron, of: members)
          guard tally.count > 0 else { continue }
          histogram(neuron, of: members, on: grid, into: counts.baseAddress!)
          let wanted = find(column, isOfAll, grid, UnsafeBufferPointer(counts), tally)
          if !wanted.isEmpty { for cell in members { bins[cell * tileColumns + column].formUnion(wanted) } }
          if isOfAll, wanted == .all { break }
        }
      }
    }
    return bins
  }

  /// The grids of a tile's columns.
  func grids(tile: Int) -> [DyadicGrid] {
    (tile * tileColumns..<(tile + 1) * tileColumns).map { $0 < neurons ? grid($0) : .empty }
  }

  /// How many values there are of each list of a tile, `[cell, column]`, in the bins that it wants, without zeros.
  func collectable(tile: Int, _ bins: [WantedBins], _ grids: [DyadicGrid]) -> [Int] {
    bins.indices.map { list in
      guard !bins[list].isEmpty else { return 0 }
      let (cell, column) = list.quotientAndRemainder(dividingBy: tileColumns)
      return collectable(tile * tileColumns + column, cell: cell, bins: bins[list], on: grids[column])
    }
  }

  /// Values of a neuron in a cell that lie in the wanted bins, without zeros.
  private func collectable(_ neuron: Int, cell: Int, bins: WantedBins, on grid: DyadicGrid) -> Int {
    let at = cell * pitch + neuron
    guard figures.count[at] > 0 else { return 0 }
    var sum = 0
    bins.eachRun { run in
      for index in run {
        let bin = grid.origin + Int64(index)
        sum += Int(counter(neuron, cell: cell, place: Int(bin & 255)))
        // A grid that holds zeros holds them in the bin that begins at 0.
        if bin == 0 { sum -= Int(figures.zeros[at]) }
      }
    }
    return sum
  }
}

/// Whether the middle 99 % of the values other than 0 lie in fewer than `bins` bins of a grid whose values span more.
func isSqueezed(
  _ counts: UnsafeBufferPointer<UInt32>, zeros: UInt32, on grid: DyadicGrid, bins: Int = 16
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

/// Ranks that bound the middle 99 % of `count` values.
func bulkRanks(of count: Int) -> ClosedRange<Int> {
  let cut = count / 200
  return cut...(count - 1 - cut)
}

/// Finds the values of ranks of a group as far as the counts tell them.
struct Ranks<Value: ActivationValue> {
  let counts: UnsafeBufferPointer<UInt32>
  let grid: DyadicGrid
  let tally: GroupTally<Value>
  let integers: Bool

  init(_ counts: UnsafeBufferPointer<UInt32>, grid: DyadicGrid, tally: GroupTally<Value>, integers: Bool) {
    self.counts = counts
    self.grid = grid
    self.tally = tally
    self.integers = integers
  }

  enum Finding {
    case value(Value)
    /// The `rank`-th, from 0, of the values other than 0 in bin number `bin`.
    case inBin(Int64, rank: Int)
  }

  @inline(__always)
  func find(_ rank: Int) -> Finding {
    if rank == 0 || tally.minimum == tally.maximum { return .value(tally.minimum) }
    if rank == Int(tally.count) - 1 { return .value(tally.maximum) }
    var below: UInt64 = 0
    let bin = grid.origin + Int64(nd_find_rank(counts.baseAddress, UInt64(rank), &below))
    let place = rank - Int(below)
    if integers, grid.exponent <= 0 {
      return .value(Value(bin) * Value(sign: .plus, exponent: Value.Exponent(grid.exponent), significand: 1))
    }
    guard bin == 0 else { return .inBin(bin, rank: place) }
    let zeros = Int(tally.zeros)
    return place < zeros ? .value(0) : .inBin(0, rank: place - zeros)
  }
}
