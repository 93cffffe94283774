import Expressions
import TileStore

/// A group of the moment that a store cannot show.
public struct SubsetError: Error, CustomStringConvertible, Sendable {
  public enum Kind: Sendable {
    /// The expression cannot be understood, or asks for what no store can tell.
    case malformed
    /// The store does not hold what it names.
    case notHeld
  }

  public let kind: Kind
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  init(_ error: ExpressionError) { self.init(.malformed, error.description) }

  static func severalSamples(_ layer: Layer) -> SubsetError {
    SubsetError(
      .malformed,
      "A row has \(layer.samples) samples in the layer “\(layer.name)”, so that the value of a row has no meaning there."
    )
  }

  static func noLayer(_ name: String, of known: [String]) -> SubsetError {
    SubsetError(
      .notHeld, "There is no layer “\(name)” in this store. Its layers: \(known.joined(separator: ", ")).")
  }

  static func noNeuron(_ neuron: Int, _ layer: Layer) -> SubsetError {
    SubsetError(
      .notHeld, "The layer “\(layer.name)” has \(layer.neurons) neurons, numbered from 0: there is no \(neuron).")
  }

  static let unjudged = SubsetError(
    .notHeld,
    "The rows of this store were not judged, so nothing tells what is ordinary. Precompute again with codes, labels and predictions, and without divergences: none."
  )

  static func noCodes(_ layer: Layer) -> SubsetError {
    SubsetError(
      .notHeld,
      "The layer “\(layer.name)” has no codes in this store, so its values cannot be told row by row. Precompute again with codes: columns in the job."
    )
  }
}
