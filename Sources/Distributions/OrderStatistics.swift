/// Where a quantile of `count` sorted values lies: between the values of two neighbouring ranks.
public struct QuantilePosition: Sendable, Equatable {
  /// Ranks from 0.
  public var lower: Int
  public var upper: Int
  /// 0 at the lower rank, 1 at the upper one.
  public var fraction: Double

  /// The position that `numpy.percentile(…, method="linear")` takes, with `numerator/4` as the quantile.
  /// - Precondition: `count > 0` and `0 ... 4 ~= numerator`.
  public init(quarters numerator: Int, count: Int) {
    let scaled = (count - 1) * numerator
    lower = scaled / 4
    fraction = Double(scaled % 4) / 4
    upper = fraction == 0 ? lower : lower + 1
  }

  /// The quantile, given the values of both ranks; taken in `Double` and rounded once.
  public func interpolate<Value: ActivationValue>(_ low: Value, _ high: Value) -> Value {
    if low == high { return low }
    if fraction == 0.5 {
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

/// Moves the value of `rank` to its place in sorted order, with no larger one before it and no smaller one behind it, and returns it.
///
/// Expected time is linear in the number of values (quickselect with a median of three). Values must not be NaN.
/// - Precondition: `values.indices.contains(rank)`.
@discardableResult
public func select<Value: Comparable>(_ values: UnsafeMutableBufferPointer<Value>, rank: Int) -> Value {
  precondition(values.indices.contains(rank))
  var first = 0
  var last = values.count - 1
  while last > first {
    let middle = first + (last - first) / 2
    if values[middle] < values[first] { values.swapAt(middle, first) }
    if values[last] < values[first] { values.swapAt(last, first) }
    if values[last] < values[middle] { values.swapAt(last, middle) }
    let pivot = values[middle]
    var left = first
    var right = last
    while left <= right {
      while values[left] < pivot { left += 1 }
      while pivot < values[right] { right -= 1 }
      if left <= right {
        values.swapAt(left, right)
        left += 1
        right -= 1
      }
    }
    if rank <= right {
      last = right
    } else if rank >= left {
      first = left
    } else {
      break
    }
  }
  return values[rank]
}
