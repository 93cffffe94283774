import CKernels

/// What is still to be found out about the neurons of a tile once all rows are counted: which bins hold middle ranks
/// that the counts alone do not tell, and which neurons' grids outliers have squeezed.
///
/// It follows from the counts how many values that is, so the memory for them is known before it is taken. Zeros are
/// never collected: their number is known, and they are the lowest values of their bin.
public struct OpenQuestions<Value: ActivationValue>: Sendable {
  public let tile: Int
  /// Wanted bins, `[cell, column, 256]` bits.
  let wanted: [UInt32]
  /// Where the list of each `[cell, column]` begins, and one more: the number of values to collect.
  let starts: [UInt64]

  /// Values to collect.
  public var valueCount: Int { Int(starts[starts.count - 1]) }
  /// Bytes that collecting takes.
  public var bytes: Int { wanted.count * 4 + starts.count * 16 + valueCount * MemoryLayout<Value>.size }

  /// Reads off the counts of `band` what the quartiles of `groups` and the windows still need.
  /// - Parameters:
  ///   - groups: the member cells of each group; the first holds all rows.
  ///   - integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  public init(_ band: BandCounters<Value>, tile: Int, groups: [[Int]], integers: Bool) {
    let lists = band.cells * tileColumns
    var wanted = [UInt32](repeating: 0, count: lists * wordsPerList)
    var starts = [UInt64](repeating: 0, count: lists + 1)
    let firstNeuron = tile * tileColumns
    func list(_ neuron: Int, _ cell: Int) -> Int { cell * tileColumns + neuron - firstNeuron }
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      for neuron in firstNeuron..<min(firstNeuron + tileColumns, band.neurons) {
        let grid = band.grid(neuron)
        for (number, members) in groups.enumerated() {
          let figures = band.figures(neuron, of: members)
          guard figures.count > 0 else { continue }
          band.histogram(neuron, of: members, on: grid, into: counts.baseAddress!)
          if number == 0, isSqueezed(UnsafeBufferPointer(counts), zeros: figures.zeros, on: grid) {
            for cell in 0..<band.cells {
              for word in 0..<wordsPerList { wanted[list(neuron, cell) * wordsPerList + word] = ~0 }
            }
          }
          let ranks = Ranks(UnsafeBufferPointer(counts), grid: grid, figures: figures, integers: integers)
          for rank in middleRanks(of: Int(figures.count)) {
            guard case .inBin(let bin, _) = ranks.find(rank) else { continue }
            let place = Int(bin & 255)
            for cell in members {
              wanted[list(neuron, cell) * wordsPerList + place >> 5] |= 1 << UInt32(place & 31)
            }
          }
        }
      }
    }
    var total: UInt64 = 0
    for cell in 0..<band.cells {
      for neuron in firstNeuron..<firstNeuron + tileColumns {
        let index = list(neuron, cell)
        starts[index] = total
        guard neuron < band.neurons else { continue }
        total += UInt64(
          wanted[index * wordsPerList..<(index + 1) * wordsPerList].withUnsafeBufferPointer {
            band.collectable(neuron, cell: cell, wanted: $0)
          })
      }
    }
    starts[lists] = total
    self.tile = tile
    self.wanted = wanted
    self.starts = starts
  }
}

private let wordsPerList = DyadicGrid.binCount / 32

