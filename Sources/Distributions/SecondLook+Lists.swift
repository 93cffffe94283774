import CKernels

/// The bins round the quartiles of what one shard has counted of a tile.
///
/// A shard cannot know in which bins the quartiles of all rows lie, but not far from its own: it keeps the values so far round them that
/// those of the whole are among them, as a rule. Whoever merges knows from the counts whether they are, and looks into the dump where not.
public struct NearQuartiles<Value: ActivationValue>: Sendable {
  /// The most intervals that a list has.
  private let intervals: Int
  /// Half-open intervals of values, `[cell, interval, column]`; those that a list does not need are empty.
  private let low: [Value]
  private let high: [Value]

  /// Ranks to either side of a quartile of `count` values that are kept: the rank of the whole's quartile among them deviates by at most
  /// half the square root of their number (one standard deviation, rows dealt out at random); five of these are kept.
  static func margin(count: Int) -> Int { Int(2.5 * Double(count).squareRoot()) + 2 }

  /// - Parameters:
  ///   - groups: the member cells of each group; the first holds all rows.
  ///   - integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  public init(_ band: BandCounters<Value>, tile: Int, groups: [[Int]], integers: Bool) {
    var lists = [[(low: Value, high: Value)]](repeating: [], count: band.cells * tileColumns)
    var wanted = [[Bool]](repeating: [], count: band.cells)
    let none = [Bool](repeating: false, count: DyadicGrid.binCount)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      for neuron in tile * tileColumns..<min((tile + 1) * tileColumns, band.neurons) {
        let grid = band.grid(neuron)
        for cell in 0..<band.cells { wanted[cell] = none }
        for (number, members) in groups.enumerated() {
          let figures = band.figures(neuron, of: members)
          let count = Int(figures.count)
          guard count > 0 else { continue }
          band.histogram(neuron, of: members, on: grid, into: counts.baseAddress!)
          // A window needs all values; whether the whole has one is not sure where this part almost has.
          if number == 0, isSqueezed(UnsafeBufferPointer(counts), zeros: figures.zeros, on: grid, bins: 24) {
            for cell in members { wanted[cell] = none.map { _ in true } }
          }
          if integers, grid.exponent <= 0 { continue }
          let margin = Self.margin(count: count)
          for quarters in 1...3 {
            let position = QuantilePosition(quarters: quarters, count: count)
            let ranks = max(0, position.lower - margin)...min(count - 1, position.upper + margin)
            var below = 0
            for index in 0..<DyadicGrid.binCount where counts[index] > 0 {
              let end = below + Int(counts[index])
              if end > ranks.lowerBound, below <= ranks.upperBound {
                for cell in members { wanted[cell][index] = true }
              }
              below = end
            }
          }
        }
        for cell in 0..<band.cells {
          lists[cell * tileColumns + neuron % tileColumns] = Self.intervals(wanted[cell], grid)
        }
      }
    }
    intervals = lists.map(\.count).max() ?? 0
    var low = [Value](repeating: .infinity, count: band.cells * intervals * tileColumns)
    var high = low
    for (number, list) in lists.enumerated() {
      let (cell, column) = number.quotientAndRemainder(dividingBy: tileColumns)
      for (interval, bounds) in list.enumerated() {
        let place = (cell * intervals + interval) * tileColumns + column
        low[place] = bounds.low
        high[place] = bounds.high
      }
    }
    self.low = low
    self.high = high
  }

  /// What wanted bins cover, without zeros.
  private static func intervals(_ wanted: [Bool], _ grid: DyadicGrid) -> [(low: Value, high: Value)] {
    func edge(_ bin: Int64) -> Value {
      Value(sign: .plus, exponent: Value.Exponent(grid.exponent), significand: Value(bin))
    }
    var result: [(low: Value, high: Value)] = []
    var index = 0
    while index < wanted.count {
      guard wanted[index] else {
        index += 1
        continue
      }
      let first = grid.origin + Int64(index)
      while index < wanted.count, wanted[index] { index += 1 }
      let end = grid.origin + Int64(index)
      if first < 0 { result.append((edge(first), end < 0 ? edge(end) : -0.0)) }
      if end > 0 { result.append((first > 0 ? edge(first) : .leastNonzeroMagnitude, edge(end))) }
    }
    return result
  }

  /// Appends the wanted values of rows of one cell to a list.
  ///
  /// A list is a row of entries: cell (u32), column (u16), number of values (u16), and the values. Zeros and what is not finite are left out.
  public func collect(cell: Int, _ rows: TileRows<Value>, into list: inout [UInt8]) {
    guard intervals > 0 else { return }
    precondition(rows.count <= UInt16.max)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: tileColumns) { cursors in
      withUnsafeTemporaryAllocation(of: Value.self, capacity: rows.count * tileColumns) { found in
        for index in 0..<tileColumns { cursors[index] = UInt64(index * rows.count) }
        low.withUnsafeBufferPointer { low in
          high.withUnsafeBufferPointer { high in
            let first = cell * intervals * tileColumns
            Value.collect(
              rows, intervals: intervals, low: low.baseAddress! + first, high: high.baseAddress! + first,
              cursors: cursors.baseAddress!, values: found.baseAddress!)
          }
        }
        for index in 0..<tileColumns {
          let count = Int(cursors[index]) - index * rows.count
          guard count > 0 else { continue }
          withUnsafeBytes(of: UInt32(cell).littleEndian) { list.append(contentsOf: $0) }
          withUnsafeBytes(of: UInt16(index).littleEndian) { list.append(contentsOf: $0) }
          withUnsafeBytes(of: UInt16(count).littleEndian) { list.append(contentsOf: $0) }
          let values = UnsafeBufferPointer(rebasing: found[index * rows.count..<index * rows.count + count])
          list.append(contentsOf: UnsafeRawBufferPointer(values))
        }
      }
    }
  }
}

extension SecondLook {
  /// Takes from a list what the questions ask for; see `NearQuartiles.collect`. Whether that is all of it, `isComplete` tells.
  /// - Returns: whether the list is one.
  public func add(list: UnsafeRawBufferPointer) -> Bool {
    let size = MemoryLayout<Value>.size
    let most = questions.intervals
    var place = 0
    while place < list.count {
      guard place + 8 <= list.count else { return false }
      let cell = Int(UInt32(littleEndian: list.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
      let column = Int(UInt16(littleEndian: list.loadUnaligned(fromByteOffset: place + 4, as: UInt16.self)))
      let count = Int(UInt16(littleEndian: list.loadUnaligned(fromByteOffset: place + 6, as: UInt16.self)))
      place += 8
      guard cell < band.cells, column < tileColumns, place + count * size <= list.count else { return false }
      let index = cell * tileColumns + column
      let end = questions.starts[index + 1]
      if questions.starts[index] < end {
        let bounds = cell * most * tileColumns + column
        for number in 0..<count {
          let value = list.loadUnaligned(fromByteOffset: place + number * size, as: Value.self)
          let isWanted = (0..<most).contains {
            value >= questions.low[bounds + $0 * tileColumns] && value < questions.high[bounds + $0 * tileColumns]
          }
          guard isWanted else { continue }
          guard cursors[index] < end else { return false }
          values[Int(cursors[index])] = value
          cursors[index] += 1
        }
      }
      place += count * size
    }
    return true
  }
}
