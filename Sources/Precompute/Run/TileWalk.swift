import Activations
import CKernels
import Distributions

/// Cuts blocks of rows into tiles: `tileColumns` neurons of up to `rowsPerTile` rows of one cell, copied side by side, so that
/// kernels read a few contiguous kibibytes and counters of one cell stay in cache.
final class TileWalk<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: each lane has a buffer of its own; `order` and `starts` are written between parallel sections only.
  static var rowsPerTile: Int { 256 }

  private let lanes: Lanes
  /// Cell of each row; `cells` where the row is left out.
  private let cellOfRow: [UInt32]
  private let cells: Int
  private let buffers: [UnsafeMutablePointer<Value>]
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
    buffers = (0..<lanes.count).map { _ in
      let buffer = UnsafeMutableRawPointer.allocate(byteCount: size * MemoryLayout<Value>.size, alignment: 64)
        .bindMemory(to: Value.self, capacity: size)
      buffer.initialize(repeating: 0, count: size)
      return buffer
    }
  }

  deinit { for buffer in buffers { buffer.deallocate() } }

  /// Calls `body` for each tile of some samples of a block: for every range of columns cell by cell, in a cell in row order. Different ranges of
  /// columns are worked on at once.
  /// - Parameters:
  ///   - samples: which of the block's.
  ///   - columns: neurons of the block.
  ///   - tiles: which ranges of columns, numbered from the block's first neuron.
  ///   - after: called for each range of columns when all its tiles are done.
  func run(
    _ block: RowBlock<Value>, samples: Range<Int>, columns: Int, tiles: Range<Int>,
    body: @Sendable (_ tile: Int, _ cell: Int, _ rows: Int, _ values: UnsafePointer<Value>) -> Void,
    after: @Sendable (_ tile: Int) -> Void = { _ in }
  ) throws {
    sort(block, samples)
    let size = MemoryLayout<Value>.size
    try lanes.run(tiles.count) { lane, number in
      let tile = tiles.lowerBound + number
      let buffer = buffers[lane]
      let first = tile * tileColumns
      let width = min(tileColumns, columns - first)
      if width < tileColumns { buffer.update(repeating: 0, count: Self.rowsPerTile * tileColumns) }
      for cell in 0..<cells {
        var next = starts[cell]
        while next < starts[cell + 1] {
          let count = min(Self.rowsPerTile, starts[cell + 1] - next)
          order.withUnsafeBufferPointer {
            nd_gather_rows(
              buffer, tileColumns * size, block.base + first, block.pitch * size, $0.baseAddress! + next, count,
              width * size)
          }
          body(tile, cell, count, buffer)
          next += count
        }
      }
      after(tile)
    }
  }

  /// Orders samples by cell, in a cell by row.
  private func sort(_ block: RowBlock<Value>, _ samples: Range<Int>) {
    starts = Array(repeating: 0, count: cells + 2)
    func cell(_ sample: Int) -> Int { Int(cellOfRow[block.firstRow + sample / block.samplesPerRow]) }
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
