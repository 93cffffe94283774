import CKernels

/// The bins round the quartiles of what was counted of some of a tile's rows.
///
/// Where the quartiles of all rows lie cannot be known from some, but not far from theirs: whoever keeps the values so far round them has
/// those of the whole among them, as a rule. Once all rows are counted the counts tell whether that is so.
public struct NearQuartiles<Value: ActivationValue>: Sendable {
  private let intervals: CollectedIntervals<Value>
  /// How many values there are in the bins, of those counted; 0 where that is not known.
  public let valueCount: Int

  /// What an entry of a list takes besides its values.
  public static var entryBytes: Int { ListEntry<Value>.headerBytes }

  /// Ranks to either side of a quartile that are kept. The rank of the whole's quartile among `count` values, which are a `share` of the
  /// whole dealt out at random, deviates by at most half the square root of their number, less as more of the whole is among them: one
  /// standard deviation, of which five are kept.
  ///
  /// Of a part of the whole, what is kept of its own quartiles in the end, and the way to these from those so far.
  /// - Parameters:
  ///   - share: of the part that was counted.
  ///   - part: of the whole that will be counted.
  public static func margin(count: Double, share: Double, part: Double) -> Double {
    2.5 * count.squareRoot() * ((1 - share).squareRoot() + (share * (1 - part)).squareRoot()) + 2
  }

  /// All values of a tile but zeros.
  public static func everything(cells: Int) -> NearQuartiles { NearQuartiles(everythingOf: cells) }

  private init(everythingOf cells: Int) {
    intervals = .everything(cells: cells)
    valueCount = 0
  }

  /// - Parameters:
  ///   - groups: the member cells of each group; the first holds all rows.
  ///   - integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  ///   - share: of the rows to be counted that were; those are a `part` of all.
  public init(
    _ band: BandCounters<Value>, tile: Int, groups: [[Int]], integers: Bool, share: Double, part: Double = 1
  ) {
    // Once for those still to be counted here, once for those that are counted elsewhere.
    let unknown = (share < 1 ? 1 : 0) + (part < 1 ? 1 : 0)
    let bins = band.wantedBins(tile: tile, groups: groups) { column, isOfAll, grid, counts, tally in
      // A window needs all values; whether the whole has one is not sure where this part almost has, nor where so few values are not 0
      // that any other may be far from them.
      let isScarce = (tally.count - tally.zeros) < tally.count / 32 * UInt32(unknown)
      if isOfAll, isScarce || isSqueezed(counts, zeros: tally.zeros, on: grid, bins: 16 + 8 * unknown) { return .all }
      var wanted = WantedBins()
      if integers, grid.exponent <= 0 { return wanted }
      let count = Int(tally.count)
      let margin = Int(Self.margin(count: Double(count), share: share, part: part))
      // Of few values any rank may be a quartile's in the end, and of others that come any may be less or greater than all of these.
      if margin >= QuantilePosition(quarters: 1, count: count).lower { return .all }
      for quarters in 1...3 {
        let position = QuantilePosition(quarters: quarters, count: count)
        var below: UInt64 = 0
        let first = nd_find_rank(counts.baseAddress, UInt64(position.lower - margin), &below)
        let last = nd_find_rank(counts.baseAddress, UInt64(position.upper + margin), &below)
        // The grid may grow by an exponent when the others come: then two of its bins are one.
        let step = 1 << unknown
        let rest = Int(grid.origin) & (step - 1)
        let low = max(0, (Int(first) + rest) / step * step - rest)
        let high = min(DyadicGrid.binCount, (Int(last) + rest) / step * step - rest + step) - 1
        for bin in low...high { wanted.insert(bin) }
      }
      return wanted
    }
    let grids = band.grids(tile: tile)
    intervals = CollectedIntervals(bins, grids: grids)
    valueCount = band.collectable(tile: tile, bins, grids).reduce(0, +)
  }