/// The ranks next to the three quartiles of `count` values, from 0.
private func middleRanks(of count: Int) -> Set<Int> {
  var ranks = Set<Int>()
  for quarters in 1...3 {
    let position = QuantilePosition(quarters: quarters, count: count)
    ranks.insert(position.lower)
    ranks.insert(position.upper)
  }
  return ranks
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
private func bulkRanks(of count: Int) -> ClosedRange<Int> {
  let cut = count / 200
  return cut...(count - 1 - cut)
}

/// Finds the values of ranks of a group as far as the counts tell them.
private struct Ranks<Value: ActivationValue> {
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

extension BandCounters {
  /// The quartiles of a group as the counts tell them: exact where they are known, otherwise the middle of their bins.
  public func binnedQuartiles(_ neuron: Int, of members: [Int]) -> Quartiles<Value> {
    let figures = figures(neuron, of: members)
    guard figures.count > 0 else { return Quartiles() }
    let grid = grid(neuron)
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      histogram(neuron, of: members, on: grid, into: counts.baseAddress!)
      let ranks = Ranks(UnsafeBufferPointer(counts), grid: grid, figures: figures, integers: false)
      func value(_ quarters: Int) -> Value {
        switch ranks.find(QuantilePosition(quarters: quarters, count: Int(figures.count)).lower) {
        case .value(let value): value
        case .inBin(let bin, _):
          Value(sign: .plus, exponent: Value.Exponent(grid.exponent), significand: Value(bin) + 0.5)
        }
      }
      return Quartiles(lower: value(1), median: value(2), upper: value(3))
    }
  }

  /// Values of a neuron in a cell that lie in the wanted places, without zeros.
  fileprivate func collectable(
    _ neuron: Int, cell: Int, wanted: UnsafeBufferPointer<UInt32>
  ) -> Int {
    let at = cell * pitch + neuron
    guard figures.count[at] > 0 else { return 0 }
    let histogram = histogram(neuron, cell: cell)
    var sum = 0
    for place in 0..<DyadicGrid.binCount where wanted[place >> 5] >> UInt32(place & 31) & 1 == 1 {
      sum += Int(histogram[place])
    }
    // A grid that holds zeros holds them in the bin that begins at 0, whose place is 0.
    return wanted[0] & 1 == 1 ? sum - Int(figures.zeros[at]) : sum
  }
}

/// The three quartiles of a group.
public struct Quartiles<Value: ActivationValue>: Sendable {
  public var lower = Value.nan
  public var median = Value.nan
  public var upper = Value.nan

  public init() {}

  init(lower: Value, median: Value, upper: Value) {
    self.lower = lower
    self.median = median
    self.upper = upper
  }
}

/// Collects the values that answer the open questions of a tile, and answers them. Used by one lane at a time.
public final class SecondLook<Value: ActivationValue> {
  public let questions: OpenQuestions<Value>
  let band: BandCounters<Value>
  let cursors: UnsafeMutablePointer<UInt64>
  let values: UnsafeMutablePointer<Value>

  public init(_ questions: OpenQuestions<Value>, of band: BandCounters<Value>) {
    self.questions = questions
    self.band = band
    cursors = .allocate(capacity: questions.starts.count)
    cursors.initialize(from: questions.starts, count: questions.starts.count)
    values = .allocate(capacity: max(1, questions.valueCount))
  }

  deinit {
    cursors.deallocate()
    values.deallocate()
  }

  /// Collects from `rows` rows of one cell; see `BandCounters.add`.
  public func add(cell: Int, rows: Int, values tileValues: UnsafePointer<Value>) {
    let column = questions.tile * tileColumns
    questions.wanted.withUnsafeBufferPointer {
      Value.collect(
        tileValues, nd_run(cell: UInt32(cell), first: 0, count: UInt32(rows)),
        scaleA: band.scaleA + column, scaleB: band.scaleB + column,
        wanted: $0.baseAddress!, cursors: cursors, values: values)
    }
  }

  /// Whether every list holds exactly what the first look counted; otherwise the dump has changed in between.
  public var isComplete: Bool {
    questions.starts.indices.dropLast().allSatisfy { cursors[$0] == questions.starts[$0 + 1] }
  }

  /// The collected values of a neuron in a cell, in row order.
  private func list(_ neuron: Int, cell: Int) -> UnsafeMutableBufferPointer<Value> {
    let list = cell * tileColumns + neuron % tileColumns
    let start = Int(questions.starts[list])
    return UnsafeMutableBufferPointer(start: values + start, count: Int(cursors[list]) - start)
  }

  /// The exact quartiles of a group. Must be asked before `openWindow` of that neuron.
  /// - Parameter scratch: reusable memory of the lane.
  public func quartiles(
    _ neuron: Int, of members: [Int], integers: Bool, scratch: inout [Value]
  ) -> Quartiles<Value> {
    let figures = band.figures(neuron, of: members)
    guard figures.count > 0 else { return Quartiles() }
    let grid = band.grid(neuron)
    var gathered: Int64?
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      band.histogram(neuron, of: members, on: grid, into: counts.baseAddress!)
      let ranks = Ranks(UnsafeBufferPointer(counts), grid: grid, figures: figures, integers: integers)
      func value(_ rank: Int) -> Value {
        switch ranks.find(rank) {
        case .value(let value): return value
        case .inBin(let bin, let place):
          if gathered != bin {
            gather(neuron, members, bin: bin, exponent: grid.exponent, into: &scratch)
            gathered = bin
          }
          return scratch.withUnsafeMutableBufferPointer { select($0, rank: place) }
        }
      }
      func quantile(_ quarters: Int) -> Value {
        let position = QuantilePosition(quarters: quarters, count: Int(figures.count))
        let low = value(position.lower)
        return position.fraction == 0 ? low : position.interpolate(low, value(position.upper))
      }
      return Quartiles(lower: quantile(1), median: quantile(2), upper: quantile(3))
    }
  }

  private func gather(
    _ neuron: Int, _ members: [Int], bin: Int64, exponent: Int, into scratch: inout [Value]
  ) {
    let width = Value.Exponent(exponent)
    let low = Value(sign: .plus, exponent: width, significand: Value(bin))
    let high = Value(sign: .plus, exponent: width, significand: Value(bin + 1))
    scratch.removeAll(keepingCapacity: true)
    for cell in members {
      for value in list(neuron, cell: cell) where value >= low && value < high { scratch.append(value) }
    }
  }

  /// Where outliers have squeezed a neuron's grid, counts it anew on a window round its bulk; see `Tiles/FORMAT.md` §4, Tails.
  public func openWindow(_ neuron: Int, scratch: inout [Value]) {
    let column = neuron % tileColumns
    guard questions.wanted[column * wordsPerList..<(column + 1) * wordsPerList].allSatisfy({ $0 == ~0 })
    else { return }
    scratch.removeAll(keepingCapacity: true)
    for cell in 0..<band.cells { scratch.append(contentsOf: list(neuron, cell: cell)) }
    let ranks = bulkRanks(of: scratch.count)
    var (low, high) = scratch.withUnsafeMutableBufferPointer {
      (select($0, rank: ranks.lowerBound), select($0, rank: ranks.upperBound))
    }
    guard low < high else { return }
    if (0..<band.cells).contains(where: { band.figures.zeros[$0 * band.pitch + neuron] > 0 }) {
      low = min(low, 0)
      high = max(high, 0)
    }
    let exponent = DyadicGrid.exponent(low: low, high: high, bins: 254)
    guard exponent < band.grid(neuron).exponent else { return }
    let window = DyadicGrid(
      exponent: exponent, origin: DyadicGrid.bin(of: low, exponent: exponent) - 1)
    band.recount(neuron, on: window) { list(neuron, cell: $0) }
  }
}
