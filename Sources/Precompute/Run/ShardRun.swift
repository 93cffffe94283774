import Activations
import Distributions
import Foundation
import TileStore

/// What a shard has made.
public struct ShardResult: Sendable {
  public enum Outcome: Sendable, Equatable {
    case counted
    /// An earlier run of the same shard had counted all of it.
    case wasComplete
    /// All shards were merged already, into this version.
    case wasMerged(version: String)
  }
  public let shard: ShardNumber
  /// Folder of its results.
  public let path: String
  /// Layers that it had a part in; none where there are more shards than work.
  public let layers: Int
  public let outcome: Outcome
}

extension PreparedJob {
  /// Bytes that a shard decodes, at most.
  public func decodedBytes(of shard: ShardNumber) -> Int {
    pieces(of: shard).reduce(0) { $0 + decodedBytes(of: $1) }
  }

  private func decodedBytes(of piece: ShardPlan.Piece) -> Int {
    let source = plans[piece.layer].source
    let rows = piece.segments.map { source.rows(ofSegments: $0).reduce(0) { $0 + $1.count } } ?? source.rows
    let once = rows * piece.neurons.count * source.geometry.positions * (source.element.bytes ?? 0)
    let plan = plans[piece.layer]
    let twice =
      piece.segments.map { job.medians == .exact && plan.candidateLogBytes($0, grouping, counting) == 0 }
      ?? plan.readsTwice
    return twice ? once * 2 : once
  }

  /// What a shard will do, layer by layer, in lines.
  public func planInWords(of shard: ShardNumber) -> [String] {
    var lines = ["\(job.name), shard \(shard)"]
    for piece in pieces(of: shard) {
      let source = plans[piece.layer].source
      let part: String
      if let segments = piece.segments {
        let rows = source.rows(ofSegments: segments).reduce(0) { $0 + $1.count }
        part = "\(grouped(rows)) of \(grouped(source.rows)) rows, in \(segments.count) stretches"
      } else if piece.neurons.count < source.neurons {
        part = "neurons \(grouped(piece.neurons.lowerBound)) to \(grouped(piece.neurons.upperBound - 1)), all rows"
      } else {
        part = "all of it"
      }
      lines.append("  \(source.name): \(part), \(bytesInWords(decodedBytes(of: piece))) to decode")
    }
    if lines.count == 1 { lines.append("  Nothing: there are more shards than pieces of work.") }
    return lines
  }

  /// Does the work of one shard, and leaves its results for `merge`.
  /// - Throws: besides the errors of reading, `StoreWriteError` and `StoreBusy`.
  public func run(
    shard: ShardNumber, output: String, restart: Bool = false, checkpointSeconds: Double = 300,
    observer: RunObserver = RunObserver()
  ) throws -> ShardResult {
    let folder = try ShardFolder(output: output, job: self)
    let pieces = pieces(of: shard)
    func result(_ outcome: ShardResult.Outcome) -> ShardResult {
      ShardResult(
        shard: shard, path: folder.path(of: shard), layers: Set(pieces.map(\.layer)).count, outcome: outcome)
    }
    if restart {
      try folder.removeMergedMark()
    } else if let mark = folder.merged {
      try tidyShards(output: output)
      return result(.wasMerged(version: mark.version))
    }
    let own = try WorkFolder(path: folder.path(of: shard))
    if restart {
      try folder.removeMark(of: shard)
      for name in try own.files { try own.remove(name) }
    }

    if shard.index == 0 { try checkRowTable(observer) }
    let clock = CheckpointClock(seconds: checkpointSeconds)
    var names: [String] = []
    var isNew = false
    for (number, piece) in pieces.enumerated() {
      let source = plans[piece.layer].source
      observer.report(
        .layerBegins(name: source.name, number: number, count: pieces.count, bytes: decodedBytes(of: piece)))
      let (files, counted) =
        source.fitsFloat
        ? try count(piece, of: shard, as: Float.self, folder, clock, observer)
        : try count(piece, of: shard, as: Double.self, folder, clock, observer)
      names += files
      isNew = isNew || counted
      try contents.dump.verifyUnchanged()
      observer.report(.layerEnds(name: source.name))
    }
    if !isNew, let mark = try? ShardFolder.complete(at: own.path), mark.files == names,
      mark.unfilledRows == unfilledRows
    {
      return result(.wasComplete)
    }
    for name in try own.files where !names.contains(name) { try own.remove(name) }
    try folder.markComplete(shard, files: names, unfilledRows)
    return result(.counted)
  }

