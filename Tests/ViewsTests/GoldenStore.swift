import Foundation
import TileStore

extension Store {
  /// The golden store of version 2, which has codes both ways.
  static func goldenWithCodes() throws -> Store {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Tiles/golden/version-2/store/golden").standardizedFileURL.path
    return try Store.open(path)
  }
}
