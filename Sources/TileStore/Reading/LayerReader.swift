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

/// The exact figures of a neuron in a group, `FORMAT.md` §5.
public enum Statistic: String, Sendable, CaseIterable {
  case count, zeros, nan, infinite, minimum, maximum, mean, deviation, median
  case lowerQuartile = "lower_quartile"
  case upperQuartile = "upper_quartile"

  /// Types a store may hold it in.
  var dataTypes: [DataType] {
    switch self {
    case .count, .zeros, .nan, .infinite: [.uint32]
    case .mean, .deviation: [.float64]
    default: [.float32, .float64]
    }
  }
}

/// The arrays of one layer.
public struct LayerReader: Sendable {
  public let layer: Layer
  private let countsByAxis: [BinAxis: [BinCount: ArrayReader]]
  private let statistics: [Statistic: ArrayReader]
  /// `[neuron]` int16.
  public let exponent: ArrayReader
  /// `[neuron]` int64.
  public let origin: ArrayReader
  /// `[neuron]` uint8.
  public let tails: ArrayReader
  /// `[group, neuron]` uint32.
  public let medianOrder: ArrayReader
  /// `[instance, neuron]` uint32, where there are instances.
  public let valueOrder: ArrayReader?
  /// `[instance, neuron]` float32, where there are instances.
  public let values: ArrayReader?

  /// Opens every array of the layer and checks its shape and type.
  ///
  /// - Parameter open: opens the array at a path.
  /// - Throws: `StoreError` of kind `corrupt` where an array is missing or is not what `FORMAT.md` §2 says.
  init(
    _ layer: Layer, groups: Int, instances: Int, open: (String) throws(StoreError) -> ArrayReader
  ) throws(StoreError) {
    let neurons = layer.neurons
    func array(_ name: String, _ shape: [Int], _ types: [DataType]) throws(StoreError) -> ArrayReader {
      let path = "layers/\(layer.id)/\(name)"
      let array = try open(path)
      guard array.metadata.shape == shape, types.contains(array.metadata.dataType) else {
        throw .corrupt("\(path)/zarr.json", "expected shape \(shape), of \(types.map(\.rawValue))")
      }
      return array
    }

    var countsByAxis: [BinAxis: [BinCount: ArrayReader]] = [:]
    for axis in BinAxis.allCases {
      for bins in BinCount.allCases {
        countsByAxis[axis, default: [:]][bins] = try array(
          "\(axis.rawValue)/\(bins.rawValue)", [groups, neurons, bins.rawValue], [.uint8, .uint16, .uint32])
      }
    }
    var statistics: [Statistic: ArrayReader] = [:]
    for statistic in Statistic.allCases {
      statistics[statistic] = try array(
        "statistics/\(statistic.rawValue)", [groups, neurons], statistic.dataTypes)
    }
    self.layer = layer
    self.countsByAxis = countsByAxis
    self.statistics = statistics
    exponent = try array("grid/exponent", [neurons], [.int16])
    origin = try array("grid/origin", [neurons], [.int64])
    tails = try array("grid/tails", [neurons], [.uint8])
    medianOrder = try array("orderings/median", [groups, neurons], [.uint32])
    let some = instances > 0
    valueOrder = some ? try array("orderings/value", [instances, neurons], [.uint32]) : nil
    values = some ? try array("values", [instances, neurons], [.float32]) : nil
  }

  /// `[group, neuron, bin]`.
  public func counts(_ axis: BinAxis, _ bins: BinCount) -> ArrayReader {
    guard let array = countsByAxis[axis]?[bins] else { preconditionFailure("opened in init") }
    return array
  }

  /// `[group, neuron]`.
  public func statistic(_ statistic: Statistic) -> ArrayReader {
    guard let array = statistics[statistic] else { preconditionFailure("opened in init") }
    return array
  }

  /// All arrays, in a fixed order.
  public var arrays: [ArrayReader] {
    BinAxis.allCases.flatMap { axis in BinCount.allCases.map { counts(axis, $0) } }
      + Statistic.allCases.map(statistic) + [exponent, origin, tails, medianOrder]
      + [valueOrder, values].compactMap(\.self)
  }
}
