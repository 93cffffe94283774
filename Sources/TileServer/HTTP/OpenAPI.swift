import TileStore

enum OpenAPI {
  static func document(prefix: String) -> JSONValue { ["openapi": "3.1.0"] }
}
