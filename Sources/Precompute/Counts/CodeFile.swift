import Distributions
import TileStore

/// Samples of some tiles of a layer whose codes were taken together.
struct CodeStretch: Sendable, Equatable {
  let samples: Range<Int>
  /// Of the layer.
  let tiles: Range<Int>
  /// Byte of the file at which the record of the first tile begins (`CodeRecord`); those of the others follow.
  let place: Int

  var recordBytes: Int { CodeRecord.bytes(samples: samples.count) }
  var end: Int { place + recordBytes * tiles.count }

  /// Bytes of the record that stands before those of the tiles: first sample, samples, first tile, tiles, each u64.
  static let headBytes = 32

  var head: [UInt8] {
    var bytes: [UInt8] = []
    for number in [samples.lowerBound, samples.count, tiles.lowerBound, tiles.count] {
      bytes.append(littleEndian: UInt64(number))
    }
    return bytes
  }
}

/// The final codes of a neuron whose grid has become a window, `[sample]`, all samples: in place of what stretches say.
struct CodeWindow: Sendable {
  /// Of the layer.
  let neuron: Int
  let samples: Int
  /// Byte of the file at which they begin.
  let place: Int

  /// As that of a stretch without tiles.
  var head: [UInt8] {
    CodeStretch(samples: 0..<samples, tiles: neuron..<neuron, place: place).head
  }
}

/// Codes of a band on their way, in a file of records: for each stretch a head and a record for each of its tiles, for each window a head
/// and its codes.
final class CodeFile: Sendable {
  static let formatNow = "divergence codes 1"
  static let suffix = ".codes"

  let path: String
  let stretches: [CodeStretch]
  let windows: [CodeWindow]
  private let parts: RecordParts
  /// Of a file that an earlier process finished.
  private let reader: RecordReader?

  /// A file that is still being written.
  /// - Parameter isScratch: whether nothing will be written to it any more, and no other run is to find it.
  init(unfinished path: String, _ stretches: [CodeStretch], _ windows: [CodeWindow], isScratch: Bool) throws {
    self.path = path
    self.stretches = stretches
    self.windows = windows
    parts = try RecordParts(path: path, isScratch: isScratch)
    reader = nil
  }

  /// A file that is finished.
  /// - Parameter counts: the header of the file of counts beside it.
  /// - Throws: `RecordFileError` where it is damaged, or of something else.
  init(path: String, beside counts: CountsHeader) throws(RecordFileError) {
    self.path = path
    let reader = try RecordReader(path: path)
    var expected = counts
    expected.format = Self.formatNow
    guard try reader.header(as: CountsHeader.self) == expected else {
      throw RecordFileError(path, "it is not of the counts beside it")
    }
    parts = try RecordParts(path: path)
    let first = reader.count == 0 ? 0 : reader.place(of: 0).offset
    let last = reader.count == 0 ? (offset: 0, bytes: 0) : reader.place(of: reader.count - 1)
    (stretches, windows) = try Self.contents(parts, path, from: first, to: last.offset + last.bytes)
    let tiles = counts.firstNeuron / tileColumns..<counts.firstNeuron / tileColumns + counts.tiles
    guard stretches.allSatisfy({ $0.tiles.clamped(to: tiles) == $0.tiles }),
      windows.allSatisfy({ counts.neurons.contains($0.neuron) })
    else {
      throw RecordFileError(path, "it holds codes of neurons that it should not have")
    }
    self.reader = reader
  }

  /// Checks every byte of a finished file.
  func verify() throws(RecordFileError) { try reader?.verify() }

  /// Goes from head to head.
  static func contents(
    _ parts: RecordParts, _ path: String, from begin: Int, to end: Int
  ) throws(RecordFileError) -> ([CodeStretch], [CodeWindow]) {
    var stretches: [CodeStretch] = []
    var windows: [CodeWindow] = []
    var place = begin
    var head = [UInt64](repeating: 0, count: 4)
    while place < end {
      guard place + CodeStretch.headBytes <= end else { throw RecordFileError(path, "its codes end in the middle") }
      var failure: RecordFileError?
      head.withUnsafeMutableBytes { bytes in
        do throws(RecordFileError) { try parts.read(into: bytes, at: place) } catch { failure = error }
      }
      if let failure { throw failure }
      let numbers = head.map { Int(truncatingIfNeeded: UInt64(littleEndian: $0)) }
      guard numbers.allSatisfy({ (0..<1 << 40).contains($0) }), numbers[1] > 0 else {
        throw RecordFileError(path, "its codes are not where they should be")
      }
      if numbers[3] == 0 {
        let window = CodeWindow(neuron: numbers[2], samples: numbers[1], place: place + CodeStretch.headBytes)
        guard window.samples <= end - window.place else { throw RecordFileError(path, "its codes end in the middle") }
        windows.append(window)
        place = window.place + window.samples
        continue
      }
      let stretch = CodeStretch(
        samples: numbers[0]..<numbers[0] + numbers[1], tiles: numbers[2]..<numbers[2] + numbers[3],
        place: place + CodeStretch.headBytes)
      guard stretch.recordBytes <= (end - stretch.place) / stretch.tiles.count else {
        throw RecordFileError(path, "its codes end in the middle")
      }
      stretches.append(stretch)
      place = stretch.end
    }
    return (stretches, windows)
  }

  /// Gives back what is there of some tiles of a stretch, which nobody will read any more; nothing of a file that is kept.
  func giveBack(tiles: Range<Int>, of stretch: CodeStretch) {
    let some = tiles.clamped(to: stretch.tiles)
    guard parts.isScratch, !some.isEmpty else { return }
    let place = stretch.place + (some.lowerBound - stretch.tiles.lowerBound) * stretch.recordBytes
    parts.giveBack(place..<place + some.count * stretch.recordBytes)
  }

  /// Reads codes of some samples of a neuron with a window.
  func read(
    _ window: CodeWindow, samples: Range<Int>, into codes: UnsafeMutablePointer<UInt8>
  ) throws(RecordFileError) {
    try parts.read(
      into: UnsafeMutableRawBufferPointer(start: codes, count: samples.count), at: window.place + samples.lowerBound)
  }

  /// Reads the grids, and the codes and bits of some samples, of a tile of a stretch.
  func read(
    tile: Int, of stretch: CodeStretch, samples: Range<Int>, grids: UnsafeMutableRawPointer,
    codes: UnsafeMutablePointer<UInt8>, apart: UnsafeMutablePointer<UInt64>
  ) throws(RecordFileError) {
    let record = stretch.place + (tile - stretch.tiles.lowerBound) * stretch.recordBytes
    let first = samples.lowerBound - stretch.samples.lowerBound
    func read(_ target: UnsafeMutableRawPointer, _ count: Int, at place: Int) throws(RecordFileError) {
      try parts.read(into: UnsafeMutableRawBufferPointer(start: target, count: count), at: record + place)
    }
    try read(grids, CodeRecord.gridBytes, at: 0)
    try read(codes, samples.count * tileColumns, at: CodeRecord.codes(from: first))
    try read(apart, samples.count * 8, at: CodeRecord.apart(samples: stretch.samples.count, from: first))
  }
}
