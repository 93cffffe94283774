import CKernels
import Distributions
import Fixtures

/// Values as behind a ReLU, half of them zeros, in rows of some classes in random order; as in `engine.py`.
final class SyntheticLayer {
  /// As many as the engine takes at once of so many neurons.
  static let rowsPerBlock = 2048

  let rows: Int
  let neurons: Int
  let classes: Int
  /// `[row, neuron]`
  let values: Pages<Float>
  /// Rows of each class, ascending.
  let rowsOfClass: [[UInt32]]

  init(rows: Int, neurons: Int, classes: Int) {
    self.rows = rows
    self.neurons = neurons
    self.classes = classes
    values = Pages(count: rows * neurons)
    var random = SplitMix(seed: 1)
    let scales = (0..<neurons).map { _ in Float.random(in: 0.5...4, using: &random) }
    let shifts = (0..<neurons).map { _ in Float.random(in: -1...1, using: &random) }
    for row in 0..<rows {
      for neuron in 0..<neurons {
        // A sum of four uniform numbers is near enough to a normal one.
        let word = random.next()
        var sum: Float = -2
        for part in 0..<4 { sum += Float(word >> UInt64(16 * part) & 0xffff) / 65536 }
        values.base[row * neurons + neuron] = max(0, sum * 1.7 * scales[neuron] + shifts[neuron])
      }
    }
    var rowsOfClass = [[UInt32]](repeating: [], count: classes)
    for row in 0..<rows { rowsOfClass[Int.random(in: 0..<classes, using: &random)].append(UInt32(row)) }
    self.rowsOfClass = rowsOfClass
  }

  deinit { values.deallocate() }

  var count: Int { rows * neurons }
  var tiles: Int { neurons / tileColumns }
  /// All rows, and each class.
  var groups: [CountingCells.Members] { [.init(Array(0..<classes))] + (0..<classes).map { .init([$0]) } }

  /// Calls `body` for each run of rows of a class and a tile, in the order in which the engine takes them: block by block.
  func eachRun(_ body: (_ block: Range<Int>, _ tile: Int, _ cell: Int, _ rows: TileRows<Float>) -> Void) {
    let step = UInt32(Self.rowsPerBlock)
    for first in stride(from: 0, to: UInt32(rows), by: Int(step)) {
      let block = first..<min(first + step, UInt32(rows))
      // Rows of all classes stand behind each other.
      let some = rowsOfClass.map { $0.filter(block.contains) }
      let starts = some.indices.map { some[..<$0].reduce(0) { $0 + $1.count } }
      Array(some.joined()).withUnsafeBufferPointer { order in
        for tile in 0..<tiles {
          for (cell, rows) in some.enumerated() {
            for start in stride(from: 0, to: rows.count, by: RunCounts.rowsMax) {
              let count = min(RunCounts.rowsMax, rows.count - start)
              body(
                Int(block.lowerBound)..<Int(block.upperBound), tile, cell,
                TileRows(
                  base: values.base + tile * tileColumns, pitch: neurons,
                  order: order.baseAddress! + starts[cell] + start, count: count,
                  following: order.count - starts[cell] - start - count))
            }
          }
        }
      }
    }
  }

  /// A band with room for it to be counted a few times: a cell has few rows, and its counters take many more.
  func band() -> BandCounters<Float> {
    BandCounters<Float>(
      neurons: neurons, CountingCells(rowsOfCell: rowsOfClass.map(\.count), members: []), samplesMax: rows)
  }

  /// Counts all of it, as the engine does: each run is copied side by side first.
  /// - Parameter codes: takes the codes of each block and tile.
  func count(_ band: BandCounters<Float>, codes: TileCodes<Float>? = nil) {
    let scratch = RunCounts()
    let buffer = Pages<Float>(count: RunCounts.rowsMax * tileColumns)
    defer { buffer.deallocate() }
    let inOrder = (0..<UInt32(RunCounts.rowsMax)).map { $0 }
    var last = (block: 0..<0, tile: 0)
    eachRun { block, tile, cell, run in
      if last != (block, tile) { codes?.begin(band, tile: tile, samples: block) }
      last = (block, tile)
      let numbers = RowNumbers(first: 0, samplesPerRow: 1, order: run.order)
      let bytes = tileColumns * MemoryLayout<Float>.size
      nd_gather_rows(buffer.base, bytes, run.base, run.pitch * 4, run.order, run.count, run.following, bytes)
      inOrder.withUnsafeBufferPointer {
        let rows = TileRows(
          base: UnsafePointer(buffer.base), pitch: tileColumns, order: $0.baseAddress!, count: run.count)
        if let codes {
          codes.add(cell: cell, rows, numbers, in: scratch)
        } else {
          band.add(tile: tile, cell: cell, rows, numbers, in: scratch)
        }
      }
    }
    for tile in 0..<tiles { band.closeSegment(tile: tile) }
  }

  /// A band with all of it counted once.
  func counted() -> BandCounters<Float> {
    let band = band()
    count(band)
    return band
  }
}
