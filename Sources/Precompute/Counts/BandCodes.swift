import Activations
import Distributions
import Synchronization
import TileStore

/// Takes the codes of a band to a file, stretch by stretch, on all lanes.
final class BandCodes<Value: ActivationValue & ReadableValue>: @unchecked Sendable {
  // Unchecked: stretches are begun and ended between parallel sections, in which lanes have their own; windows are added under a lock.
  let writer: RecordWriter
  /// Whether a checkpoint says how far they were written: a later run may go on with them.
  var areInCheckpoint = false
  private(set) var stretches: [CodeStretch]
  private var windows: [CodeWindow]
  /// Held by the lane that adds a window.
  private let adding = Mutex(())
  private let lanes: LaneLocal<TileCodes<Value>>
  /// Of the band, in the layer.
  private let firstTile: Int
  /// Longest stretch, in samples.
  let samplesMax: Int

  /// Longest stretch of a layer, in samples: every lane has room for one of a tile.
  static func samplesMax(cells: Int, samplesPerRow: Int, samples: Int) -> Int {
    // Of many cells a short stretch has too few rows each.
    let most = max(16384, 16 * cells)
    return min(max(samplesPerRow, most / samplesPerRow * samplesPerRow), max(1, samples))
  }

  /// Bytes that the lanes take.
  static func bytes(samplesMax: Int, lanes: Int) -> Int { lanes * TileCodes<Value>.bytes(samplesMax: samplesMax) }

  /// - Parameter position: of what an earlier run has taken of the band.
  init(
    _ files: BandFiles<Value>, _ band: Range<Int>, samplesMax: Int, resuming position: RecordWriter.Position?
  ) throws {
    writer = try RecordWriter(path: files.codesPath(band), header: files.codesHeader(band), resuming: position)
    self.samplesMax = samplesMax
    firstTile = band.lowerBound / tileColumns
    lanes = LaneLocal(files.lanes) { TileCodes<Value>(samplesMax: samplesMax) }
    (stretches, windows) = ([], [])
    if position != nil {
      let path = writer.unfinishedPath
      (stretches, windows) = try CodeFile.contents(
        RecordParts(path: path), path, from: writer.firstPlace, to: writer.place)
    }
  }

  /// Begins a stretch of samples.
  /// - Parameters:
  ///   - samples: of the dump.
  ///   - tiles: of the band.
  func begin(_ samples: Range<Int>, tiles: Range<Int>) throws -> Stretch {
    let place = writer.place + CodeStretch.headBytes
    let stretch = CodeStretch(
      samples: samples, tiles: firstTile + tiles.lowerBound..<firstTile + tiles.upperBound, place: place)
    try writer.append(stretch.head)
    return Stretch(
      stretch: stretch, room: try writer.room(for: tiles.count, bytes: stretch.recordBytes), tiles: tiles, lanes: lanes)
  }

  /// Ends a stretch all of whose tiles are there.
  func end(_ stretch: Stretch) {
    writer.append(stretch.room)
    stretches.append(stretch.stretch)
  }

  /// Takes the codes of a neuron on a window, of all samples. Lanes may do so at once.
  /// - Parameter neuron: of the layer.
  func add(window codes: [UInt8], neuron: Int) throws {
    try adding.withLock { _ in
      let window = CodeWindow(neuron: neuron, samples: codes.count, place: writer.place + CodeStretch.headBytes)
      try writer.append(window.head)
      try writer.append(codes)
      windows.append(window)
    }
  }

  /// What was taken so far.
  /// - Parameter isScratch: whether this is all, and no other run is to find it.
  func file(isScratch: Bool = false) throws -> CodeFile {
    try writer.flush()
    return try CodeFile(unfinished: writer.unfinishedPath, stretches, windows, isScratch: isScratch)
  }

  /// A stretch that lanes fill tile by tile.
  struct Stretch: Sendable {
    fileprivate let stretch: CodeStretch
    fileprivate let room: RecordRoom
    fileprivate let tiles: Range<Int>
    /// The memory of each lane.
    let lanes: LaneLocal<TileCodes<Value>>

    /// Puts what a lane has taken of a tile of the band to its place.
    func put(_ tile: Int, of lane: Int) throws {
      try room.fill(tile - tiles.lowerBound, lanes[lane].record)
    }
  }
}
