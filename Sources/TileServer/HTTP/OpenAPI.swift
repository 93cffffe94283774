import TileStore
import Views

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
          "Read-only. Addresses with a version never change. Tiles/HTTP.md specifies the binary forms.",
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

  private static var paths: [String: JSONValue] {
    Dictionary(uniqueKeysWithValues: Route.all.map { ($0.path, operation($0)) })
  }

  private static func operation(_ route: Route) -> JSONValue {
    switch route.content {
    case .json(let schema): get(route, ["$ref": .string("#/components/schemas/\(schema)")])
    case .table(let schema): table(route, ["$ref": .string("#/components/schemas/\(schema)")])
    case .document: get(route, ["type": "object"])
    case .binary: get(route, ["type": "string", "contentEncoding": "binary"])
    case .probe: probe(route)
    }
  }

  private static func table(_ route: Route, _ schema: JSONValue) -> JSONValue {
    get(route, schema, ["text/csv": ["schema": ["type": "string"]]])
  }

  /// - Parameter others: the answer in other media types.
  private static func get(_ route: Route, _ schema: JSONValue, _ others: [String: JSONValue] = [:]) -> JSONValue {
    let isTile = route.content.type == TileHeader.mediaType
    let told = route.query.contains("sample") ? ["Expression-Moved", "Expression-Sample"] : []
    let named = Dictionary(
      uniqueKeysWithValues: (["ETag", "Cache-Control"] + (isTile ? ["Tile-Header-CRC32C"] : []) + told).map { name in
        (name, ["$ref": .string("#/components/headers/\(name.filter { $0 != "-" })")] as JSONValue)
      })
    var answers: [String: JSONValue] = [
      "200": [
        "description": .string(route.summary),
        "content": .object(others.merging([route.content.type: ["schema": schema]]) { $1 }),
        "headers": .object(named),
      ],
      "304": ["description": "The client holds it already"],
    ]
    for status in [400, 405, 406, 414, 429] + route.errors {
      answers[String(status)] = ["$ref": .string("#/components/responses/\(status)")]
    }
    // A name that paths have, too, stands for another parameter in queries, and some stand for another on one route.
    let query = route.query.map { name in
      ["\(route.id).\(name)", "\(name)Query"].first { parameters[$0] != nil } ?? name
    }
    let references = (route.pathParameters + query).map { name in
      JSONValue.object(["$ref": .string("#/components/parameters/\(name)")])
    }
    return [
      "get": [
        "operationId": .string(route.id), "summary": .string(route.summary), "parameters": .array(references),
        "responses": .object(answers),
      ]
    ]
  }

  private static func probe(_ route: Route) -> JSONValue {
    let text: JSONValue = .object([route.content.type: ["schema": ["type": "string"]]])
    return [
      "get": [
        "operationId": .string(route.id), "summary": .string(route.summary),
        "responses": [
          "200": ["description": "Yes", "content": text], "503": ["description": "No", "content": text],
          "405": ["$ref": "#/components/responses/405"], "414": ["$ref": "#/components/responses/414"],
          "429": ["$ref": "#/components/responses/429"],
        ],
      ]
    ]
  }
}
