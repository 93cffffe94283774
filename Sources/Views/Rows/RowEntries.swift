import TileStore

/// Some rows of the table, as clients read them (`Tiles/HTTP.md`, "What rows are").
package struct RowEntries {
  /// Rows of an answer, at most, and where nothing is said.
  package static let countMax = 1024
  package static let countUsual = 64
  /// Rows of an answer that an expression chooses, at most: they lie apart, and each is read by itself.
  package static let chosenMax = 64

  private let table: RowTable
  private let rows: Range<Int>

  /// - Precondition: the rows are those of the table.
  package init(_ table: RowTable, _ rows: Range<Int>) {
    self.table = table
    self.rows = rows
  }

  /// - Throws: `StoreError`.
  package func json() throws(StoreError) -> JSONValue {
    ["from": JSONValue(rows.lowerBound), "total": JSONValue(table.count), "rows": .array(try entries())]
  }

  /// An object for each row.
  /// - Throws: `StoreError`.
  func entries() throws(StoreError) -> [JSONValue] {
    let attributes = table.attributes
    let (labels, predictions) = (try table.labels(rows), try table.predictions(rows))
    let margins = try table.margins(rows)
    var columns: [(RowTableAttributes.Column, RowTable.Values)] = []
    for column in attributes.columns { columns.append((column, try table.values(column, rows))) }
    return rows.enumerated().map { place, row in
      var entry: [String: JSONValue] = ["row": JSONValue(row)]
      if let code = labels[place], let names = attributes.label?.names { entry["label"] = .string(names[code]) }
      if let code = predictions[place], let names = attributes.prediction?.names {
        entry["prediction"] = .string(names[code])
      }
      if attributes.scores != nil { entry["margin"] = Self.number(margins[place]) }
      entry["columns"] = .object(
        Dictionary(uniqueKeysWithValues: columns.map { ($0.name, Self.value($0, $1, place)) }))
      return JSONValue.object(entry)
    }
  }

  private static func value(_ column: RowTableAttributes.Column, _ values: RowTable.Values, _ place: Int) -> JSONValue {
    switch values {
    case .integers(let numbers): column.kind == .boolean ? .bool(numbers[place] != 0) : .int(numbers[place])
    case .numbers(let numbers): number(numbers[place])
    case .codes(let codes): codes[place].flatMap { column.values?[$0] }.map { .string($0) } ?? .null
    }
  }

  /// NaN and infinities are `null`.
  private static func number(_ number: Double) -> JSONValue { number.isFinite ? .double(number) : .null }
}

/// What a store knows of each row, as its metadata tell.
package struct RowTableSummary: Encodable {
  struct Column: Encodable {
    var name: String
    var kind: RowTableAttributes.Column.Kind
    /// Of a column of texts, where they are few.
    var values: [String]?
  }
  struct Pictures: Encodable {
    var height: Int
    var width: Int
    var channels: Int
  }

  var label: Bool
  var prediction: Bool
  /// Classes that have a score.
  var scores: Int?
  var columns: [Column]
  var pictures: Pictures?
  var texts: Bool

  /// Values of a column that are listed, at most.
  private static let valuesMax = 64

  init(_ attributes: RowTableAttributes) {
    label = attributes.label != nil
    prediction = attributes.prediction != nil
    scores = attributes.scores?.classes
    columns = attributes.columns.map { column in
      Column(
        name: column.name, kind: column.kind,
        values: column.values.flatMap { $0.count <= Self.valuesMax ? $0 : nil })
    }
    pictures = attributes.pictures.map { Pictures(height: $0.height, width: $0.width, channels: $0.channels) }
    texts = attributes.texts != nil
  }
}
