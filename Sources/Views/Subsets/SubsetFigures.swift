import CKernels
import Distributions
import TileStore

/// The figures of neurons in a group of the moment: numbers of values exactly, of the others two bounds.
final class SubsetFigures {
  private let counter: SubsetCounter
  private let codes: NeuronCodes
  private let grids: LayerGrids
  /// `[neuron]`: extremes in all rows.
  private let least: [Double]
  private let greatest: [Double]
  private let isSingle: Bool
  private let counts: UnsafeMutablePointer<UInt32>

  /// - Throws: `SubsetError` where the layer has no codes; `StoreError`.
  init(_ layer: LayerReader, _ subset: Subset) throws {
    counter = try SubsetCounter(layer, subset)
    codes = try NeuronCodes(layer)
    grids = try LayerGrids(layer)
    least = try layer.keys(of: layer.statistic(.minimum), plane: 0)
    greatest = try layer.keys(of: layer.statistic(.maximum), plane: 0)
    isSingle = layer.statistic(.median).metadata.dataType == .float32
    counts = .allocate(capacity: DyadicGrid.binCount)
    counts.initialize(repeating: 0, count: DyadicGrid.binCount)
  }

  deinit { counts.deallocate() }

  /// Names of the figures in the order of `numbers`: `count`, …, `minimum_low`, `minimum_high`, ….
  static func names(_ statistics: [Statistic]) -> [String] {
    statistics.flatMap {
      $0.kind == .count ? [$0.rawValue] : ["\($0.rawValue)_low", "\($0.rawValue)_high"]
    }
  }

  /// The figures of a neuron, and its counts by bin of its own grid.
  func numbers(_ neuron: Int, _ statistics: [Statistic]) throws -> (figures: [Double], counts: [UInt32]) {
    let tally = try counter.count(neuron, codes, into: counts)
    let cells = CellBounds(
      UnsafeBufferPointer(start: counts, count: DyadicGrid.binCount), zeros: Int(tally.zeros), on: grids[neuron],
      extremes: (least[neuron], greatest[neuron]), isSingle: isSingle)
    let figures = statistics.flatMap { statistic -> [Double] in
      if let bounds = cells.bounds(statistic) { return [bounds.low, bounds.high] }
      return [Double(tally[statistic])]
    }
    return (figures, Array(UnsafeBufferPointer(start: counts, count: DyadicGrid.binCount)))
  }
}

extension NeuronTally {
  /// One of the numbers of values.
  subscript(statistic: Statistic) -> UInt32 {
    switch statistic {
    case .zeros: zeros
    case .nan: nan
    case .infinite: infinite
    default: count
    }
  }
}
