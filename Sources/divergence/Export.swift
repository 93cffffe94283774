import ArgumentParser
import Console
import Distributions
import Foundation
import Views
import TileStore

struct Export: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case csv, json }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the exact figures of a layer's neurons as a table, or a whole store as a web site of plain files.",
    discussion: """
      With --layer: a table on standard output. One line per neuron, in the ordering asked for; one column for each figure \
      of each group. Lines at the top of a CSV that begin with # say where the numbers come from: pandas reads it with \
      comment="#".

      With --static: a folder that any web host can serve, with which the same web client works without this program. \
      STORE may then also be a folder of stores.
      """)

  @Argument(help: .store)
  var store: String

  @Option(help: .layer)
  var layer: String?

  @Option(
    name: .customLong("static"), help: "Folder to write a site of plain files to: a new one, or an earlier site's.")
  var site: String?

  @Option(help: "With --static: folder of the web client. (default: the one that came with the program)")
  var web: String?

  @Option(help: "\(OrderName.forms).")
  var order = "index"

  @Option(help: "ascending or descending.")
  var direction = Direction.ascending

  @Option(
    parsing: .upToNextOption, help: "Names or indices of groups, with spaces or commas between them. (default: all)")
  var groups: [String] = []

  @Option(
    name: .customLong("where"),
    help:
      "A group of the moment: the rows for which an expression holds, such as 'label != prediction'. May be repeated.")
  var conditions: [String] = []

  @Option(
    help: "Only neurons for which a condition holds, such as 'zeros(all) < 0.9 and median(cat) > median(dog)'.")
  var neurons: String?

  @Flag(help: "Also the counts of each group, by bin of the neuron's own grid.")
  var counts = false

  @Option(parsing: .upToNextOption, help: "Names or indices of instances whose values to add.")
  var instances: [String] = []

  @Option(help: "csv or json.")
  var format = Format.csv

  func validate() throws {
    guard (layer == nil) != (site == nil) else {
      throw ValidationError("Name either a --layer, for a table, or --static with a folder, for a site.")
    }
  }

  func run() throws {
    try reportingFailure {
      if let site { return try writeSite(site) }
      guard let layer else { return }
      let store = try Store.open(store)
      let groups = Self.names(groups, known: store.attributes.groups.map(\.name))
      let instances = Self.names(instances, known: store.attributes.instances.map(\.name))
      let table = try LayerTable(
        store, layer: layer, order: order, direction: direction, groups: groups.isEmpty ? nil : groups,
        instances: instances, moments: conditions, neurons: neurons, withCounts: counts, helpers: Compare.helpers)
      for remark in table.remarks { tell(remark) }
      switch format {
      case .csv: try Self.csv(table)
      case .json: try Self.json(table)
      }
    }
  }

  private func writeSite(_ folder: String) throws {
    guard let web = web ?? WebClient.folder() else {
      throw StaticExport.Unusable(
        description: "There is no web client beside this program: name its folder with --web.")
    }
    var export = try StaticExport(folder: folder)
    try export.write(StaticSite(try StaticExport.stores(store), web: web))
    let size = String(format: "%.1f", Double(export.bytes) / 1_048_576)
    try Console.output.write(
      line:
        "\(export.files) files, \(size) MiB, in \(folder). Any web host serves them: python3 -m http.server -d \(folder)"
    )
  }

  /// Names one by one or with commas between them; a name that holds a comma is taken as it is.
  private static func names(_ given: [String], known: [String]) -> [String] {
    given.flatMap { word in
      known.contains(word) ? [word] : word.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }

  /// Where the numbers come from.
  private static func origin(_ table: LayerTable) throws -> JSONValue {
    let attributes = table.store.attributes
    return [
      "dataset": .string(attributes.dataset.name), "version": .string(table.store.version),
      "rows": JSONValue(attributes.dataset.rows), "layer": .string(table.layer.layer.id),
      "layer_name": .string(table.layer.layer.name), "order": .string(table.order),
      "direction": .string(table.direction.rawValue), "medians": .string(table.layer.layer.medians ?? "exact"),
      "provenance": try table.store.origin().provenance,
    ]
  }

  private static func csv(_ table: LayerTable) throws {
    var lines = Lines { try Console.output.write(exact: $0) }
    for (key, value) in (try origin(table).object ?? [:]).sorted(by: { $0.key < $1.key }) {
      // A name with a line break in it stays on its line.
      let plain = value.string.flatMap { escaped($0) == $0 ? $0 : nil }
      try lines.write("# \(key): \(plain ?? escapedJSON(text(value)))")
    }
    try lines.write(table.columns.map(csvField).joined(separator: ","))
    try table.forEachRow { row in try lines.write(row.map(shortest).joined(separator: ",")) }
    try lines.flush()
  }

  private static func json(_ table: LayerTable) throws {
    var lines = Lines { try Console.output.write(json: $0.joined(separator: "\n")) }
    let columns = JSONValue.array(table.columns.map { .string($0) })
    try lines.write("{\"origin\":\(text(try origin(table))),\n\"columns\":\(text(columns)),\n\"rows\":[")
    var separator = ""
    try table.forEachRow { row in
      let cells = row.map { $0.isFinite ? shortest($0) : "null" }.joined(separator: ",")
      try lines.write("\(separator)[\(cells)]")
      separator = ","
    }
    try lines.write("]}")
    try lines.flush()
  }

  private static func text(_ value: JSONValue) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }
}

extension Direction: ExpressibleByArgument {}
