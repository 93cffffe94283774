import ArgumentParser
import Console
import Distributions
import Foundation
import TileStore
import Views

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Tell what sets two groups apart, or one group in two stores, neuron by neuron.",
    discussion: """
      divergence compare STORE --layer L A B compares two groups; divergence compare STORE OTHER --layer L compares one group in two \
      stores, which have the same neurons in that layer.

      A table on standard output: a line per neuron, with the AUROC, the Wasserstein and Kolmogorov-Smirnov distances, the bound of each \
      (the exact figure is no farther away), the Jensen-Shannon divergence, Cohen's d, and p and q of the rank-sum test. A field is \
      empty where a figure has no meaning.
      """)

  @Argument(help: .store)
  var store: String

  @Argument(help: "Two groups: names, indices, or expressions such as 'where:label != prediction'. Or another store.")
  var sides: [String]

  @Option(help: .layer)
  var layer: String

  @Option(help: "With another store: the group to compare, by name or index.")
  var group: String?

  @Option(help: "\(PairTable.Figure.allCases.map(\.rawValue).joined(separator: ", ")). What differs most comes first.")
  var order = PairTable.Figure.auroc

  @Option(help: "csv or json.")
  var format = Export.Format.csv

  /// As many threads as the machine has processors, with this one.
  static var helpers: HelperThreads {
    HelperThreads(count: min(ProcessInfo.processInfo.activeProcessorCount - 1, HelperThreads.countMax))
  }

  func validate() throws {
    guard sides.count == 1 || sides.count == 2 else {
      throw ValidationError("Name two groups to compare, or one other store.")
    }
    guard group == nil || sides.count == 1 else {
      throw ValidationError("--group goes with another store; here two groups are named already.")
    }
  }

  func run() throws {
    try reportingFailure {
      let store = try Store.open(store)
      let helpers = Self.helpers
      let table =
        sides.count == 2
        ? try PairTable(store, layer: layer, sides[0], sides[1], helpers: helpers)
        : try PairTable(store, and: Store.open(sides[0]), layer: layer, group: group ?? "all", helpers: helpers)
      let rows = table.order(by: order).lazy.map { table.rows[Int($0)] }
      switch format {
      case .csv: try Self.csv(rows)
      case .json: try Self.json(rows)
      }
      Self.remark(table)
    }
  }

  private static func csv(_ rows: some Sequence<PairTable.Row>) throws {
    var lines = Lines { try Console.output.write(exact: $0) }
    try lines.write(PairTable.header)
    for row in rows { try lines.write(PairTable.csv(row)) }
    try lines.flush()
  }

  private static func json(_ rows: some Sequence<PairTable.Row>) throws {
    var lines = Lines { try Console.output.write(json: $0.joined(separator: "\n")) }
    let columns = PairTable.columns.map { "\"\($0)\"" }.joined(separator: ",")
    try lines.write("{\"columns\":[\(columns)],\n\"rows\":[")
    var separator = ""
    for row in rows {
      try lines.write(separator + PairTable.json(row))
      separator = ","
    }
    try lines.write("]}")
    try lines.flush()
  }

  /// What to hold the figures against.
  private static func remark(_ table: PairTable) {
    for remark in table.remarks { tell(remark) }
    if table.isOfMoment { tell("No Cohen's d: means of a group of the moment are only known by bins.") }
    if let untested = table.untested { tell("No p and q: \(untested).") }
    guard let floor = table.nullFloor else { return }
    tell(
      String(
        format:
          "Without any difference between groups of %d and %d values, an AUROC is off 0.5 by %.3f (standard deviation); the farthest of %d neurons by about %.2f.",
        floor.first, floor.second, floor.deviation, table.rows.count, floor.farthest))
  }
}

extension PairTable.Figure: ExpressibleByArgument {}
