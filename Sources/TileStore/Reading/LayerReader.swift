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
    func array(_ name: String, _ types: [DataType], _ cut: (DataType) -> ArrayMetadata) throws(StoreError)
      -> ArrayReader
    {
      let path = "layers/\(layer.id)/\(name)"
      let array = try open(path)
      let type = array.metadata.dataType
      guard types.contains(type) else { throw .corrupt("\(path)/zarr.json", "expected \(types.map(\.rawValue))") }
      let expected = cut(type)
      guard array.metadata.isCut(as: expected) else {
        throw .corrupt("\(path)/zarr.json", "expected shape \(expected.shape), cut as the format says")
      }
      return array
    }
    func figures(_ name: String, _ rows: Int, _ types: [DataType]) throws(StoreError) -> ArrayReader {
      try array(name, types) { .figures(rows: rows, neurons: neurons, dataType: $0) }
    }
    func perNeuron(_ name: String, _ type: DataType) throws(StoreError) -> ArrayReader {
      try array(name, [type]) { .perNeuron(neurons, dataType: $0) }
    }

    var countsByAxis: [BinAxis: [BinCount: ArrayReader]] = [:]
    for axis in BinAxis.allCases {
      for bins in BinCount.allCases {
        countsByAxis[axis, default: [:]][bins] = try array(
          "\(axis.rawValue)/\(bins.rawValue)", [.uint8, .uint16, .uint32]
        ) { .counts(groups: groups, neurons: neurons, bins: bins.rawValue, dataType: $0) }
      }
    }
    var statistics: [Statistic: ArrayReader] = [:]
    for statistic in Statistic.allCases {
      statistics[statistic] = try figures("statistics/\(statistic.rawValue)", groups, statistic.dataTypes)
    }
    self.layer = layer
    self.countsByAxis = countsByAxis
    self.statistics = statistics
    exponent = try perNeuron("grid/exponent", .int16)
    origin = try perNeuron("grid/origin", .int64)
    tails = try perNeuron("grid/tails", .uint8)
    medianOrder = try figures("orderings/median", groups, [.uint32])
    let some = instances > 0
    valueOrder = some ? try figures("orderings/value", instances, [.uint32]) : nil
    values = some ? try figures("values", instances, [.float32]) : nil
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

  /// `[neuron]`: exponents of the own grids.
  /// - Throws: `StoreError` of kind `corrupt` also where one is beyond what float64 has.
  public func exponents() throws(StoreError) -> [Int16] {
    let exponents = try exponent.plane(0, as: Int16.self)
    if let neuron = exponents.firstIndex(where: { !StoreLimits.exponents.contains(Int($0)) }) {
      throw .corrupt(exponent.path, "neuron \(neuron) has exponent \(exponents[neuron])")
    }
    return exponents
  }

  /// `[neuron]`: origins of the own grids.
  /// - Throws: `StoreError` of kind `corrupt` also where one has more bits than float64 tells apart.
  public func origins() throws(StoreError) -> [Int64] {
    let origins = try origin.plane(0, as: Int64.self)
    if let neuron = origins.firstIndex(where: { $0.magnitude > StoreLimits.originMagnitude }) {
      throw .corrupt(origin.path, "neuron \(neuron) has origin \(origins[neuron])")
    }
    return origins
  }

  /// `[neuron]`: zeros of a group.
  /// - Parameter samples: values of a neuron in the group.
  /// - Throws: `StoreError` of kind `corrupt` also where a neuron has more zeros than that.
  public func zeros(group: Int, samples: Int) throws(StoreError) -> [UInt32] {
    let zeros = try statistic(.zeros).plane(group, as: UInt32.self)
    if let neuron = zeros.firstIndex(where: { $0 > samples }) {
      throw .corrupt(
        statistic(.zeros).path, "neuron \(neuron) of group \(group) has \(zeros[neuron]) zeros in \(samples) values")
    }
    return zeros
  }

  /// All arrays, in a fixed order.
  public var arrays: [ArrayReader] {
    BinAxis.allCases.flatMap { axis in BinCount.allCases.map { counts(axis, $0) } }
      + Statistic.allCases.map(statistic) + [exponent, origin, tails, medianOrder]
      + [valueOrder, values].compactMap(\.self)
  }
}
