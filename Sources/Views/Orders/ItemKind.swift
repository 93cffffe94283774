import TileStore

/// What neurons can be ordered by: all that names of orderings, their keys and their documents know of it follows from this table.
///
/// The client has the same table (`web/src/model/order.js`); `Tiles/golden/orderings.json` holds both to it.
package enum ItemKind: String, CaseIterable, Sendable {
  case median, mean, deviation, minimum, maximum, zeros, value

  /// What a key is of.
  package enum Subject: String, Sendable { case group, instance }

  package var subject: Subject {
    switch self {
    case .median, .mean, .deviation, .minimum, .maximum, .zeros: .group
    case .value: .instance
    }
  }

  /// The keys: `[neuron]`.
  /// - Parameter index: of the group or instance; the store has it.
  func keys(of index: Int, in layer: LayerReader) throws(StoreError) -> [Double] {
    switch self {
    case .median: try layer.keys(of: layer.statistic(.median), plane: index)
    case .mean: try layer.keys(of: layer.statistic(.mean), plane: index)
    case .deviation: try layer.keys(of: layer.statistic(.deviation), plane: index)
    case .minimum: try layer.keys(of: layer.statistic(.minimum), plane: index)
    case .maximum: try layer.keys(of: layer.statistic(.maximum), plane: index)
    case .zeros: try layer.sharesOfZeros(group: index)
    case .value: try layer.values.map { values throws(StoreError) in try layer.keys(of: values, plane: index) } ?? []
    }
  }

  /// The array that has the ascending ordering of a group or an instance, and its plane there. `nil` where the store has none.
  func order(of index: Int, in layer: LayerReader) -> (array: ArrayReader, plane: Int)? {
    switch self {
    case .median: layer.plane(of: index).map { (layer.medianOrder, $0) }
    case .value: layer.valueOrder.map { ($0, index) }
    case .mean, .deviation, .minimum, .maximum, .zeros: nil
    }
  }
}

extension LayerReader {
  /// `[neuron]`: keys of an item of this store.
  func keys(_ item: OrderName.Item) throws(StoreError) -> [Double] { try item.kind.keys(of: item.index, in: self) }

  /// `[neuron]`: the share of a group's finite values that are exactly 0; NaN where there are none.
  fileprivate func sharesOfZeros(group: Int) throws(StoreError) -> [Double] {
    let zeros = try statistic(.zeros).plane(group, as: UInt32.self)
    let counts = try statistic(.count).plane(group, as: UInt32.self)
    return zip(zeros, counts).map { $1 > 0 ? Double($0) / Double($1) : .nan }
  }
}
