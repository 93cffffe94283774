/// How a layer is divided into displayed rows and tiles.
///
/// At level `k` a displayed row stands for `2^k` neighbours of the ordering; a tile has 256 displayed rows.
package struct Levels: Sendable, Equatable {
  /// Displayed rows of a tile.
  package static let tileRows = 256

  package let neurons: Int

  /// The first level with at most 256 rows.
  package var top: Int {
    var level = 0
    while rows(at: level) > Self.tileRows { level += 1 }
    return level
  }

  /// Displayed rows of a level.
  package func rows(at level: Int) -> Int { (neurons + (1 << level) - 1) >> level }

  /// Tiles of a level.
  package func tiles(at level: Int) -> Int { (rows(at: level) + Self.tileRows - 1) / Self.tileRows }

  /// Displayed rows of a tile; `nil` where there is no such tile.
  package func rows(ofTile index: Int, at level: Int) -> Range<Int>? {
    guard level >= 0, level <= top, index >= 0, index < tiles(at: level) else { return nil }
    let first = index * Self.tileRows
    return first..<min(first + Self.tileRows, rows(at: level))
  }

  /// Ranks that some displayed rows stand for.
  package func ranks(ofRows rows: Range<Int>, at level: Int) -> Range<Int> {
    (rows.lowerBound << level)..<min(rows.upperBound << level, neurons)
  }
}
