import Distributions
import TileStore

/// Counts the classes that have no planes, in 16 cells of the own grid, from codes.
final class SmallClassCells: @unchecked Sendable {
  // Unchecked: while a block is counted, every neuron has one lane; then it is only read.
  private let windows: CodeWindows
  private let grids: [DyadicGrid]
  private let sizes: JudgeSizes
  private let samples: Int
  private let lanes: Lanes
  /// By place of a class: the number among those without planes; -1: it has one.
  private let numbers: [Int32]
  /// `[row]`: the number of its class; -1: none, or one with a plane.
  private let numberOfRow: [Int32]
  /// `[neuron, class, cell]`.
  private let counts: Pages<UInt32>
  private let pitch: Int

  /// Bytes it takes at most.
  static func bytes(classes: Int) -> Int { classes * JudgeSizes.blockNeurons * ValueCell.bins * 4 }

  /// - Parameter labels: `[row]` of the store: a place in `groups`; -1: none.
  /// - Returns: `nil` where every class has a plane.
  init?(
    _ layer: LayerReader, groups: [Int], labels: [Int32], grids: [DyadicGrid], sizes: JudgeSizes, lanes: Lanes
  ) {
    var numbers: [Int32] = []
    var count: Int32 = 0
    for group in groups {
      let isSmall = layer.plane(of: group) == nil
      numbers.append(isSmall ? count : -1)
      if isSmall { count += 1 }
    }
    guard count > 0 else { return nil }
    // Of the store: what is judged may be another dump.
    let own = JudgeSizes(rows: labels.count, samples: layer.layer.samples, classes: sizes.classes)
    self.sizes = own
    self.numbers = numbers
    self.grids = grids
    self.lanes = lanes
    samples = layer.layer.samples
    numberOfRow = labels.map { $0 < 0 ? -1 : numbers[Int($0)] }
    pitch = Int(count) * ValueCell.bins
    counts = Pages(count: JudgeSizes.blockNeurons * pitch)
    windows = CodeWindows(layer, grids: grids, sizes: own, lanes: lanes)
  }

  deinit { counts.deallocate() }

  /// Counts a block of neurons.
  func count(_ block: Range<Int>) throws {
    counts.base.update(repeating: 0, count: counts.count)
    for start in stride(from: block.lowerBound, to: block.upperBound, by: sizes.codeNeurons) {
      let some = start..<min(start + sizes.codeNeurons, block.upperBound)
      for first in stride(from: 0, to: numberOfRow.count, by: sizes.windowRows) {
        let rows = first..<min(first + sizes.windowRows, numberOfRow.count)
        try windows.read(some, samples: rows.lowerBound * samples..<rows.upperBound * samples)
        try lanes.run(some.count) { [self] _, number in
          let cells = windows.cells.base + number * windows.pitch
          let target = counts.base + (some.lowerBound + number - block.lowerBound) * pitch
          let zeroCell = grids[some.lowerBound + number].zeroCell
          for row in rows where numberOfRow[row] >= 0 {
            let own = target + Int(numberOfRow[row]) * ValueCell.bins
            for sample in (row - rows.lowerBound) * samples..<(row - rows.lowerBound + 1) * samples {
              let cell = cells[sample] == ValueCell.zero ? zeroCell ?? ValueCell.bins : Int(cells[sample])
              if cell < ValueCell.bins { own[cell] += 1 }
            }
          }
        }
      }
    }
  }

  /// A class's counts in a neuron of the block.
  /// - Parameter label: of a class without a plane.
  func withBins(of label: Int, _ neuron: Int, _ body: (UnsafePointer<UInt32>) -> Void) {
    body(counts.base + neuron * pitch + Int(numbers[label]) * ValueCell.bins)
  }
}
