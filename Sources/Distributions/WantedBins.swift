import CKernels

/// A set of a grid's bins, numbered from its origin.
struct WantedBins: Sendable, Equatable {
  private var words = SIMD4<UInt64>(repeating: 0)

  static let all = WantedBins(words: SIMD4(repeating: .max))

  init() {}

  private init(words: SIMD4<UInt64>) { self.words = words }

  var isEmpty: Bool { words == SIMD4(repeating: 0) }

  @inline(__always)
  mutating func insert(_ bin: Int) { words[bin >> 6] |= 1 << UInt64(bin & 63) }

  mutating func formUnion(_ other: WantedBins) { words |= other.words }

  /// Calls `body` for each run of neighbouring bins, ascending.
  @inline(__always)
  func eachRun(_ body: (Range<Int>) -> Void) {
    var end = 0
    while end < DyadicGrid.binCount {
      let first = next(from: end, set: true)
      guard first < DyadicGrid.binCount else { return }
      end = next(from: first, set: false)
      body(first..<end)
    }
  }

  /// The first bin from `bin` on that is, or is not, of the set; the number of bins if there is none.
  @inline(__always)
  private func next(from bin: Int, set: Bool) -> Int {
    var number = bin >> 6
    var skipped = UInt64.max << UInt64(bin & 63)
    while number < 4 {
      let word = (set ? words[number] : ~words[number]) & skipped
      if word != 0 { return number << 6 + word.trailingZeroBitCount }
      skipped = .max
      number += 1
    }
    return DyadicGrid.binCount
  }
}

/// What to collect of a tile: values in half-open intervals, each list's own. Zeros are in none of them.
struct CollectedIntervals<Value: ActivationValue>: Sendable {
  /// The most intervals that a list has.
  let count: Int
  /// The same of the lists of each cell.
  private let countOfCell: [Int]
  /// `[cell, interval, column]`; those that a list does not need are empty.
  let low: [Value]
  let high: [Value]

  /// - Parameters:
  ///   - bins: what each list wants, `[cell, column]`.
  ///   - grids: those of the columns, `[column]`.
  init(_ bins: [WantedBins], grids: [DyadicGrid]) {
    var counts = [Int](repeating: 0, count: bins.count / tileColumns)
    for (list, wanted) in bins.enumerated() where !wanted.isEmpty {
      let (cell, column) = list.quotientAndRemainder(dividingBy: tileColumns)
      var count = 0
      Self.eachInterval(wanted, on: grids[column]) { _, _ in count += 1 }
      counts[cell] = max(counts[cell], count)
    }
    let most = counts.max() ?? 0
    var low = [Value](repeating: .infinity, count: bins.count * most)
    var high = low
    low.withUnsafeMutableBufferPointer { low in
      high.withUnsafeMutableBufferPointer { high in
        for (list, wanted) in bins.enumerated() where !wanted.isEmpty {
          let (cell, column) = list.quotientAndRemainder(dividingBy: tileColumns)
          var place = cell * most * tileColumns + column
          Self.eachInterval(wanted, on: grids[column]) {
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
  }

  /// What wanted bins cover, without zeros and infinities.
  @inline(__always)
  private static func eachInterval(_ wanted: WantedBins, on grid: DyadicGrid, _ body: (Value, Value) -> Void) {
    func edge(_ bin: Int64) -> Value {
      Value(sign: .plus, exponent: Value.Exponent(grid.exponent), significand: Value(bin))
    }
    if wanted == .all {
      // Also what no grid of the values so far holds.
      body(-.greatestFiniteMagnitude, -0.0)
      body(.leastNonzeroMagnitude, .infinity)
      return
    }
    wanted.eachRun { run in
      let first = grid.origin + Int64(run.lowerBound)
      let end = grid.origin + Int64(run.upperBound)
      if first < 0 { body(max(edge(first), -.greatestFiniteMagnitude), end < 0 ? edge(end) : -0.0) }
      if end > 0 { body(first > 0 ? edge(first) : .leastNonzeroMagnitude, edge(end)) }
    }
  }

  /// Collects from rows of one cell.
  /// - Parameters:
  ///   - cursors: places in `values`, `[column]`, each moved on by what was found.
  ///   - ends: places in `values`, `[column]`, before which a column's list ends.
  @inline(__always)
  func collect(
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

  /// Copies of some values those that a list wants.
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

  /// All finite values but zeros.
  static func everything(cells: Int) -> CollectedIntervals {
    CollectedIntervals(
      [WantedBins](repeating: .all, count: cells * tileColumns),
      grids: [DyadicGrid](repeating: .empty, count: tileColumns))
  }
}
