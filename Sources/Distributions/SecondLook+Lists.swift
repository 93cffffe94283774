import CKernels

/// The bins round the quartiles of what one shard has counted of a tile.
///
/// A shard cannot know in which bins the quartiles of all rows lie, but not far from its own: it keeps the values so far round them that
/// those of the whole are among them, as a rule. Whoever merges knows from the counts whether they are, and looks into the dump where not.
public struct NearQuartiles<Value: ActivationValue>: Sendable {
  private let intervals: CollectedIntervals<Value>

  /// Ranks to either side of a quartile of `count` values that are kept: the rank of the whole's quartile among them deviates by at most
  /// half the square root of their number (one standard deviation, rows dealt out at random); five of these are kept.
  static func margin(count: Int) -> Int { Int(2.5 * Double(count).squareRoot()) + 2 }

  /// - Parameters:
  ///   - groups: the member cells of each group; the first holds all rows.
  ///   - integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  public init(_ band: BandCounters<Value>, tile: Int, groups: [[Int]], integers: Bool) {
    var bins = [WantedBins](repeating: WantedBins(), count: band.cells * tileColumns)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      for neuron in tile * tileColumns..<min((tile + 1) * tileColumns, band.neurons) {
        let column = neuron % tileColumns
        let grid = band.grid(neuron)
        var number = 0
        for members in groups {
          defer { number += 1 }
          let tally = band.tally(neuron, of: members)
          let count = Int(tally.count)
          guard count > 0 else { continue }
          band.histogram(neuron, of: members, on: grid, into: counts.baseAddress!)
          // A window needs all values; whether the whole has one is not sure where this part almost has.
          if number == 0, isSqueezed(UnsafeBufferPointer(counts), zeros: tally.zeros, on: grid, bins: 24) {
            for cell in members { bins[cell * tileColumns + column] = .all }
            break
          }
          if integers, grid.exponent <= 0 { continue }
          let margin = Self.margin(count: count)
          var wanted = WantedBins()
          for quarters in 1...3 {
            let position = QuantilePosition(quarters: quarters, count: count)
            var below: UInt64 = 0
            let first = nd_find_rank(counts.baseAddress, UInt64(max(0, position.lower - margin)), &below)
            let last = nd_find_rank(counts.baseAddress, UInt64(min(count - 1, position.upper + margin)), &below)
            for bin in first...last { wanted.insert(Int(bin)) }
          }
          for cell in members { bins[cell * tileColumns + column].formUnion(wanted) }
        }
      }
    }
    intervals = CollectedIntervals(bins, grids: band.grids(tile: tile))
  }

  /// Appends the wanted values of rows of one cell to a list.
  ///
  /// A list is a row of entries: cell (u32), column (u16), number of values (u16), and the values. Zeros and what is not finite are left out.
  public func collect(cell: Int, _ rows: TileRows<Value>, into list: inout [UInt8]) {
    guard intervals.count > 0 else { return }
    precondition(rows.count <= UInt16.max)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: tileColumns) { cursors in
      withUnsafeTemporaryAllocation(of: Value.self, capacity: rows.count * tileColumns) { found in
        for index in 0..<tileColumns { cursors[index] = UInt64(index * rows.count) }
        intervals.collect(cell: cell, rows, cursors: cursors.baseAddress!, values: found.baseAddress!)
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
        for number in 0..<count {
          let value = list.loadUnaligned(fromByteOffset: place + number * size, as: Value.self)
          guard questions.intervals.wants(value, cell: cell, column: column) else { continue }
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
