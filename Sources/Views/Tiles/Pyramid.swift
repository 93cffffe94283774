/// The zoomed-out tiles of one plane in one ordering, coded.
package struct Pyramid: Sendable {
  private struct Tile {
    var body: TileBody
    var rows: Range<Int>
  }

  let lowest: Int
  private let bins: Int
  /// `[level - lowest][index]`.
  private var levels: [[Tile]] = []
  private(set) var byteCount = 0

  /// Codes sums of the level `lowest`, and those of all levels above up to `top`.
  init<Word: SumWord>(of lowestSums: RowSums<Word>, lowest: Int, top: Int) {
    self.lowest = lowest
    bins = lowestSums.bins
    var sums = lowestSums
    for level in lowest...max(lowest, top) {
      if level > lowest { sums = sums.halved() }
      for first in stride(from: 0, to: sums.rows, by: Levels.tileRows) {
        let rows = first..<min(first + Levels.tileRows, sums.rows)
        append(sums.encode(rows), rows: rows, level: level)
      }
    }
  }

  private mutating func append(_ body: TileBody, rows: Range<Int>, level: Int) {
    if level - lowest == levels.count { levels.append([]) }
    levels[level - lowest].append(Tile(body: body, rows: rows))
    byteCount += body.codes.count + 64
  }

  /// The whole answer, header and body; `nil` where there is no such tile.
  func tile(level: Int, index: Int) -> [UInt8]? {
    guard levels.indices.contains(level - lowest), levels[level - lowest].indices.contains(index) else { return nil }
    let tile = levels[level - lowest][index]
    return tile.body.message(tile.rows, level, bins: bins)
  }
}
