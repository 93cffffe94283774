/// What the attributes of a store's root say, as `FORMAT.md` §3 lays down.
public struct Attributes: Sendable, Equatable, Codable {
  public static let format = "neural-divergence"
  public static let formatVersion = 2

  public var format: String
  public var formatVersion: Int
  public var dataset: Dataset
  /// In the order of the network.
  public var layers: [Layer]
  /// The first axis of the counts: all, then the classes in label order, then the job's own.
  public var groups: [Group]
  /// The first axis of the values.
  public var instances: [Instance]
  public var start: Start?
  /// Read only when asked for: `nil` in `Store.attributes`, see `Store.origin`.
  public var provenance: JSONValue?
  /// Likewise.
  public var job: JSONValue?

  public init(
    dataset: Dataset, layers: [Layer], groups: [Group], instances: [Instance], start: Start?, provenance: JSONValue,
    job: JSONValue
  ) {
    format = Self.format
    formatVersion = Self.formatVersion
    self.dataset = dataset
    self.layers = layers
    self.groups = groups
    self.instances = instances
    self.start = start
    self.provenance = provenance
    self.job = job
  }

  enum CodingKeys: String, CodingKey {
    case format
    case formatVersion = "format_version"
    case dataset, layers, groups, instances, start, provenance, job
  }
}

public struct Dataset: Sendable, Equatable, Codable {
  public var name: String
  public var title: String
  /// Rows read.
  public var rows: Int

  public init(name: String, title: String, rows: Int) {
    self.name = name
    self.title = title
    self.rows = rows
  }
}

public struct Layer: Sendable, Equatable, Codable {
  /// Names the layer in paths and URLs: `[A-Za-z0-9_-]+`.
  public var id: String
  /// Any text.
  public var name: String
  public var neurons: Int
  /// Samples that a row contributes to each neuron: more than 1 with `reduce: samples`.
  public var samples: Int
  public var dataset: String
  public var dtype: String
  /// Shape in the dump.
  public var shape: [Int]
  public var axes: String
  public var reduce: String
  public var bins: Int
  public var shared: Axis
  /// `"binned"` where medians and quartiles are middles of bins; otherwise they are exact.
  public var medians: String?
  /// What group `all` holds, all neurons together.
  public var counted: CountedValues?
  /// Which codes of its values the layer has; `nil`: none.
  public var codes: Codes?

  /// A row of bins: bin `i` covers `[(origin+i)·2^exponent, (origin+i+1)·2^exponent)`.
  public struct Axis: Sendable, Equatable, Codable {
    public var exponent: Int
    public var origin: Int

    public init(exponent: Int, origin: Int) {
      self.exponent = exponent
      self.origin = origin
    }
  }

  /// Lengths of the axes of its arrays.
  /// - Parameters:
  ///   - rows: of the data set.
  ///   - planes: `nil`: every group has one.
  func sizes(rows: Int, groups: Int, planes: GroupPlanes?, instances: Int) -> LayerSizes {
    LayerSizes(
      groups: groups, planes: planes, instances: instances, neurons: neurons, samples: rows * samples,
      codes: codes ?? .none)
  }

  public init(
    id: String, name: String, neurons: Int, samples: Int, dataset: String, dtype: String, shape: [Int], axes: String,
    reduce: String, bins: Int, shared: Axis, medians: String? = nil, counted: CountedValues? = nil,
    codes: Codes? = nil
  ) {
    self.id = id
    self.name = name
    self.neurons = neurons
    self.samples = samples
    self.dataset = dataset
    self.dtype = dtype
    self.shape = shape
    self.axes = axes
    self.reduce = reduce
    self.bins = bins
    self.shared = shared
    self.medians = medians
    self.counted = counted
    self.codes = codes
  }
}

