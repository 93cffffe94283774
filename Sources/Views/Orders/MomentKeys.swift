import TileStore

extension SubsetFigures {
  /// What a neuron is ordered by: the share of zeros exactly, other figures by the middle of their two bounds; NaN without values.
  func key(_ kind: ItemKind, of neuron: Int) throws -> Double {
    switch kind {
    case .zeros: try shareOfZeros(neuron)
    case .median: try middle(.median, of: neuron)
    case .mean: try middle(.mean, of: neuron)
    case .deviation: try middle(.deviation, of: neuron)
    case .minimum: try middle(.minimum, of: neuron)
    case .maximum: try middle(.maximum, of: neuron)
    case .value: preconditionFailure("a value is of an instance")
    }
  }

  private func shareOfZeros(_ neuron: Int) throws -> Double {
    let numbers = try numbers(neuron, [.zeros, .count]).figures
    return numbers[1] > 0 ? numbers[0] / numbers[1] : .nan
  }

  private func middle(_ statistic: Statistic, of neuron: Int) throws -> Double {
    let bounds = try numbers(neuron, [statistic]).figures
    return bounds[0] / 2 + bounds[1] / 2
  }
}

extension LayerReader {
  /// `[neuron]`: keys of an item of this store, of a group of the moment by its rows.
  func keys(_ item: OrderName.Item, of store: Store) throws -> [Double] {
    guard let moment = item.moment else { return try keys(item) }
    let figures = try SubsetFigures(self, Subset(moment, of: store))
    return try (0..<layer.neurons).map { try figures.key(item.kind, of: $0) }
  }
}

extension OrderName {
  /// Groups of the moment in it.
  var moments: [Moment] {
    switch self {
    case .index: []
    case .item(let item), .absolute(let item): [item.moment].compactMap(\.self)
    case .difference(let first, let second): [first.moment, second.moment].compactMap(\.self)
    }
  }
}
