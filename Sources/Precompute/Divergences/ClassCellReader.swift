import Distributions
import TileStore

/// Reads the cells of all classes of a layer, block by block.
final class ClassCellReader: @unchecked Sendable {
  // Unchecked: what it keeps changes between parallel sections only; in one, every class has its own place.
  private let layer: LayerReader
  /// Groups of the store that are classes.
  private let groups: [Int]
  private let lanes: Lanes
  let grids: [DyadicGrid]
  let tails: [UInt8]
  /// Neurons whose figures are there, and these: `[class, neuron]`.
  private var kept = 0..<0
  private let keptMax: Int
  private let zeros: Pages<UInt32>
  private let medians: Pages<Double>
  /// `nil`: every class has a plane.
  private let small: SmallClassCells?

  /// - Parameter labels: `[row]` of the store: a place in `groups`; -1: none.
  init(_ layer: LayerReader, groups: [Int], labels: [Int32], sizes: JudgeSizes, lanes: Lanes) throws {
    self.layer = layer
    self.groups = groups
    self.lanes = lanes
    let (exponents, origins) = (try layer.exponents(), try layer.origins())
    grids = zip(exponents, origins).map { DyadicGrid(exponent: Int($0), origin: $1) }
    tails = try layer.tails.plane(0, as: UInt8.self)
    keptMax = sizes.figureNeurons(chunk: layer.statistic(.zeros).rowsPerChunk)
    zeros = Pages(count: max(1, groups.count * keptMax))
    medians = Pages(count: max(1, groups.count * keptMax))
    small = SmallClassCells(layer, groups: groups, labels: labels, grids: grids, sizes: sizes, lanes: lanes)
  }

  deinit {
    zeros.deallocate()
    medians.deallocate()
  }

  /// Reads a block.
  /// - Parameter block: of neurons, at most `JudgeSizes.blockNeurons`, beginning at a multiple of it.
  func read(_ block: Range<Int>, into cells: ClassCells) throws {
    if !kept.contains(block.lowerBound) { try keep(from: block.lowerBound) }
    cells.clear()
    let counts = layer.counts(.own, .sixteenth)
    let chunk = block.lowerBound / counts.rowsPerChunk
    let type = counts.metadata.dataType
    try small?.count(block)
    try lanes.run(groups.count) { [self] _, label in
      guard let plane = layer.plane(of: groups[label]) else {
        for neuron in block {
          let place = label * keptMax + neuron - kept.lowerBound
          small?.withBins(of: label, neuron - block.lowerBound) {
            cells.set(
              $0, zeros: zeros.base[place], median: medians.base[place], of: label, neuron: neuron - block.lowerBound,
              grid: grids[neuron])
          }
        }
        return
      }
      try counts.stream(plane: plane, chunks: chunk..<chunk + 1) { first, rows in
        for neuron in first..<first + rows.count / counts.rowBytes {
          let row = rows.baseAddress! + (neuron - first) * counts.rowBytes
          let place = label * keptMax + neuron - kept.lowerBound
          func set<Count: FixedWidthInteger>(_: Count.Type) {
            cells.set(
              row.assumingMemoryBound(to: Count.self), zeros: zeros.base[place], median: medians.base[place], of: label,
              neuron: neuron - block.lowerBound, grid: grids[neuron])
          }
          switch type {
          case .uint8: set(UInt8.self)
          case .uint16: set(UInt16.self)
          default: set(UInt32.self)
          }
        }
      }
    }
    try lanes.run((block.count + 15) / 16) { [self] _, task in
      for neuron in task * 16..<min((task + 1) * 16, block.count) {
        let own = block.lowerBound + neuron
        cells.finish(neuron, grid: grids[own], hasTails: tails[own] != 0)
      }
    }
  }

  private func keep(from neuron: Int) throws {
    kept = neuron..<min(neuron + keptMax, grids.count)
    let (zeros, medians) = (layer.statistic(.zeros), layer.statistic(.median))
    try lanes.run(groups.count) { [self] _, label in
      try copy(zeros, label, as: UInt32.self) { self.zeros.base[label * keptMax + $0] = $1 }
      if medians.metadata.dataType == .float64 {
        try copy(medians, label, as: Double.self) { self.medians.base[label * keptMax + $0] = $1 }
      } else {
        try copy(medians, label, as: Float.self) { self.medians.base[label * keptMax + $0] = Double($1) }
      }
    }
  }

  /// Copies the kept neurons of a class.
  private func copy<Element: BitwiseCopyable>(
    _ array: ArrayReader, _ label: Int, as: Element.Type, _ put: (_ place: Int, _ element: Element) -> Void
  ) throws {
    let size = array.rowsPerChunk
    try array.stream(plane: groups[label], chunks: kept.lowerBound / size..<(kept.upperBound - 1) / size + 1) {
      first, rows in
      let elements = rows.bindMemory(to: Element.self)
      for neuron in kept.clamped(to: first..<first + elements.count) {
        put(neuron - kept.lowerBound, elements[neuron - first])
      }
    }
  }
}
