import Foundation
import TileStore

/// The golden store (`Tiles/golden`), and copies of it that a test may damage.
enum Golden {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Tiles/golden").standardizedFileURL
  static let dataset = folder.appendingPathComponent("store/golden").path

  static func expected() throws -> JSONValue {
    try JSONDecoder().decode(
      JSONValue.self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
  }

  /// Runs `body` on a copy of the data set's folder, which is removed afterwards.
  static func withCopy<Result>(_ body: (_ dataset: String) throws -> Result) throws -> Result {
    let copy = FileManager.default.temporaryDirectory.appendingPathComponent("golden-\(UUID().uuidString)")
    try FileManager.default.copyItem(atPath: dataset, toPath: copy.path)
    defer { try? FileManager.default.removeItem(at: copy) }
    return try body(copy.path)
  }
}
