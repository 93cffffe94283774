import TileStore

/// What neurons can be ordered by: all that names of orderings, their keys and their documents know of it follows from this table.
///
/// The client has the same table (`web/src/model/order.js`); `Tiles/golden/orderings.json` holds both to it.
package enum ItemKind: String, CaseIterable, Sendable {
  case median, mean, value

  /// What a key is of.
  package enum Subject: String, Sendable { case group, instance }

  package var subject: Subject {
    switch self {
    case .median, .mean: .group
    case .value: .instance
    }
  }

  /// The keys: `[group or instance, neuron]`. `nil` for the values of a store without instances.
  func keys(in layer: LayerReader) -> ArrayReader? {
    switch self {
    case .median: layer.statistic(.median)
    case .mean: layer.statistic(.mean)
    case .value: layer.values
    }
  }

  /// The ascending orderings: `[group or instance, rank]`. `nil` where the store has none.
  func order(in layer: LayerReader) -> ArrayReader? {
    switch self {
    case .median: layer.medianOrder
    case .mean: nil
    case .value: layer.valueOrder
    }
  }
}

extension LayerReader {
  /// `[neuron]`: keys of an item of this store.
  func keys(_ item: OrderName.Item) throws -> [Double] {
    guard let array = item.kind.keys(in: self) else { preconditionFailure("an item of another store") }
    return try keys(of: array, plane: item.index)
  }
}
