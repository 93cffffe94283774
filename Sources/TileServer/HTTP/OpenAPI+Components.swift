import TileStore
import Views

/// Parameters, problems and the shapes of JSON answers.
extension OpenAPI {
  static var parameters: [String: JSONValue] {
    let indices = "^([0-9]{1,9}(,[0-9]{1,9}){0,63})?$"
    let instance = "(row (0|[1-9][0-9]{0,8})|[0-9]{1,9})"
    let instances = "^(\(instance)(,\(instance)){0,63})?$"
    func some(_ most: Int) -> JSONValue {
      ["type": "string", "pattern": .string("^[0-9]{1,9}(,[0-9]{1,9}){0,\(most - 1)}$")]
    }
    return [
      "dataset": path("dataset", ["type": "string"]), "version": path("version", ["type": "string"]),
      "layer": path("layer", ["type": "string"]), "group": path("group", index),
      "where": query(
        "where", ["type": "string", "pattern": .string(momentPattern), "maxLength": 4096],
        "A group of the moment: the rows for which an expression holds; the pattern has the simplest. Not of a layer without codes"
      ), "level": path("level", index),
      "index": path("index", index), "instance": path("instance", index), "neuron": path("neuron", index),
      "order": query(
        "order",
        [
          "type": "string", "pattern": .string(OrderName.pattern), "maxLength": JSONValue(OrderTable.nameBytesMax),
          "default": "index",
        ],
        OrderName.forms),
      "direction": query("direction", ["enum": ["ascending", "descending"], "default": "ascending"]),
      "axis": query("axis", ["enum": ["shared", "own"], "default": "shared"]),
      "bins": query("bins", ["enum": [256, 64, 16], "default": 256]),
      "zoom": query(
        "zoom", ["type": "integer", "minimum": 0, "maximum": 24, "default": 0],
        "Halvings of the shared axis; own bins are spread on the window's"),
      "from": query(
        "from", ["type": "integer", "minimum": 0, "maximum": 4_294_967_040, "default": 0],
        "The window's first bin, counted from the lower end of the shared axis in bins of the window"),
      "instances": query(
        "instances", ["type": "string", "pattern": .string(instances)],
        "Indices and rows such as `row 17`, comma-separated"),
      "sample": query(
        "sample",
        [
          "type": "integer", "minimum": JSONValue(RowSample.countRange.lowerBound),
          "maximum": JSONValue(RowSample.countRange.upperBound),
        ], "Rows that stand for all of a group of the moment where it has more; the answer says how far it may be off"),
      "spread": query(
        "spread", ["enum": ["all"]], "Also how far the values of all rows reach, and which are no finite numbers"),
      "groups": query(
        "groups", ["type": "string", "pattern": .string(indices)],
        "Indices, comma-separated; order and repeats do not matter"),
      "neurons": query(
        "neurons", some(NeuronFigures.neuronsMax),
        "Indices, comma-separated; order and repeats do not matter", required: true),
      "ties": query("ties", ["enum": ["all"]], "Also at which ranks the same key stands"),
      "a": query("a", member, "A group: its index, or where:EXPR", required: true),
      "b": query("b", member, "The group that it is compared with: its index, or where:EXPR", required: true),
      "neuron.a": query("a", member, "A group to compare: its index, or where:EXPR"),
      "neuron.b": query("b", member, "The group that it is compared with"),
      "with": query(
        "with", otherVersion, "NAME/VERSION: the second group is of that version, in the layer of the same id"),
      "of": query("of", otherVersion, "NAME/VERSION: the order is that of the layer of the same id there"),
      "compare.order": query(
        "order",
        ["enum": .array(PairTable.Figure.allCases.map { .string($0.rawValue) }), "default": "auroc"],
        "What differs most comes first"),
      "compare.from": query("from", index, "Rank of the first row"),
      "compare.count": query(
        "count",
        [
          "type": "integer", "minimum": 1, "maximum": JSONValue(PairPage.rowsMax),
          "default": JSONValue(PairPage.rowsMax),
        ], "Rows, as far as there are so many"),
      "format": query("format", ["enum": ["json", "csv"], "default": "json"]),
      "row": path("row", index),
      "rows": query(
        "rows", some(RowEntries.chosenMax),
        "Row numbers, comma-separated; order and repeats do not matter", required: true),
      "rowTable.from": query("from", index, "The first row"),
      "count": query(
        "count",
        [
          "type": "integer", "minimum": 1, "maximum": JSONValue(RowEntries.countMax),
          "default": JSONValue(RowEntries.countUsual),
        ], "Rows, as far as there are so many"),
      "firing.group": query("group", index, "Among the rows of this group; not together with where"),
      "end": query("end", ["enum": ["highest", "lowest"], "default": "highest"]),
      "firing.count": query(
        "count",
        [
          "type": "integer", "minimum": 1, "maximum": JSONValue(RowEntries.chosenMax),
          "default": JSONValue(ExtremeEnd.rows),
        ], "Rows, as far as there are so many"),
      "neuronQuery": query("neuron", index, "The neuron whose rank is sought; goes before rank"),
      "rowDivergences.from": query("from", index, "The first row"),
      "instanceDivergences.from": query("from", index, "The first instance"),
      "rowDivergences.sample": query(
        "sample",
        [
          "type": "integer", "minimum": JSONValue(RowSample.countRange.lowerBound),
          "maximum": JSONValue(RowSample.countRange.upperBound),
        ], "Rows that stand for all where there are more; from and count are among these"),
      "ladder.for": query("for", index, "The group of a class for which neurons speak", required: true),
      "ladder.over": query("over", index, "The group of the other class", required: true),
      "for": query(
        "for", index, "The group of a class for which neurons speak, where not the one that the network named"),
      "over": query("over", index, "The group of the other class, where not the true label or the runner-up"),
      "rank": query("rank", ["type": "integer", "minimum": 0, "maximum": 999_999_999, "default": 0]),
    ]
  }

