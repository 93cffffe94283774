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
    count = counts.reduce(0) { $0 + Int($1) }
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

  /// Calls `body` with the cells that hold values, in ascending order.
  private func forEachCell(_ body: (Cell) -> Void) {
    for bin in counts.indices where counts[bin] > 0 {
      let (zeros, rest) = cells.cells(ofBin: bin, holding: Int(counts[bin]))
      if let zeros { body(zeros) }
      if let rest { body(rest) }
    }
  }

  /// More than sums of so many numbers can be off by, relative to the largest.
  private static let rounding = 1e-12
  /// How far a stored deviation may be off, relative to the mean (`Tiles/FORMAT.md` §5).
  private static let deviationRounding = 1e-7

  private var mean: Bounds {
    var (low, high, largest) = (0.0, 0.0, 0.0)
    forEachCell { cell in
      let share = Double(cell.count) / Double(count)
      low += share * cell.low
      high += share * cell.high
      largest = max(largest, abs(cell.low), abs(cell.high))
    }
    return (low - Self.rounding * largest, high + Self.rounding * largest)
  }

  /// The least is that around the centre to which the values can come closest together; around any centre the farthest they can
  /// be is no less than the largest.
  private var deviation: Bounds {
    // Each bin is a cell, and the exact zeros are one more.
    let most = DyadicGrid.binCount + 1
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: 3 * most) { memory in
      guard let lows = memory.baseAddress else { return Self.unknown }
      let (highs, sizes) = (lows + most, lows + 2 * most)
      var found = 0
      forEachCell { cell in
        (lows[found], highs[found], sizes[found]) = (cell.low, cell.high, Double(cell.count))
        found += 1
      }
      let bulk = CellSpread(lows: lows, highs: highs, sizes: sizes, cells: found, count: Double(count))
      let (low, high) = (lows[0], highs[found - 1])
      guard low.isFinite, high.isFinite, high - low < .infinity else { return (0, .infinity) }
      let slack = Self.deviationRounding * max(abs(low), abs(high))
      let bounds = mean
      return (
        max(0, bulk.nearest(between: low, high) - slack),
        bulk.farthest(from: bounds.low + (bounds.high - bounds.low) / 2) + slack
      )
    }
  }
}

/// How far values of which only the cells are known are from a centre.
private struct CellSpread {
  /// `[cell]` each, in ascending order.
  let lows: UnsafePointer<Double>
  let highs: UnsafePointer<Double>
  let sizes: UnsafePointer<Double>
  let cells: Int
  /// Values in all.
  let count: Double

  /// The spread around the centre to which values can come closest.
  func nearest(between least: Double, _ greatest: Double) -> Double {
    var (low, high) = (least, greatest)
    for _ in 0..<60 {
      let centre = low + (high - low) / 2
      // From here on nothing would change.
      if centre == low { break }
      // The slope of the sum of squares of the nearest distances, which is convex.
      if nd_slope_is_positive(lows, highs, sizes, cells, centre) != 0 { high = centre } else { low = centre }
    }
    return spread { cell in min(max(low, lows[cell]), highs[cell]) - low }
  }

  /// The spread around a centre if values are as far from it as they can be.
  func farthest(from centre: Double) -> Double {
    spread { cell in max(abs(lows[cell] - centre), abs(highs[cell] - centre)) }
  }

  private func spread(_ distance: (_ cell: Int) -> Double) -> Double {
    // Scaled, so that squares stay within range.
    let largest = (0..<cells).reduce(0) { max($0, abs(distance($1))) }
    guard largest > 0 else { return 0 }
    var sum = 0.0
    for cell in 0..<cells {
      let scaled = distance(cell) / largest
      sum += sizes[cell] / count * scaled * scaled
    }
    return largest * sum.squareRoot()
  }
}