public struct Group: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Codable { case all, `class`, `where` }

  public var name: String
  public var kind: Kind
  public var rows: Int
  /// Of a class: its label in the dump.
  public var label: JSONValue?
  /// Of a group of the job: its condition.
  public var `where`: String?
  /// Where its counts are, in a store in which small classes have no planes; otherwise `nil`.
  public var plane: Plane?

  public enum Plane: Sendable, Equatable {
    case number(Int)
    /// It has none: its counts come from codes.
    case lacking
  }

  public init(
    name: String, kind: Kind, rows: Int, label: JSONValue? = nil, where: String? = nil, plane: Plane? = nil
  ) {
    self.name = name
    self.kind = kind
    self.rows = rows
    self.label = label
    self.where = `where`
    self.plane = plane
  }

  enum CodingKeys: String, CodingKey { case name, kind, rows, label, `where`, plane }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    kind = try container.decode(Kind.self, forKey: .kind)
    rows = try container.decode(Int.self, forKey: .rows)
    label = try container.decodeIfPresent(JSONValue.self, forKey: .label)
    `where` = try container.decodeIfPresent(String.self, forKey: .where)
    guard container.contains(.plane) else { return }
    plane = try container.decodeIfPresent(Int.self, forKey: .plane).map { .number($0) } ?? .lacking
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(kind, forKey: .kind)
    try container.encode(rows, forKey: .rows)
    try container.encodeIfPresent(label, forKey: .label)
    try container.encodeIfPresent(`where`, forKey: .where)
    switch plane {
    case .number(let number)?: try container.encode(number, forKey: .plane)
    case .lacking?: try container.encodeNil(forKey: .plane)
    case nil: break
    }
  }
}

public struct Instance: Sendable, Equatable, Codable {
  public var name: String
  /// `benign`, `attacked`, another name in the dump, or `row`.
  public var kind: String
  /// Instances of the same pair belong together.
  public var pair: Int?
  public var label: JSONValue?
  public var prediction: JSONValue?
  /// Index in `images/KIND`.
  public var image: Int?
  /// Index in the texts of `texts/KIND`.
  public var text: Int?
  /// The row of the dump that it was, or was made from.
  public var sourceRow: Int?

  enum CodingKeys: String, CodingKey {
    case name, kind, pair, label, prediction, image, text
    case sourceRow = "source_row"
  }

  public init(
    name: String, kind: String, pair: Int?, label: JSONValue? = nil, prediction: JSONValue? = nil, image: Int? = nil,
    text: Int? = nil, sourceRow: Int? = nil
  ) {
    self.name = name
    self.kind = kind
    self.pair = pair
    self.label = label
    self.prediction = prediction
    self.image = image
    self.text = text
    self.sourceRow = sourceRow
  }
}

/// What a first visit shows.
public struct Start: Sendable, Equatable, Codable {
  /// Ids.
  public var layers: [String]
  /// Indices.
  public var groups: [Int]
  /// Indices.
  public var instances: [Int]
  public var text: String?

  public init(layers: [String], groups: [Int], instances: [Int], text: String?) {
    self.layers = layers
    self.groups = groups
    self.instances = instances
    self.text = text
  }
}

/// Values of a layer by kind; finite ones include zeros.
public struct CountedValues: Sendable, Equatable, Codable {
  public var finite: Int
  public var zeros: Int
  public var nan: Int
  public var infinite: Int
  /// Rows left out because their chunks were never written (`missing: skip`).
  public var missingRows: Int
  /// Samples of each neuron that a mask leaves out; `nil`: there is no mask.
  public var maskedSamples: Int?

  enum CodingKeys: String, CodingKey {
    case finite, zeros, nan, infinite
    case missingRows = "missing_rows"
    case maskedSamples = "masked_samples"
  }

  public init(finite: Int, zeros: Int, nan: Int, infinite: Int, missingRows: Int = 0) {
    self.finite = finite
    self.zeros = zeros
    self.nan = nan
    self.infinite = infinite
    self.missingRows = missingRows
  }
}
