import CKernels

/// What is still to be found out about the neurons of a tile once all rows are counted: which bins hold middle ranks
/// that the counts alone do not tell, and which neurons' grids outliers have squeezed.
///
/// It follows from the counts how many values that is, so the memory for them is known before it is taken. Zeros are
/// never collected: their number is known, and they are the lowest values of their bin.
public struct OpenQuestions<Value: ActivationValue>: Sendable {
  public let tile: Int
  /// The most intervals that a list has.
  let intervals: Int
  /// Half-open intervals of values to collect, `[cell, interval, column]`; those that a list does not need are empty.
  let low: [Value]
  let high: [Value]
  /// Where the list of each `[cell, column]` begins, and one more: the number of values to collect.
  let starts: [UInt64]
  /// Columns of which all values other than 0 are collected, for outliers have squeezed their grids; a bit each.
  let squeezed: UInt64

  /// Values to collect.
  public var valueCount: Int { Int(starts[starts.count - 1]) }
  /// Bytes that collecting takes.
  public var bytes: Int {
    starts.count * 16 + (low.count + high.count + valueCount) * MemoryLayout<Value>.size
  }

  /// Reads off the counts of `band` what the quartiles of `groups` and the windows still need.
  /// - Parameters:
  ///   - groups: the member cells of each group; the first holds all rows.
  ///   - integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  public init(_ band: BandCounters<Value>, tile: Int, groups: [[Int]], integers: Bool) {
    let lists = band.cells * tileColumns
    var starts = [UInt64](repeating: 0, count: lists + 1)
    var squeezed: UInt64 = 0
    let firstNeuron = tile * tileColumns
    let neurons = firstNeuron..<min(firstNeuron + tileColumns, band.neurons)
    // Numbers of wanted bins, neuron by neuron, in a neuron cell by cell; `ends` says where those of a list end.
    var bins: [Int64] = []
    var ends: [Int] = []
    var wantedByCell = [[Int64]](repeating: [], count: band.cells)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      for neuron in neurons {
        let grid = band.grid(neuron)
        for cell in 0..<band.cells { wantedByCell[cell].removeAll(keepingCapacity: true) }
        for (number, members) in groups.enumerated() {
          let figures = band.figures(neuron, of: members)
          guard figures.count > 0 else { continue }
          band.histogram(neuron, of: members, on: grid, into: counts.baseAddress!)
          if number == 0, isSqueezed(UnsafeBufferPointer(counts), zeros: figures.zeros, on: grid) {
            squeezed |= 1 << UInt64(neuron - firstNeuron)
          }
          let ranks = Ranks(UnsafeBufferPointer(counts), grid: grid, figures: figures, integers: integers)
          for rank in MiddleRanks(of: Int(figures.count)) {
            guard case .inBin(let bin, _) = ranks.find(rank) else { continue }
            for cell in members where !wantedByCell[cell].contains(bin) { wantedByCell[cell].append(bin) }
          }
        }
        for cell in 0..<band.cells {
          bins += wantedByCell[cell].sorted()
          ends.append(bins.count)
        }
      }
    }

    // Neighbouring bins make one interval.
    var most = squeezed == 0 ? 0 : 2
    var begin = 0
    for end in ends {
      var count = 0
      for index in begin..<end where index == begin || bins[index] != bins[index - 1] + 1 || bins[index] == 0 {
        count += 1
      }
      most = max(most, count)
      begin = end
    }
    var low = [Value](repeating: .infinity, count: band.cells * most * tileColumns)
    var high = low
    begin = 0
    for (number, end) in ends.enumerated() {
      let (column, cell) = number.quotientAndRemainder(dividingBy: band.cells)
      let neuron = firstNeuron + column
      var interval = -1
      func place() -> Int { (cell * most + interval) * tileColumns + column }
      if squeezed >> UInt64(column) & 1 == 1 {
        for (from, to) in [(-Value.infinity, -0.0), (Value.leastNonzeroMagnitude, Value.infinity)] {
          interval += 1
          low[place()] = from == -.infinity ? -.greatestFiniteMagnitude : from
          high[place()] = to
        }
      } else {
        let exponent = Value.Exponent(band.grid(neuron).exponent)
        for index in begin..<end {
          let bin = bins[index]
          if index == begin || bin != bins[index - 1] + 1 || bin == 0 {
            interval += 1
            // The bin that begins at 0 is wanted without its zeros.
            low[place()] =
              bin == 0 ? .leastNonzeroMagnitude : Value(sign: .plus, exponent: exponent, significand: Value(bin))
          }
          high[place()] = Value(sign: .plus, exponent: exponent, significand: Value(bin + 1))
        }
      }
      let isSqueezed = squeezed >> UInt64(column) & 1 == 1
      starts[cell * tileColumns + column] = UInt64(
        isSqueezed
          ? band.nonzeros(neuron, cell: cell) : band.collectable(neuron, cell: cell, bins: bins[begin..<end]))
      begin = end
    }
    var total: UInt64 = 0
    for list in 0...lists {
      let count = starts[list]
      starts[list] = total
      total += count
    }
    self.tile = tile
    intervals = most
    self.low = low
    self.high = high
    self.starts = starts
    self.squeezed = squeezed
  }
}

