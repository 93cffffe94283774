import Distributions
import TileStore

/// Where the bins of each neuron's own grid lie on an axis.
struct AxisBins: Sendable {
  let axis: BinAxis
  let count: BinCount
  private let shared: DyadicGrid
  /// `[neuron]`; where the axis is shared.
  private let exponents: [Int16]
  private let origins: [Int64]

  /// - Throws: `StoreError`.
  init(_ layer: LayerReader, _ axis: BinAxis, _ count: BinCount) throws(StoreError) {
    self.axis = axis
    self.count = count
    shared = DyadicGrid(exponent: layer.layer.shared.exponent, origin: Int64(layer.layer.shared.origin))
    exponents = axis == .shared ? try layer.exponents() : []
    origins = axis == .shared ? try layer.origins() : []
  }

  /// The bin of the axis in which a bin of a neuron's own grid lies.
  func place(ofBin bin: Int, neuron: Int) -> Int {
    var place = bin
    if axis == .shared {
      let own = DyadicGrid(exponent: Int(exponents[neuron]), origin: origins[neuron])
      // A store that contradicts itself leads nowhere beyond the axis.
      place = min(max(shared.index(ofBin: bin, of: own), 0), DyadicGrid.binCount - 1)
    }
    return place / (DyadicGrid.binCount / count.rawValue)
  }
}
