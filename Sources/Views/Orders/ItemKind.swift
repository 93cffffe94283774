import TileStore

/// What neurons can be ordered by: functions of groups and instances. All that names of orderings, their keys and their documents know of it
/// follows from this table.
///
/// The client has the same table (`web/src/model/order.js`); `Tiles/golden/orderings.json` holds both to it.
package enum ItemKind: String, CaseIterable, Sendable {
  case median, mean, deviation, minimum, maximum, zeros, value, percentile, contribution, auroc, wasserstein
  case kolmogorovSmirnov = "kolmogorov_smirnov"

  /// What an argument is of. A group is a stored one or one of the moment, an instance a stored one or any row.
  package enum Subject: String, Sendable { case group, instance }

  /// Of the arguments, in their order.
  package var subjects: [Subject] {
    switch self {
    case .median, .mean, .deviation, .minimum, .maximum, .zeros: [.group]
    case .value, .contribution: [.instance]
    case .percentile: [.instance, .group]
    case .auroc, .wasserstein, .kolmogorovSmirnov: [.group, .group]
    }
  }

  /// For people: `percentile(INSTANCE,GROUP)`.
  package var form: String { "\(rawValue)(\(subjects.map { $0.rawValue.uppercased() }.joined(separator: ",")))" }

  /// Whether it is a figure of one group, so that a store knows it of each of its groups.
  var isOfOneGroup: Bool { subjects == [.group] }

  /// What it is of two groups, the second of which may be another store's; `nil`: it is not of two groups.
  var ofPair: PairFigure? { PairFigure(rawValue: rawValue) }

  /// The array that has the ascending ordering of a group or an instance, and its plane there. `nil` where the store has none.
  func order(of index: Int, in layer: LayerReader) -> (array: ArrayReader, plane: Int)? {
    switch self {
    case .median: layer.plane(of: index).map { (layer.medianOrder, $0) }
    case .value: layer.valueOrder.map { ($0, index) }
    case .mean, .deviation, .minimum, .maximum, .zeros, .percentile, .contribution, .auroc, .wasserstein,
      .kolmogorovSmirnov:
      nil
    }
  }
}

extension LayerReader {
  /// `[neuron]`: a figure of a stored group.
  /// - Precondition: it is of one group.
  func keys(_ kind: ItemKind, group: Int) throws(StoreError) -> [Double] {
    switch kind {
    case .median: try keys(of: statistic(.median), plane: group)
    case .mean: try keys(of: statistic(.mean), plane: group)
    case .deviation: try keys(of: statistic(.deviation), plane: group)
    case .minimum: try keys(of: statistic(.minimum), plane: group)
    case .maximum: try keys(of: statistic(.maximum), plane: group)
    case .zeros: try sharesOfZeros(group: group)
    case .value, .percentile, .contribution, .auroc, .wasserstein, .kolmogorovSmirnov:
      preconditionFailure("\(kind) is not a figure of one group")
    }
  }

  /// `[neuron]`: the share of a group's finite values that are exactly 0; NaN where there are none.
  private func sharesOfZeros(group: Int) throws(StoreError) -> [Double] {
    let zeros = try statistic(.zeros).plane(group, as: UInt32.self)
    let counts = try statistic(.count).plane(group, as: UInt32.self)
    return zip(zeros, counts).map { $1 > 0 ? Double($0) / Double($1) : .nan }
  }
}
