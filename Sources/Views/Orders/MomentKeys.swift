import Distributions
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

extension SubsetFigures {
  /// Whether a figure is known without counting every bin.
  static func isOfRanks(_ kind: ItemKind) -> Bool { [.zeros, .minimum, .median, .maximum].contains(kind) }

  /// The same number for a figure that `isOfRanks`.
  func key(_ kind: ItemKind, of neuron: Int, _ planes: NeuronPlanes) throws(StoreError) -> Double {
    try planes.read(neuron)
    let tally = planes.tally
    guard tally.count > 0 else { return .nan }
    let cells = cells(neuron, tally)
    func bin(_ rank: Int) throws(StoreError) -> HeldBin {
      try planes.bin(ofRank: rank, startsAtZero: startsAtZero(neuron))
    }
    let bounds: NeuronCells.Bounds
    switch kind {
    case .zeros: return Double(tally.zeros) / Double(tally.count)
    case .minimum: bounds = cells.cell(ofRank: 0, in: try bin(0)).bounds
    case .median: bounds = try cells.quantile(QuantilePosition(quarters: 2, count: Int(tally.count)), bin)
    case .maximum:
      let last = Int(tally.count) - 1
      bounds = cells.cell(ofRank: last, in: try bin(last)).bounds
    default: preconditionFailure("\(kind) is not of ranks")
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
