import Activations
import CKernels
import Distributions

/// Cuts blocks of rows into tiles: `tileColumns` neurons of up to `rowsPerTile` rows of one cell, so that counters of one cell stay in cache.
final class TileWalk<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: each lane has a buffer of its own; `order` and `starts` are written between parallel sections only.
  static var rowsPerTile: Int { RunCounts.rowsMax }
  static var bytesPerLane: Int { rowsPerTile * tileColumns * MemoryLayout<Value>.size }

  /// Where the rows of a tile lie.
  enum Place {
    /// In the block: for those that are looked at once.
    case block
    /// Side by side: rows of a block lie a power of two apart, and those that are looked at again would have pushed each other out of the
    /// caches.
    case sideBySide
  }

  private let lanes: Lanes
  /// Cell of each row; `cells` where the row is left out.
  private let cellOfRow: [UInt32]
  private let cells: Int
  private let buffers: LaneLocal<UnsafeMutablePointer<Value>>
  private let identity = (0..<UInt32(rowsPerTile)).map { $0 }
  private var order: [UInt32] = []
  private var starts: [Int] = []

  /// - Parameter leavingOut: rows that are not counted.
  init(lanes: Lanes, grouping: Grouping, leavingOut rows: [Range<Int>]) {
    self.lanes = lanes
    cells = grouping.cellCount
    var cellOfRow = grouping.cellOfRow
    for range in rows { for row in range { cellOfRow[row] = UInt32(cells) } }
    self.cellOfRow = cellOfRow
    let size = Self.rowsPerTile * tileColumns
    buffers = LaneLocal(lanes) {
      let buffer = UnsafeMutableRawPointer.allocate(byteCount: size * MemoryLayout<Value>.size, alignment: 64)
        .bindMemory(to: Value.self, capacity: size)
      buffer.initialize(repeating: 0, count: size)
      return buffer
    }
  }

  deinit { buffers.forEach { $0.deallocate() } }

  /// Calls `body` for each tile of some samples of a block: for every range of columns cell by cell, in a cell in row order. Different
  /// ranges of columns are worked on at once.
  /// - Parameters:
  ///   - samples: which of the block's.
  ///   - columns: neurons of the block.
  ///   - tiles: which ranges of columns, numbered from the block's first neuron.
  ///   - before: called for each range of columns, on the lane that is to have its tiles.
  ///   - body: is also given the numbers of the samples in the block.
  ///   - after: called for each range of columns when all its tiles are done.
  func eachTile(
    _ block: RowBlock<Value>, samples: Range<Int>, columns: Int, tiles: Range<Int>, rows place: Place,
    before: @Sendable (_ lane: Int, _ tile: Int) -> Void = { _, _ in },
    body:
      @Sendable (_ lane: Int, _ tile: Int, _ cell: Int, _ rows: TileRows<Value>, _ order: UnsafePointer<UInt32>)
      -> Void,
    after: @Sendable (_ lane: Int, _ tile: Int) throws -> Void = { _, _ in }
  ) throws {
    try eachRun(block, samples: samples, columns: columns, tiles: tiles, before: before) {
      lane, tile, cell, width, rows in
      // Rows of a whole tile's width would end behind the block.
      guard place == .sideBySide || width < tileColumns else { return body(lane, tile, cell, rows, rows.order) }
      sideBySide(rows, lane: lane, width: width) { body(lane, tile, cell, $0, rows.order) }
    } after: {
      try after($0, $1)
    }
  }

  private func eachRun(
    _ block: RowBlock<Value>, samples: Range<Int>, columns: Int, tiles: Range<Int>,
    before: @Sendable (_ lane: Int, _ tile: Int) -> Void = { _, _ in },
    body: @Sendable (_ lane: Int, _ tile: Int, _ cell: Int, _ width: Int, _ rows: TileRows<Value>) -> Void,
    after: @Sendable (_ lane: Int, _ tile: Int) throws -> Void
  ) throws {
    sort(block, samples)
    try lanes.run(1 + tiles.count) { lane, number in
      guard number > 0 else { return block.finishBefore() }
      let tile = tiles.lowerBound + number - 1
      let first = tile * tileColumns
      let width = min(tileColumns, columns - first)
      if width < tileColumns { buffers[lane].update(repeating: 0, count: Self.rowsPerTile * tileColumns) }
      before(lane, tile)
      order.withUnsafeBufferPointer { order in
        for cell in 0..<cells {
          for next in stride(from: starts[cell], to: starts[cell + 1], by: Self.rowsPerTile) {
            let count = min(Self.rowsPerTile, starts[cell + 1] - next)
            let rows = TileRows(
              base: block.base + first, pitch: block.pitch, order: order.baseAddress! + next,
              count: count, following: starts[cells] - next - count)
            body(lane, tile, cell, width, rows)
          }
        }
      }
      try after(lane, tile)
    }
  }

  /// Copies rows to the buffer of a lane.
  private func sideBySide(_ rows: TileRows<Value>, lane: Int, width: Int, _ body: (TileRows<Value>) -> Void) {
    let size = MemoryLayout<Value>.size
    nd_gather_rows(
      buffers[lane], tileColumns * size, rows.base, rows.pitch * size, rows.order, rows.count, rows.following,
      width * size)
    identity.withUnsafeBufferPointer {
      body(TileRows(base: buffers[lane], pitch: tileColumns, order: $0.baseAddress!, count: rows.count))
    }
  }

  /// Orders samples by cell, in a cell by row. All lanes wait for it.
  private func sort(_ block: RowBlock<Value>, _ samples: Range<Int>) {
    var places = [Int](repeating: 0, count: cells + 2)
    cellOfRow.withUnsafeBufferPointer { cellOfRow in
      eachCell(block, samples, cellOfRow) { places[$1 + 1] += 1 }
      for index in 0...cells { places[index + 1] += places[index] }
      starts = places
      order = [UInt32](unsafeUninitializedCapacity: samples.count) { order, count in
        eachCell(block, samples, cellOfRow) { sample, cell in
          order[places[cell]] = UInt32(sample)
          places[cell] += 1
        }
        count = samples.count
      }
    }
  }

  /// Calls `body` for each sample with its cell, that of rows left out where it does not count.
  @inline(__always)
  private func eachCell(
    _ block: RowBlock<Value>, _ samples: Range<Int>, _ cellOfRow: UnsafeBufferPointer<UInt32>,
    _ body: (_ sample: Int, _ cell: Int) -> Void
  ) {
    var (row, rest) = samples.lowerBound.quotientAndRemainder(dividingBy: block.samplesPerRow)
    row += block.firstRow
    for sample in samples {
      body(sample, block.counts.map { $0[sample] == 0 } ?? false ? cells : Int(cellOfRow[row]))
      rest += 1
      if rest == block.samplesPerRow { (row, rest) = (row + 1, 0) }
    }
  }
}
