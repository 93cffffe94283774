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

  /// Rows after which sums become moments, so that means do not depend on how the work is cut.
  static var segmentRows: Int { 16384 }

  private var source: LayerSource { plan.source }

  func run(into output: LayerOutput<Value>) throws {
    let walk = TileWalk<Value>(lanes: lanes, grouping: grouping, leavingOut: missingRows)
    for band in plan.bands {
      let counters = BandCounters<Value>(
        neurons: band.count, cells: grouping.cellCount,
        samplesPerCellMax: grouping.rowsPerCellMax * source.geometry.samplesPerRow)
      let blocks = RowBlocks<Value>(
        source, neurons: band, rowsPerBlock: plan.rowsPerBlock, lanes: lanes.count, keeps: plan.keepsBlocks)
      try count(counters, blocks, walk)
      let quartiles = try secondLook(counters, blocks, walk)
      observer.report(.writing(layer: source.name))
      try output.write(counters, band: band, quartiles: quartiles)
    }
  }

  private func eachBlock(_ blocks: RowBlocks<Value>, _ body: (RowBlock<Value>) throws -> Void) throws {
    for (number, block) in blocks.blocks.enumerated() {
      try observer.checkStop()
      try body(blocks.read(number, lanes.run))
      observer.report(
        .counted(
          bytes: block.rows.count * blocks.neurons.count * source.geometry.positions * (source.element.bytes ?? 0)))
    }
  }

  /// The first look.
  private func count(_ counters: BandCounters<Value>, _ blocks: RowBlocks<Value>, _ walk: TileWalk<Value>) throws {
    let rows = source.rows
    try eachBlock(blocks) { block in
      let each = block.samplesPerRow
      var sample = 0
      while sample < block.samples {
        let row = block.firstRow + sample / each
        let segmentEnd = min((row / Self.segmentRows + 1) * Self.segmentRows, rows)
        let end = min(block.samples, (segmentEnd - block.firstRow) * each)
        let closes = block.firstRow + end / each == segmentEnd
        try walk.eachTile(
          block, samples: sample..<end, columns: counters.neurons, tiles: 0..<counters.tiles,
          body: { counters.add(tile: $0, cell: $1, rows: $2, values: $3) },
          after: { if closes { counters.closeSegment(tile: $0) } })
        sample = end
      }
    }
  }

  /// The quartiles of every group and neuron, exact or as their bins tell; opens windows where outliers have squeezed a grid.
  private func secondLook(
    _ counters: BandCounters<Value>, _ blocks: RowBlocks<Value>, _ walk: TileWalk<Value>
  ) throws -> QuartileTable<Value> {
    let result = QuartileTable<Value>(groups: grouping.members.count, neurons: counters.neurons)
    let members = grouping.members
    let integers = source.element.isInteger
    if medians == .binned {
      try lanes.run(counters.tiles) { _, tile in
        for neuron in tile * tileColumns..<min((tile + 1) * tileColumns, counters.neurons) {
          for group in members.indices {
            result[group, neuron] = counters.binnedQuartiles(neuron, of: members[group])
          }
        }
      }
      return result
    }
    let questions = Slots<OpenQuestions<Value>>(counters.tiles)
    try lanes.run(counters.tiles) { _, tile in
      questions[tile] = OpenQuestions(counters, tile: tile, groups: members, integers: integers)
    }
    var first = 0
    while first < counters.tiles {
      // As many tiles as the memory for a second look allows, at least one.
      var end = first
      var bytes = 0
      repeat {
        bytes += questions[end]!.bytes
        end += 1
      } while end < counters.tiles && bytes + questions[end]!.bytes <= plan.secondLookBytes
      try answer(questions, tiles: first..<end, counters, blocks, walk, into: result)
      first = end
    }
    return result
  }

  /// Collects the values that the questions of some tiles ask for, and answers them.
  private func answer(
    _ questions: Slots<OpenQuestions<Value>>, tiles: Range<Int>, _ counters: BandCounters<Value>,
    _ blocks: RowBlocks<Value>, _ walk: TileWalk<Value>, into result: QuartileTable<Value>
  ) throws {
    let members = grouping.members
    let integers = source.element.isInteger
    let looks = Slots<SecondLook<Value>>(counters.tiles)
    let values = Pages<Value>(count: tiles.reduce(0) { $0 + questions[$1]!.valueCount })
    defer { values.deallocate() }
    var next = values.base
    for tile in tiles {
      looks[tile] = SecondLook(questions[tile]!, of: counters, values: next)
      next += questions[tile]!.valueCount
    }
    if tiles.contains(where: { questions[$0]!.valueCount > 0 }) {
      try eachBlock(blocks) { block in
        try walk.eachRows(
          block, samples: 0..<block.samples, columns: counters.neurons, tiles: tiles,
          body: { looks[$0]!.add(cell: $1, $2) })
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
      for neuron in tile * tileColumns..<min((tile + 1) * tileColumns, counters.neurons) {
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
    set { storage[index] = newValue }
  }
}

/// Quartiles of all groups and neurons of a band, written by lanes neuron by neuron.
final class QuartileTable<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: lanes write different neurons, and nothing is read until they are done.
  private let storage: UnsafeMutablePointer<Quartiles<Value>>
  private let groups: Int
  private let neurons: Int

  init(groups: Int, neurons: Int) {
    self.groups = groups
    self.neurons = neurons
    storage = .allocate(capacity: groups * neurons)
    storage.initialize(repeating: Quartiles(), count: groups * neurons)
  }

  deinit { storage.deallocate() }

  subscript(group: Int, neuron: Int) -> Quartiles<Value> {
    get { storage[group * neurons + neuron] }
    set { storage[group * neurons + neuron] = newValue }
  }
}
