import TileStore

/// The interface for machines: an OpenAPI 3.1 document, which tests and schemathesis hold the routes against.
///
/// Source: https://spec.openapis.org/oas/v3.1.0.
enum OpenAPI {
  /// - Parameter prefix: the server's path prefix.
  static func document(prefix: String) -> JSONValue {
    [
      "openapi": "3.1.0",
      "info": [
        "title": "Neural Divergence tile server", "version": "1",
        "description":
          "Read-only. Addresses with a version never change. The binary forms are laid down in Tiles/HTTP.md.",
        "license": ["name": "MIT", "identifier": "MIT"],
      ],
      "servers": [["url": .string(prefix.isEmpty ? "/" : prefix)]],
      "paths": .object(paths),
      "components": [
        "parameters": .object(parameters), "responses": .object(responses), "headers": .object(headers),
        "schemas": .object(schemas), "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
      ],
      // A token is only needed for data sets that have one.
      "security": [[:], ["token": []]],
    ]
  }

  private static let version = "/api/v1/datasets/{dataset}/{version}"

  private static var paths: [String: JSONValue] {
    let layer = version + "/layers/{layer}"
    let ordered = ["order", "direction"]
    return [
      "/api/v1/datasets": get("catalogue", "All data sets", [], json("Catalogue")),
      "/api/v1/datasets/{dataset}": get(
        "current", "The current version of a data set", ["dataset"], json("Current"), errors: [401, 404]),
      version: get(
        "metadata", "Layers, groups and instances", ["dataset", "version"], json("Metadata"), errors: built),
      version + "/images/{instance}": get(
        "image", "The picture of an instance", ["dataset", "version", "instance"], binary("image/png"), errors: built),
      layer + "/summary": get(
        "summary", "One layer at a glance", ["dataset", "version", "layer", "groups"], json("Summary"),
        errors: built),
      layer + "/tiles/{group}/{level}/{index}": get(
        "tile", "Densities of 256 displayed rows",
        ["dataset", "version", "layer", "group", "level", "index"] + ordered + ["axis", "bins", "zoom", "from"],
        binary(TileHeader.mediaType), headers: ["Tile-Header-CRC32C"], errors: built),
      layer + "/rows/{level}/{index}": get(
        "rows", "Neurons, keys and instance values of 256 displayed rows",
        ["dataset", "version", "layer", "level", "index"] + ordered + ["instances"],
        binary(TileHeader.mediaType), headers: ["Tile-Header-CRC32C"], errors: built),
      layer + "/find": get(
        "find", "Rank of a neuron, or the other way round",
        ["dataset", "version", "layer"] + ordered + ["neuronQuery", "rank"], json("Place"), errors: built),
      layer + "/neurons/{neuron}": get(
        "neuron", "Everything about one neuron", ["dataset", "version", "layer", "neuron", "groups", "instances"],
        json("Neuron"), errors: built),
      "/openapi.json": get("openapi", "This document", [], ["application/json": ["schema": ["type": "object"]]]),
      "/healthz": probe("healthz", "Whether the server runs"),
      "/readyz": probe("readyz", "Whether the server takes requests"),
    ]
  }

  /// Problems of what is built on demand.
  private static let built = [401, 404, 500, 503]

  private static func json(_ schema: String) -> JSONValue {
    ["application/json": ["schema": ["$ref": .string("#/components/schemas/\(schema)")]]]
  }

  private static func binary(_ type: String) -> JSONValue {
    .object([type: ["schema": ["type": "string", "contentEncoding": "binary"]]])
  }

  private static func get(
    _ id: String, _ summary: String, _ parameters: [String], _ content: JSONValue,
    headers: [String] = [], errors: [Int] = []
  ) -> JSONValue {
    let named = Dictionary(
      uniqueKeysWithValues: (["ETag", "Cache-Control"] + headers).map { name in
        (name, ["$ref": .string("#/components/headers/\(name.filter { $0 != "-" })")] as JSONValue)
      })
    var answers: [String: JSONValue] = [
      "200": ["description": .string(summary), "content": content, "headers": .object(named)],
      "304": ["description": "The client holds it already"],
    ]
    for status in [400, 405, 406, 414, 429] + errors {
      answers[String(status)] = ["$ref": .string("#/components/responses/\(status)")]
    }
    let references = parameters.map { JSONValue.object(["$ref": .string("#/components/parameters/\($0)")]) }
    return [
      "get": [
        "operationId": .string(id), "summary": .string(summary), "parameters": .array(references),
        "responses": .object(answers),
      ]
    ]
  }

  private static func probe(_ id: String, _ summary: String) -> JSONValue {
    let text: JSONValue = ["text/plain": ["schema": ["type": "string"]]]
    return [
      "get": [
        "operationId": .string(id), "summary": .string(summary),
        "responses": [
          "200": ["description": "Yes", "content": text], "503": ["description": "No", "content": text],
          "405": ["$ref": "#/components/responses/405"], "414": ["$ref": "#/components/responses/414"],
          "429": ["$ref": "#/components/responses/429"],
        ],
      ]
    ]
  }
}
