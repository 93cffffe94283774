import TileStore
import Views

/// Parameters, problems and the shapes of JSON answers.
extension OpenAPI {
  static var parameters: [String: JSONValue] {
    let indices = "^([0-9]{1,9}(,[0-9]{1,9}){0,63})?$"
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
      "instances": query("instances", ["type": "string", "pattern": .string(indices)], "Indices, comma-separated"),
      "spread": query(
        "spread", ["enum": ["all"]], "Also how far the values of all rows reach, and which are no finite numbers"),
      "groups": query(
        "groups", ["type": "string", "pattern": .string(indices)],
        "Indices, comma-separated; order and repeats do not matter"),
      "row": path("row", index), "rowTable.from": query("from", index, "The first row"),
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
      "rank": query("rank", ["type": "integer", "minimum": 0, "maximum": 999_999_999, "default": 0]),
    ]
  }

  /// Comparisons joined by `and` and `or`; `Tiles/HTTP.md` has all that is taken.
  private static let momentPattern: String = {
    let comparison = "(label|prediction|row) (==|!=|<|<=|>|>=) (label|prediction|row|[0-9]{1,9}|\"[A-Za-z0-9 ]{0,20}\")"
    return "^\(comparison)( (and|or) \(comparison)){0,9}$"
  }()

  private static let index: JSONValue = ["type": "integer", "minimum": 0, "maximum": 999_999_999]

  private static func path(_ name: String, _ schema: JSONValue) -> JSONValue {
    ["name": .string(name), "in": "path", "required": true, "schema": schema]
  }

  private static func query(_ name: String, _ schema: JSONValue, _ description: String = "") -> JSONValue {
    [
      "name": .string(name), "in": "query", "required": false, "schema": schema, "description": .string(description),
    ]
  }

  static var headers: [String: JSONValue] {
    [
      "ETag": ["schema": ["type": "string"]], "CacheControl": ["schema": ["type": "string"]],
      "TileHeaderCRC32C": [
        "schema": ["type": "string", "pattern": "^[0-9a-f]{8}$"],
        "description": "crc32c of the 32 bytes before the body",
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
    let figure: JSONValue = ["type": ["number", "null"]]
    let place = object(
      [
        "instance": count, "name": text, "value": figure, "value_text": ["enum": ["nan", "inf", "-inf"]],
        "percentiles": list(object(["group": count, "low": share, "high": share])),
      ], optional: ["value_text"])
    var figures: [String: JSONValue] = ["group": count, "name": text, "counts": list(count)]
    // Older stores lack what was added to the format.
    let added = Statistic.allCases.filter { $0.since > 1 }.map(\.rawValue)
    for statistic in Statistic.allCases { figures[statistic.rawValue] = statistic.kind == .count ? count : figure }
    var bounds: [String: JSONValue] = ["where": text, "moved": list(text), "counts": list(count)]
    for statistic in Statistic.allCases {
      if statistic.kind == .count {
        bounds[statistic.rawValue] = count
      } else {
        for end in ["low", "high"] { bounds["\(statistic.rawValue)_\(end)"] = figure }
      }
    }
    let moment = object(bounds, optional: Set(added.flatMap { [$0, "\($0)_low", "\($0)_high"] }))
    return [
      "Problem": object(["type": text, "title": text, "status": count, "detail": text, "instance": text]),
      "Catalogue": object([
        "datasets": list(
          object([
            "name": text, "title": text, "version": version, "url": text, "rows": count, "layers": count,
            "groups": count, "instances": count,
          ]))
      ]),
      "Current": object(["name": text, "version": version, "url": text]),
      "Metadata": object(
        [
          "name": text, "version": version, "title": text, "rows": count, "layers": list(layer), "groups": list(group),
          "instances": list(instance), "start": ["type": "object"], "provenance": ["type": "object"],
          "table": table,
        ], optional: ["start", "table"]),
      "Summary": object(
        [
          "id": text, "neurons": count, "shared": axis, "groups": list(count),
          "distribution": object(["bins": ["const": 64], "counts": list(list(count))]), "zeros": list(figure),
          "dead": list(count), "nan": list(count), "infinite": list(count), "where": text, "rows": count,
          "moved": list(text),
          "spread": object(
            [
              "neurons": count, "over": list(share), "minimum": list(figure), "low": list(figure),
              "lower": list(figure), "width": list(figure), "upper": list(figure), "high": list(figure),
              "maximum": list(figure),
            ]),
        ], optional: ["where", "rows", "moved"]),
      "RowTable": object([
        "from": count, "total": count,
        "rows": list(
          object(
            ["row": count, "label": text, "prediction": text, "margin": figure, "columns": ["type": "object"]],
            optional: ["label", "prediction", "margin"])),
      ]),
      "Firing": object([
        "neuron": count, "layer": text, "end": ["enum": ["highest", "lowest"]],
        "rows": list(
          object(
            ["row": count, "low": figure, "high": figure, "label": text, "prediction": text],
            optional: ["label", "prediction"])),
      ]),
      "Confusion": object(["labels": list(text), "predictions": list(text), "cells": list(list(count))]),
      "RowText": object(["row": count, "text": text]),
      "Place": object(["neuron": count, "rank": count]),
      "Neuron": object([
        "neuron": count, "layer": text,
        "grid": object(["exponent": ["type": "integer"], "origin": ["type": "integer"], "tails": ["type": "boolean"]]),
        "groups": list(["anyOf": [object(figures, optional: Set(["counts"] + added)), moment]]),
        "instances": list(place),
      ]),
    ]
  }

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
