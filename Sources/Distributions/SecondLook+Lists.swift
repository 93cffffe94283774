import CKernels

/// The bins round the quartiles of what one shard has counted of a tile.
///
/// A shard cannot know in which bins the quartiles of all rows lie, but not far from its own: it keeps the values so far round them that
/// those of the whole are among them, as a rule. Whoever merges knows from the counts whether they are, and looks into the dump where not.
public struct NearQuartiles: Sendable {
  let tile: Int
  /// Wanted bins, `[cell, column, 256]` bits.
  let wanted: [UInt32]

  /// Ranks to either side of a quartile of `count` values that are kept: the rank of the whole's quartile among them deviates by at most
  /// half the square root of their number (one standard deviation, rows dealt out at random); five of these are kept.
  static func margin(count: Int) -> Int { Int(2.5 * Double(count).squareRoot()) + 2 }

  /// - Parameters:
  ///   - groups: the member cells of each group; the first holds all rows.
  ///   - integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  public init<Value>(_ band: BandCounters<Value>, tile: Int, groups: [[Int]], integers: Bool) {
    let words = DyadicGrid.binCount / 32
    var wanted = [UInt32](repeating: 0, count: band.cells * tileColumns * words)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      for neuron in tile * tileColumns..<min((tile + 1) * tileColumns, band.neurons) {
        let grid = band.grid(neuron)
        for (number, members) in groups.enumerated() {
          let figures = band.figures(neuron, of: members)
          let count = Int(figures.count)
          guard count > 0 else { continue }
          band.histogram(neuron, of: members, on: grid, into: counts.baseAddress!)
          func want(_ index: Int, _ cells: [Int]) {
            let place = Int((grid.origin + Int64(index)) & 255)
            for cell in cells {
              wanted[(cell * tileColumns + neuron % tileColumns) * words + place >> 5] |= 1 << UInt32(place & 31)
            }
          }
          if number == 0, isSqueezed(UnsafeBufferPointer(counts), zeros: figures.zeros, on: grid, bins: 24) {
            for index in 0..<DyadicGrid.binCount { want(index, Array(0..<band.cells)) }
          }
          if integers, grid.exponent <= 0 { continue }
          let margin = Self.margin(count: count)
          for quarters in 1...3 {
            let position = QuantilePosition(quarters: quarters, count: count)
            let ranks = max(0, position.lower - margin)...min(count - 1, position.upper + margin)
            var below = 0
            for index in 0..<DyadicGrid.binCount {
              let end = below + Int(counts[index])
              if end > ranks.lowerBound, below <= ranks.upperBound, counts[index] > 0 { want(index, members) }
              below = end
            }
          }
        }
      }
    }
    self.tile = tile
    self.wanted = wanted
  }

  /// Appends the wanted values of `rows` rows of one cell to a list; see `BandCounters.add`.
  ///
  /// A list is a row of entries: cell (u32), column (u16), number of values (u16), and the values. Zeros and what is not finite are left out.
  public func collect<Value>(
    _ band: BandCounters<Value>, cell: Int, rows: Int, values: UnsafePointer<Value>, into list: inout [UInt8]
  ) {
    let words = DyadicGrid.binCount / 32
    let column = tile * tileColumns
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: tileColumns) { cursors in
      withUnsafeTemporaryAllocation(of: Value.self, capacity: rows * tileColumns) { found in
        for index in 0..<tileColumns { cursors[index] = UInt64(index * rows) }
        wanted.withUnsafeBufferPointer {
          Value.collect(
            values, nd_run(cell: 0, first: 0, count: UInt32(rows)), scaleA: band.scaleA + column,
            scaleB: band.scaleB + column, wanted: $0.baseAddress! + cell * tileColumns * words,
            cursors: cursors.baseAddress!, values: found.baseAddress!)
        }
        for index in 0..<tileColumns {
          let count = Int(cursors[index]) - index * rows
          guard count > 0 else { continue }
          withUnsafeBytes(of: UInt32(cell).littleEndian) { list.append(contentsOf: $0) }
          withUnsafeBytes(of: UInt16(index).littleEndian) { list.append(contentsOf: $0) }
          withUnsafeBytes(of: UInt16(count).littleEndian) { list.append(contentsOf: $0) }
          let values = UnsafeBufferPointer(rebasing: found[index * rows..<index * rows + count])
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
    let words = DyadicGrid.binCount / 32
    let size = MemoryLayout<Value>.size
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
        let exponent = Int(band.exponents[questions.tile * tileColumns + column])
        for number in 0..<count {
          let value = list.loadUnaligned(fromByteOffset: place + number * size, as: Value.self)
          let bin = Int(DyadicGrid.bin(of: value, exponent: exponent) & 255)
          guard questions.wanted[index * words + bin >> 5] >> UInt32(bin & 31) & 1 == 1 else { continue }
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
