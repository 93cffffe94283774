import Distributions
import TileStore

/// Codes of a layer on their way: a scratch file of records (`CodeRecord`), a stretch of samples of some tiles behind another.
final class CodeSpool: Sendable {
  /// Samples of some tiles that were gone through together.
  struct Stretch: Sendable {
    let samples: Range<Int>
    /// Of the layer.
    let tiles: Range<Int>
    /// Byte of the file at which the record of the first tile begins; those of the others follow.
    let place: Int

    var recordBytes: Int { CodeRecord.bytes(samples: samples.count) }
    var end: Int { place + recordBytes * tiles.count }
  }

  private let file: ScratchMatrixFile

  init(_ file: ScratchMatrixFile) { self.file = file }

  /// Longest stretch, in samples: every lane has room for one of a tile.
  static func samplesMax(cells: Int) -> Int { max(16384, 16 * cells) }

  /// A stretch behind another.
  static func stretch(_ samples: Range<Int>, tiles: Range<Int>, after last: Stretch?) -> Stretch {
    Stretch(samples: samples, tiles: tiles, place: last?.end ?? 0)
  }

  /// Writes the record of a tile of the layer. Lanes write those of different tiles at once.
  func write(_ record: UnsafeRawBufferPointer, tile: Int, of stretch: Stretch) throws {
    try file.write(
      record.bindMemory(to: UInt8.self), at: stretch.place + (tile - stretch.tiles.lowerBound) * stretch.recordBytes)
  }

  /// Reads the grids, and the codes and bits of some samples, of a tile of a stretch.
  func read(
    tile: Int, of stretch: Stretch, samples: Range<Int>, grids: UnsafeMutableRawPointer,
    codes: UnsafeMutablePointer<UInt8>, apart: UnsafeMutablePointer<UInt64>
  ) throws {
    let record = stretch.place + (tile - stretch.tiles.lowerBound) * stretch.recordBytes
    let first = samples.lowerBound - stretch.samples.lowerBound
    func read(_ target: UnsafeMutableRawPointer, _ count: Int, at place: Int) throws {
      let bytes = UnsafeMutableRawBufferPointer(start: target, count: count).bindMemory(to: UInt8.self)
      try file.read(into: bytes, at: record + place)
    }
    try read(grids, CodeRecord.gridBytes, at: 0)
    try read(codes, samples.count * tileColumns, at: CodeRecord.codes(from: first))
    try read(apart, samples.count * 8, at: CodeRecord.apart(samples: stretch.samples.count, from: first))
  }
}
