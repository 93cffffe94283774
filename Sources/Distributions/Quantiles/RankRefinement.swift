/// Exact quartiles of every group of a tile: gathers the candidates for its pending ranks and selects among them.
///
/// Quartiles are found by selection in at most two passes over the values, in memory for a few of them. The first pass counts a histogram
/// for each neuron and cell. A quartile lies at one rank of the sorted values or between two (`QuantilePosition`), and cumulative counts
/// tell in which bin a rank falls (`HistogramRanks`): ranks of extremes, of zeros and of whole numbers are known by then, the others are
/// *pending* (`PendingRanks`), each narrowed to the values of one bin, its *candidates* (`CandidateIntervals`). The second pass gathers
/// these and selects each rank by its place in the bin: what sorting all values, as NumPy does, would give. It is the selection in few
/// passes of Munro and Paterson, *Selection and sorting with limited storage* (1980), with histograms to narrow the interval.
///
/// Where decoding costs more than counting, the second pass is spared: candidates are kept during the first, in intervals that are
/// predicted from the rows so far, with a margin of ranks (Floyd and Rivest, *Expected time bounds for selection*, 1975), and that narrow as
/// rows come. How many candidates there must be follows from the counts of all rows; where some are missing, the second pass is made.
///
/// Used by one lane at a time.
public final class RankRefinement<Value: ActivationValue> {
  public let pending: PendingRanks<Value>
  let band: BandCounters<Value>
  /// Where the next candidate of each list `[cell, column]` is put.
  private let cursors: UnsafeMutablePointer<UInt64>
  private let values: UnsafeMutablePointer<Value>

  /// - Parameter values: room for `pending.valueCount` values, which the caller keeps.
  public init(_ pending: PendingRanks<Value>, of band: BandCounters<Value>, values: UnsafeMutablePointer<Value>) {
    self.pending = pending
    self.band = band
    self.values = values
    cursors = .allocate(capacity: pending.starts.count)
    cursors.initialize(from: pending.starts, count: pending.starts.count)
  }

  deinit { cursors.deallocate() }

  /// Forgets the candidates.
  public func restart() { cursors.update(from: pending.starts, count: pending.starts.count) }

  /// Gathers candidates from rows of one cell, in the order in which they were counted.
  public func add(cell: Int, _ rows: TileRows<Value>) {
    let first = cell * tileColumns
    pending.starts.withUnsafeBufferPointer {
      pending.candidates.gather(
        cell: cell, rows, cursors: cursors + first, ends: $0.baseAddress! + first + 1, values: values)
    }
  }

  /// Gathers candidates from some values of one list.
  /// - Parameter some: need not be aligned.
  /// - Returns: whether there was room for them all.
  func add(_ some: UnsafeRawPointer, count: Int, cell: Int, column: Int) -> Bool {
    let list = cell * tileColumns + column
    let end = pending.starts[list + 1]
    guard pending.starts[list] < end else { return true }
    return withUnsafeTemporaryAllocation(of: Value.self, capacity: count + 1) { picked in
      let found = pending.candidates.pick(some, count: count, cell: cell, column: column, into: picked.baseAddress!)
      guard cursors[list] + UInt64(found) <= end else { return false }
      (values + Int(cursors[list])).update(from: picked.baseAddress!, count: found)
      cursors[list] += UInt64(found)
      return true
    }
  }

  /// Whether every list holds as many candidates as were counted; otherwise some were not kept, or the dump has changed in between.
  public var isComplete: Bool {
    pending.starts.indices.dropLast().allSatisfy { cursors[$0] == pending.starts[$0 + 1] }
  }

  /// The candidates of a neuron in a cell, in row order.
  func candidates(_ neuron: Int, cell: Int) -> UnsafeMutableBufferPointer<Value> {
    let list = cell * tileColumns + neuron % tileColumns
    let start = Int(pending.starts[list])
    return UnsafeMutableBufferPointer(start: values + start, count: Int(cursors[list]) - start)
  }

