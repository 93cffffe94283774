import TileStore

/// Parameters, problems and the shapes of JSON answers.
extension OpenAPI {
  static var parameters: [String: JSONValue] {
    let ordering = "^(index|(median|mean|value)\\(.+\\)|difference\\(.+,.+\\))$"
    let indices = "^([0-9]{1,9}(,[0-9]{1,9}){0,63})?$"
    return [
      "dataset": path("dataset", ["type": "string"]), "version": path("version", ["type": "string"]),
      "layer": path("layer", ["type": "string"]), "group": path("group", index), "level": path("level", index),
      "index": path("index", index), "instance": path("instance", index), "neuron": path("neuron", index),
      "order": query(
        "order", ["type": "string", "pattern": .string(ordering), "maxLength": 4096, "default": "index"],
        "index, median(GROUP), mean(GROUP), value(INSTANCE) or difference(ITEM,ITEM)"),
      "direction": query("direction", ["enum": ["ascending", "descending"], "default": "ascending"]),
      "axis": query("axis", ["enum": ["shared", "own"], "default": "shared"]),
      "bins": query("bins", ["enum": [256, 64, 16], "default": 256]),
      "zoom": query(
        "zoom", ["type": "integer", "minimum": 0, "maximum": 16, "default": 0],
        "Halvings of the shared axis; own bins are spread on the window's"),
      "from": query(
        "from", ["type": "integer", "minimum": 0, "maximum": 16_776_960, "default": 0],
        "The window's first bin, counted from the lower end of the shared axis in bins of the window"),
      "instances": query("instances", ["type": "string", "pattern": .string(indices)], "Indices, comma-separated"),
      "groups": query(
        "groups", ["type": "string", "pattern": .string(indices)],
        "Indices, comma-separated; order and repeats do not matter"),
      "neuronQuery": query("neuron", index, "The neuron whose rank is sought; goes before rank"),
      "rank": query("rank", ["type": "integer", "minimum": 0, "maximum": 999_999_999, "default": 0]),
    ]
  }

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
    let figures: [String: JSONValue] = [
      "group": count, "name": text, "count": count, "zeros": count, "nan": count, "infinite": count,
      "minimum": figure, "maximum": figure, "mean": figure, "deviation": figure, "median": figure,
      "lower_quartile": figure, "upper_quartile": figure, "counts": list(count),
    ]
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
        ], optional: ["start"]),
      "Summary": object([
        "id": text, "neurons": count, "shared": axis, "groups": list(count),
        "distribution": object(["bins": ["const": 64], "counts": list(list(count))]), "zeros": list(figure),
        "dead": list(count), "nan": list(count), "infinite": list(count),
      ]),
      "Place": object(["neuron": count, "rank": count]),
      "Neuron": object([
        "neuron": count, "layer": text,
        "grid": object(["exponent": ["type": "integer"], "origin": ["type": "integer"], "tails": ["type": "boolean"]]),
        "groups": list(object(figures, optional: ["counts"])), "instances": list(place),
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
