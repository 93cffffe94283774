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
    case .value, .percentile: preconditionFailure("\(kind) is not a figure of one group")
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