  /// The exact quartiles of a group. Must be asked before `openWindow` of that neuron.
  /// - Parameter scratch: reusable memory of the lane.
  public func quartiles(
    _ neuron: Int, of members: CountingCells.Members, integers: Bool, scratch: inout [Value]
  ) -> Quartiles<Value> {
    let tally = band.tally(neuron, of: members.cells)
    guard tally.count > 0 else { return Quartiles() }
    guard let histograms = members.histograms else { return quartiles(neuron, of: members.cells, tally, &scratch) }
    let grid = band.grid(neuron)
    var bin = Bin(number: .min)
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      band.histogram(neuron, of: histograms, on: grid, into: counts.baseAddress!)
      let ranks = HistogramRanks(UnsafeBufferPointer(counts), grid: grid, tally: tally)
      func value(_ rank: Int) -> Value {
        switch ranks.find(rank, integers: integers) {
        case .value(let value): return value
        case .pending(let number, let place):
          if bin.number != number {
            bin = gather(neuron, members.cells, bin: number, exponent: grid.exponent, &scratch)
          }
          return scratch.withUnsafeBufferPointer {
            Value.select(.init(rebasing: $0[..<bin.count]), rank: place, from: bin.low, below: bin.high)
          }
        }
      }
      func quantile(_ quarters: Int) -> Value {
        let position = QuantilePosition(quarters: quarters, count: Int(tally.count))
        let low = value(position.lower)
        return position.fraction == 0 ? low : position.interpolate(low, value(position.upper))
      }
      return Quartiles(lower: quantile(1), median: quantile(2), upper: quantile(3))
    }
  }

  /// Of a group whose values other than 0 are all candidates: it is small, and has no histogram.
  private func quartiles(
    _ neuron: Int, of cells: [Int], _ tally: GroupTally<Value>, _ scratch: inout [Value]
  ) -> Quartiles<Value> {
    if tally.minimum == tally.maximum {
      return Quartiles(lower: tally.minimum, median: tally.minimum, upper: tally.minimum)
    }
    let zeros = Int(tally.zeros)
    let others = Int(tally.count) - zeros
    if scratch.count < 2 * others { scratch = Array(repeating: 0, count: 2 * others) }
    return scratch.withUnsafeMutableBufferPointer { scratch in
      guard let sorted = scratch.baseAddress else { return Quartiles() }
      var values = UnsafePointer(sorted + others)
      if cells.count == 1 {
        values = UnsafePointer(candidates(neuron, cell: cells[0]).baseAddress ?? sorted)
      } else {
        var end = sorted + others
        for cell in cells {
          let some = candidates(neuron, cell: cell)
          if let base = some.baseAddress { end.update(from: base, count: some.count) }
          end += some.count
        }
      }
      Value.sort(values, count: others, into: sorted)
      var negative = 0
      while negative < others, sorted[negative] < 0 { negative += 1 }
      func value(_ rank: Int) -> Value {
        rank < negative ? sorted[rank] : rank < negative + zeros ? 0 : sorted[rank - zeros]
      }
      func quantile(_ quarters: Int) -> Value {
        let position = QuantilePosition(quarters: quarters, count: Int(tally.count))
        let low = value(position.lower)
        return position.fraction == 0 ? low : position.interpolate(low, value(position.upper))
      }
      return Quartiles(lower: quantile(1), median: quantile(2), upper: quantile(3))
    }
  }

  /// A bin whose values, without zeros, stand at the front of the scratch memory.
  private struct Bin {
    var number: Int64
    var low: Value = 0
    var high: Value = 0
    var count = 0
  }

  private func gather(
    _ neuron: Int, _ members: [Int], bin number: Int64, exponent: Int, _ scratch: inout [Value]
  ) -> Bin {
    let width = Value.Exponent(exponent)
    // Bounds of the same sign bit: the bin below 0 ends at -0, and zeros are no candidates.
    var bin = Bin(
      number: number, low: Value(sign: .plus, exponent: width, significand: Value(number)),
      high: number == -1 ? -0.0 : Value(sign: .plus, exponent: width, significand: Value(number + 1)))
    let most = members.reduce(0) { $0 + candidates(neuron, cell: $1).count } + 1
    if scratch.count < most { scratch = Array(repeating: 0, count: most) }
    scratch.withUnsafeMutableBufferPointer { scratch in
      for cell in members {
        bin.count += Value.pick(
          UnsafeBufferPointer(candidates(neuron, cell: cell)), from: bin.low, below: bin.high,
          into: scratch.baseAddress! + bin.count)
      }
    }
    return bin
  }

  /// Where outliers have squeezed a neuron's grid, counts it anew on a window round its bulk; see `Tiles/FORMAT.md` §4, Tails.
  /// - Returns: whether there is a window now. Then `WindowCodes` can be made of the candidates.
  @discardableResult
  public func openWindow(_ neuron: Int, scratch: inout [Value]) -> Bool {
    guard pending.squeezed >> UInt64(neuron % tileColumns) & 1 == 1 else { return false }
    scratch.removeAll(keepingCapacity: true)
    for cell in 0..<band.cells { scratch.append(contentsOf: candidates(neuron, cell: cell)) }
    let hasZeros = (0..<band.cells).contains { band.figures.zeros[$0 * band.pitch + neuron] > 0 }
    let window = scratch.withUnsafeMutableBufferPointer {
      OutlierWindow.around($0, hasZeros: hasZeros, finerThan: band.grid(neuron).exponent)
    }
    guard let window else { return false }
    band.recount(neuron, on: window) { candidates(neuron, cell: $0) }
    return true
  }
}
