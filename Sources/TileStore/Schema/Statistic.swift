/// The exact figures of a neuron in a group, in the order of `Tiles/FORMAT.md` §5. New ones come last: a static site's files of figures
/// follow this order, and those of an older store end before them.
public enum Statistic: String, Sendable, CaseIterable {
  case count, zeros, nan, infinite, minimum, maximum, mean, deviation, median
  case lowerQuartile = "lower_quartile"
  case upperQuartile = "upper_quartile"

  public enum Kind: Sendable {
    /// A number of values.
    case count
    /// A value of the neuron, or between two: as exact as the layer's own type asks for.
    case value
    /// From sums in double precision.
    case moment
  }

  public var kind: Kind {
    switch self {
    case .count, .zeros, .nan, .infinite: .count
    case .minimum, .maximum, .median, .lowerQuartile, .upperQuartile: .value
    case .mean, .deviation: .moment
    }
  }

  /// The format version from which on every store has it.
  public var since: Int { 1 }
}

extension Statistic.Kind {
  /// Types that a store may hold it in.
  var types: [DataType] {
    switch self {
    case .count: [.uint32]
    case .value: [.float32, .float64]
    case .moment: [.float64]
    }
  }
}