  /// Counts what a shard does of a layer.
  /// - Returns: names of the files with the results, and whether any of them is new.
  private func count<Value: ActivationValue & ReadableValue>(
    _ piece: ShardPlan.Piece, of shard: ShardNumber, as: Value.Type, _ folder: ShardFolder, _ clock: CheckpointClock,
    _ observer: RunObserver
  ) throws -> (names: [String], isNew: Bool) {
    let files = try bandFiles(
      layer: piece.layer, segments: piece.segments, shard: shard, folder: folder.path(of: shard), as: Value.self)
    var run = try layerRun(piece.layer, observer, as: Value.self)
    run.files = files
    run.clock = clock
    let walk = run.walk
    var names: [String] = []
    var isNew = false
    try run.eachBand(of: piece.neurons, beside: files.complete()) { band, file in
      if let file {
        names += file.names.filter { !names.contains($0) }
        observer.report(.resumed(bytes: portion(of: decodedBytes(of: piece), band.count, of: piece.neurons.count)))
        return
      }
      isNew = true
      if let segments = piece.segments {
        try run.countPart(band, segments, walk)
      } else {
        let (counters, quartiles, codes) = try run.complete(band, walk)
        try codes?.writer.finish()
        try files.write(counters, quartiles, band: band)
      }
      names += try CountsFile(path: files.path(band), hasCodes: files.hasCodes).names
    }
    return (names, isNew)
  }

  func bandFiles<Value: ActivationValue & ReadableValue>(
    layer: Int, segments: [Int]?, shard: ShardNumber?, folder: String, as: Value.Type
  ) throws -> BandFiles<Value> {
    BandFiles(
      folder: folder,
      template: CountsHeader(
        fingerprint: try workFingerprint.digest, shard: shard, layer: layer, firstNeuron: 0, endNeuron: 0,
        segments: segments, cells: counting.cells, histograms: counting.histograms, groups: grouping.groups.count,
        valueBytes: MemoryLayout<Value>.size),
      counting: counting, samplesMax: counting.rowsMax * plans[layer].source.geometry.samplesPerRow,
      hasCodes: job.codes ?? .none > .none, lanes: lanes)
  }
}

extension LayerRun {
  /// Counts some segments of rows of a band to a file, with the moments of each segment.
  func countPart(_ band: Range<Int>, _ segments: [Int], _ walk: TileWalk<Value>) throws {
    let files = files!
    let work = newWork(band)
    let keeper = BandCheckpoint(files: files, clock: clock, work: work)
    let positions = try keeper.restore(besides: [files.path(band)] + codesPaths(band))
    let writer = try RecordWriter(path: files.path(band), header: files.header(band), resuming: positions?[0])
    let codes = try newCodes(band, resuming: positions?.last)
    keeper.journals = [writer] + (codes.map { [$0.writer] } ?? [])
    let journal = SegmentJournal(files, tiles: work.counters.tiles, writer: writer)
    let rows = plan.source.rows(ofSegments: segments)
    let blocks = blocks(band, rows: rows, from: work.gatheredRow ?? work.nextRow)
    let rowCount = rows.reduce(0) { $0 + $1.count }
    let log = candidateLog(work, rows: rowCount, bytes: plan.candidateLogBytes(segments, grouping, counting))
    try count(work, blocks, walk, keeper: keeper, log: log, journal: journal, codes: codes)
    if work.gatheredRow == nil {
      try files.append(work.counters, to: writer)
      work.gatheredRow = 0
    }
    if let log, try log.finish(lanes: lanes) {
      try files.append(work.counters.tiles, to: writer) { log.entries(tile: $0) }
    } else if medians == .exact {
      let part = Double(rowCount) / Double(plan.source.rows)
      try gatherCandidates(work, blocks, walk, files, to: writer, part: part, keeper: keeper)
    }
    try codes?.writer.finish()
    try writer.finish()
    keeper.remove()
  }

  /// Gathers the candidates for the quartiles of all parts, block by block, for the merge.
  private func gatherCandidates(
    _ work: BandWork<Value>, _ blocks: RowBlocks<Value>, _ walk: TileWalk<Value>, _ files: BandFiles<Value>,
    to writer: RecordWriter, part: Double, keeper: BandCheckpoint<Value>
  ) throws {
    let counters = work.counters
    let candidates = LaneResults<CandidateIntervals<Value>>(counters.tiles)
    let (members, integers) = (counting.groups, plan.source.holdsWholeNumbers)
    try lanes.run(counters.tiles) { _, tile in
      candidates[tile] = CandidateIntervals(
        predictedFrom: counters, tile: tile, groups: members, integers: integers, share: 1, part: part)
    }
    let entries = LaneResults<[UInt8]>(counters.tiles)
    try eachBlock(blocks, from: work.gatheredRow!, keeper: keeper) { block in
      for tile in 0..<counters.tiles { entries[tile] = [] }
      try walk.eachTile(
        block, samples: 0..<block.samples, columns: counters.neurons, tiles: 0..<counters.tiles, rows: .block,
        body: { _, tile, cell, rows, _ in
          candidates[tile]!.gather(cell: cell, rows) { entries[tile]!.append(contentsOf: $0) }
        })
      for tile in 0..<counters.tiles { try writer.append(entries[tile]!) }
      work.gatheredRow = block.firstRow + block.samples / block.samplesPerRow
    }
  }
}

/// `bytes * part / whole`, of numbers whose product may be too large.
func portion(of bytes: Int, _ part: Int, of whole: Int) -> Int { Int(Double(bytes) * Double(part) / Double(whole)) }
