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
