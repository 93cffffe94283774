import ArgumentParser
import Console
import Distributions
import Foundation
import Precompute
import TileStore
import Views

struct Score: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Tell how ordinary the rows of a new dump are for the classes that the network gave them.",
    discussion: """
      A table on standard output: a line per row, judged against the rows of the store that the network took for the same class. D is the \
      mean distance from the class's medians, T how unusual the row is for the class, R by how much another class explains it better, \
      in each layer; omnibus is all of them together, and each p the share of ordinary rows that are as far out. The alarm is 1 where \
      its p is at most --alarm. A field is empty where there is no such figure.

      The datasets of the dump are at the paths of the store's job; labels are not read. Without a dump, the instances of the store are \
      judged. The p are right as long as the new rows are of the same kind as those of the store. An alarm says that a row is unusual, \
      not that it was attacked: of ordinary rows, as many alarm as were asked for.
      """)

  @Argument(help: .store) var store: String
  @Argument(help: "HDF5 files that together are one dump. (default: the store's instances)") var dump: [String] = []
  @Option(help: "The share of ordinary rows that may alarm.") var alarm = 0.05
  @Option(help: "csv or json.") var format = Export.Format.csv
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    guard alarm > 0, alarm < 1 else {
      throw ValidationError("--alarm \(alarm): give a share between 0 and 1, such as 0.05.")
    }
  }

  func run() async throws {
    try reportingFailure {
      raiseFileLimit()
      let store = try Store.open(store)
      guard let standings = try RowStandings(store) else { throw DumpJudge.unjudged(store) }
      var table = try Table(store: store, alarm: alarm, format: format)
      if dump.isEmpty {
        guard !store.attributes.instances.isEmpty else {
          throw ValidationError("The store has no instances; name the dump whose rows are to be judged.")
        }
        for number in store.attributes.instances.indices {
          let own = try standings.instance(number)
          try table.write(
            row: own.name ?? "", prediction: own.prediction ?? "", margin: own.margin,
            gauges: RowStandings.gauges(own.figures), own.judgement)
        }
      } else {
        try score(store, standings, into: &table)
      }
      try table.end()
      Self.explain(standings, table, alarm: alarm)
    }
  }

  private func score(_ store: Store, _ standings: RowStandings, into table: inout Table) throws {
    try checkDumps(dump)
    let stop = StopSignals()
    let job = try store.origin().job
    let judge = try DumpJudge(
      store, dumps: dump, memory: GrantedMemory.bytes(), lanes: threads.lanes
    ) { try catalogue(of: $0, follow: job["follow"]?.bool ?? false, stop: stop) }
    try judge.judge { rows in
      if stop.wasAsked {
        throw PrecomputeError(.stopped, "Stopped by a signal, before all rows were judged.")
      }
      for number in rows.named.indices {
        let gauges = rows.figures.flatMap { $0[number].numbers }
        try table.write(
          row: String(rows.first + number), prediction: rows.predictions[number], margin: rows.margins[number],
          gauges: gauges,
          standings.judge(gauges: gauges, margin: rows.margins[number], named: rows.named[number]))
      }
    }
    for note in judge.notes { tell("Note: \(note)") }
  }

  /// Says what the figures rest on.
  private static func explain(_ standings: RowStandings, _ table: Table, alarm: Double) {
    tell(
      "\(table.alarms) of \(table.judged) rows alarm at \(shortest(alarm)). That is the share of ordinary rows that do, as long as rows are of the same kind as the \(standings.store.attributes.dataset.rows) of the store (same network, same source, exchangeable); it does not say which were attacked."
    )
    if let least = table.largestLeast, least > alarm {
      tell(
        "Some classes have too few rows to alarm at \(shortest(alarm)): the smallest p of an alarm is \(shortest(least)) there. Ask with --alarm for as much, or store more rows."
      )
    }
    if table.unjudged > 0 {
      tell(
        "\(table.unjudged) rows have no p: the network named no class, or one that fewer than \(RowCalibration.rowsMin) rows of the store calibrate."
      )
    }
    if !standings.hasMargins {
      tell("The store has no scores (scores: PATH in the job), so that the alarm goes by the omnibus alone.")
    }
  }
}

extension Score {
  /// The lines that are written.
  fileprivate struct Table {
    private let alarm: Double
    private let format: Export.Format
    private var lines: Lines
    private var separator = ""
    private(set) var judged = 0
    private(set) var alarms = 0
    private(set) var unjudged = 0
    /// The largest of the least p that an alarm can have.
    private(set) var largestLeast: Double?

    private static let columns = [
      "row", "prediction", "margin", "margin_p", "omnibus", "omnibus_p", "alarm_p", "alarm",
    ]

    init(store: Store, alarm: Double, format: Export.Format) throws {
      self.alarm = alarm
      self.format = format
      let columns =
        Self.columns
        + store.attributes.layers.flatMap { layer in
          ["D", "T", "R", "D_p", "T_p", "R_p"].map { "\(layer.name):\($0)" }
        }
      switch format {
      case .csv:
        lines = Lines { try Console.output.write(exact: $0) }
        try lines.write(columns.map(csvField).joined(separator: ","))
      case .json:
        lines = Lines { try Console.output.write(json: $0.joined(separator: "\n")) }
        let names = JSONValue.array(columns.map { .string($0) })
        try lines.write("{\"columns\":\(String(decoding: names.encoded(), as: UTF8.self)),\n\"rows\":[")
      }
    }

    /// - Parameter gauges: D, T and R of each layer.
    mutating func write(
      row: String, prediction: String, margin: Double, gauges: [Double], _ judgement: RowCalibration.Judgement
    ) throws {
      judged += 1
      let isKnown = !judgement.alarm.isNaN
      let rings = isKnown && judgement.alarm <= alarm
      if rings { alarms += 1 }
      if !isKnown { unjudged += 1 }
      if !judgement.alarmLeast.isNaN { largestLeast = max(largestLeast ?? 0, judgement.alarmLeast) }
      let numbers = [
        margin, judgement.margin, judgement.omnibus, judgement.omnibusChance, judgement.alarm,
      ]
      var layers: [Double] = []
      for first in stride(from: 0, to: gauges.count, by: 3) {
        layers += gauges[first..<first + 3]
        layers += judgement.gauges[first..<first + 3]
      }
      switch format {
      case .csv:
        var fields = [csvField(row), csvField(prediction)]
        fields += numbers.map(Self.field)
        fields.append(isKnown ? rings ? "1" : "0" : "")
        fields += layers.map(Self.field)
        try lines.write(fields.joined(separator: ","))
      case .json:
        var cells: [JSONValue] = [Int(row).map { JSONValue($0) } ?? .string(row)]
        cells.append(prediction.isEmpty ? .null : .string(prediction))
        cells += numbers.map(Self.value)
        cells.append(isKnown ? .bool(rings) : .null)
        cells += layers.map(Self.value)
        try lines.write(separator + String(decoding: JSONValue.array(cells).encoded(), as: UTF8.self))
        separator = ","
      }
    }

    mutating func end() throws {
      if format == .json { try lines.write("]}") }
      try lines.flush()
    }

    private static func field(_ value: Double) -> String { value.isNaN ? "" : shortest(value) }
    private static func value(_ value: Double) -> JSONValue { value.isFinite ? .double(value) : .null }
  }
}
