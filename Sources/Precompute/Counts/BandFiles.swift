import Activations
import Distributions
import Foundation
import TileStore

/// What a file of counts holds. Files of one layer hold different neurons, or different segments of the same ones.
struct CountsHeader: Codable, Equatable, Sendable {
  static let formatNow = "divergence counts 2"
  var format = Self.formatNow
  /// Of input, job and program.
  var fingerprint: String
  /// The shard that counted it; `nil` for a run of its own.
  var shard: ShardNumber?
  /// Number of the layer in the job.
  var layer: Int
  /// First neuron, and the one behind the last.
  var firstNeuron: Int
  var endNeuron: Int
  /// The segments of rows that were counted; `nil`: all, and quartiles are there.
  var segments: [Int]?
  var cells: Int
  var histograms: Int
  var groups: Int
  var valueBytes: Int

  var neurons: Range<Int> { firstNeuron..<max(firstNeuron, endNeuron) }
  var tiles: Int { (neurons.count + tileColumns - 1) / tileColumns }

  /// Records, in order: journals `[segment, tile]`, counts `[tile]`, quartiles `[tile]` where the segments are all; else any number of
  /// candidates `[tile]` may follow, block of rows by block of rows.
  var recordCount: Int { tiles * (segments.map { $0.count + 1 } ?? 2) }
  func journal(_ segment: Int, _ tile: Int) -> Int { segment * tiles + tile }
  func counts(_ tile: Int) -> Int { (segments?.count ?? 0) * tiles + tile }
  func quartiles(_ tile: Int) -> Int { tiles + tile }
}

/// An open file of counts.
struct CountsFile: Sendable {
  let header: CountsHeader
  let reader: RecordReader
  /// The codes of the same neurons and rows, in a file beside it.
  let codes: CodeFile?

  static let suffix = ".counts"

  /// - Parameter hasCodes: whether it is of no use without them.
  /// - Throws: `RecordFileError` where it is damaged.
  init(path: String, hasCodes: Bool) throws(RecordFileError) {
    reader = try RecordReader(path: path)
    header = try reader.header(as: CountsHeader.self)
    let more = reader.count - header.recordCount
    guard header.format == CountsHeader.formatNow, header.tiles > 0, header.firstNeuron % tileColumns == 0,
      header.segments == nil ? more == 0 : more >= 0 && more % header.tiles == 0
    else { throw RecordFileError(path, "its header contradicts what it holds") }
    codes = hasCodes ? try CodeFile(path: Self.codesPath(beside: path), beside: header) : nil
  }

  /// Where the codes lie that belong to a file of counts.
  static func codesPath(beside path: String) -> String {
    (path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path) + CodeFile.suffix
  }

  /// Its name in its folder, and that of its codes.
  var names: [String] {
    [reader.path, codes?.path].compactMap { $0?.split(separator: "/").last.map(String.init) }
  }

  /// Checks every byte.
  func verify() throws(RecordFileError) {
    try reader.verify()
    try codes?.verify()
  }

  /// How many records of candidates each tile has.
  var candidatesCount: Int { (reader.count - header.recordCount) / header.tiles }
  func candidates(_ number: Int, _ tile: Int) -> Int { header.recordCount + number * header.tiles + tile }

  /// A record of the file; `body` may find that it is not what it should be.
  func read(_ record: Int, _ body: ([UInt8]) throws -> Void) throws {
    let bytes = try reader.record(record)
    do { try body(bytes) } catch is TileRecordContradiction {
      throw RecordFileError(reader.path, "record \(record) does not hold what it should")
    }
  }
}

/// The files of counts of one layer in a folder: what is complete, and what is under way.
struct BandFiles<Value: ActivationValue & ReadableValue> {
  let folder: String
  /// Of everything that does not change from band to band.
  let template: CountsHeader
  let counting: CountingCells
  /// Samples of the largest histogram.
  let samplesMax: Int
  /// Whether codes are taken, too.
  let hasCodes: Bool
  let lanes: Lanes
  let records: TileRecords<Value>

  init(
    folder: String, template: CountsHeader, counting: CountingCells, samplesMax: Int, hasCodes: Bool, lanes: Lanes
  ) {
    self.folder = folder
    self.hasCodes = hasCodes
    self.template = template
    self.counting = counting
    self.samplesMax = samplesMax
    self.lanes = lanes
    records = TileRecords(cells: template.cells, histograms: template.histograms, groups: template.groups)
  }

  private var prefix: String { "layer-\(template.layer)-" }

  func path(_ band: Range<Int>) -> String {
    "\(folder)/\(prefix)\(band.lowerBound)-\(band.upperBound)\(CountsFile.suffix)"
  }
  func codesPath(_ band: Range<Int>) -> String { CountsFile.codesPath(beside: path(band)) }
  func checkpointPath(_ band: Range<Int>) -> String {
    "\(folder)/\(prefix)\(band.lowerBound)-\(band.upperBound).checkpoint"
  }

