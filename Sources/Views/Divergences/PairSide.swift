import Distributions
import TileStore

/// One of the two sides of a comparison: a group of a layer of a store.
struct PairSide: Sendable {
  let layer: LayerReader
  let group: Int
  private let grids: [(grid: DyadicGrid, hasTails: Bool)]
  private let zeros: [UInt32]
  private let means: [Double]
  private let deviations: [Double]

  /// - Parameter rows: of the store.
  init(_ layer: LayerReader, group: Int, samples: Int) throws(StoreError) {
    self.layer = layer
    self.group = group
    let (exponents, origins) = (try layer.exponents(), try layer.origins())
    let tails = try layer.tails.plane(0, as: UInt8.self)
    grids = exponents.indices.map {
      (DyadicGrid(exponent: Int(exponents[$0]), origin: origins[$0]), tails[$0] != 0)
    }
    zeros = try layer.zeros(group: group, samples: samples)
    means = try layer.statistic(.mean).plane(group, as: Double.self)
    deviations = try layer.statistic(.deviation).plane(group, as: Double.self)
  }

  var neurons: Int { grids.count }

  func mean(_ neuron: Int) -> Double { means[neuron] }
  func deviation(_ neuron: Int) -> Double { deviations[neuron] }

  /// Histograms of some neurons.
  func histograms(_ neurons: Range<Int>) throws(StoreError) -> [PairCells.Histogram] {
    let counts = layer.counts(.own, .full)
    let type = counts.metadata.dataType
    var histograms: [PairCells.Histogram] = []
    histograms.reserveCapacity(neurons.count)
    try counts.gather(plane: group, neurons.lazy.map { UInt32($0) }) { position, row in
      let neuron = neurons.lowerBound + position
      let (grid, hasTails) = grids[neuron]
      histograms.append(
        PairCells.Histogram(grid: grid, hasTails: hasTails, counts: Self.counts(row, type), zeros: zeros[neuron]))
    }
    return histograms
  }

  private static func counts(_ row: UnsafeRawBufferPointer, _ type: DataType) -> [UInt32] {
    switch type {
    case .uint8: row.map { UInt32($0) }
    case .uint16: row.bindMemory(to: UInt16.self).map { UInt32($0) }
    default: Array(row.bindMemory(to: UInt32.self))
    }
  }
}
