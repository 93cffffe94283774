/// Which grid the bins of a histogram lie on.
public enum BinAxis: String, Sendable, CaseIterable {
  /// The layer's common axis.
  case shared
  /// Each neuron's own grid.
  case own
}

/// How many bins a histogram has. 64 and 16 are sums of neighbours of 256.
public enum BinCount: Int, Sendable, CaseIterable {
  case full = 256
  case quarter = 64
  case sixteenth = 16
}
