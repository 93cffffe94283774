import Activations
import CKernels
import Distributions

/// Cuts blocks of rows into tiles: `tileColumns` neurons of up to `rowsPerTile` rows of one cell, copied side by side, so that
/// kernels read a few contiguous kibibytes and counters of one cell stay in cache.
final class TileWalk<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: each lane has a buffer of its own; `order` and `starts` are written between parallel sections only.
  /// As many as are counted in bytes at once.
  static var rowsPerTile: Int { 255 }
  static var bytesPerLane: Int { rowsPerTile * tileColumns * MemoryLayout<Value>.size }

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

  /// Calls `body` for each tile of some samples of a block, copied side by side: for every range of columns cell by cell, in a cell in row
  /// order. Different ranges of columns are worked on at once.
  /// - Parameters:
  ///   - samples: which of the block's.
  ///   - columns: neurons of the block.
  ///   - tiles: which ranges of columns, numbered from the block's first neuron.
  ///   - before: called for each range of columns, on the lane that is to have its tiles.
  ///   - body: is also given the numbers of the samples in the block.
  ///   - after: called for each range of columns when all its tiles are done.
  func eachTile(
    _ block: RowBlock<Value>, samples: Range<Int>, columns: Int, tiles: Range<Int>,
    before: @Sendable (_ lane: Int, _ tile: Int) -> Void = { _, _ in },
    body:
      @Sendable (_ lane: Int, _ tile: Int, _ cell: Int, _ rows: TileRows<Value>, _ order: UnsafePointer<UInt32>)
      -> Void,
    after: @Sendable (_ lane: Int, _ tile: Int) throws -> Void = { _, _ in }
  ) throws {
    try eachRun(block, samples: samples, columns: columns, tiles: tiles, before: before) {
      lane, tile, cell, width, rows in
      sideBySide(rows, lane: lane, width: width) { body(lane, tile, cell, $0, rows.order) }
    } after: {
      try after($0, $1)
    }
  }

  /// The same, with the rows where they lie.
  func eachRows(
    _ block: RowBlock<Value>, samples: Range<Int>, columns: Int, tiles: Range<Int>,
    body: @Sendable (_ tile: Int, _ cell: Int, _ rows: TileRows<Value>) -> Void
  ) throws {
    try eachRun(block, samples: samples, columns: columns, tiles: tiles) { lane, tile, cell, width, rows in
      guard width < tileColumns else { return body(tile, cell, rows) }
      // Rows of a whole tile's width would end behind the block.
      sideBySide(rows, lane: lane, width: width) { body(tile, cell, $0) }
    } after: { _, _ in
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
            let rows = TileRows(
              base: block.base + first, pitch: block.pitch, order: order.baseAddress! + next,
              count: min(Self.rowsPerTile, starts[cell + 1] - next))
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
      buffers[lane], tileColumns * size, rows.base, rows.pitch * size, rows.order, rows.count, width * size)
    identity.withUnsafeBufferPointer {
      body(TileRows(base: buffers[lane], pitch: tileColumns, order: $0.baseAddress!, count: rows.count))
    }
  }

  /// Orders samples by cell, in a cell by row.
  private func sort(_ block: RowBlock<Value>, _ samples: Range<Int>) {
    starts = Array(repeating: 0, count: cells + 2)
    func cell(_ sample: Int) -> Int {
      if let counts = block.counts, counts[sample] == 0 { return cells }
      return Int(cellOfRow[block.firstRow + sample / block.samplesPerRow])
    }
    for sample in samples { starts[cell(sample) + 1] += 1 }
    for index in 0...cells { starts[index + 1] += starts[index] }
    var next = starts
    order = Array(repeating: 0, count: samples.count)
    for sample in samples {
      let cell = cell(sample)
      order[next[cell]] = UInt32(sample)
      next[cell] += 1
    }
  }
}
