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

  /// - Parameter values: room for `questions.valueCount` values, which the caller keeps.
  public init(
    _ questions: OpenQuestions<Value>, of band: BandCounters<Value>, values: UnsafeMutablePointer<Value>
  ) {
    self.questions = questions
    self.band = band
    self.values = values
    cursors = .allocate(capacity: questions.starts.count)
    cursors.initialize(from: questions.starts, count: questions.starts.count)
  }

  deinit { cursors.deallocate() }

  /// Forgets what was collected.
  public func restart() { cursors.update(from: questions.starts, count: questions.starts.count) }

  /// Collects from rows of one cell, in the order in which they were counted.
  public func add(cell: Int, _ rows: TileRows<Value>) {
    let first = cell * tileColumns
    questions.starts.withUnsafeBufferPointer {
      questions.intervals.collect(
        cell: cell, rows, cursors: cursors + first, ends: $0.baseAddress! + first + 1, values: values)
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
    let tally = band.tally(neuron, of: members)
    guard tally.count > 0 else { return Quartiles() }
    let grid = band.grid(neuron)
    var bin = Bin(number: .min)
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      band.histogram(neuron, of: members, on: grid, into: counts.baseAddress!)
      let ranks = Ranks(UnsafeBufferPointer(counts), grid: grid, tally: tally, integers: integers)
      func value(_ rank: Int) -> Value {
        switch ranks.find(rank) {
        case .value(let value): return value
        case .inBin(let number, let place):
          if bin.number != number { bin = gather(neuron, members, bin: number, exponent: grid.exponent, &scratch) }
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
    // Bounds of the same sign bit: the bin below 0 ends at -0, and no zeros are collected.
    var bin = Bin(
      number: number, low: Value(sign: .plus, exponent: width, significand: Value(number)),
      high: number == -1 ? -0.0 : Value(sign: .plus, exponent: width, significand: Value(number + 1)))
    let most = members.reduce(0) { $0 + list(neuron, cell: $1).count } + 1
    if scratch.count < most { scratch = Array(repeating: 0, count: most) }
    scratch.withUnsafeMutableBufferPointer { scratch in
      for cell in members {
        bin.count += Value.pick(
          UnsafeBufferPointer(list(neuron, cell: cell)), from: bin.low, below: bin.high,
          into: scratch.baseAddress! + bin.count)
      }
    }
    return bin
  }

  /// Where outliers have squeezed a neuron's grid, counts it anew on a window round its bulk; see `Tiles/FORMAT.md` §4, Tails.
  public func openWindow(_ neuron: Int, scratch: inout [Value]) {
    let column = neuron % tileColumns
    guard questions.squeezed >> UInt64(column) & 1 == 1 else { return }
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
