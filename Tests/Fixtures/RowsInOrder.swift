import Distributions

extension BandCounters {
  /// Counts rows that follow each other from the first of the dump on: for tests that do not ask which rows they are.
  public func add(tile: Int, cell: Int, rows: Int, values: UnsafePointer<Value>) {
    (0..<UInt32(rows)).map { $0 }.withUnsafeBufferPointer {
      add(
        tile: tile, cell: cell,
        TileRows(base: values, pitch: tileColumns, order: $0.baseAddress!, count: rows),
        RowNumbers(first: 0, samplesPerRow: 1, order: $0.baseAddress!), in: RunCounts())
    }
  }

  /// Counts each cell in a histogram of its own.
  public convenience init(neurons: Int, cells: Int, samplesPerCellMax: Int) {
    self.init(
      neurons: neurons, CountingCells(rowsOfCell: Array(repeating: 0, count: cells), members: []),
      samplesMax: samplesPerCellMax)
  }
}
