/// What a store says of the divergences of its rows: the attributes of the group `divergences` (`Tiles/FORMAT.md` §10).
public struct DivergenceAttributes: Sendable, Equatable, Codable {
  /// Rows of the data set.
  public var rows: Int
  public var instances: Int
  /// Classes of the ladders; 0: there are too many for them.
  public var classes: Int
  /// Ids of all layers.
  public var layers: [String]
  /// Of these, the layer that holds the scores.
  public var scores: String?

  public init(rows: Int, instances: Int, classes: Int, layers: [String], scores: String?) {
    self.rows = rows
    self.instances = instances
    self.classes = classes
    self.layers = layers
    self.scores = scores
  }

  /// Most classes of ladders.
  public static let ladderClassesMax = 32
  /// Figures of a row or an instance: D, T and R.
  public static let figures = ["D", "T", "R"]
}

/// What an axis of an array of divergences counts.
public enum DivergenceDimension: Sendable, Equatable {
  case row, instance, figure, `class`
}

/// One of the arrays of divergences of a layer: a line of the table in `Tiles/FORMAT.md` §2. All are float64, cut along their first axis
/// alone.
public enum DivergenceArray: String, Sendable, CaseIterable {
  /// D, T and R of each row.
  case rows
  /// The same of each instance.
  case instances
  /// The median over the rows of a class of what speaks for another one: `[own class, other class]`.
  case ladder

  public var dimensions: [DivergenceDimension] {
    switch self {
    case .rows: [.row, .figure]
    case .instances: [.instance, .figure]
    case .ladder: [.class, .class]
    }
  }

  public static let type = DataType.float64

  /// Below the group `divergences`.
  func path(ofLayer id: String) -> String { "\(id)/\(rawValue)" }
}

extension DivergenceAttributes {
  /// Length of an axis.
  subscript(dimension: DivergenceDimension) -> Int {
    switch dimension {
    case .row: rows
    case .instance: instances
    case .figure: Self.figures.count
    case .class: classes
    }
  }

  /// The arrays of each layer. An array without elements is left out.
  var arrays: [DivergenceArray] {
    DivergenceArray.allCases.filter { array in array.dimensions.allSatisfy { self[$0] > 0 } }
  }

  func metadata(_ array: DivergenceArray) -> ArrayMetadata {
    .ofRows(array.dimensions.map { self[$0] }, DivergenceArray.type)
  }

  /// Bytes of all arrays before they are compressed.
  public var logicalBytes: Double {
    arrays.reduce(0.0) { sum, array in
      sum + array.dimensions.reduce(8.0 * Double(layers.count)) { $0 * Double(self[$1]) }
    }
  }
}
