/// One of the arrays that every layer has: a line of the table in `Tiles/FORMAT.md` §2.
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

  init(
    _ path: String, _ dimensions: [LayerDimension], _ types: [DataType], since: Int = 1, bitShuffled: [DataType] = []
  ) {
    self.path = path
    self.dimensions = dimensions
    self.types = types
    self.since = since
    self.bitShuffled = bitShuffled
  }
}

extension LayerArray {
  public static let all: [LayerArray] =
    BinAxis.allCases.flatMap { axis in BinCount.allCases.map { counts(axis, $0) } } + Statistic.allCases.map(statistic)
    + [exponent, origin, tails, medianOrder, valueOrder, values]

  public static func counts(_ axis: BinAxis, _ bins: BinCount) -> LayerArray {
    LayerArray(
      "\(axis.rawValue)/\(bins.rawValue)", [.group, .neuron, .bin(bins)], [.uint8, .uint16, .uint32],
      bitShuffled: axis == .own && bins == .full ? [.uint8, .uint16] : [])
  }

  public static func statistic(_ statistic: Statistic) -> LayerArray {
    LayerArray(
      "statistics/\(statistic.rawValue)", [.group, .neuron], statistic.kind.types, since: statistic.since)
  }

  public static let exponent = LayerArray("grid/exponent", [.neuron], [.int16])
  public static let origin = LayerArray("grid/origin", [.neuron], [.int64])
  public static let tails = LayerArray("grid/tails", [.neuron], [.uint8])
  public static let medianOrder = LayerArray("orderings/median", [.group, .neuron], [.uint32])
  public static let valueOrder = LayerArray("orderings/value", [.instance, .neuron], [.uint32])
  public static let values = LayerArray("values", [.instance, .neuron], [.float32])
}

extension LayerArray {
  /// Every array that is an ordering (`Tiles/FORMAT.md` §6), and the array of its keys.
  static let orderings: [(order: LayerArray, keys: LayerArray)] = [
    (medianOrder, statistic(.median)), (valueOrder, values),
  ]
}

/// What an axis of a layer's array counts.
public enum LayerDimension: Sendable, Equatable {
  case group, instance, neuron
  case bin(BinCount)
}

/// Lengths of the axes of a layer's arrays.
public struct LayerSizes: Sendable, Equatable {
  public var groups: Int
  public var instances: Int
  public var neurons: Int

  public init(groups: Int, instances: Int, neurons: Int) {
    self.groups = groups
    self.instances = instances
    self.neurons = neurons
  }

  public subscript(dimension: LayerDimension) -> Int {
    switch dimension {
    case .group: groups
    case .instance: instances
    case .neuron: neurons
    case .bin(let bins): bins.rawValue
    }
  }
}

extension LayerArray {
  /// Whether a store of a version of the format has the array: an array without elements is left out.
  func isPresent(_ sizes: LayerSizes, formatVersion: Int) -> Bool {
    since <= formatVersion && dimensions.allSatisfy { sizes[$0] > 0 }
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
    bitShuffled.contains(type) ? .blosc(Blosc(.bits, elementBytes: type.byteCount)) : .usual(type)
  }

  /// - Precondition: the array may have that type.
  func metadata(_ sizes: LayerSizes, _ type: DataType, attributes: [String: JSONValue] = [:]) -> ArrayMetadata {
    precondition(types.contains(type), "\(path) is never \(type)")
    let bins: Int? = if case .bin(let bins) = dimensions.last { bins.rawValue } else { nil }
    let first = dimensions.first == .neuron ? nil : dimensions.first.map { sizes[$0] }
    return .ofNeurons(
      sizes.neurons, first: first, bins: bins, dataType: type, codec: codec(type), attributes: attributes)
  }
}
