import Distributions
import TileStore

/// What is known of a neuron's values in a group of which only the bins are known: each figure lies between two bounds.
struct CellBounds {
  /// Values that lie between the same two numbers.
  struct Cell {
    var low: Double
    var high: Double
    var count: Int

    var bounds: Bounds { (low, high) }
  }

  /// `[bin]`.
  private let counts: UnsafeBufferPointer<UInt32>
  private let zeros: Int
  private let grid: NeuronGrid
  private let extremes: (least: Double, greatest: Double)
  private let count: Int
  private let isSingle: Bool

  /// - Parameters:
  ///   - counts: `[bin]`, 256 of them, which must be there as long as bounds are asked for.
  ///   - extremes: the neuron's smallest and largest finite value in any row: no value lies beyond.
  ///   - isSingle: whether values are kept in float32, to which figures are then rounded.
  init(
    _ counts: UnsafeBufferPointer<UInt32>, zeros: Int, on grid: NeuronGrid, extremes: (least: Double, greatest: Double),
    isSingle: Bool
  ) {
    self.counts = counts
    self.zeros = zeros
    self.grid = grid
    self.extremes = extremes
    self.isSingle = isSingle
    count = counts.reduce(0) { $0 + Int($1) }
  }

  /// The cells of a bin, in ascending order: the exact zeros have one of their own, just below the rest.
  private func cells(ofBin bin: Int) -> (zeros: Cell?, rest: Cell?) {
    let isOfZero = bin == -grid.origin && zeros > 0
    let rest = Int(counts[bin]) - (isOfZero ? zeros : 0)
    let (low, high) = grid.edges(ofBin: bin)
    return (
      isOfZero ? Cell(low: 0, high: 0, count: zeros) : nil,
      rest > 0 ? Cell(low: max(low, extremes.least), high: min(high, extremes.greatest), count: rest) : nil
    )
  }

  /// Those that hold values, in ascending order.
  private var cells: [Cell] {
    counts.indices.filter { counts[$0] > 0 }.flatMap { bin in
      let (zeros, rest) = cells(ofBin: bin)
      return [zeros, rest].compactMap(\.self)
    }
  }

  typealias Bounds = (low: Double, high: Double)
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
    let position = QuantilePosition(quarters: quarters, count: count)
    let (a, b) = (cell(ofRank: position.lower), cell(ofRank: position.upper))
    func between(_ low: Double, _ high: Double) -> Double {
      isSingle ? Double(position.interpolate(Float(low), Float(high))) : position.interpolate(low, high)
    }
    return (between(a.low, b.low), between(a.high, b.high))
  }

  private func cell(ofRank rank: Int) -> Cell {
    var (bin, below) = (0, 0)
    while below + Int(counts[bin]) <= rank {
      below += Int(counts[bin])
      bin += 1
    }
    let (zeros, rest) = cells(ofBin: bin)
    if let zeros, rank < below + zeros.count || rest == nil { return zeros }
    guard let rest else { preconditionFailure("a bin that holds a rank has values") }
    return rest
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
    let cells = cells
    var (low, high) = (cells[0].low, cells[cells.count - 1].high)
    guard low.isFinite, high.isFinite, high - low < .infinity else { return (0, .infinity) }
    let slack = Self.deviationRounding * max(abs(low), abs(high))
    for _ in 0..<60 {
      let centre = low + (high - low) / 2
      // The slope of the sum of squares of the nearest distances, which is convex.
      let slope = cells.reduce(0) { $0 + Double($1.count) * (centre - min(max(centre, $1.low), $1.high)) }
      if slope > 0 { high = centre } else { low = centre }
    }
    let nearest = spread(cells, low) { cell in min(max(low, cell.low), cell.high) - low }
    let bounds = mean
    let centre = bounds.low + (bounds.high - bounds.low) / 2
    let farthest = spread(cells, centre) { cell in max(abs(cell.low - centre), abs(cell.high - centre)) }
    return (max(0, nearest - slack), farthest + slack)
  }

  private func spread(_ cells: [Cell], _ centre: Double, _ distance: (Cell) -> Double) -> Double {
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