  /// Hands out the wanted values of rows of one cell, as entries of a list.
  ///
  /// Zeros and what is not finite are left out.
  public func collect(cell: Int, _ rows: TileRows<Value>, _ body: (UnsafeRawBufferPointer) -> Void) {
    guard intervals.count > 0 else { return }
    precondition(rows.count <= UInt16.max)
    // Each column's values behind room for what comes before them.
    let before = ListEntry<Value>.headerBytes / MemoryLayout<Value>.size
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
          let entry = ListEntry<Value>(cell: cell, column: column, count: count)
          let bytes = UnsafeMutableRawPointer(found.baseAddress! + column * each)
          entry.write(to: bytes)
          body(UnsafeRawBufferPointer(start: bytes, count: entry.bytes))
        }
      }
    }
  }
}

/// What comes before the values of an entry of a list: cell (u32), column (u16), and number of values (u16), all little-endian.
private struct ListEntry<Value: ActivationValue> {
  var cell: Int
  var column: Int
  var count: Int

  static var headerBytes: Int { 8 }
  /// Bytes of the entry with its values.
  var bytes: Int { Self.headerBytes + count * MemoryLayout<Value>.size }

  init(cell: Int, column: Int, count: Int) {
    self.cell = cell
    self.column = column
    self.count = count
  }

  init(at bytes: UnsafeRawPointer) {
    cell = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
    column = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
    count = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self)))
  }

  func write(to bytes: UnsafeMutableRawPointer) {
    bytes.storeBytes(of: UInt32(cell).littleEndian, as: UInt32.self)
    bytes.storeBytes(of: UInt16(column).littleEndian, toByteOffset: 4, as: UInt16.self)
    bytes.storeBytes(of: UInt16(count).littleEndian, toByteOffset: 6, as: UInt16.self)
  }
}

extension NearQuartiles {
  /// Leaves of an entry those of its values that are wanted, in its place.
  /// - Returns: bytes of the entry before and after; 0 where no value is left.
  public func narrow(_ bytes: UnsafeMutableRawPointer) -> (old: Int, new: Int) {
    var entry = ListEntry<Value>(at: bytes)
    let old = entry.bytes
    guard intervals.count > 0 else { return (old, 0) }
    return withUnsafeTemporaryAllocation(of: Value.self, capacity: entry.count + 1) { picked in
      let values = bytes + ListEntry<Value>.headerBytes
      entry.count = intervals.pick(
        values, count: entry.count, cell: entry.cell, column: entry.column, into: picked.baseAddress!)
      guard entry.count > 0 else { return (old, 0) }
      entry.write(to: bytes)
      values.copyMemory(from: picked.baseAddress!, byteCount: entry.count * MemoryLayout<Value>.size)
      return (old, entry.bytes)
    }
  }
}

extension SecondLook {
  /// Takes from a list what the questions ask for; see `NearQuartiles.collect`. Whether that is all of it, `isComplete` tells.
  /// - Returns: whether the list is one.
  public func add(list: UnsafeRawBufferPointer) -> Bool {
    var place = 0
    while place < list.count {
      guard place + ListEntry<Value>.headerBytes <= list.count else { return false }
      let entry = ListEntry<Value>(at: list.baseAddress! + place)
      guard entry.cell < band.cells, entry.column < tileColumns, place + entry.bytes <= list.count else { return false }
      let index = entry.cell * tileColumns + entry.column
      let end = questions.starts[index + 1]
      if questions.starts[index] < end {
        let isOne = withUnsafeTemporaryAllocation(of: Value.self, capacity: entry.count + 1) { picked in
          let found = questions.intervals.pick(
            list.baseAddress! + place + ListEntry<Value>.headerBytes, count: entry.count, cell: entry.cell,
            column: entry.column, into: picked.baseAddress!)
          guard cursors[index] + UInt64(found) <= end else { return false }
          (values + Int(cursors[index])).update(from: picked.baseAddress!, count: found)
          cursors[index] += UInt64(found)
          return true
        }
        guard isOne else { return false }
      }
      place += entry.bytes
    }
    return true
  }
}
