import Distributions
import TileStore

/// One of the two sides of a comparison: a group of a layer of a store, stored or of the moment.
struct PairSide: Sendable {
  let layer: LayerReader
  private let counts: Counts
  private let grids: [(grid: DyadicGrid, hasTails: Bool)]

  private enum Counts: Sendable {
    /// - counter: where the group has no plane.
    case stored(group: Int, counter: SubsetCounter?, zeros: [UInt32], means: [Double], deviations: [Double])
    case moment(SubsetCounter)
  }

  /// A stored group.
  /// - Throws: `StoreError`; `SubsetError` where it has no plane, and cannot be counted.
  init(_ layer: LayerReader, group: Int, of store: Store) throws {
    let samples = store.attributes.groups[group].rows * layer.layer.samples
    let counter = layer.plane(of: group) == nil ? try SmallClasses(layer, of: store).counter(of: group) : nil
    try self.init(
      layer,
      .stored(
        group: group, counter: counter, zeros: try layer.zeros(group: group, samples: samples),
        means: try layer.statistic(.mean).plane(group, as: Double.self),
        deviations: try layer.statistic(.deviation).plane(group, as: Double.self)))
  }

  /// A group of the moment, of which means are not known.
  /// - Throws: `SubsetError` where the layer has no codes; `StoreError`.
  init(_ layer: LayerReader, _ subset: Subset) throws {
    try self.init(layer, .moment(SubsetCounter(layer, subset)))
  }

  private init(_ layer: LayerReader, _ counts: Counts) throws(StoreError) {
    self.layer = layer
    self.counts = counts
    let (exponents, origins) = (try layer.exponents(), try layer.origins())
    let tails = try layer.tails.plane(0, as: UInt8.self)
    grids = exponents.indices.map {
      (DyadicGrid(exponent: Int(exponents[$0]), origin: origins[$0]), tails[$0] != 0)
    }
  }

  var neurons: Int { grids.count }

  /// NaN of a group of the moment.
  func mean(_ neuron: Int) -> Double {
    if case .stored(_, _, _, let means, _) = counts { means[neuron] } else { .nan }
  }
  func deviation(_ neuron: Int) -> Double {
    if case .stored(_, _, _, _, let deviations) = counts { deviations[neuron] } else { .nan }
  }

  /// Histograms of some neurons.
  func histograms(_ neurons: Range<Int>) throws -> [PairCells.Histogram] {
    switch counts {
    case .stored(_, let counter?, _, _, _): try histograms(neurons, counter)
    case .stored(let group, nil, let zeros, _, _): try histograms(neurons, group: group, zeros)
    case .moment(let counter): try histograms(neurons, counter)
    }
  }

  private func histograms(_ neurons: Range<Int>, _ counter: SubsetCounter) throws -> [PairCells.Histogram] {
    let codes = try NeuronCodes(layer)
    return try neurons.map { neuron in
      var counts = [UInt32](repeating: 0, count: DyadicGrid.binCount)
      let tally = try counts.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("there are 256 bins") }
        return try counter.count(neuron, codes, into: base)
      }
      let (grid, hasTails) = grids[neuron]
      return PairCells.Histogram(grid: grid, hasTails: hasTails, counts: counts, zeros: tally.zeros)
    }
  }

  private func histograms(_ neurons: Range<Int>, group: Int, _ zeros: [UInt32]) throws(StoreError)
    -> [PairCells.Histogram]
  {
    guard let plane = layer.plane(of: group) else { preconditionFailure("it is counted from codes") }
    let counts = layer.counts(.own, .full)
    let type = counts.metadata.dataType
    var histograms: [PairCells.Histogram] = []
    histograms.reserveCapacity(neurons.count)
    try counts.gather(plane: plane, neurons.lazy.map { UInt32($0) }) { position, row in
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
