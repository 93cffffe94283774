/// One of the arrays that layers have: a line of the table in `Tiles/FORMAT.md` §2.
///
/// Writer, reader and verifier follow `all`. An array that a later version of the format adds has that version as `since`; stores of
/// earlier versions do not have it, and read as `nil`.
public struct LayerArray: Sendable, Equatable {
  /// Below the layer's group.
  public let path: String
  /// What each axis counts.
  public let dimensions: [LayerDimension]
  /// Types that a store may hold it in.
  public let types: [DataType]
  /// The format version from which on every store has it.
  public let since: Int
  /// Types of which the bits are shuffled before chunks are compressed, where that was measured to pay.
  private let bitShuffled: [DataType]
  /// The layers that have it: those with these codes, or more.
  public let codes: Codes

  init(
    _ path: String, _ dimensions: [LayerDimension], _ types: [DataType], since: Int = 1, bitShuffled: [DataType] = [],
    codes: Codes = .none
  ) {
    self.path = path
    self.dimensions = dimensions
    self.types = types
    self.since = since
    self.bitShuffled = bitShuffled
    self.codes = codes
  }
}

extension LayerArray {
  public static let all: [LayerArray] =
    BinAxis.allCases.flatMap { axis in BinCount.allCases.map { counts(axis, $0) } }
    + BinAxis.allCases.flatMap { axis in BinCount.allCases.map { counts(axis, $0, of: .plane) } }
    + Statistic.allCases.map(statistic)
    + [exponent, origin, tails, medianOrder, valueOrder, values]
    + ExtremeEnd.allCases.flatMap { [extremes($0), extremeRows($0)] }
    + [codeColumns, codeColumnsApart, codeRows, codeRowsApart]

  /// Counts of every group, or of those that have planes.
  /// - Parameter first: `.group` or `.plane`.
  public static func counts(_ axis: BinAxis, _ bins: BinCount, of first: LayerDimension = .group) -> LayerArray {
    LayerArray(
      "\(folder(of: axis, first))/\(bins.rawValue)", [first, .neuron, .bin(bins)], [.uint8, .uint16, .uint32],
      since: first == .plane ? 2 : 1, bitShuffled: axis == .own && bins == .full ? [.uint8, .uint16] : [])
  }

  /// The group of the counts on an axis.
  static func folder(of axis: BinAxis, _ first: LayerDimension) -> String {
    first == .plane ? "planes/\(axis.rawValue)" : axis.rawValue
  }

  public static func statistic(_ statistic: Statistic) -> LayerArray {
    LayerArray(
      "statistics/\(statistic.rawValue)", [.group, .neuron], statistic.kind.types, since: statistic.since)
  }

  public static let exponent = LayerArray("grid/exponent", [.neuron], [.int16])
  public static let origin = LayerArray("grid/origin", [.neuron], [.int64])
  public static let tails = LayerArray("grid/tails", [.neuron], [.uint8])
  public static let medianOrder = LayerArray("orderings/median", [.plane, .neuron], [.uint32])
  public static let valueOrder = LayerArray("orderings/value", [.instance, .neuron], [.uint32])
  public static let values = LayerArray("values", [.instance, .neuron], [.float32])

  /// Values of the rows with the highest or the lowest values, best first.
  public static func extremes(_ end: ExtremeEnd) -> LayerArray {
    LayerArray("extremes/\(end.rawValue)", [.neuron, .rank], [.float32, .float64], since: 2)
  }
  /// Their rows.
  public static func extremeRows(_ end: ExtremeEnd) -> LayerArray {
    LayerArray("extremes/\(end.rawValue)_row", [.neuron, .rank], [.uint32], since: 2)
  }

  public static let codeColumns = LayerArray(
    "codes/columns", [.neuron, .sample], [.uint8], since: 2, bitShuffled: [.uint8], codes: .columns)
  public static let codeColumnsApart = LayerArray(
    "codes/columns_apart", [.neuron, .sampleByte], [.uint8], since: 2, codes: .columns)
  public static let codeRows = LayerArray(
    "codes/rows", [.sample, .neuron], [.uint8], since: 2, bitShuffled: [.uint8], codes: .both)
  public static let codeRowsApart = LayerArray(
    "codes/rows_apart", [.sample, .neuronByte], [.uint8], since: 2, codes: .both)
}

extension LayerArray {
  /// Every array that is an ordering (`Tiles/FORMAT.md` §6), and the array of its keys.
  static let orderings: [(order: LayerArray, keys: LayerArray)] = [
    (medianOrder, statistic(.median)), (valueOrder, values),
  ]
}

/// Which end of a neuron's values.
public enum ExtremeEnd: String, Sendable, CaseIterable {
  case highest, lowest

