import CKernels
import Distributions
import TileStore

/// What is known of a neuron's values in a group of which only the bins are known: each figure lies between two bounds.
struct CellBounds {
  typealias Bounds = NeuronCells.Bounds
  private typealias Cell = NeuronCells.Cell

  /// `[bin]`.
  private let counts: UnsafeBufferPointer<UInt32>
  private let cells: NeuronCells
  private let count: Int

  /// - Parameter counts: `[bin]`, 256 of them, which must be there as long as bounds are asked for.
  init(_ counts: UnsafeBufferPointer<UInt32>, _ cells: NeuronCells) {
    self.counts = counts
    self.cells = cells
    count = counts.reduce(0) { $0 &+ Int($1) }
  }

  private static let unknown: Bounds = (.nan, .nan)

  /// Bounds of a figure; for numbers of values, which are exact, there are none.
  func bounds(_ statistic: Statistic) -> Bounds? {
    guard statistic.kind != .count else { return nil }
    guard count > 0 else { return Self.unknown }
    switch statistic {
    case .minimum: return cell(ofRank: 0).bounds
    case .maximum: return cell(ofRank: count - 1).bounds
    case .lowerQuartile: return quantile(quarters: 1)
    case .median: return quantile(quarters: 2)
    case .upperQuartile: return quantile(quarters: 3)
    case .mean: return mean
    case .deviation: return deviation
    case .count, .zeros, .nan, .infinite: return nil
    }
  }

  private func quantile(quarters: Int) -> Bounds {
    cells.quantile(QuantilePosition(quarters: quarters, count: count)) { bin(ofRank: $0) }
  }

  private func cell(ofRank rank: Int) -> Cell { cells.cell(ofRank: rank, in: bin(ofRank: rank)) }

  private func bin(ofRank rank: Int) -> HeldBin {
    var (bin, below) = (0, 0)
    while below + Int(counts[bin]) <= rank {
      below += Int(counts[bin])
      bin += 1
    }
    return HeldBin(bin: bin, below: below, count: Int(counts[bin]))
  }

  /// More than sums of so many numbers can be off by, relative to the largest.
  private static let rounding = 1e-12
  /// How far a stored deviation may be off, relative to the mean (`Tiles/FORMAT.md` §5).
  private static let deviationRounding = 1e-7

  private var mean: Bounds {
    let found = cells.withBins(counts, count) { nd_mean_of_bins($0, Self.rounding) }
    return (found.low, found.high)
  }

  /// The least is that around the centre to which the values can come closest together; around any centre the farthest they can
  /// be is no less than the largest.
  private var deviation: Bounds {
    let found = cells.withBins(counts, count) { nd_spread_of_bins($0, Self.rounding) }
    guard found.first.isFinite, found.last.isFinite, found.last - found.first < .infinity else { return (0, .infinity) }
    let slack = Self.deviationRounding * max(abs(found.first), abs(found.last))
    return (max(0, found.nearest - slack), found.farthest + slack)
  }
}
