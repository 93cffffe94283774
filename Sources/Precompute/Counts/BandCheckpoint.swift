import Activations
import Distributions
import Glibc
import TileStore

/// A band of neurons under way: what was counted, and how far.
final class BandWork<Value: ActivationValue & ReadableValue> {
  let band: Range<Int>
  let counters: BandCounters<Value>
  let quartiles: QuartileTable<Value>
  /// Rows before it were counted.
  var nextRow = 0
  /// Of a part of the rows, whose counts are written: the candidates of rows before it were gathered.
  var gatheredRow: Int?
  /// Tiles, from the first on, whose quartiles are found.
  var refinedTiles = 0

  init(_ band: Range<Int>, groups: Int, counters: BandCounters<Value>) {
    self.band = band
    self.counters = counters
    quartiles = QuartileTable(groups: groups, neurons: band.count)
  }
}

/// When it is time for a checkpoint: every so often, but never so often that more than a twentieth of the time is spent on them.
final class CheckpointClock {
  private let interval: Duration?
  private var last = ContinuousClock.now
  private var cost = Duration.zero

  /// - Parameter seconds: time between two checkpoints; infinity: there are none.
  init(seconds: Double) { interval = seconds.isFinite ? .seconds(seconds) : nil }

  var isDue: Bool {
    guard let interval else { return false }
    return ContinuousClock.now - last >= max(interval, cost * 20)
  }

  /// Whether work that takes so long is worth being kept.
  func isWorth(_ time: Duration) -> Bool { interval.map { time >= $0 } ?? false }

  func time(_ saving: () throws -> Void) rethrows {
    let begin = ContinuousClock.now
    try saving()
    last = .now
    cost = last - begin
  }
}

/// Keeps a band under way in a file, so that a run that was killed loses minutes and not the night.
final class BandCheckpoint<Value: ActivationValue & ReadableValue> {
  private struct Header: Codable, Equatable {
    static var formatNow: String { "divergence checkpoint 4" }
    var format = formatNow
    var counts: CountsHeader
    var nextRow: Int
    var gatheredRow: Int?
    var refinedTiles: Int
    /// Names of the files that are written besides, and where they ended.
    var journals: [Journal]

    struct Journal: Codable, Equatable {
      var name: String
      var end: Int
    }
  }

  private let files: BandFiles<Value>
  private let clock: CheckpointClock
  private let work: BandWork<Value>
  /// Files that are written besides while the band is gone through, and must be as far as it is.
  var journals: [RecordWriter] = []
  /// How far the band was when it was saved.
  private var saved: [Int] = []
  /// Whether a later run may go on from here.
  private(set) var isThere = false

  init(files: BandFiles<Value>, clock: CheckpointClock, work: BandWork<Value>) {
    self.files = files
    self.clock = clock
    self.work = work
  }

  private var path: String { files.checkpointPath(work.band) }

  func saveIfDue() throws { if clock.isDue { try save() } }

  /// Saves the band as it is, unless that was done.
  func save() throws {
    let now = [work.nextRow, work.gatheredRow ?? -1, work.refinedTiles]
    guard now != saved, now != [0, -1, 0] else { return }
    saved = now
    try clock.time {
      let positions = try journals.map { try $0.save() }
      let header = Header(
        counts: files.header(work.band), nextRow: work.nextRow, gatheredRow: work.gatheredRow,
        refinedTiles: work.refinedTiles,
        journals: zip(journals, positions).map { Header.Journal(name: Self.name($0.path), end: $1.end) })
      let writer = try RecordWriter(path: path, header: header)
      try files.append(work.counters, to: writer)
      if work.refinedTiles > 0 { try files.append(work.quartiles, tiles: work.refinedTiles, to: writer) }
      for position in positions { try writer.append(position.index) }
      isThere = true
      try writer.finish()
    }
  }

  /// Takes up what was saved, if it is whole and of this very work.
  /// - Parameter paths: of the files that are written besides.
  /// - Returns: how far each of them was written; `nil` where the band is begun anew.
  func restore(besides paths: [String]) throws -> [RecordWriter.Position]? {
    guard let reader = try? RecordReader(path: path), (try? reader.verify()) != nil,
      let header = try? reader.header(as: Header.self), header.format == Header.formatNow,
      header.counts == files.header(work.band),
      reader.count == work.counters.tiles + header.refinedTiles + paths.count,
      header.journals.map(\.name) == paths.map(Self.name)
    else { return nil }
    var positions: [RecordWriter.Position] = []
    for (number, (path, journal)) in zip(paths, header.journals).enumerated() {
      var status = stat()
      guard stat(path + RecordWriter.unfinishedSuffix, &status) == 0, Int(status.st_size) >= journal.end
      else { return nil }
      positions.append(
        RecordWriter.Position(
          end: journal.end, index: try reader.record(reader.count - paths.count + number)))
    }
    let work = Parts(work)
    let records = files.records
    let tiles = work.counters.tiles
    try files.lanes.run(tiles) { _, tile in
      try records.restore(reader.record(tile), to: work.counters, tile: tile)
      if tile < header.refinedTiles {
        try records.restore(quartiles: reader.record(tiles + tile), to: work.quartiles, tile: tile)
      }
    }
    self.work.nextRow = header.nextRow
    self.work.gatheredRow = header.gatheredRow
    self.work.refinedTiles = header.refinedTiles
    isThere = true
    return positions
  }

  private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  /// The parts of a band's work that lanes fill tile by tile.
  private struct Parts: Sendable {
    let counters: BandCounters<Value>
    let quartiles: QuartileTable<Value>
    init(_ work: BandWork<Value>) {
      counters = work.counters
      quartiles = work.quartiles
    }
  }

  func remove() { unlink(path) }
}

/// Takes the moments of each segment to a file, for those who merge them in the order of all rows.
final class SegmentJournal<Value: ActivationValue & ReadableValue>: @unchecked Sendable {
  // Unchecked: lanes fill the places of their own tiles, and `write` is called when they are done.
  private let moments: UnsafeMutableBufferPointer<Moments>
  private let files: BandFiles<Value>
  private let writer: RecordWriter
  private let tiles: Int
  private var each: Int { files.template.cells * tileColumns }

  init(_ files: BandFiles<Value>, tiles: Int, writer: RecordWriter) {
    self.files = files
    self.writer = writer
    self.tiles = tiles
    moments = .allocate(capacity: tiles * files.template.cells * tileColumns)
    moments.initialize(repeating: Moments())
  }

  deinit { moments.deallocate() }

  func place(of tile: Int) -> UnsafeMutablePointer<Moments> { moments.baseAddress! + tile * each }

  /// Appends what the lanes have put in place.
  func write() throws {
    let records = files.records
    try files.append(tiles, to: writer) { tile in
      records.journal(UnsafeBufferPointer(start: self.place(of: tile), count: self.each))
    }
  }
}
