/// Candidates of one list out of one run of rows, as they are kept in memory and in files: cell (u32), column (u16), number of values (u16),
/// all little-endian, and the values behind them.
private struct CandidateEntry<Value: ActivationValue> {
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

extension CandidateIntervals {
  /// What an entry takes besides its values.
  public static var entryHeaderBytes: Int { CandidateEntry<Value>.headerBytes }

  /// Hands out the candidates among rows of one cell, as entries.
  public func gather(cell: Int, _ rows: TileRows<Value>, _ body: (UnsafeRawBufferPointer) -> Void) {
    guard count > 0 else { return }
    precondition(rows.count <= UInt16.max)
    // Each column's values behind room for what comes before them.
    let before = CandidateEntry<Value>.headerBytes / MemoryLayout<Value>.size
    let each = before + rows.count
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * tileColumns) { cursors in
      withUnsafeTemporaryAllocation(of: Value.self, capacity: each * tileColumns) { found in
        for column in 0..<tileColumns {
          cursors[column] = UInt64(column * each + before)
          cursors[tileColumns + column] = UInt64((column + 1) * each)
        }
        gather(
          cell: cell, rows, cursors: cursors.baseAddress!, ends: cursors.baseAddress! + tileColumns,
          values: found.baseAddress!)
        for column in 0..<tileColumns {
          let count = Int(cursors[column]) - (column * each + before)
          guard count > 0 else { continue }
          let entry = CandidateEntry<Value>(cell: cell, column: column, count: count)
          let bytes = UnsafeMutableRawPointer(found.baseAddress! + column * each)
          entry.write(to: bytes)
          body(UnsafeRawBufferPointer(start: bytes, count: entry.bytes))
        }
      }
    }
  }

  /// Leaves of an entry, in its place, those of its values that are candidates.
  /// - Returns: bytes of the entry before and after; 0 where no value is left.
  public func narrow(_ bytes: UnsafeMutableRawPointer) -> (old: Int, new: Int) {
    var entry = CandidateEntry<Value>(at: bytes)
    let old = entry.bytes
    guard count > 0 else { return (old, 0) }
    return withUnsafeTemporaryAllocation(of: Value.self, capacity: entry.count + 1) { picked in
      let values = bytes + CandidateEntry<Value>.headerBytes
      entry.count = pick(
        values, count: entry.count, cell: entry.cell, column: entry.column, into: picked.baseAddress!)
      guard entry.count > 0 else { return (old, 0) }
      entry.write(to: bytes)
      values.copyMemory(from: picked.baseAddress!, byteCount: entry.count * MemoryLayout<Value>.size)
      return (old, entry.bytes)
    }
  }
}

extension RankRefinement {
  /// Takes the candidates out of entries that were kept while rows were counted. Whether these are all of them, `isComplete` tells.
  /// - Returns: whether the bytes are entries.
  public func add(entries: UnsafeRawBufferPointer) -> Bool {
    var place = 0
    while place < entries.count {
      guard place + CandidateEntry<Value>.headerBytes <= entries.count else { return false }
      let entry = CandidateEntry<Value>(at: entries.baseAddress! + place)
      guard entry.cell < band.cells, entry.column < tileColumns, place + entry.bytes <= entries.count else {
        return false
      }
      let values = entries.baseAddress! + place + CandidateEntry<Value>.headerBytes
      guard add(values, count: entry.count, cell: entry.cell, column: entry.column) else { return false }
      place += entry.bytes
    }
    return true
  }
}
