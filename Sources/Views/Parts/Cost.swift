/// What building an answer takes, in units of about a millisecond of one core: what a client is charged, and what its
/// share of the build threads is reckoned in.
package struct Cost: Hashable, Sendable {
  /// What any request costs, whatever it is answered with.
  package static let request = 1.0
  package private(set) var units: Double

  /// An answer that must be built, with nothing large to be made for it.
  package static let least = Cost(units: 5)

  package static func + (one: Cost, other: Cost) -> Cost { Cost(units: one.units + other.units) }
  package static func += (one: inout Cost, other: Cost) { one = one + other }
}

extension Cost {
  private static let quarterMillion = Double(1 << 18)

  private static func perQuarterMillion(_ units: Double, _ count: Int) -> Cost {
    Cost(units: units * Double(count) / quarterMillion)
  }

  /// Decoding a plane of 256 bins, or one pass over it in the store.
  static func plane(neurons: Int) -> Cost { perQuarterMillion(50, neurons) }
  /// The zoomed-out tiles of a plane that is in memory.
  static func pyramid(neurons: Int, isWindow: Bool) -> Cost { perQuarterMillion(isWindow ? 45 : 20, neurons) }
  /// A tile added up from its neurons' rows, decoded one by one where they are not in memory.
  static func gathering(neurons: Int, inMemory: Bool) -> Cost { perQuarterMillion(inMemory ? 30 : 300, neurons) }
  /// A new ordering.
  static func ordering(neurons: Int) -> Cost { perQuarterMillion(10, neurons) }
  /// One group in a layer's summary.
  static func summary(neurons: Int) -> Cost { perQuarterMillion(20, neurons) }
  /// Evaluating a group of the moment: a pass over the rows for each comparison.
  static func evaluating(rows: Int, comparisons: Int) -> Cost { perQuarterMillion(3, rows * comparisons) }
  /// Counting so many neurons from the codes of all rows, at most.
  static func counting(neurons: Int, rows: Int) -> Cost { Cost(units: Double(neurons) * Double(rows) / 2_500_000) }
  /// All figures of two groups in so many neurons.
  static func comparing(neurons: Int) -> Cost { perQuarterMillion(1000, neurons) }
  /// The figures of two groups that neurons are ordered by.
  static func telling(neurons: Int) -> Cost { perQuarterMillion(50, neurons) }
  /// So many rows of a table.
  static func writing(rows: Int) -> Cost { Cost(units: Double(rows) / 500) }
  /// Values of instances, so many in all.
  static func values(_ count: Int) -> Cost { perQuarterMillion(1, count) }
  /// The catalogue of so many data sets.
  package static func catalogue(datasets: Int) -> Cost { Cost(units: 5 + 0.02 * Double(datasets)) }
  /// The figures of one neuron in so many groups, and so many of its values.
  package static func figures(groups: Int, instances: Int) -> Cost {
    Cost(units: 0.25 * Double(groups) + 0.15 * Double(instances))
  }
}
