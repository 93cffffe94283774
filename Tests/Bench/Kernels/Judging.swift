import Distributions
import Fixtures

/// How likely rows are in each class, and how far from its medians: half of the values are 0, as behind a ReLU.
func measureJudging() {
  let neurons = 512
  let grid = DyadicGrid(exponent: -4, origin: 0)
  for classes in [2, 10] {
    var random = SplitMix(seed: 1)
    let cells = ClassCells(neurons: neurons, classes: classes)
    cells.clear()
    for neuron in 0..<neurons {
      for label in 0..<classes {
        let bins = (0..<16).map { _ in UInt32.random(in: 1...1000, using: &random) }
        bins.withUnsafeBufferPointer {
          cells.set(
            $0.baseAddress!, zeros: bins[0], median: Double.random(in: 0...16, using: &random), of: label,
            neuron: neuron, grid: grid)
        }
      }
      cells.finish(neuron, grid: grid, hasTails: false)
    }
    let rows = 1024
    let labels = (0..<rows).map { _ in Int32.random(in: 0..<Int32(classes), using: &random) }
    let judge = RowJudge(JudgedRows(named: labels, taken: labels, rivals: labels), samples: 1, classes: classes)
    let codes = Pages<UInt8>(count: rows * neurons)
    let places = Pages<UInt8>(count: rows * neurons)
    defer {
      codes.deallocate()
      places.deallocate()
    }
    for index in 0..<codes.count {
      let word = random.next()
      codes.base[index] = word & 1 == 0 ? 0 : UInt8(truncatingIfNeeded: word >> 8)
      places.base[index] = word & 1 == 0 ? ValueCell.zero : codes.base[index] / 16
    }
    let values = RowJudge.Values(
      codes: UnsafePointer(codes.base), cells: UnsafePointer(places.base), without: UnsafePointer(places.base),
      pitch: rows)
    measure("judge rows by \(classes) classes", rows * neurons * classes, "value and class", bytes: 2 * rows * neurons)
    {
      for first in stride(from: 0, to: rows, by: judge.rowsAtOnce) {
        judge.add(cells, 0..<neurons, values, rows: first..<min(first + judge.rowsAtOnce, rows))
      }
    }
  }
}