  /// Comparisons joined by `and` and `or`; `Tiles/HTTP.md` has all that is taken.
  private static let momentPattern: String = {
    let comparison = "(label|prediction|row) (==|!=|<|<=|>|>=) (label|prediction|row|[0-9]{1,9}|\"[A-Za-z0-9 ]{0,20}\")"
    return "^\(comparison)( (and|or) \(comparison)){0,9}$"
  }()

  /// The index of a group, or an expression.
  private static let member: JSONValue = [
    "type": "string", "maxLength": 4096,
    "pattern": .string("^([0-9]{1,9}|where:\(momentPattern.dropFirst().dropLast()))$"),
  ]
  private static let otherVersion: JSONValue = ["type": "string", "pattern": "^[^/]{1,100}/[0-9a-f]{16}$"]

  private static let index: JSONValue = ["type": "integer", "minimum": 0, "maximum": 999_999_999]

  private static func path(_ name: String, _ schema: JSONValue) -> JSONValue {
    ["name": .string(name), "in": "path", "required": true, "schema": schema]
  }

  private static func query(
    _ name: String, _ schema: JSONValue, _ description: String = "", required: Bool = false
  ) -> JSONValue {
    [
      "name": .string(name), "in": "query", "required": .bool(required), "schema": schema,
      "description": .string(description),
    ]
  }

  static var headers: [String: JSONValue] {
    [
      "ETag": ["schema": ["type": "string"]], "CacheControl": ["schema": ["type": "string"]],
      "TileHeaderCRC32C": [
        "schema": ["type": "string", "pattern": "^[0-9a-f]{8}$"],
        "description": "crc32c of the 32 bytes before the body",
      ],
      "ExpressionMoved": [
        "schema": ["type": "string"], "description": "What comparisons with activations were taken as: a list in JSON",
      ],
      "ExpressionSample": [
        "schema": ["type": "string"],
        "description": "How many rows stand for how many, and how far off: an object in JSON",
      ],
    ]
  }

  /// One for every status that a problem can have.
  static var responses: [String: JSONValue] {
    let byStatus = Dictionary(grouping: Problem.Kind.allCases) { $0.status.code }
    return Dictionary(
      uniqueKeysWithValues: byStatus.map { status, kinds in
        let titles = kinds.map(\.title).joined(separator: "; or: ")
        return (
          String(status),
          [
            "description": .string(titles),
            "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
          ]
        )
      })
  }

