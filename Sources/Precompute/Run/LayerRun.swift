import Activations
import Algorithms
import Distributions
import TileStore

/// Computes one layer: counts its bands, finds their quartiles, and writes its arrays.
struct LayerRun<Value: ActivationValue & ReadableValue> {
  let plan: LayerPlan
  let grouping: Grouping
  let counting: CountingCells
  let medians: Job.Medians
  /// Rows that are left out, because their chunks were never written.
  let missingRows: [Range<Int>]
  let lanes: Lanes
  let observer: RunObserver

  /// Where the layer's counts are kept, complete bands and checkpoints inside a band; `nil`: nowhere.
  var files: BandFiles<Value>?
  var clock = CheckpointClock(seconds: .infinity)

  private var source: LayerSource { plan.source }

  /// - Parameter codes: learns where the codes of each band are.
  func run(into output: LayerOutput<Value>, codes: LayerCodes) throws {
    let walk = walk
    let clock = self.clock
    let begin = ContinuousClock.now
    var computed = 0
    try eachBand(of: 0..<source.neurons, beside: files?.complete() ?? []) { band, file in
      let counters: BandCounters<Value>
      let quartiles: QuartileTable<Value>
      if let file {
        (counters, quartiles) = try files!.read(file, neurons: band)
        codes.add(file.codes)
        observer.report(.resumed(bytes: bytes(rows: source.rows, neurons: band.count) * plan.passes))
      } else {
        let bandCodes: BandCodes<Value>?
        (counters, quartiles, bandCodes) = try complete(band, walk)
        computed += band.count
        // Where all bands together take less than the time between two checkpoints, keeping them would gain nothing.
        let estimate = (ContinuousClock.now - begin) * source.neurons / computed
        let isKept = files != nil && band.count < source.neurons && clock.isWorth(estimate)
        codes.add(try bandCodes.map { try $0.file(isScratch: !isKept && !$0.areInCheckpoint) })
        if isKept, let files {
          try bandCodes?.writer.finish()
          try files.write(counters, quartiles, band: band)
        }
      }
      observer.report(.writing(layer: source.name))
      try output.write(counters, band: band, quartiles: quartiles)
    }
  }

  var walk: TileWalk<Value> { TileWalk<Value>(lanes: lanes, grouping: grouping, leavingOut: missingRows) }

  /// Calls `body` for bands of neurons that fit in memory, in order; each within a file where that holds its neurons.
  func eachBand(
    of neurons: Range<Int>, beside files: [CountsFile], _ body: (Range<Int>, CountsFile?) throws -> Void
  ) throws {
    let unit = MemoryModel.bandUnit
    let step = (plan.bands[0].count + unit - 1) / unit * unit
    var first = neurons.lowerBound
    while first < neurons.upperBound {
      let file = files.first { $0.header.neurons.contains(first) }
      let next = files.map(\.header.firstNeuron).filter { $0 > first }.min() ?? neurons.upperBound
      let end = min(first + step, file?.header.endNeuron ?? next, neurons.upperBound)
      try body(first..<end, file)
      first = end
    }
  }

  /// Counts a band over all rows and finds its quartiles, beginning where a checkpoint was left.
  /// - Returns: also the codes, where the layer is to have them.
  func complete(
    _ band: Range<Int>, _ walk: TileWalk<Value>
  ) throws -> (BandCounters<Value>, QuartileTable<Value>, BandCodes<Value>?) {
    let work = newWork(band)
    let keeper = files.map { BandCheckpoint(files: $0, clock: clock, work: work) }
    let positions = try keeper?.restore(besides: codesPaths(band))
    let codes = try newCodes(band, resuming: positions?.first)
    if let codes { keeper?.journals = [codes.writer] }
    let log = candidateLog(work, rows: source.rows, bytes: plan.candidateLogBytes)
    var blocks = blocks(band, rows: [0..<source.rows], from: work.nextRow)
    try count(work, blocks, walk, keeper: keeper, log: log, codes: codes)
    if blocks.blocks.count > 1 {
      blocks = RowBlocks(
        source, neurons: band, rowsPerBlock: plan.quantilePassRows, lanes: lanes.count,
        readsNext: plan.readsNext)
    }
    let windows = try codes.map { windowTaker([try $0.file()], $0, band) }
    try findQuartiles(
      work, blocks, walk, keeper: keeper, windows: windows,
      kept: log.map { log in { @Sendable in log.hand(over: $0, to: $1) } })
    codes?.areInCheckpoint = keeper?.isThere ?? false
    return (work.counters, work.quartiles, codes)
  }

  func newWork(_ band: Range<Int>) -> BandWork<Value> {
    let counters = BandCounters<Value>(
      neurons: band.count, counting, samplesMax: counting.rowsMax * source.geometry.samplesPerRow)
    return BandWork(band, groups: counting.groups.count, counters: counters)
  }

