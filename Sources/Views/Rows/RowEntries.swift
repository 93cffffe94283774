import TileStore

/// Some rows of the table, as clients read them (`Tiles/HTTP.md`, "What rows are").
package struct RowEntries {
  /// Rows of an answer, at most, and where nothing is said.
  package static let countMax = 1024
  package static let countUsual = 64
  /// Rows of an answer that are chosen by what they hold, at most.
  package static let chosenMax = 64

  private let table: RowTable
  /// In ascending order.
  private let rows: [Int]
  /// The place of the first among those that were looked for, and how many there are.
  private let first: Int
  private let total: Int

  /// Some rows that follow each other.
  /// - Precondition: the rows are those of the table.
  package init(_ table: RowTable, _ rows: Range<Int>) {
    self.table = table
    self.rows = Array(rows)
    first = rows.lowerBound
    total = table.count
  }

  /// Rows of a group, from the `first` on, as far as there are so many.
  init(_ table: RowTable, _ members: RowSet, from first: Int, count: Int) {
    self.table = table
    let members = members.members
    total = members.count
    self.first = first
    rows = members.dropFirst(first).prefix(count).map { Int($0) }
  }

  /// - Throws: `StoreError`.
  package func json() throws(StoreError) -> JSONValue {
    var entries: [JSONValue] = []
    for run in Self.runs(rows) { try append(run, to: &entries) }
    return ["from": JSONValue(first), "total": JSONValue(total), "rows": .array(entries)]
  }

  /// Rows that lie close together are read together: those between them are read in vain.
  private static let gapMax = 256

  private static func runs(_ rows: [Int]) -> [ArraySlice<Int>] {
    var runs: [ArraySlice<Int>] = []
    var start = 0
    for place in rows.indices where place + 1 == rows.count || rows[place + 1] - rows[place] > gapMax {
      runs.append(rows[start...place])
      start = place + 1
    }
    return runs
  }

  private func append(_ chosen: ArraySlice<Int>, to entries: inout [JSONValue]) throws(StoreError) {
    guard let first = chosen.first, let last = chosen.last else { return }
    let rows = first..<last + 1
    let attributes = table.attributes
    let (labels, predictions) = (try table.labels(rows), try table.predictions(rows))
    let margins = try table.margins(rows)
    var columns: [(RowTableAttributes.Column, RowTable.Values)] = []
    for column in attributes.columns { columns.append((column, try table.values(column, rows))) }
    entries += chosen.map { row in
      let place = row - first
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
