import Activations
import Distributions
import TileStore

/// Computes one layer: counts its bands, looks a second time, and writes its arrays.
struct LayerRun<Value: ActivationValue & ReadableValue> {
  let plan: LayerPlan
  let grouping: Grouping
  let medians: Job.Medians
  /// Rows that are left out, because their chunks were never written.
  let missingRows: [Range<Int>]
  let lanes: Lanes
  let observer: RunObserver

  /// Where the layer's counts are kept, complete bands and checkpoints inside a band; `nil`: nowhere.
  var files: BandFiles<Value>?
  var clock = CheckpointClock(seconds: .infinity)

  private var source: LayerSource { plan.source }

  func run(into output: LayerOutput<Value>) throws {
    let walk = walk
    let clock = self.clock
    let begin = ContinuousClock.now
    var computed = 0
    try eachBand(of: 0..<source.neurons, beside: files?.complete() ?? []) { band, file in
      let counters: BandCounters<Value>
      let quartiles: QuartileTable<Value>
      if let file {
        (counters, quartiles) = try files!.read(file, neurons: band)
        observer.report(.resumed(bytes: bytes(rows: source.rows, neurons: band.count) * plan.looks))
      } else {
        (counters, quartiles) = try complete(band, walk)
        computed += band.count
        // Where all bands together take less than the time between two checkpoints, keeping them would gain nothing.
        let estimate = (ContinuousClock.now - begin) * source.neurons / computed
        if let files, band.count < source.neurons, clock.isWorth(estimate) {
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
    let unit = LayerPlan.bandUnit
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
  func complete(_ band: Range<Int>, _ walk: TileWalk<Value>) throws -> (BandCounters<Value>, QuartileTable<Value>) {
    let work = newWork(band)
    let keeper = files.map { BandCheckpoint(files: $0, clock: clock, work: work) }
    try keeper?.restore()
    let early = earlyLook(work, rows: source.rows, bytes: plan.earlyLookBytes)
    var blocks = blocks(band, rows: [0..<source.rows], from: work.nextRow)
    try count(work, blocks, walk, keeper: keeper, early: early)
    if blocks.blocks.count > 1 {
      blocks = RowBlocks(source, neurons: band, rowsPerBlock: plan.secondLookRows, lanes: lanes.count)
    }
    try secondLook(
      work, blocks, walk, keeper: keeper, lists: early.map { early in { @Sendable in early.answer(tile: $0, $1) } })
    return (work.counters, work.quartiles)
  }

  func newWork(_ band: Range<Int>) -> BandWork<Value> {
    let counters = BandCounters<Value>(
      neurons: band.count, cells: grouping.cellCount, samplesPerCellMax: samplesPerCellMax)
    return BandWork(band, groups: grouping.members.count, counters: counters)
  }

  /// Keeps values of a band that is about to be counted. What a run had kept that was killed is lost: the one that goes on reads twice.
  /// - Parameters:
  ///   - rows: how many are counted.
  ///   - bytes: as planned; 0: nothing is kept.
  func earlyLook(_ work: BandWork<Value>, rows: Int, bytes: Int) -> EarlyLook<Value>? {
    guard bytes > 0, work.nextRow == 0 else { return nil }
    return EarlyLook(
      work.counters, groups: grouping.members, integers: source.holdsWholeNumbers, rows: rows,
      part: Double(rows) / Double(source.rows), bytes: bytes)
  }

  private var samplesPerCellMax: Int { grouping.rowsPerCellMax * source.geometry.samplesPerRow }

  /// Reads a band's rows; a block begins at `row`.
  func blocks(_ band: Range<Int>, rows: [Range<Int>], from row: Int) -> RowBlocks<Value> {
    let stretches = rows.flatMap {
      $0.lowerBound < row && row < $0.upperBound ? [$0.lowerBound..<row, row..<$0.upperBound] : [$0]
    }
    return RowBlocks(
      source, neurons: band, rowsPerBlock: plan.rowsPerBlock, lanes: lanes.count,
      stretches: stretches)
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

  /// The first look, from the row on where it was left.
  /// - Parameters:
  ///   - early: takes the values that the second look may ask for.
  ///   - journal: takes the moments of each segment.
  func count(
    _ work: BandWork<Value>, _ blocks: RowBlocks<Value>, _ walk: TileWalk<Value>, keeper: BandCheckpoint<Value>?,
    early: EarlyLook<Value>? = nil, journal: SegmentJournal<Value>? = nil
  ) throws {
    let counters = work.counters
    let segmentEnds = source.segmentEnds
    try eachBlock(blocks, from: work.nextRow, keeper: keeper) { block in
      let each = block.samplesPerRow
      var sample = 0
      while sample < block.samples {
        let row = block.firstRow + sample / each
        let segmentEnd = segmentEnds[segmentEnds.partitioningIndex { $0 > row }]
        let end = min(block.samples, (segmentEnd - block.firstRow) * each)
        let closes = block.firstRow + end / each == segmentEnd
        try walk.eachTile(
          block, samples: sample..<end, columns: counters.neurons, tiles: 0..<counters.tiles,
          body: { tile, cell, rows in
            counters.add(tile: tile, cell: cell, rows: rows.count, values: rows.base)
            early?.add(tile: tile, cell: cell, rows)
          },
          after: { if closes { counters.closeSegment(tile: $0, journal: journal?.place(of: $0)) } })
        if closes { try journal?.write() }
        sample = end
      }
      work.nextRow = block.firstRow + block.samples / each
      try early?.proceed(by: block.samples / each, lanes: lanes)
    }
  }

  /// The quartiles of every group and neuron, exact or as their bins tell; opens windows where outliers have squeezed a grid.
  ///
  /// - Parameter lists: values that others have collected, by tile; those of its tiles that need more are read from the dump.
  func secondLook(
    _ work: BandWork<Value>, _ blocks: RowBlocks<Value>, _ walk: TileWalk<Value>, keeper: BandCheckpoint<Value>?,
    lists: (@Sendable (_ tile: Int, _ look: SecondLook<Value>) throws -> Void)? = nil
  ) throws {
    let counters = work.counters
    let result = work.quartiles
    let members = grouping.members
    let integers = source.holdsWholeNumbers
    if medians == .binned {
      try lanes.run(counters.tiles) { _, tile in
        for neuron in tile * tileColumns..<min((tile + 1) * tileColumns, counters.neurons) {
          for group in members.indices {
            result[group, neuron] = counters.binnedQuartiles(neuron, of: members[group])
          }
        }
      }
      return
    }
    let questions = Slots<OpenQuestions<Value>>(counters.tiles)
    var first = work.answeredTiles
    while first < counters.tiles {
      // As many tiles as the memory for a second look allows, at least one. Questions take memory too: they are made as they are needed.
      var end = first
      var bytes = 0
      var isFull = false
      while !isFull, end < counters.tiles {
        let next = end..<min(end + lanes.count, counters.tiles)
        try lanes.run(next.count) { _, number in
          let tile = next.lowerBound + number
          questions[tile] =
            questions[tile] ?? OpenQuestions(counters, tile: tile, groups: members, integers: integers)
        }
        for tile in next where !isFull {
          isFull = tile > first && bytes + questions[tile]!.bytes > plan.secondLookBytes
          if !isFull {
            bytes += questions[tile]!.bytes
            end = tile + 1
          }
        }
      }
      if end == first + 1, bytes > plan.secondLookBytes {
        // A tile whose values do not fit at once is answered in parts.
        for columns in questions[first]!.columns(within: plan.secondLookBytes) {
          questions[first] = OpenQuestions(
            counters, tile: first, groups: members, integers: integers, columns: columns)
          try answer(questions, tiles: first..<end, work, blocks, walk, keeper, lists)
        }
      } else {
        try answer(questions, tiles: first..<end, work, blocks, walk, keeper, lists)
      }
      first = end
      work.answeredTiles = end
      if end < counters.tiles { try keeper?.saveIfDue() }
    }
  }

  /// Collects the values that the questions of some tiles ask for, and answers them.
  private func answer(
    _ questions: Slots<OpenQuestions<Value>>, tiles: Range<Int>, _ work: BandWork<Value>,
    _ blocks: RowBlocks<Value>, _ walk: TileWalk<Value>, _ keeper: BandCheckpoint<Value>?,
    _ lists: (@Sendable (_ tile: Int, _ look: SecondLook<Value>) throws -> Void)?
  ) throws {
    let counters = work.counters
    let result = work.quartiles
    let members = grouping.members
    let integers = source.holdsWholeNumbers
    let looks = Slots<SecondLook<Value>>(counters.tiles)
    let values = Pages<Value>(count: tiles.reduce(0) { $0 + questions[$1]!.valueCount })
    defer { values.deallocate() }
    var next = values.base
    for tile in tiles {
      looks[tile] = SecondLook(questions[tile]!, of: counters, values: next)
      next += questions[tile]!.valueCount
    }
    if let lists {
      try lanes.run(tiles.count) { _, number in
        let look = looks[tiles.lowerBound + number]!
        try lists(tiles.lowerBound + number, look)
        if !look.isComplete { look.restart() }
      }
    }
    let open = tiles.filter { !looks[$0]!.isComplete }
    let isOpen = Set(open)
    for stretch in stretches(of: open, tiles: counters.tiles) {
      let columns = stretch.lowerBound * tileColumns..<min(stretch.upperBound * tileColumns, counters.neurons)
      blocks.narrow(to: work.band.lowerBound + columns.lowerBound..<work.band.lowerBound + columns.upperBound)
      try eachBlock(blocks, keeper: keeper) { block in
        try walk.eachRows(
          block, samples: 0..<block.samples, columns: columns.count, tiles: 0..<stretch.count,
          body: { number, cell, rows in
            let tile = stretch.lowerBound + number
            if isOpen.contains(tile) { looks[tile]!.add(cell: cell, rows) }
          })
      }
    }
    guard tiles.allSatisfy({ looks[$0]!.isComplete }) else {
      throw ActivationsError(
        "\(source.parts[0].file.path), dataset \(source.path): the second reading found other values than the first. The dump was changed while it was read; run again when its writer is done."
      )
    }
    try lanes.run(tiles.count) { _, number in
      let tile = tiles.lowerBound + number
      var scratch: [Value] = []
      for column in questions[tile]!.columns {
        let neuron = tile * tileColumns + column
        for group in members.indices {
          result[group, neuron] = looks[tile]!.quartiles(
            neuron, of: members[group], integers: integers, scratch: &scratch)
        }
        looks[tile]!.openWindow(neuron, scratch: &scratch)
      }
      looks[tile] = nil
      questions[tile] = nil
    }
  }

  /// What is read again for tiles in question: neighbours together, or everything at once where that costs hardly more.
  private func stretches(of open: [Int], tiles: Int) -> [Range<Int>] {
    var stretches: [Range<Int>] = []
    for tile in open {
      if let last = stretches.last, tile < last.upperBound + 8 {
        stretches[stretches.count - 1] = last.lowerBound..<tile + 1
      } else {
        stretches.append(tile..<tile + 1)
      }
    }
    let read = stretches.reduce(0) { $0 + $1.count }
    let isLittle = plan.isCheapInParts && stretches.count <= 8 && read * 4 <= tiles * 3
    return stretches.isEmpty || isLittle ? stretches : [0..<tiles]
  }
}

/// A place for each tile, filled and emptied by the lane that works on the tile.
final class Slots<Element>: @unchecked Sendable {
  // Unchecked: a lane touches the places of its own tiles only, and nothing else does until the lanes are done.
  private let storage: UnsafeMutablePointer<Element?>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    storage = .allocate(capacity: count)
    storage.initialize(repeating: nil, count: count)
  }

  deinit {
    storage.deinitialize(count: count)
    storage.deallocate()
  }

  subscript(index: Int) -> Element? {
    get { storage[index] }
    _modify { yield &storage[index] }
  }
}

/// Quartiles of all groups and neurons of a band, written by lanes neuron by neuron.
final class QuartileTable<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: lanes write different neurons, and nothing is read until they are done.
  private let storage: UnsafeMutablePointer<Quartiles<Value>>
  private let groups: Int
  let neurons: Int

  init(groups: Int, neurons: Int) {
    self.groups = groups
    self.neurons = neurons
    storage = .allocate(capacity: groups * neurons)
    storage.initialize(repeating: Quartiles(), count: groups * neurons)
  }

  deinit { storage.deallocate() }

  /// Bytes that a neuron takes.
  static func bytes(groups: Int) -> Int { groups * MemoryLayout<Quartiles<Value>>.stride }

  subscript(group: Int, neuron: Int) -> Quartiles<Value> {
    get { storage[group * neurons + neuron] }
    set { storage[group * neurons + neuron] = newValue }
  }
}
