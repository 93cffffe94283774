import Activations
import CKernels
import Distributions

/// Cuts blocks of rows into tiles: `tileColumns` neurons of up to `rowsPerTile` rows of one cell, so that counters of one cell stay in cache.
final class TileWalk<Value: ActivationValue & ReadableValue>: @unchecked Sendable {
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
  ///   - cellsApart: whether different cells of a range of columns may be worked on at once, too: done where there are few ranges. Then `before`
  ///     and `after` are not told when.
  ///   - before: called for each range of columns, on the lane that is to have its tiles.
  ///   - body: is also given the numbers of the samples in the block.
  ///   - after: called for each range of columns when all its tiles are done.
  func eachTile(
    _ block: RowBlock<Value>, samples: Range<Int>, columns: Int, tiles: Range<Int>, rows place: Place,
    cellsApart: Bool = false, before: @Sendable (_ lane: Int, _ tile: Int) -> Void = { _, _ in },
    body:
      @Sendable (_ lane: Int, _ tile: Int, _ cell: Int, _ rows: TileRows<Value>, _ order: UnsafePointer<UInt32>)
      -> Void,
    after: @Sendable (_ lane: Int, _ tile: Int) throws -> Void = { _, _ in }
  ) throws {
    try eachRun(block, samples: samples, columns: columns, tiles: tiles, cellsApart: cellsApart, before: before) {
      lane, tile, cell, neurons, run in
      // Rows of a whole tile's width would end behind the block.
      if place == .block, neurons.count == tileColumns, let values = block.values {
        let rows = TileRows(
          base: values + neurons.lowerBound, pitch: block.pitch, order: run.order, count: run.count,
          following: run.following)
        return body(lane, tile, cell, rows, run.order)
      }
      let buffer = buffers[lane]
      block.gather(run.order, count: run.count, following: run.following, neurons, to: buffer, pitch: tileColumns)
      identity.withUnsafeBufferPointer {
        let rows = TileRows(base: buffer, pitch: tileColumns, order: $0.baseAddress!, count: run.count)
        body(lane, tile, cell, rows, run.order)
      }
    } after: {
      try after($0, $1)
    }
  }

  /// Samples of one cell, and how many stand behind them in `order`.
  private typealias Run = (order: UnsafePointer<UInt32>, count: Int, following: Int)

  private func eachRun(
    _ block: RowBlock<Value>, samples: Range<Int>, columns: Int, tiles: Range<Int>, cellsApart: Bool,
    before: @Sendable (_ lane: Int, _ tile: Int) -> Void,
    body: @Sendable (_ lane: Int, _ tile: Int, _ cell: Int, _ neurons: Range<Int>, _ run: Run) -> Void,
    after: @Sendable (_ lane: Int, _ tile: Int) throws -> Void
  ) throws {
    sort(block, samples)
    // Lanes that find no tile any more read of the next block what is due by then.
    let next = block.next
    let due = next?.take(upTo: samples.upperBound, of: block.samples) ?? 0..<0
    let parts = cellsApart ? partsOfCells(tiles: tiles.count) : [0..<cells]
    let tasks = tiles.count * parts.count
    let pieces = samples.lowerBound == 0 ? block.piecesToLookUp : 0
    try lanes.run(1 + pieces + tasks + due.count) { lane, index in
      // First of all: two blocks are not to be there at once.
      guard index > 0 else { return block.finishBefore() }
      guard index > pieces else { return block.lookUp(piece: index - 1) }
      let number = index - pieces
      guard number <= tasks else { return try next!.run(lane: lane, due.lowerBound + number - 1 - tasks) }
      // Lanes that work at once have different tiles: they would wait for each other's writes to what is kept of one.
      let (part, place) = (number - 1).quotientAndRemainder(dividingBy: tiles.count)
      let tile = tiles.lowerBound + place
      let first = tile * tileColumns
      let width = min(tileColumns, columns - first)
      if width < tileColumns { buffers[lane].update(repeating: 0, count: Self.rowsPerTile * tileColumns) }
      before(lane, tile)
      order.withUnsafeBufferPointer { order in
        for cell in parts[part] {
          for next in stride(from: starts[cell], to: starts[cell + 1], by: Self.rowsPerTile) {
            let count = min(Self.rowsPerTile, starts[cell + 1] - next)
            body(
              lane, tile, cell, first..<first + width,
              (order.baseAddress! + next, count, following: starts[cells] - next - count))
          }
        }
      }
      try after(lane, tile)
    }
  }

  /// Cells in a few parts of about as many samples each, so that all lanes have some of so few tiles.
  private func partsOfCells(tiles: Int) -> [Range<Int>] {
    let wanted = tiles >= 2 * lanes.count ? 1 : min(cells, (2 * lanes.count + tiles - 1) / tiles)
    var parts: [Range<Int>] = []
    var first = 0
    for part in 1...max(1, wanted) {
      let due = starts[cells] / max(1, wanted) * part
      var end = first
      while end < cells, part == wanted || starts[end] < due { end += 1 }
      if first < end { parts.append(first..<end) }
      first = end
    }
    return parts
  }

  /// Orders samples by cell, in a cell by row. All lanes wait for it.
  private func sort(_ block: RowBlock<Value>, _ samples: Range<Int>) {
    var places = [Int](repeating: 0, count: cells + 2)
    cellOfRow.withUnsafeBufferPointer { cellOfRow in
      eachStretch(block, samples, cellOfRow) { places[$1 + 1] += $0.count }
      for index in 0...cells { places[index + 1] += places[index] }
      starts = places
      order = [UInt32](unsafeUninitializedCapacity: samples.count) { order, count in
        eachStretch(block, samples, cellOfRow) { samples, cell in
          let place = places[cell]
          for index in 0..<samples.count {
            order[place + index] = UInt32(truncatingIfNeeded: samples.lowerBound + index)
          }
          places[cell] += samples.count
        }
        count = samples.count
      }
    }
  }

  /// Calls `body` for samples that follow each other in a cell, that of rows left out where they do not count.
  @inline(__always)
  private func eachStretch(
    _ block: RowBlock<Value>, _ samples: Range<Int>, _ cellOfRow: UnsafeBufferPointer<UInt32>,
    _ body: (_ samples: Range<Int>, _ cell: Int) -> Void
  ) {
    let each = block.samplesPerRow
    var row = samples.lowerBound / each
    var first = samples.lowerBound
    while first < samples.upperBound {
      let end = min((row + 1) * each, samples.upperBound)
      let cell = Int(cellOfRow[block.firstRow + row])
      if let counts = block.counts {
        for sample in first..<end { body(sample..<sample + 1, counts[sample] == 0 ? cells : cell) }
      } else {
        body(first..<end, cell)
      }
      (row, first) = (row + 1, end)
    }
  }
}
