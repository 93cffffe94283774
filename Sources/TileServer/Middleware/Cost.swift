import TileStore

/// What building an answer takes, in units of about a millisecond of one core: what a client is charged, and what its
/// share of the build threads is reckoned in.
struct Cost: Hashable, Sendable {
  /// What any request costs, whatever it is answered with.
  static let request = 1.0
  /// What is more than this is heavy work.
  static let lightMax = 10.0

  private(set) var units: Double

  /// An answer that must be built, with nothing large to be made for it.
  static let least = Cost(units: 5)

  var weight: BuildLanes.Weight { units > Self.lightMax ? .heavy : .light }

  static func + (one: Cost, other: Cost) -> Cost { Cost(units: one.units + other.units) }
  static func += (one: inout Cost, other: Cost) { one = one + other }
}

extension Cost {
  private static let quarterMillion = Double(1 << 18)

  private static func perQuarterMillion(_ units: Double, _ count: Int) -> Cost {
    Cost(units: units * Double(count) / quarterMillion)
  }

  /// Decoding a plane of 256 bins, or one pass over it in the store.
  static func plane(neurons: Int) -> Cost { perQuarterMillion(50, neurons) }
  /// The zoomed-out tiles of a plane that is in memory.
  static func pyramid(neurons: Int) -> Cost { perQuarterMillion(20, neurons) }
  /// A tile added up from its neurons' rows, decoded one by one where they are not in memory.
  static func gathering(neurons: Int, inMemory: Bool) -> Cost { perQuarterMillion(inMemory ? 30 : 300, neurons) }
  /// A new ordering.
  static func ordering(neurons: Int) -> Cost { perQuarterMillion(25, neurons) }
  /// One group in a layer's summary.
  static func summary(neurons: Int) -> Cost { perQuarterMillion(12, neurons) }
  /// Values of instances, so many in all.
  static func values(_ count: Int) -> Cost { perQuarterMillion(1, count) }
  /// The figures of one neuron in so many groups.
  static func figures(groups: Int) -> Cost { Cost(units: 0.1 * Double(groups)) }
}
