import CKernels

/// What tells two groups of a neuron's values apart, and how wrong it may be at most. `Tiles/FORMAT.md` §6 defines each figure.
///
/// Computed from counts alone: where values lie inside their bin is not known, and the bounds say what that can make of it. They hold the
/// rounding of this arithmetic, too. Without values of one of the groups, all but the numbers of values are NaN.
public struct PairFigures: Sendable, Equatable {
  /// Finite values of each group.
  public var countFirst = 0
  public var countSecond = 0
  /// P(a < b) + P(a = b) / 2: above 1/2, the second group is larger.
  public var auroc = Double.nan
  public var aurocBound = Double.nan
  /// In the unit of the activations. Of a neuron with values in tails it is what lies between them, and the bound is infinite.
  public var wasserstein = Double.nan
  public var wassersteinBound = Double.nan
  public var kolmogorovSmirnov = Double.nan
  /// The true one is at most so much larger; it is never smaller.
  public var kolmogorovSmirnovBound = Double.nan
  /// In bits, of the cells.
  public var jensenShannon = Double.nan
  /// Of the rank-sum test on the cells, two-sided, ties corrected, by the normal distribution.
  public var p = Double.nan

  public init(_ pair: PairCells) {
    for cell in pair.cells {
      countFirst += Int(cell.first)
      countSecond += Int(cell.second)
    }
    guard countFirst > 0, countSecond > 0 else { return }
    var sums = Sums()
    let (all, other) = (Double(countFirst), Double(countSecond))
    // Of the cumulative shares, times both numbers of values: a whole number, so that equal figures are equal to the bit.
    var (first, difference) = (0, 0.0)
    for cell in pair.cells {
      let left = difference
      sums.pairs += UInt128(cell.second) * UInt128(2 * first + Int(cell.first))
      first += Int(cell.first)
      difference += Double(cell.first) * other - Double(cell.second) * all
      sums.add(cell, left: left, right: difference, first: all, second: other)
    }
    take(sums, exponent: pair.exponent)
  }

  private struct Sums {
    /// Pairs in which the second is larger, twice, and those that are equal.
    var pairs: UInt128 = 0
    var ties = 0.0
    /// Twice, and times both numbers of values.
    var area = 0.0
    var areaBound = 0.0
    var equal = 0.0
    /// Times both numbers of values.
    var distance = 0.0
    var farthest = 0.0
    var bits = 0.0

    /// - Parameters:
    ///   - left: difference of the cumulative shares at the cell's left edge, times both numbers of values; `right` at its right one.
    ///   - first: values of the first group; `second` of the second.
    mutating func add(_ cell: PairCells.Cell, left: Double, right: Double, first: Double, second: Double) {
      let (p, q) = (Double(cell.first) / first, Double(cell.second) / second)
      area += 2 * Double(cell.gap) * abs(left)
      distance = max(distance, abs(right))
      let tied = Double(cell.first) + Double(cell.second)
      ties += tied * tied * tied - tied
      if p > 0 { bits += p / 2 * nd_log2(2 * p / (p + q)) }
      if q > 0 { bits += q / 2 * nd_log2(2 * q / (p + q)) }
      guard cell.extent != .point else { return }
      equal += p * q / 2
      let (before, after) = (left / (first * second), right / (first * second))
      farthest = max(farthest, min(before + p, after + q), -max(before - q, after - p))
      if cell.extent == .tail {
        areaBound = .infinity
      } else {
        area += abs(left) + abs(right)
        areaBound += (p + q) / 2
      }
    }
  }

  /// What sums of so many cells of shares can be off by.
  private static let rounding = 1e-13

  private mutating func take(_ sums: Sums, exponent: Int) {
    let (n, m) = (Double(countFirst), Double(countSecond))
    auroc = Double(sums.pairs) / (2 * n * m)
    aurocBound = sums.equal + Self.rounding
    let area = sums.area / (2 * n * m)
    wasserstein = Double(sign: .plus, exponent: exponent, significand: area)
    wassersteinBound = Double(
      sign: .plus, exponent: exponent, significand: sums.areaBound + Self.rounding * (1 + area))
    kolmogorovSmirnov = sums.distance / (n * m)
    kolmogorovSmirnovBound = max(0, sums.farthest - kolmogorovSmirnov) + Self.rounding
    jensenShannon = min(max(sums.bits, 0), 1)
    let all = n + m
    let variance = n * m / 12 * (all + 1 - sums.ties / (all * (all - 1)))
    let away = auroc * n * m - n * m / 2
    p = variance > 0 ? nd_normal_tails(away / variance.squareRoot()) : 1
  }
}

extension PairFigures {
  /// The difference of the means in units of the groups' common deviation; 0 where both are constant.
  public static func cohensD(means: (Double, Double), deviations: (Double, Double)) -> Double {
    let spread = ((deviations.0 * deviations.0 + deviations.1 * deviations.1) / 2).squareRoot()
    return spread == 0 ? (means.0.isNaN || means.1.isNaN ? .nan : 0) : (means.1 - means.0) / spread
  }

  /// The standard deviation of the AUROC of so many values each that do not differ.
  public static func nullDeviation(_ first: Int, _ second: Int) -> Double {
    let (n, m) = (Double(first), Double(second))
    return ((n + m + 1) / (12 * n * m)).squareRoot()
  }

  /// How many standard deviations the farthest of so many independent figures lies from their mean, about: half of them would do so by
  /// chance.
  public static func farthestDeviations(of count: Int) -> Double {
    let beyond = 1 - nd_even_share(Double(max(count, 1)))
    // The tails become smaller: the place where they are `beyond` lies between these.
    var (low, high) = (0.0, 40.0)
    while high - low > 1e-6 {
      let middle = (low + high) / 2
      if nd_normal_tails(middle) > beyond { low = middle } else { high = middle }
    }
    return low
  }
}

/// The smallest rate of false discoveries at which each hypothesis is rejected (Benjamini and Hochberg 1995); NaN where there is no p.
public func falseDiscoveryRates(_ p: [Double]) -> [Double] {
  let order = p.indices.filter { !p[$0].isNaN }.sorted { p[$0] < p[$1] }
  var rates = [Double](repeating: .nan, count: p.count)
  var least = 1.0
  for (rank, index) in order.enumerated().reversed() {
    least = min(least, p[index] * Double(order.count) / Double(rank + 1))
    rates[index] = least
  }
  return rates
}
