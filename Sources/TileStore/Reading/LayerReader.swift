/// The arrays of one layer.
public struct LayerReader: Sendable {
  public let layer: Layer
  /// All arrays, in the order of `LayerArray.all`.
  public let arrays: [ArrayReader]
  /// Places in `arrays`, by the path below the layer's group.
  private let places: [String: Int]
  private let sizes: LayerSizes
  /// Those that the store has, in the order of `FORMAT.md` §5.
  public let statistics: [Statistic]

  /// Opens every array of the layer and checks its shape and type.
  ///
  /// - Parameters:
  ///   - sizes: lengths of the axes of its arrays.
  ///   - schema: all arrays that layers have.
  ///   - open: opens the array at a path.
  /// - Throws: `StoreError` of kind `corrupt` where an array is missing or is not what `FORMAT.md` §2 says.
  init(
    _ layer: Layer, _ sizes: LayerSizes, formatVersion: Int, schema: [LayerArray] = LayerArray.all,
    open: (String) throws(StoreError) -> ArrayReader
  ) throws(StoreError) {
    let present = schema.filter { $0.isPresent(sizes, formatVersion: formatVersion) }
    let folder = StorePath.layer(layer.id)
    var arrays: [ArrayReader] = []
    for wanted in present {
      let array = try open("\(folder)/\(wanted.path)")
      let file = StorePath.metadata(of: array.path)
      let type = array.metadata.dataType
      guard wanted.types.contains(type) else {
        throw .corrupt(file, "expected \(wanted.types.map(\.rawValue))")
      }
      let expected = wanted.metadata(sizes, type)
      guard array.metadata.isCut(as: expected) else {
        throw .corrupt(file, "expected shape \(expected.shape), cut as the format says")
      }
      arrays.append(array)
    }
    self.layer = layer
    self.sizes = sizes
    self.arrays = arrays
    places = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($1.path, $0) })
    statistics = Statistic.allCases.filter { [places] in places[LayerArray.statistic($0).path] != nil }
  }

  /// An array; `nil` where the store has none: without instances, or of a version of the format before it was added.
  public subscript(array: LayerArray) -> ArrayReader? { places[array.path].map { arrays[$0] } }

  /// The layer's group and those of its arrays, relative to the version.
  var groups: [String] {
    let folder = StorePath.layer(layer.id)
    return [folder] + LayerArray.groups(of: places.keys.sorted()).map { "\(folder)/\($0)" }
  }

  /// An array that stores of every version have.
  private func always(_ array: LayerArray) -> ArrayReader {
    guard let reader = self[array] else { preconditionFailure("\(array.path) may be missing") }
    return reader
  }

  /// `[neuron]` int16.
  public var exponent: ArrayReader { always(.exponent) }
  /// `[neuron]` int64.
  public var origin: ArrayReader { always(.origin) }
  /// `[neuron]` uint8.
  public var tails: ArrayReader { always(.tails) }
  /// `[plane, neuron]` uint32.
  public var medianOrder: ArrayReader { always(.medianOrder) }
  /// `[instance, neuron]` uint32, where there are instances.
  public var valueOrder: ArrayReader? { self[.valueOrder] }
  /// `[instance, neuron]` float32, where there are instances.
  public var values: ArrayReader? { self[.values] }

  /// `[neuron, rank]`: values of the 16 rows with the highest or the lowest finite values, best first; NaN where there are fewer.
  public func extremes(_ end: ExtremeEnd) -> ArrayReader? { self[.extremes(end)] }
  /// `[neuron, rank]` uint32: their rows; 2^32 - 1 where there are fewer.
  public func extremeRows(_ end: ExtremeEnd) -> ArrayReader? { self[.extremeRows(end)] }

  /// `[neuron, sample]` uint8, where the layer has codes by neuron: its bins (`Tiles/FORMAT.md` §4, Codes).
  public var codeColumns: ArrayReader? { self[.codeColumns] }
  /// `[neuron, sampleByte]`: a bit for each value that is no ordinary number in its bin.
  public var codeColumnsApart: ArrayReader? { self[.codeColumnsApart] }
  /// `[sample, neuron]` uint8, where the layer has codes by row.
  public var codeRows: ArrayReader? { self[.codeRows] }
  /// `[sample, neuronByte]`.
  public var codeRowsApart: ArrayReader? { self[.codeRowsApart] }

  /// The plane of a group in `counts` and `medianOrder`; `nil`: it has none, and its counts come from codes.
  public func plane(of group: Int) -> Int? {
    guard let planes = sizes.planes else { return group }
    return planes.ofGroup[group]
  }

  /// `[plane, neuron, bin]`.
  public func counts(_ axis: BinAxis, _ bins: BinCount) -> ArrayReader {
    always(.counts(axis, bins, of: sizes.countsBy))
  }

  /// `[group, neuron]`.
  /// - Precondition: `statistics` has it.
  public func statistic(_ statistic: Statistic) -> ArrayReader { always(.statistic(statistic)) }

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
}