  static var schemas: [String: JSONValue] {
    let version: JSONValue = ["type": "string", "pattern": "^[0-9a-f]{16}$"]
    let value = object(
      [
        "instance": count, "name": text, "value": figure, "value_text": ["enum": ["nan", "inf", "-inf"]],
        "percentiles": list(object(["group": count, "low": share, "high": share])),
      ], optional: ["value_text"])
    let row = object(
      [
        "row": count, "name": text, "low": figure, "high": figure,
        "value_text": ["enum": ["nan", "inf", "-inf", "missing"]],
        "percentiles": list(object(["group": count, "low": share, "high": share])),
      ], optional: ["value_text"])
    let sample = object(["rows": count, "of": count, "bound": figure, "bound_all": figure])
    var figures: [String: JSONValue] = ["group": count, "name": text, "counts": list(count)]
    // Older stores lack what was added to the format.
    let added = Statistic.allCases.filter { $0.since > 1 }.map(\.rawValue)
    for statistic in Statistic.allCases { figures[statistic.rawValue] = statistic.kind == .count ? count : figure }
    var bounds: [String: JSONValue] = [
      "where": text, "moved": list(text), "counts": list(count), "sample": sample,
    ]
    for statistic in Statistic.allCases {
      if statistic.kind == .count {
        bounds[statistic.rawValue] = count
      } else {
        for end in ["low", "high"] { bounds["\(statistic.rawValue)_\(end)"] = figure }
      }
    }
    let moment = object(bounds, optional: Set(["sample"] + added.flatMap { [$0, "\($0)_low", "\($0)_high"] }))
    return [
      "Problem": object(["type": text, "title": text, "status": count, "detail": text, "instance": text]),
      "Catalogue": object([
        "datasets": list(
          object([
            "name": text, "title": text, "version": version, "url": text, "rows": count, "layers": count,
            "groups": count, "instances": count,
          ]))
      ]),
      "Current": object(["name": text, "version": version, "url": text, "versions": list(version)]),
      "Metadata": object(
        [
          "name": text, "version": version, "title": text, "rows": count, "layers": list(layer), "groups": list(group),
          "instances": list(instance), "start": ["type": "object"], "provenance": ["type": "object"],
          "table": table, "judged": ["type": "boolean"],
        ], optional: ["start", "table"]),
      "Summary": object(
        [
          "id": text, "neurons": count, "shared": axis, "groups": list(count),
          "distribution": object(["bins": ["const": 64], "counts": list(list(count))]), "zeros": list(figure),
          "dead": list(count), "nan": list(count), "infinite": list(count), "where": text, "rows": count,
          "moved": list(text), "sample": sample,
          "spread": object(
            [
              "neurons": count, "over": list(share), "minimum": list(figure), "low": list(figure),
              "lower": list(figure), "width": list(figure), "upper": list(figure), "high": list(figure),
              "maximum": list(figure),
            ]),
        ], optional: ["where", "rows", "moved", "sample"]),
      "RowTable": object(
        [
          "from": count, "total": count, "where": text, "moved": list(text),
          "rows": list(
            object(
              ["row": count, "label": text, "prediction": text, "margin": figure, "columns": ["type": "object"]],
              optional: ["label", "prediction", "margin"])),
        ], optional: ["where", "moved"]),
      "Firing": object(
        [
          "neuron": count, "layer": text, "end": ["enum": ["highest", "lowest"]], "moved": list(text),
          "rows": list(
            object(
              ["row": count, "low": figure, "high": figure, "label": text, "prediction": text],
              optional: ["label", "prediction"])),
          "tied": count,
        ], optional: ["moved", "tied"]),
      "Confusion": object(["labels": list(text), "predictions": list(text), "cells": list(list(count))]),
      "Comparison": object(
        [
          "a": side, "b": side, "columns": list(text), "from": count, "total": count,
          "null": object(["n_a": count, "n_b": count, "deviation": number, "farthest": number]), "untested": text,
          "rows": list([
            "type": "array", "items": figure, "minItems": JSONValue(PairTable.columns.count),
            "maxItems": JSONValue(PairTable.columns.count),
          ]),
        ], optional: ["null", "untested"]),
      "Separation": object([
        "a": side, "b": side,
        "layers": list([
          "anyOf": [
            object(separation.merging(["layer": text]) { $1 }, optional: ["best"]),
            object(["layer": text, "untold": text]),
          ]
        ]),
      ]),
      "Similar": object([
        "a": side,
        "classes": list(object(separation.merging(["group": count, "name": text]) { $1 }, optional: ["best"])),
      ]),
      "RowText": object(["row": count, "text": text]),
      "RowTexts": object(["texts": list(["$ref": "#/components/schemas/RowText"])]),
      "Divergences": object(
        [
          "from": count, "total": count, "of": count, "rows": list(object(standing, optional: standingOptional)),
          "instances": list(object(standing, optional: standingOptional)),
        ], optional: ["of", "rows", "instances"]),
      "Ladder": object([
        "named": text, "other": text, "shares": list(number),
        "layers": list([
          "anyOf": [
            object([
              "id": text, "neurons": count, "named": shares, "other": shares, "named_rows": count, "other_rows": count,
            ]),
            object(["id": text, "untold": text]),
          ]
        ]),
      ]),
      "Divergence": object(
        standing.merging(
          [
            "calibrating": count, "contrast": object(["named": text, "other": text]), "without_contrast": text,
            "without_ladder": text,
            "layers": list(
              object(
                gauges.merging(
                  [
                    "id": text, "in_omnibus": ["type": "boolean"], "contribution": figure, "named_median": figure,
                    "other_median": figure, "ladder": figure,
                  ]
                ) { $1 },
                optional: ["contribution", "named_median", "other_median", "ladder"])),
          ]
        ) { $1 },
        optional: standingOptional.union(["calibrating", "contrast", "without_contrast", "without_ladder"])),
      "Place": object(
        [
          "neuron": count, "rank": count, "ties": object(["from": count, "count": count]), "moved": list(text),
          "sample": sample,
        ], optional: ["ties", "moved", "sample"]),
      "Neuron": object(
        [
          "neuron": count, "layer": text,
          "grid": object(["exponent": ["type": "integer"], "origin": ["type": "integer"], "tails": ["type": "boolean"]]
          ),
          "groups": list(["anyOf": [object(figures, optional: Set(["counts"] + added)), moment]]),
          "instances": list(["anyOf": [value, row]]), "pair": pair,
        ], optional: ["pair"]),
      "Neurons": object(["layer": text, "neurons": list(["$ref": "#/components/schemas/Neuron"])]),
    ]
  }

