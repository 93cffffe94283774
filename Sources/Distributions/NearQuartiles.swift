import CKernels

/// The bins round the quartiles of what was counted of some of a tile's rows.
///
/// Where the quartiles of all rows lie cannot be known from some, but not far from theirs: whoever keeps the values so far round them has
/// those of the whole among them, as a rule. Once all rows are counted the counts tell whether that is so.
public struct NearQuartiles<Value: ActivationValue>: Sendable {
  private let intervals: CollectedIntervals<Value>

  /// Ranks to either side of a quartile that are kept. The rank of the whole's quartile among `count` values, which are a `share` of the
  /// whole dealt out at random, deviates by at most half the square root of their number, less as more of the whole is among them: one
  /// standard deviation, of which five are kept.
  public static func deviations(count: Double, share: Double) -> Double { 2.5 * (count * (1 - share)).squareRoot() + 2 }

  /// All values of a tile but zeros.
  public static func everything(cells: Int) -> NearQuartiles { NearQuartiles(.everything(cells: cells)) }

  private init(_ intervals: CollectedIntervals<Value>) { self.intervals = intervals }

  /// - Parameters:
  ///   - groups: the member cells of each group; the first holds all rows.
  ///   - integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  ///   - share: of all rows that were counted; 0 where that is not known.
  public init(_ band: BandCounters<Value>, tile: Int, groups: [[Int]], integers: Bool, share: Double = 0) {
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
          // A window needs all values; whether the whole has one is not sure where this part almost has, nor where so few values are not 0
          // that any other may be far from them.
          let isScarce = (tally.count - tally.zeros) < tally.count / 32
          if number == 0, isScarce || isSqueezed(UnsafeBufferPointer(counts), zeros: tally.zeros, on: grid, bins: 24) {
            for cell in members { bins[cell * tileColumns + column] = .all }
            break
          }
          if integers, grid.exponent <= 0 { continue }
          let margin = Int(Self.deviations(count: Double(count), share: share))
          var wanted = WantedBins()
          for quarters in 1...3 {
            let position = QuantilePosition(quarters: quarters, count: count)
            var below: UInt64 = 0
            let first = nd_find_rank(counts.baseAddress, UInt64(max(0, position.lower - margin)), &below)
            let last = nd_find_rank(counts.baseAddress, UInt64(min(count - 1, position.upper + margin)), &below)
            // The grid may grow by one more exponent when the others come: then two of its bins are one.
            let isOdd = Int(grid.origin & 1)
            let even = max(0, (Int(first) + isOdd) / 2 * 2 - isOdd)
            let odd = min(DyadicGrid.binCount - 1, (Int(last) + isOdd) / 2 * 2 - isOdd + 1)
            for bin in even...odd { wanted.insert(bin) }
          }
          for cell in members { bins[cell * tileColumns + column].formUnion(wanted) }
        }
      }
    }
    intervals = CollectedIntervals(bins, grids: band.grids(tile: tile))
  }

  /// Hands out the wanted values of rows of one cell, as entries of a list.
  ///
  /// An entry: cell (u32), column (u16), number of values (u16), and the values. Zeros and what is not finite are left out.
  public func collect(cell: Int, _ rows: TileRows<Value>, _ body: (UnsafeRawBufferPointer) -> Void) {
    guard intervals.count > 0 else { return }
    precondition(rows.count <= UInt16.max)
    let size = MemoryLayout<Value>.size
    // Each column's values behind room for what comes before them.
    let before = 8 / size
    let each = before + rows.count
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * tileColumns) { cursors in
      withUnsafeTemporaryAllocation(of: Value.self, capacity: each * tileColumns) { found in
        for column in 0..<tileColumns {
          cursors[column] = UInt64(column * each + before)
          cursors[tileColumns + column] = UInt64((column + 1) * each)
        }
        intervals.collect(
          cell: cell, rows, cursors: cursors.baseAddress!, ends: cursors.baseAddress! + tileColumns,
          values: found.baseAddress!)
        for column in 0..<tileColumns {
          let count = Int(cursors[column]) - (column * each + before)
          guard count > 0 else { continue }
          let entry = UnsafeMutableRawPointer(found.baseAddress! + column * each)
          entry.storeBytes(of: UInt32(cell).littleEndian, as: UInt32.self)
          entry.storeBytes(of: UInt16(column).littleEndian, toByteOffset: 4, as: UInt16.self)
          entry.storeBytes(of: UInt16(count).littleEndian, toByteOffset: 6, as: UInt16.self)
          body(UnsafeRawBufferPointer(start: entry, count: 8 + count * size))
        }
      }
    }
  }
}

extension NearQuartiles {
  /// Writes an entry anew with those of its values that are wanted, if any.
  /// - Parameter target: may be the entry itself.
  /// - Returns: bytes of the old entry and of the new one.
  public func narrow(_ entry: UnsafeRawPointer, into target: UnsafeMutableRawPointer) -> (old: Int, new: Int) {
    let size = MemoryLayout<Value>.size
    let cell = UInt32(littleEndian: entry.load(as: UInt32.self))
    let column = UInt16(littleEndian: entry.load(fromByteOffset: 4, as: UInt16.self))
    let count = Int(UInt16(littleEndian: entry.load(fromByteOffset: 6, as: UInt16.self)))
    return withUnsafeTemporaryAllocation(of: Value.self, capacity: count + 1) { picked in
      let found =
        intervals.count == 0
        ? 0
        : intervals.pick(
          entry + 8, count: count, cell: Int(cell), column: Int(column), into: picked.baseAddress!)
      guard found > 0 else { return (8 + count * size, 0) }
      target.storeBytes(of: cell.littleEndian, as: UInt32.self)
      target.storeBytes(of: column.littleEndian, toByteOffset: 4, as: UInt16.self)
      target.storeBytes(of: UInt16(found).littleEndian, toByteOffset: 6, as: UInt16.self)
      (target + 8).copyMemory(from: picked.baseAddress!, byteCount: found * size)
      return (8 + count * size, 8 + found * size)
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
        let isOne = withUnsafeTemporaryAllocation(of: Value.self, capacity: count + 1) { picked in
          let found = questions.intervals.pick(
            list.baseAddress! + place, count: count, cell: cell, column: column, into: picked.baseAddress!)
          guard cursors[index] + UInt64(found) <= end else { return false }
          (values + Int(cursors[index])).update(from: picked.baseAddress!, count: found)
          cursors[index] += UInt64(found)
          return true
        }
        guard isOne else { return false }
      }
      place += count * size
    }
    return true
  }
}
