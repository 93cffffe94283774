import Activations
import TileStore

/// The keys of a job that say what rows are, besides their labels: `scores`, `pictures`, `texts`, `columns`.
extension JobMap {
  mutating func rowTable() throws -> RowTableRequest {
    var request = RowTableRequest()
    request.scores = try text("scores")
    request.pictures = try text("pictures")
    request.texts = try text("texts")
    request.columns = try texts("columns") ?? []
    return request
  }
}

extension RowTableRequest {
  /// As they stand in the store.
  func describe(in object: inout [String: JSONValue]) {
    if let scores { object["scores"] = .string(scores) }
    if let pictures { object["pictures"] = .string(pictures) }
    if let texts { object["texts"] = .string(texts) }
    if !columns.isEmpty { object["columns"] = .array(columns.map { .string($0) }) }
  }
}