extension BandCounters {
  /// Finite values of a neuron in a cell that are not 0.
  fileprivate func nonzeros(_ neuron: Int, cell: Int) -> Int {
    let at = cell * pitch + neuron
    return Int(figures.count[at]) - Int(figures.zeros[at])
  }

  /// Values of a neuron in a cell that lie in the wanted bins, without zeros.
  fileprivate func collectable(_ neuron: Int, cell: Int, bins: ArraySlice<Int64>) -> Int {
    let at = cell * pitch + neuron
    guard figures.count[at] > 0 else { return 0 }
    var sum = 0
    for bin in bins {
      sum += Int(counter(neuron, cell: cell, place: Int(bin & 255)))
      // A grid that holds zeros holds them in the bin that begins at 0.
      if bin == 0 { sum -= Int(figures.zeros[at]) }
    }
    return sum
  }
}

/// The ranks next to the three quartiles of `count` values, from 0; a rank may come twice.
private struct MiddleRanks: Sequence, IteratorProtocol {
  private let count: Int
  private var number = 0

  init(of count: Int) { self.count = count }

  mutating func next() -> Int? {
    guard number < 6 else { return nil }
    defer { number += 1 }
    let position = QuantilePosition(quarters: number / 2 + 1, count: count)
    return number % 2 == 0 ? position.lower : position.upper
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
  let figures: GroupFigures<Value>
  let integers: Bool

  init(
    _ counts: UnsafeBufferPointer<UInt32>, grid: DyadicGrid, figures: GroupFigures<Value>, integers: Bool
  ) {
    self.counts = counts
    self.grid = grid
    self.figures = figures
    self.integers = integers
  }

  enum Finding {
    case value(Value)
    /// The `rank`-th, from 0, of the values other than 0 in bin number `bin`.
    case inBin(Int64, rank: Int)
  }

  func find(_ rank: Int) -> Finding {
    if rank == 0 || figures.minimum == figures.maximum { return .value(figures.minimum) }
    if rank == Int(figures.count) - 1 { return .value(figures.maximum) }
    var below = 0
    var index = 0
    while below + Int(counts[index]) <= rank {
      below += Int(counts[index])
      index += 1
    }
    let bin = grid.origin + Int64(index)
    if integers, grid.exponent <= 0 {
      return .value(Value(bin) * Value(sign: .plus, exponent: Value.Exponent(grid.exponent), significand: 1))
    }
    guard bin == 0 else { return .inBin(bin, rank: rank - below) }
    let zeros = Int(figures.zeros)
    return rank - below < zeros ? .value(0) : .inBin(0, rank: rank - below - zeros)
  }
}