  func header(_ band: Range<Int>) -> CountsHeader {
    var header = template
    header.firstNeuron = band.lowerBound
    header.endNeuron = band.upperBound
    return header
  }

  func codesHeader(_ band: Range<Int>) -> CountsHeader {
    var header = header(band)
    header.format = CodeFile.formatNow
    return header
  }

  /// Complete files of this very work, by their first neuron; overlapping ones are left aside, and so are damaged ones, for they can be
  /// made again.
  func complete() -> [CountsFile] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var files: [CountsFile] = []
    for name in names where name.hasPrefix(prefix) && name.hasSuffix(CountsFile.suffix) {
      guard let file = try? CountsFile(path: "\(folder)/\(name)", hasCodes: hasCodes),
        file.header == header(file.header.neurons), (try? file.verify()) != nil
      else { continue }
      files.append(file)
    }
    files.sort { $0.header.firstNeuron < $1.header.firstNeuron }
    var end = 0
    return files.filter { file in
      guard file.header.firstNeuron >= end else { return false }
      end = file.header.endNeuron
      return true
    }
  }

  // MARK: Writing

  /// Writes a band whose figures are complete.
  func write(_ counters: BandCounters<Value>, _ quartiles: QuartileTable<Value>, band: Range<Int>) throws {
    let writer = try RecordWriter(path: path(band), header: header(band))
    try append(counters, to: writer)
    try append(quartiles, tiles: counters.tiles, to: writer)
    try writer.finish()
  }

  func append(_ counters: BandCounters<Value>, to writer: RecordWriter) throws {
    try append(counters.tiles, to: writer) { records.counts(of: counters, tile: $0) }
  }

  func append(_ quartiles: QuartileTable<Value>, tiles: Int, to writer: RecordWriter) throws {
    try append(tiles, to: writer) { records.quartiles(of: quartiles, tile: $0) }
  }

  /// Makes records of some tiles on all lanes, and appends them in order.
  func append(_ tiles: Int, to writer: RecordWriter, _ record: @Sendable (_ tile: Int) -> [UInt8]) throws {
    // Used by one lane at a time.
    nonisolated(unsafe) let writer = writer
    try lanes.run(tiles, aheadMax: lanes.count * 2) { _, tile in
      record(tile)
    } inOrder: {
      for record in $0 { try writer.append(record) }
    }
  }

  // MARK: Reading

  /// Reads neurons of a file whose figures are complete.
  func read(_ file: CountsFile, neurons: Range<Int>) throws -> (BandCounters<Value>, QuartileTable<Value>) {
    let counters = BandCounters<Value>(neurons: neurons.count, counting, samplesMax: samplesMax)
    let quartiles = QuartileTable<Value>(groups: template.groups, neurons: neurons.count)
    let first = (neurons.lowerBound - file.header.firstNeuron) / tileColumns
    let records = records
    try lanes.run(counters.tiles) { _, tile in
      try file.read(file.header.counts(first + tile)) { try records.restore($0, to: counters, tile: tile) }
      try file.read(file.header.quartiles(first + tile)) {
        try records.restore(quartiles: $0, to: quartiles, tile: tile)
      }
    }
    return (counters, quartiles)
  }

  /// Adds up what shards have counted of some neurons, each in other segments of rows.
  /// - Parameters:
  ///   - files: of one layer, together all neurons and segments.
  ///   - segmentCount: of the layer.
  func join(_ files: [CountsFile], neurons: Range<Int>, segmentCount: Int) throws -> BandCounters<Value> {
    let counters = BandCounters<Value>(neurons: neurons.count, counting, samplesMax: samplesMax)
    let records = records
    try lanes.run(counters.tiles) { _, tile in
      let neuron = neurons.lowerBound + tile * tileColumns
      let holders = files.filter { $0.header.neurons.contains(neuron) }
      // Where each segment's journal is.
      var places = [(file: CountsFile, segment: Int)?](repeating: nil, count: segmentCount)
      for file in holders {
        let own = (neuron - file.header.firstNeuron) / tileColumns
        try file.read(file.header.counts(own)) { try records.add($0, to: counters, tile: tile) }
        for (number, segment) in (file.header.segments ?? []).enumerated() { places[segment] = (file, number) }
      }
      for case (let file, let segment)? in places {
        let own = (neuron - file.header.firstNeuron) / tileColumns
        try file.read(file.header.journal(segment, own)) {
          try records.merge(journal: $0, to: counters, tile: tile)
        }
      }
    }
    return counters
  }

  /// Hands over the candidates that shards have kept of a tile.
  /// - Parameter neuron: the tile's first.
  func hand(overFrom files: [CountsFile], neuron: Int, to refinement: RankRefinement<Value>) throws {
    for file in files where file.header.neurons.contains(neuron) {
      let own = (neuron - file.header.firstNeuron) / tileColumns
      for number in 0..<file.candidatesCount {
        try file.read(file.candidates(number, own)) { bytes in
          guard bytes.withUnsafeBytes({ refinement.add(entries: $0) }) else { throw TileRecordContradiction() }
        }
      }
    }
  }
}
