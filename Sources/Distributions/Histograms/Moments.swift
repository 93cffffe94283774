/// Count, mean and sum of squared deviations of a set of values, which merge exactly in count and stably in the rest.
///
/// Source: Chan, Golub and LeVeque, *Updating formulae and a pairwise algorithm for computing sample variances* (1979).
public struct Moments: Sendable, Equatable {
  public var count: UInt32 = 0
  public var mean: Double = 0
  public var squaredDeviations: Double = 0

  public init() {}

  /// From plain sums of values and of their squares.
  public init(count: UInt32, sum: Double, squares: Double) {
    guard count > 0 else { return }
    self.count = count
    mean = sum / Double(count)
    squaredDeviations = squares.isFinite ? max(0, squares - sum * mean) : .infinity
  }

  /// Adds the values of `other` behind those of `self`.
  public mutating func merge(_ other: Moments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let total = Double(count) + Double(other.count)
    let difference = other.mean - mean
    let share = Double(other.count) / total
    guard difference.isFinite else {
      // Values near the end of the type, whose sums are beyond it: then mean and deviation are too, as in NumPy.
      mean = mean * (1 - share) + other.mean * share
      squaredDeviations = .infinity
      count += other.count
      return
    }
    squaredDeviations += other.squaredDeviations + difference * difference * Double(count) * share
    mean += difference * share
    count += other.count
  }

  /// Standard deviation of the population; NaN without values.
  public var deviation: Double {
    count > 0 ? (squaredDeviations / Double(count)).squareRoot() : .nan
  }
}
