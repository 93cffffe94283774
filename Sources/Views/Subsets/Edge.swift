import Expressions

/// A comparison of a neuron's activation with a number, as its codes can tell it: at an edge of the neuron's own grid.
///
/// A number inside a bin is moved to the nearest edge, upwards from the middle. At an edge, `>` and `<=` become `>=` and `<`. Zeros are known
/// for themselves, so that comparisons with 0 are exact, unless 0 lies among the values beyond a window.
struct Edge {
  /// As it was asked.
  private(set) var number: Double
  /// What it was moved to; `nil`: the comparison is what was asked.
  private(set) var moved: Double?
  /// As it is taken.
  private(set) var comparison: RowExpression.Comparison
  private var rule: Rule

  private enum Rule {
    case always, never
    case from(Int)
    case below(Int)
  }

  /// - Parameter extremes: the neuron's smallest and largest finite value.
  init(
    _ asked: RowExpression.Comparison, _ number: Double, on grid: NeuronGrid,
    extremes: (least: Double, greatest: Double)
  ) {
    self.number = number
    let isBelow = asked == .less || asked == .lessOrEqual
    comparison = asked == .equal || asked == .unequal ? asked : isBelow ? .less : .greaterOrEqual
    // Of values other than 0 these tell nothing but that.
    guard number.isFinite, comparison != .equal, comparison != .unequal else {
      rule = asked.holds(number.isFinite ? .infinity : 0, number) ? .always : .never
      return
    }
    let scaled = Double(sign: .plus, exponent: -grid.exponent, significand: number)
    let bin = scaled.rounded(.down)
    let rest = scaled - bin
    let isAtEdge = rest == 0 && (scaled != 0 || number == 0)
    let place = bin - Double(grid.origin)
    let edges = grid.hasTails ? 1...255 : 0...256
    let nearest = place + (rest >= 0.5 ? 1 : 0)
    let edge = Int(min(max(nearest, Double(edges.lowerBound)), Double(edges.upperBound)))
    rule = isBelow ? .below(edge) : .from(edge)
    let isKnown: Bool
    if number == 0 {
      let isOneSided = extremes.least > 0 || extremes.greatest < 0
      isKnown = Double(edge) == nearest || !grid.hasTails
      if !isKnown, isOneSided {
        // All values lie on one side of 0, those beyond the window as well.
        self = Edge(number, comparison, holds: (extremes.least > 0) != isBelow)
        return
      }
    } else {
      let isBeyond = !grid.hasTails && (place < 0 || place >= 256)
      isKnown = isBeyond || isAtEdge && asked == comparison && Double(edge) == nearest
    }
    if !isKnown {
      moved = Double(sign: .plus, exponent: grid.exponent, significand: Double(grid.origin + edge))
    }
  }

  private init(_ number: Double, _ comparison: RowExpression.Comparison, holds: Bool) {
    self.number = number
    self.comparison = comparison
    rule = holds ? .always : .never
  }

  /// Whether it holds for the ordinary numbers of a bin.
  func holds(bin: Int) -> Bool {
    switch rule {
    case .always: true
    case .never: false
    case .from(let edge): bin >= edge
    case .below(let edge): bin < edge
    }
  }
}
