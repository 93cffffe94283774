import TileStore

extension SubsetFigures {
  /// What a neuron is ordered by: the share of zeros exactly, other figures by the middle of their two bounds; NaN without values.
  func key(_ kind: ItemKind, of neuron: Int, _ counts: UnsafePointer<UInt32>, _ tally: NeuronTally) -> Double {
    if kind == .zeros { return tally.count > 0 ? Double(tally.zeros) / Double(tally.count) : .nan }
    guard let bounds = cells(neuron, counts, tally).bounds(kind.statistic) else {
      preconditionFailure("\(kind) is exactly known")
    }
    return bounds.low / 2 + bounds.high / 2
  }
}

extension ItemKind {
  /// The statistic that orders; of the zeros it is their share.
  fileprivate var statistic: Statistic {
    switch self {
    case .median: .median
    case .mean: .mean
    case .deviation: .deviation
    case .minimum: .minimum
    case .maximum: .maximum
    case .zeros: .zeros
    case .value, .percentile, .contribution, .auroc, .wasserstein, .kolmogorovSmirnov:
      preconditionFailure("\(self) is not a figure of one group")
    }
  }
}
