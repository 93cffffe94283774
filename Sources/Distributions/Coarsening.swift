/// Adds neighbours: `sums[j]` is the sum of `counts[j·factor ..< (j+1)·factor]`.
/// - Precondition: `counts.count == sums.count · factor`.
public func coarsen<Count: FixedWidthInteger>(
  _ counts: UnsafeBufferPointer<Count>, into sums: UnsafeMutableBufferPointer<Count>
) {
  let factor = counts.count / sums.count
  precondition(counts.count == sums.count * factor)
  for index in sums.indices {
    var sum: Count = 0
    for place in index * factor..<(index + 1) * factor { sum &+= counts[place] }
    sums[index] = sum
  }
}

/// Adds the 256 counts of a neuron on its own grid to their places on the shared axis.
public func spread<Count: FixedWidthInteger>(
  _ counts: UnsafeBufferPointer<Count>, on own: DyadicGrid, to shared: DyadicGrid,
  into sums: UnsafeMutableBufferPointer<Count>
) {
  sums.update(repeating: 0)
  for index in counts.indices where counts[index] != 0 {
    sums[shared.index(ofBin: index, of: own)] &+= counts[index]
  }
}