  /// Keeps candidates of a band that is about to be counted. What a run had kept that was killed is lost: the one that goes on makes both
  /// passes.
  /// - Parameters:
  ///   - rows: how many are counted.
  ///   - bytes: as planned; 0: nothing is kept.
  func candidateLog(_ work: BandWork<Value>, rows: Int, bytes: Int) -> CandidateLog<Value>? {
    guard bytes > 0, work.nextRow == 0 else { return nil }
    let part = Double(rows) / Double(source.rows)
    return CandidateLog(
      work.counters, groups: counting.groups, integers: source.holdsWholeNumbers, rows: rows, part: part,
      forecast: CandidateForecast(
        grouping, counting, samplesPerRow: source.geometry.samplesPerRow, part: part),
      bytes: bytes)
  }

  /// - Parameters:
  ///   - files: hold what was taken of the band.
  ///   - codes: takes the windows.
  func windowTaker(_ files: [CodeFile], _ codes: BandCodes<Value>, _ band: Range<Int>) -> WindowTaker<Value> {
    WindowTaker(
      files: files, codes: codes, grouping: grouping, samplesPerRow: source.geometry.samplesPerRow,
      firstNeuron: band.lowerBound, samples: source.rows * source.geometry.samplesPerRow)
  }

  /// Reads a band's rows; a block begins at `row`.
  func blocks(_ band: Range<Int>, rows: [Range<Int>], from row: Int) -> RowBlocks<Value> {
    let stretches = rows.flatMap {
      $0.lowerBound < row && row < $0.upperBound ? [$0.lowerBound..<row, row..<$0.upperBound] : [$0]
    }
    return RowBlocks(
      source, neurons: band, rowsPerBlock: plan.rowsPerBlock, lanes: lanes.count,
      stretches: stretches, readsNext: plan.readsNext)
  }

  private func bytes(rows: Int, neurons: Int) -> Int {
    rows * neurons * source.geometry.positions * (source.element.bytes ?? 0)
  }

  /// - Parameter row: blocks before it are passed over.
  func eachBlock(
    _ blocks: RowBlocks<Value>, from row: Int = 0, keeper: BandCheckpoint<Value>? = nil,
    _ body: (RowBlock<Value>) throws -> Void
  ) throws {
    for number in blocks.blocks.indices {
      let rows = blocks.rows(of: number)
      if rows.lowerBound >= row {
        if observer.shouldStop() { try keeper?.save() }
        try observer.checkStop()
        try blocks.withBlock(number, lanes.run, body)
        try keeper?.saveIfDue()
      }
      let bytes = bytes(rows: rows.count, neurons: blocks.neurons.count)
      observer.report(
        rows.lowerBound >= row ? .counted(bytes: bytes, decoded: blocks.takeDecodedBytes()) : .resumed(bytes: bytes))
    }
  }

  /// The first pass, from the row on where it was left.
  /// - Parameters:
  ///   - log: keeps the candidates.
  ///   - journal: takes the moments of each segment.
  ///   - codes: takes the codes.
  func count(
    _ work: BandWork<Value>, _ blocks: RowBlocks<Value>, _ walk: TileWalk<Value>, keeper: BandCheckpoint<Value>?,
    log: CandidateLog<Value>? = nil, journal: SegmentJournal<Value>? = nil, codes: BandCodes<Value>? = nil
  ) throws {
    let counters = work.counters
    let segmentEnds = source.segmentEnds
    let scratch = LaneLocal(lanes) { RunCounts() }
    try eachBlock(blocks, from: work.nextRow, keeper: keeper) { block in
      let each = block.samplesPerRow
      var sample = 0
      while sample < block.samples {
        let row = block.firstRow + sample / each
        let segmentEnd = segmentEnds[segmentEnds.partitioningIndex { $0 > row }]
        let most = codes.map { sample + $0.samplesMax } ?? block.samples
        let end = min(block.samples, (segmentEnd - block.firstRow) * each, most)
        let closes = block.firstRow + end / each == segmentEnd
        let some = sample..<end
        let before = block.firstRow * each
        let stretch = try codes?.begin(before + sample..<before + end, tiles: 0..<counters.tiles)
        try walk.eachTile(
          block, samples: some, columns: counters.neurons, tiles: 0..<counters.tiles, rows: .sideBySide,
          before: { lane, tile in stretch?.lanes[lane].begin(counters, tile: tile, samples: some) },
          body: { lane, tile, cell, rows, order in
            let numbers = RowNumbers(first: block.firstRow, samplesPerRow: each, order: order)
            if let codes = stretch?.lanes[lane] {
              codes.add(cell: cell, rows, numbers, in: scratch[lane])
            } else {
              counters.add(tile: tile, cell: cell, rows, numbers, in: scratch[lane])
            }
            log?.add(tile: tile, cell: cell, rows)
          },
          after: { lane, tile in
            if closes { counters.closeSegment(tile: tile, journal: journal?.place(of: tile)) }
            try stretch?.put(tile, of: lane)
          })
        if let stretch { codes?.end(stretch) }
        if closes { try journal?.write() }
        sample = end
      }
      work.nextRow = block.firstRow + block.samples / each
      try log?.proceed(by: block.samples / each, lanes: lanes)
    }
  }
}