  /// Rows that are kept of each.
  public static let rows = 16
}

/// What an axis of a layer's array counts.
public enum LayerDimension: Sendable, Equatable {
  case group, instance, neuron
  /// Groups that have counts of their own: all of them, unless small classes have none.
  case plane
  case bin(BinCount)
  /// Samples of all rows, those of a row together: `row * samples + number`.
  case sample
  /// Bytes that have a bit for each sample or neuron, number `i` at bit `i & 7` of byte `i >> 3`.
  case sampleByte, neuronByte
  /// Rows by the value of a neuron.
  case rank
}

/// Lengths of the axes of a layer's arrays.
public struct LayerSizes: Sendable, Equatable {
  public var groups: Int
  /// `nil`: every group has one.
  public var planes: GroupPlanes?
  public var instances: Int
  public var neurons: Int
  /// Of all rows.
  public var samples: Int
  /// The layer's codes.
  public var codes: Codes

  public init(
    groups: Int, planes: GroupPlanes? = nil, instances: Int, neurons: Int, samples: Int, codes: Codes
  ) {
    self.groups = groups
    self.planes = planes
    self.instances = instances
    self.neurons = neurons
    self.samples = samples
    self.codes = codes
  }

  /// Codes of an inner chunk of a plane of so many.
  public static func codesPerChunk(_ length: Int) -> Int {
    ArrayMetadata.ofCodes(1, length, perByte: 1, codec: .usual(.uint8)).chunkElements
  }

  /// The first axis of the counts.
  public var countsBy: LayerDimension { planes == nil ? .group : .plane }

  public subscript(dimension: LayerDimension) -> Int {
    switch dimension {
    case .group: groups
    case .plane: planes?.count ?? groups
    case .instance: instances
    case .neuron: neurons
    case .bin(let bins): bins.rawValue
    case .sample: samples
    case .sampleByte: (samples + 7) / 8
    case .neuronByte: (neurons + 7) / 8
    case .rank: ExtremeEnd.rows
    }
  }
}

extension LayerArray {
  /// Whether a store of a version of the format has the array: an array without elements is left out.
  func isPresent(_ sizes: LayerSizes, formatVersion: Int) -> Bool {
    let isOfOthers = isOfCounts && dimensions.first != sizes.countsBy
    return since <= formatVersion && codes <= sizes.codes && !isOfOthers && dimensions.allSatisfy { sizes[$0] > 0 }
  }

  private var isOfCounts: Bool { if case .bin = dimensions.last { true } else { false } }

  /// Groups or instances whose rows one file holds, and which are written together.
  public func planesPerShard(_ sizes: LayerSizes) -> Int {
    dimensions.first == .neuron ? 1 : metadata(sizes, types[0]).shardShape[0]
  }

  /// Groups between the layer's group and arrays at some paths, such as `own`, each before those in it.
  static func groups(of paths: [String]) -> [String] {
    var groups: [String] = []
    for path in paths {
      let parts = path.split(separator: "/").dropLast()
      for depth in parts.indices {
        let group = parts[...depth].joined(separator: "/")
        if !groups.contains(group) { groups.append(group) }
      }
    }
    return groups
  }

  /// How its chunks are written.
  func codec(_ type: DataType) -> ChunkCodec {
    .usual(type, isBitShuffled: bitShuffled.contains(type), level: codes == .none ? Blosc.levelMax : Self.levelOfCodes)
  }

  /// Codes are many, and mostly of bits that do not get smaller.
  private static let levelOfCodes = 5

  /// - Precondition: the array may have that type.
  func metadata(_ sizes: LayerSizes, _ type: DataType, attributes: [String: JSONValue] = [:]) -> ArrayMetadata {
    precondition(types.contains(type), "\(path) is never \(type)")
    switch dimensions {
    case [.neuron, .sample], [.sample, .neuron]:
      return .ofCodes(sizes[dimensions[0]], sizes[dimensions[1]], perByte: 1, codec: codec(type))
    case [.neuron, .rank]: return .ofExtremes(sizes.neurons, type, codec: codec(type))
    case [.neuron, .sampleByte]: return .ofCodes(sizes.neurons, sizes.samples, perByte: 8, codec: codec(type))
    case [.sample, .neuronByte]: return .ofCodes(sizes.samples, sizes.neurons, perByte: 8, codec: codec(type))
    default: break
    }
    let bins: Int? = if case .bin(let bins) = dimensions.last { bins.rawValue } else { nil }
    let first = dimensions.first == .neuron ? nil : dimensions.first.map { sizes[$0] }
    return .ofNeurons(
      sizes.neurons, first: first, bins: bins, dataType: type, codec: codec(type), attributes: attributes)
  }
}
