/// The codes of a neuron on a window of outliers, made of its values where its codes cannot be: a window is finer than the grid before.
///
/// Values come by cell, in row order; which samples they are follows from the record of the stretch.
public struct WindowCodes<Value: ActivationValue> {
  private let column: Int
  private let origin: Int64
  private let scale: (Double, Double)
  private let edges: (Double, Double)
  private let values: (_ cell: Int) -> UnsafeBufferPointer<Value>
  private var cursors: [Int]

  /// - Parameters:
  ///   - refinement: still has all values of the neuron other than 0, for it has opened the window.
  public init(_ neuron: Int, of refinement: RankRefinement<Value>) {
    let band = refinement.band
    let grid = band.grid(neuron)
    column = neuron % tileColumns
    origin = grid.origin
    scale = powersOfTwo(grid.exponent, Double.self)
    edges = (Double(grid.origin), Double(grid.origin + Int64(DyadicGrid.binCount) - 1))
    values = { UnsafeBufferPointer(refinement.candidates(neuron, cell: $0)) }
    cursors = Array(repeating: 0, count: band.cells)
  }

  /// Takes the codes of a stretch, in row order.
  /// - Parameters:
  ///   - codes: low bytes, `[sample, column]`, and `apart` bits, `[sample]`, as a record has them.
  ///   - cells: of each sample.
  ///   - result: takes the codes, `[sample]`.
  /// - Returns: whether there was a value for each sample.
  public mutating func take(
    codes: UnsafePointer<UInt8>, apart: UnsafePointer<UInt64>, samples: Int, cells: (_ sample: Int) -> Int,
    into result: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    for sample in 0..<samples {
      if apart[sample] >> UInt64(column) & 1 == 1 {
        result[sample] = UInt8(truncatingIfNeeded: Int64(codes[sample * tileColumns + column]) &- origin)
        continue
      }
      let cell = cells(sample)
      guard cell < cursors.count, cursors[cell] < values(cell).count else { return false }
      let value = values(cell)[cursors[cell]]
      cursors[cell] += 1
      // As `BandCounters.recount` counts it.
      var bin = (Double(value) * scale.0 * scale.1).rounded(.down)
      if value < 0, bin == 0 { bin = -1 }
      result[sample] = UInt8(truncatingIfNeeded: Int64(min(max(bin, edges.0), edges.1)) &- origin)
    }
    return true
  }

  /// Whether every value has been taken.
  public var isComplete: Bool { cursors.indices.allSatisfy { cursors[$0] == values($0).count } }
}
