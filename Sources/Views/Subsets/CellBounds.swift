import Distributions
import TileStore

/// What is known of a neuron's values in a group of which only the bins are known: each figure lies between two bounds.
struct CellBounds {
  /// Values that lie between the same two numbers.
  struct Cell {
    var low: Double
    var high: Double
    var count: Int
  }

  /// Those that hold values, in ascending order. The exact zeros have one of their own, just below the rest of their bin.
  private let cells: [Cell]
  private let count: Int
  private let isSingle: Bool

  /// - Parameters:
  ///   - counts: `[bin]`, 256 of them.
  ///   - extremes: the neuron's smallest and largest finite value in any row: no value lies beyond.
  ///   - isSingle: whether values are kept in float32, to which figures are then rounded.
  init(
    _ counts: UnsafeBufferPointer<UInt32>, zeros: Int, on grid: NeuronGrid, extremes: (least: Double, greatest: Double),
    isSingle: Bool
  ) {
    var cells: [Cell] = []
    var all = 0
    for (bin, count) in counts.enumerated() where count > 0 {
      all += Int(count)
      let (low, high) = grid.edges(ofBin: bin)
      let isOfZero = bin == -grid.origin
      if isOfZero, zeros > 0 { cells.append(Cell(low: 0, high: 0, count: zeros)) }
      let rest = Int(count) - (isOfZero ? zeros : 0)
      if rest > 0 { cells.append(Cell(low: max(low, extremes.least), high: min(high, extremes.greatest), count: rest)) }
    }
    self.cells = cells
    count = all
    self.isSingle = isSingle
  }

  typealias Bounds = (low: Double, high: Double)
  private static let unknown: Bounds = (.nan, .nan)

  /// Bounds of a figure; for numbers of values, which are exact, there are none.
  func bounds(_ statistic: Statistic) -> Bounds? {
    guard statistic.kind != .count else { return nil }
    guard let first = cells.first, let last = cells.last else { return Self.unknown }
    switch statistic {
    case .minimum: return (first.low, first.high)
    case .maximum: return (last.low, last.high)
    case .lowerQuartile: return quantile(quarters: 1)
    case .median: return quantile(quarters: 2)
    case .upperQuartile: return quantile(quarters: 3)
    case .mean: return mean
    case .deviation: return deviation
    case .count, .zeros, .nan, .infinite: return nil
    }
  }

  private func quantile(quarters: Int) -> Bounds {
    let position = QuantilePosition(quarters: quarters, count: count)
    let (a, b) = (cell(ofRank: position.lower), cell(ofRank: position.upper))
    func between(_ low: Double, _ high: Double) -> Double {
      isSingle ? Double(position.interpolate(Float(low), Float(high))) : position.interpolate(low, high)
    }
    return (between(a.low, b.low), between(a.high, b.high))
  }

  private func cell(ofRank rank: Int) -> Cell {
    var below = 0
    for cell in cells {
      below += cell.count
      if rank < below { return cell }
    }
    preconditionFailure("a rank of the values")
  }

  /// More than sums of so many numbers can be off by, relative to the largest.
  private static let rounding = 1e-12
  /// How far a stored deviation may be off, relative to the mean (`Tiles/FORMAT.md` §5).
  private static let deviationRounding = 1e-7

  private var mean: Bounds {
    var (low, high, largest) = (0.0, 0.0, 0.0)
    for cell in cells {
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
    var (low, high) = (cells[0].low, cells[cells.count - 1].high)
    guard low.isFinite, high.isFinite, high - low < .infinity else { return (0, .infinity) }
    let slack = Self.deviationRounding * max(abs(low), abs(high))
    for _ in 0..<60 {
      let centre = low + (high - low) / 2
      // The slope of the sum of squares of the nearest distances, which is convex.
      let slope = cells.reduce(0) { $0 + Double($1.count) * (centre - min(max(centre, $1.low), $1.high)) }
      if slope > 0 { high = centre } else { low = centre }
    }
    let nearest = spread(low) { cell in min(max(low, cell.low), cell.high) - low }
    let bounds = mean
    let centre = bounds.low + (bounds.high - bounds.low) / 2
    let farthest = spread(centre) { cell in max(abs(cell.low - centre), abs(cell.high - centre)) }
    return (max(0, nearest - slack), farthest + slack)
  }

  private func spread(_ centre: Double, _ distance: (Cell) -> Double) -> Double {
    // Scaled, so that squares stay within range.
    let largest = cells.reduce(0) { max($0, abs(distance($1))) }
    guard largest > 0 else { return 0 }
    let sum = cells.reduce(0.0) {
      let scaled = distance($1) / largest
      return $0 + Double($1.count) / Double(count) * scaled * scaled
    }
    return largest * sum.squareRoot()
  }
}

extension NeuronGrid {
  /// The edges of a bin; one that holds what lies beyond a window reaches to infinity.
  func edges(ofBin bin: Int) -> (low: Double, high: Double) {
    func edge(_ number: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: Double(origin + number)) }
    return (hasTails && bin == 0 ? -.infinity : edge(bin), hasTails && bin == 255 ? .infinity : edge(bin + 1))
  }
}