  private static let number: JSONValue = ["type": "number"]
  private static let figure: JSONValue = ["type": ["number", "null"]]
  private static let shares: JSONValue = ["anyOf": [list(number), ["type": "null"]]]
  /// A group that is compared.
  private static let side: JSONValue = [
    "anyOf": [object(["group": count, "name": text]), object(["where": text, "rows": count, "moved": list(text)])]
  ]
  private static let pair: JSONValue = {
    var properties: [String: JSONValue] = ["a": side, "b": side, "untested": text]
    for name in PairTable.columns where name != "neuron" && name != "q" { properties[name] = figure }
    return object(properties, optional: ["untested"])
  }()
  private static let separation: [String: JSONValue] = [
    "neurons": count, "separation": figure, "kolmogorov_smirnov": figure, "beyond": count,
    "null": figure, "best": object(["neuron": count, "auroc": number]),
  ]
  /// A row or an instance beside those with the same prediction.
  private static let standing: [String: JSONValue] = [
    "row": count, "instance": count, "name": text, "prediction": text, "label": text, "source_row": count,
    "margin": figure, "margin_p": figure, "omnibus": figure, "omnibus_p": figure, "alarm_p": figure,
    "alarm_p_least": figure,
  ]
  private static let standingOptional: Set = ["row", "instance", "name", "prediction", "label", "source_row"]
  private static let gauges = Dictionary(
    uniqueKeysWithValues: DivergenceAttributes.figures.flatMap { name in
      [(name, figure), ("\(name)_p", figure), ("\(name)_percentile", figure)]
    })

  private static let text: JSONValue = ["type": "string"]
  private static let count: JSONValue = ["type": "integer", "minimum": 0]
  private static let share: JSONValue = ["type": "number", "minimum": 0, "maximum": 100]
  private static let axis = object(["exponent": ["type": "integer"], "origin": ["type": "integer"]])
  private static let layer = object(
    ["id": text, "name": text, "neurons": count, "samples": count, "shared": axis], open: true)
  private static let group = object(
    ["name": text, "kind": ["enum": ["all", "class", "where"]], "rows": count], open: true)
  private static let instance = object(["name": text, "kind": text], open: true)

  private static let table = object(
    [
      "label": ["type": "boolean"], "prediction": ["type": "boolean"], "scores": count, "texts": ["type": "boolean"],
      "columns": list(
        object(
          ["name": text, "kind": ["enum": ["integer", "number", "boolean", "text"]], "values": list(text)],
          optional: ["values"])),
      "pictures": object(["height": count, "width": count, "channels": count]),
    ], optional: ["scores", "pictures"])

  private static func list(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }

  /// An object with these keys and no others, all of them there but the optional ones.
  private static func object(_ properties: [String: JSONValue], optional: Set<String> = [], open: Bool = false)
    -> JSONValue
  {
    [
      "type": "object", "properties": .object(properties), "additionalProperties": .bool(open),
      "required": .array(properties.keys.filter { !optional.contains($0) }.sorted().map { .string($0) }),
    ]
  }
}
