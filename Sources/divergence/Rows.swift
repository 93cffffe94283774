import ArgumentParser
import Console
import TileStore
import Views

struct Rows: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rows",
    abstract: "Tell which rows fire a neuron most, or least.",
    discussion: """
      A table on standard output: a line per row, the most active first, with two bounds of the activation (equal where it is known \
      exactly), label and prediction. Rows whose bounds are the same stand in the order of the dump; in JSON, tied is how many could \
      stand in the last place as well as the row that does. NaN and infinities are left out. \
      The layer needs codes in the store, which precompute writes (codes: columns in the job).
      """)

  @Argument(help: .store)
  var store: String

  @Option(help: .layer)
  var layer: String

  @Option(help: "The neuron, numbered from 0.")
  var neuron: Int

  @Option(help: "Only rows of this group, by name or index.")
  var group: String?

  @Option(name: .customLong("where"), help: "Only rows for which an expression holds, such as 'label != prediction'.")
  var condition: String?

  @Flag(help: "The least active rows, the least active first.")
  var lowest = false

  @Option(help: "How many rows, at most.")
  var top = 16

  @Option(help: "csv or json.")
  var format = Export.Format.csv

  func validate() throws {
    guard group == nil || condition == nil else {
      throw ValidationError("Name either a --group or an expression with --where.")
    }
    guard (1...FiringRows.countMax).contains(top) else {
      throw ValidationError("--top is 1 to \(FiringRows.countMax).")
    }
  }

  private static let columns = ["rank", "row", "low", "high", "label", "prediction"]

  func run() throws {
    try reportingFailure {
      let store = try Store.open(store)
      let layer = try LayerTable.layer(layer, of: store)
      var subset = try condition.map { try Subset(Moment(parsing: $0), of: store) }
      if let group, case let index = try LayerTable.group(group, of: store), index > 0 {
        subset = try Subset(group: index, of: store)
      }
      let found = try FiringRows(store, layer, neuron: neuron, subset: subset, top: top, lowest: lowest)
      switch format {
      case .csv: try Self.csv(found)
      case .json: try Self.json(found)
      }
      for remark in subset?.remarks ?? [] { tell(remark) }
    }
  }

  private static func csv(_ found: FiringRows) throws {
    var lines = Lines { try Console.output.write(exact: $0) }
    try lines.write(columns.joined(separator: ","))
    for row in found.rows {
      let numbers = [String(row.rank), String(row.row), shortest(row.low), shortest(row.high)]
      try lines.write((numbers + [row.label ?? "", row.prediction ?? ""].map(csvField)).joined(separator: ","))
    }
    try lines.flush()
  }

  private static func json(_ found: FiringRows) throws {
    let rows = found.rows.map { row in
      JSONValue.array([
        JSONValue(row.rank), JSONValue(row.row), number(row.low), number(row.high), text(row.label),
        text(row.prediction),
      ])
    }
    let table: JSONValue = [
      "columns": .array(columns.map { .string($0) }), "rows": .array(rows),
      "tied": found.tied.map { JSONValue($0) } ?? .null,
    ]
    try Console.output.write(json: String(decoding: table.encoded(), as: UTF8.self))
  }

  private static func number(_ value: Double) -> JSONValue { value.isFinite ? .double(value) : .null }
  private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
