/// Where a quantile of `count` sorted values lies: between the values of two neighbouring ranks.
public struct QuantilePosition: Sendable, Equatable {
  /// Ranks from 0.
  public var lower: Int
  public var upper: Int
  /// 0 at the lower rank, 1 at the upper one.
  public var fraction: Double
  /// Whether it is the middle: NumPy takes the mean there, and elsewhere interpolates, which may round otherwise.
  public var isMedian: Bool

  /// The position that `numpy.percentile(…, method="linear")` takes, with `numerator/4` as the quantile.
  /// - Precondition: `count > 0` and `0 ... 4 ~= numerator`.
  public init(quarters numerator: Int, count: Int) {
    isMedian = numerator == 2
    let scaled = (count - 1) * numerator
    lower = scaled / 4
    fraction = Double(scaled % 4) / 4
    upper = fraction == 0 ? lower : lower + 1
  }

  /// The quantile, given the values of both ranks; taken in `Double` and rounded once.
  public func interpolate<Value: ActivationValue>(_ low: Value, _ high: Value) -> Value {
    if low == high { return low }
    if isMedian, fraction == 0.5 {
      let sum = Double(low) + Double(high)
      return Value(sum.isFinite ? sum / 2 : Double(low) / 2 + Double(high) / 2)
    }
    let difference = Double(high) - Double(low)
    // Both forms of NumPy's linear interpolation, each exact at its own end.
    return Value(
      fraction < 0.5
        ? Double(low) + difference * fraction : Double(high) - difference * (1 - fraction))
  }
}

/// The three quartiles of a group; NaN without finite values.
public struct Quartiles<Value: ActivationValue>: Sendable {
  public var lower = Value.nan
  public var median = Value.nan
  public var upper = Value.nan

  public init() {}

  init(lower: Value, median: Value, upper: Value) {
    self.lower = lower
    self.median = median
    self.upper = upper
  }
}
