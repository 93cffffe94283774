import Distributions
import TileStore

/// How ordinary rows and instances are, as clients read it (`Tiles/HTTP.md`, "Divergences").
package struct DivergenceEntries {
  /// Entries of an answer, at most, and where nothing is said.
  package static let countMax = 1024
  package static let countUsual = 64

  private let standings: RowStandings

  package init(_ standings: RowStandings) { self.standings = standings }

  /// - Parameters:
  ///   - some: all where nothing is said.
  ///   - sample: how many rows stand for all where there are more; `some` are of these then, in ascending order.
  /// - Throws: `StoreError`.
  func rows(_ some: Range<Int>? = nil, sample: Int?) throws -> JSONValue {
    let all = standings.store.attributes.dataset.rows
    let chosen = sample.flatMap { RowSample($0, of: RowSet(length: all) { _ in true }) }
    let total = chosen?.count ?? all
    let some = some ?? 0..<total
    let members = chosen?.rows.members
    let entries = try some.map { place in
      JSONValue.object(entry(try standings.row(members.map { Int($0[place]) } ?? place)))
    }
    var answer = list(some.lowerBound, total: total, "rows", entries)
    if chosen != nil { answer["of"] = JSONValue(all) }
    return .object(answer)
  }

  package func instances(_ instances: Range<Int>) throws -> JSONValue {
    let entries = try instances.map { JSONValue.object(entry(try standings.instance($0))) }
    let total = standings.store.attributes.instances.count
    return .object(list(instances.lowerBound, total: total, "instances", entries))
  }

  private func list(_ first: Int, total: Int, _ key: String, _ entries: [JSONValue]) -> [String: JSONValue] {
    ["from": JSONValue(first), "total": JSONValue(total), key: .array(entries)]
  }

  private func entry(_ standing: InputStanding) -> [String: JSONValue] {
    var entry: [String: JSONValue] = [
      standing.isRow ? "row" : "instance": JSONValue(standing.number), "margin": Self.number(standing.margin),
      "margin_p": Self.number(standing.judgement.margin), "omnibus": Self.number(standing.judgement.omnibus),
      "omnibus_p": Self.number(standing.judgement.omnibusChance), "alarm_p": Self.number(standing.judgement.alarm),
      "alarm_p_least": Self.number(standing.judgement.alarmLeast),
    ]
    if let name = standing.name { entry["name"] = .string(name) }
    if let prediction = standing.prediction { entry["prediction"] = .string(prediction) }
    if let label = standing.label { entry["label"] = .string(label) }
    if let row = standing.sourceRow { entry["source_row"] = JSONValue(row) }
    return entry
  }

  /// An input with its figures in each layer, and where it stands between two classes.
  /// - Parameters:
  ///   - contrast: the classes; or why there are none.
  ///   - contribution: the mean over the neurons of a layer of what speaks for the one over the other; NaN where there is none.
  /// - Throws: `StoreError`.
  package func detail(
    _ standing: InputStanding, _ contrast: Result<Contrast, SubsetError>, contribution: (Int, Contrast) throws -> Double
  ) throws -> JSONValue {
    var answer = entry(standing)
    if let named = standing.named { answer["calibrating"] = JSONValue(try standings.rows(named: named)) }
    var classes: Contrast?
    switch contrast {
    case .success(let found):
      classes = found
      answer["contrast"] = [
        "named": .string(standings.classes[found.named]), "other": .string(standings.classes[found.other]),
      ]
      if !standings.hasLadders {
        answer["without_ladder"] = .string(
          "There are \(standings.classes.count) classes, and where the rows of one stand between it and another is kept for at most \(DivergenceAttributes.ladderClassesMax)."
        )
      }
    case .failure(let error): answer["without_contrast"] = .string(error.description)
    }
    answer["layers"] = .array(
      try standings.store.layers.indices.map { layer in
        var entry: [String: JSONValue] = [
          "id": .string(standings.store.layers[layer].layer.id),
          "in_omnibus": .bool(standings.layers.contains(layer)),
        ]
        let figures = standing.figures[layer]
        for (place, (name, value)) in zip(DivergenceAttributes.figures, [figures.d, figures.t, figures.r]).enumerated()
        {
          let gauge = 3 * layer + place
          entry[name] = Self.number(value)
          entry["\(name)_p"] = Self.number(standing.judgement.gauges[gauge])
          entry["\(name)_percentile"] = Self.number(standing.judgement.percentiles[gauge] * 100)
        }
        if let classes {
          let mean = try contribution(layer, classes)
          let rungs = try standings.rungs(classes, layer: layer)
          entry["contribution"] = Self.number(mean)
          entry["other_median"] = Self.number(rungs.other)
          entry["named_median"] = Self.number(rungs.named)
          entry["ladder"] = Self.number((mean - rungs.other) / (rungs.named - rungs.other))
        }
        return .object(entry)
      })
    return .object(answer)
  }

  /// NaN and infinities are `null`.
  private static func number(_ number: Double) -> JSONValue { number.isFinite ? .double(number) : .null }
}
