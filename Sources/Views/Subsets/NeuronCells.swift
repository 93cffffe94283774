import CKernels
import Distributions
import TileStore

/// Between which numbers a neuron's values of a group lie, of which the bins are known: exact zeros are told from the rest of theirs.
struct NeuronCells {
  /// Values that lie between the same two numbers.
  struct Cell {
    var low: Double
    var high: Double
    var count: Int

    var bounds: Bounds { (low, high) }
  }

  typealias Bounds = (low: Double, high: Double)

  private let zeros: Int
  private let edges: BinEdges
  private let binOfZero: Int
  private let extremes: Bounds
  private let isSingle: Bool

  /// - Parameters:
  ///   - zeros: of the group.
  ///   - extremes: the neuron's smallest and largest finite value in any row: no value lies beyond.
  ///   - isSingle: whether values are kept in float32, to which figures are then rounded.
  init(zeros: Int, on grid: NeuronGrid, extremes: (least: Double, greatest: Double), isSingle: Bool) {
    self.zeros = zeros
    edges = BinEdges(grid)
    binOfZero = -grid.origin
    self.extremes = (extremes.least, extremes.greatest)
    self.isSingle = isSingle
  }

  /// The cells of a bin, in ascending order: the exact zeros have one of their own, just below the rest.
  func cells(ofBin bin: Int, holding count: Int) -> (zeros: Cell?, rest: Cell?) {
    let isOfZero = bin == binOfZero && zeros > 0
    let rest = count - (isOfZero ? zeros : 0)
    let (low, high) = edges[bin]
    return (
      isOfZero ? Cell(low: 0, high: 0, count: zeros) : nil,
      rest > 0 ? Cell(low: max(low, extremes.low), high: min(high, extremes.high), count: rest) : nil
    )
  }

  /// The cell of a value.
  /// - Parameter held: the bin that holds it.
  func cell(ofRank rank: Int, in held: HeldBin) -> Cell {
    let (zeros, rest) = cells(ofBin: held.bin, holding: held.count)
    if let zeros, rank < held.below + zeros.count || rest == nil { return zeros }
    guard let rest else { preconditionFailure("a bin that holds a rank has values") }
    return rest
  }

  /// - Parameter bin: finds the bin that holds a rank.
  func quantile<Failure: Error>(
    _ position: QuantilePosition, _ bin: (_ rank: Int) throws(Failure) -> HeldBin
  ) throws(Failure) -> Bounds {
    let a = cell(ofRank: position.lower, in: try bin(position.lower))
    let b = position.upper == position.lower ? a : cell(ofRank: position.upper, in: try bin(position.upper))
    func between(_ low: Double, _ high: Double) -> Double {
      isSingle ? Double(position.interpolate(Float(low), Float(high))) : position.interpolate(low, high)
    }
    return (between(a.low, b.low), between(a.high, b.high))
  }
}

extension NeuronCells {
  /// The same for the kernels.
  /// - Parameters:
  ///   - counts: `[bin]`, 256 of them.
  ///   - count: their sum; not 0.
  func withBins<Result>(
    _ counts: UnsafeBufferPointer<UInt32>, _ count: Int, _ body: (UnsafePointer<nd_held_bins>) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: DyadicGrid.binCount + 1) { edges in
      self.edges.fill(edges)
      var bins = nd_held_bins(
        counts: counts.baseAddress, edges: edges.baseAddress,
        zero_bin: counts.indices.contains(binOfZero) ? Int32(binOfZero) : -1, zeros: UInt32(clamping: zeros),
        least: extremes.low, greatest: extremes.high, count: Double(count))
      return body(&bins)
    }
  }
}

/// The edges of the bins of a grid; one that holds what lies beyond a window reaches to infinity.
struct BinEdges {
  private let grid: NeuronGrid
  /// Width of a bin, where it is a normal number: a whole number times it is then exact, or infinite as it should be.
  private let width: Double?

  init(_ grid: NeuronGrid) {
    self.grid = grid
    width =
      (-1022...1023).contains(grid.exponent) ? Double(sign: .plus, exponent: grid.exponent, significand: 1) : nil
  }

  private func edge(_ bin: Int) -> Double {
    let number = Double(grid.origin + bin)
    return width.map { number * $0 } ?? Double(sign: .plus, exponent: grid.exponent, significand: number)
  }

  /// Where all bins begin, and the last one ends.
  fileprivate func fill(_ edges: UnsafeMutableBufferPointer<Double>) {
    if let width {
      nd_grid_edges(edges.baseAddress, Int64(grid.origin), width)
    } else {
      for bin in edges.indices { edges[bin] = edge(bin) }
    }
    if grid.hasTails { (edges[0], edges[edges.count - 1]) = (-.infinity, .infinity) }
  }

  subscript(bin: Int) -> (low: Double, high: Double) {
    (grid.hasTails && bin == 0 ? -.infinity : edge(bin), grid.hasTails && bin == 255 ? .infinity : edge(bin + 1))
  }
}

extension NeuronGrid {
  /// The edges of a bin; one that holds what lies beyond a window reaches to infinity.
  func edges(ofBin bin: Int) -> (low: Double, high: Double) { BinEdges(self)[bin] }
}
