import Foundation
import TileStore

/// A neuron's own grid.
struct NeuronGrid: Equatable {
  var exponent: Int
  var origin: Int
  var hasTails: Bool

  init(exponent: Int, origin: Int, hasTails: Bool) {
    self.exponent = exponent
    self.origin = origin
    self.hasTails = hasTails
  }

  init(_ layer: LayerReader, neuron: Int) throws(StoreError) {
    exponent = Int(try layer.exponent.row(plane: 0, neuron).withUnsafeBytes { $0.loadUnaligned(as: Int16.self) })
    origin = Int(try layer.origin.row(plane: 0, neuron).withUnsafeBytes { $0.loadUnaligned(as: Int64.self) })
    hasTails = try layer.tails.row(plane: 0, neuron) != [0]
    guard StoreLimits.exponents.contains(exponent), origin.magnitude <= StoreLimits.originMagnitude else {
      throw StoreError(
        .corrupt, file: layer.origin.path, "neuron \(neuron) has exponent \(exponent) and origin \(origin)")
    }
  }

  /// The bin of a finite value, counted from the grid's first: negative below the grid, 256 or more above.
  func bin(of value: Double) -> Int {
    let scaled = Double(sign: .plus, exponent: -exponent, significand: value).rounded(.down)
    // A negative value so small that the quotient vanished still lies below 0.
    let place = (value < 0 && scaled == 0 ? -1 : scaled) - Double(origin)
    return place < -1 ? -1 : place > 256 ? 256 : Int(place)
  }
}

/// The own grids of all neurons of a layer.
struct LayerGrids: Sendable {
  /// `[neuron]`.
  let exponents: [Int16]
  /// `[neuron]`.
  let origins: [Int64]
  /// `[neuron]`: not 0 where the first and the last bin hold everything beyond the grid.
  let tails: [UInt8]

  /// - Throws: `StoreError`.
  init(_ layer: LayerReader) throws(StoreError) {
    exponents = try layer.exponents()
    origins = try layer.origins()
    tails = try layer.tails.plane(0, as: UInt8.self)
  }

  subscript(neuron: Int) -> NeuronGrid {
    NeuronGrid(exponent: Int(exponents[neuron]), origin: Int(origins[neuron]), hasTails: tails[neuron] != 0)
  }

  var count: Int { exponents.count }
}
