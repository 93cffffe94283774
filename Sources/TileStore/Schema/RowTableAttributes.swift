/// What a store says of its table of rows: the attributes of the group `rows` (`Tiles/FORMAT.md` §9).
public struct RowTableAttributes: Sendable, Equatable, Codable {
  /// The code of a row that has no class, or no text in a column.
  public static let absent = UInt32.max

  /// Rows of the data set.
  public var rows: Int
  /// Classes that `label` counts; `nil`: there are no labels.
  public var label: Classes?
  public var prediction: Classes?
  public var scores: Scores?
  /// In the order of the job.
  public var columns: [Column]
  public var pictures: Pictures?
  public var texts: Texts?

  /// Classes: the name of each, and its label as the dump has it.
  public struct Classes: Sendable, Equatable, Codable {
    public var names: [String]
    public var labels: [JSONValue]

    public init(names: [String], labels: [JSONValue]) {
      self.names = names
      self.labels = labels
    }
  }

  public struct Scores: Sendable, Equatable, Codable {
    /// Of the dataset in the dump.
    public var path: String
    public var classes: Int

    public init(path: String, classes: Int) {
      self.path = path
      self.classes = classes
    }
  }

  public struct Column: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, Codable { case integer, number, boolean, text }

    /// Names the array: `[A-Za-z0-9_-]+`.
    public var id: String
    /// Any text; different from those of the other columns.
    public var name: String
    public var path: String
    public var kind: Kind
    /// The texts that codes count, in the order in which rows first have them; of a column of texts alone.
    public var values: [String]?

    public init(id: String, name: String, path: String, kind: Kind, values: [String]?) {
      self.id = id
      self.name = name
      self.path = path
      self.kind = kind
      self.values = values
    }
  }

  public struct Pictures: Sendable, Equatable, Codable {
    public var path: String
    public var height: Int
    public var width: Int
    /// 1: grey; 3: red, green and blue.
    public var channels: Int
    /// Height and width in the dump; where they are others, these are thumbnails.
    public var source: [Int]

    public init(path: String, height: Int, width: Int, channels: Int, source: [Int]) {
      self.path = path
      self.height = height
      self.width = width
      self.channels = channels
      self.source = source
    }
  }

  public struct Texts: Sendable, Equatable, Codable {
    public var path: String
    /// Of all texts together.
    public var bytes: Int
    /// Texts that were longer than a store takes, and end where it does.
    public var cut: Int

    public init(path: String, bytes: Int, cut: Int) {
      self.path = path
      self.bytes = bytes
      self.cut = cut
    }
  }

  public init(rows: Int) {
    self.rows = rows
    columns = []
  }
}

extension RowTableAttributes {
  /// The arrays that the table has, with the shape and the type of each. An array without elements is left out.
  var arrays: [(array: RowArray, metadata: ArrayMetadata)] {
    var arrays: [(RowArray, DataType)] = []
    if label != nil { arrays.append((.label, .uint32)) }
    if prediction != nil { arrays.append((.prediction, .uint32)) }
    if scores != nil { arrays += [(.scores, .float32), (.margin, .float64)] }
    arrays += columns.map { (.column($0.id), $0.kind.type) }
    if pictures != nil { arrays.append((.pictures, .uint8)) }
    if texts != nil { arrays += [(.textBytes, .uint8), (.textEnds, .int64)] }
    return arrays.filter { array, _ in array.dimensions.allSatisfy { self[$0] > 0 } }.map { array, type in
      (array, .ofRows(array.dimensions.map { self[$0] }, type))
    }
  }

  /// Length of an axis.
  subscript(dimension: RowDimension) -> Int {
    switch dimension {
    case .row: rows
    case .class: scores?.classes ?? 0
    case .height: pictures?.height ?? 0
    case .width: pictures?.width ?? 0
    case .channel: pictures?.channels ?? 0
    case .byte: texts?.bytes ?? 0
    }
  }

  /// Bytes of all arrays before they are compressed.
  public var logicalBytes: Int {
    arrays.reduce(0) { $0 + $1.metadata.shape.reduce($1.metadata.dataType.byteCount, *) }
  }
}

extension RowTableAttributes.Column.Kind {
  /// The type that a store holds it in.
  var type: DataType {
    switch self {
    case .integer, .boolean: .int64
    case .number: .float64
    case .text: .uint32
    }
  }
}
