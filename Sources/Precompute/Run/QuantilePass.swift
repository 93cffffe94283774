import Activations
import Distributions

/// The pass that finds the quartiles of a band all of whose rows are counted, and opens windows where outliers have squeezed a grid;
/// see `RankRefinement`.
///
/// Tiles are refined in order, as many at once as there is memory for their candidates. Candidates that were kept before spare a tile the
/// reading; for the others, the dump's rows are read once more.
struct QuantilePass<Value: ActivationValue & ReadableValue> {
  /// Hands candidates that were kept of a tile to its refinement.
  typealias Kept = @Sendable (_ tile: Int, _ refinement: RankRefinement<Value>) throws -> Void

  let layer: LayerRun<Value>
  let work: BandWork<Value>
  let blocks: RowBlocks<Value>
  let walk: TileWalk<Value>
  let keeper: BandCheckpoint<Value>?
  let kept: Kept?
  /// Takes the codes of neurons with windows, where the layer is to have codes.
  let windows: WindowTaker<Value>?

  private var counters: BandCounters<Value> { work.counters }
  private var groups: [CountingCells.Members] { layer.counting.groups }
  private var plan: LayerPlan { layer.plan }
  private var integers: Bool { plan.source.holdsWholeNumbers }

  /// The quartiles as the counts alone tell them.
  func takeBinned() throws {
    let (counters, groups, quartiles) = (counters, groups, work.quartiles)
    try layer.lanes.run(counters.tiles) { _, tile in
      for neuron in tile * tileColumns..<min((tile + 1) * tileColumns, counters.neurons) {
        for group in groups.indices {
          quartiles[group, neuron] = counters.binnedQuartiles(neuron, of: groups[group])
        }
      }
    }
  }

  /// The exact quartiles, beginning with the first tile that a checkpoint does not have.
  func takeExact() throws {
    let (counters, groups, integers) = (counters, groups, integers)
    let pending = LaneResults<PendingRanks<Value>>(counters.tiles)
    var first = work.refinedTiles
    while first < counters.tiles {
      // As many tiles as there is memory for their candidates, at least one. Pending ranks take memory too: they are looked up as they
      // are needed.
      var end = first
      var bytes = 0
      var isFull = false
      while !isFull, end < counters.tiles {
        let next = end..<min(end + layer.lanes.count, counters.tiles)
        try layer.lanes.run(next.count) { _, number in
          let tile = next.lowerBound + number
          pending[tile] = pending[tile] ?? PendingRanks(counters, tile: tile, groups: groups, integers: integers)
        }
        for tile in next where !isFull {
          isFull = tile > first && bytes + pending[tile]!.bytes > plan.candidateBytes
          if !isFull {
            bytes += pending[tile]!.bytes
            end = tile + 1
          }
        }
      }
      if end == first + 1, bytes > plan.candidateBytes {
        // A tile whose candidates do not fit at once is refined in parts.
        for columns in pending[first]!.columns(within: plan.candidateBytes) {
          pending[first] = PendingRanks(counters, tile: first, groups: groups, integers: integers, columns: columns)
          try refine(pending, tiles: first..<end)
        }
      } else {
        try refine(pending, tiles: first..<end)
      }
      first = end
      work.refinedTiles = end
      if end < counters.tiles { try keeper?.saveIfDue() }
    }
  }

  /// Gathers the candidates of some tiles, and selects the quartiles among them.
  private func refine(_ pending: LaneResults<PendingRanks<Value>>, tiles: Range<Int>) throws {
    let refinements = LaneResults<RankRefinement<Value>>(counters.tiles)
    let values = Pages<Value>(count: tiles.reduce(0) { $0 + pending[$1]!.valueCount })
    defer { values.deallocate() }
    var next = values.base
    for tile in tiles {
      refinements[tile] = RankRefinement(pending[tile]!, of: counters, values: next)
      next += pending[tile]!.valueCount
    }
    if let kept {
      try layer.lanes.run(tiles.count) { _, number in
        let refinement = refinements[tiles.lowerBound + number]!
        try kept(tiles.lowerBound + number, refinement)
        if !refinement.isComplete { refinement.restart() }
      }
    }
    let open = tiles.filter { !refinements[$0]!.isComplete }
    try gather(open, refinements)
    let isByRows = Set(open)
    guard tiles.allSatisfy({ refinements[$0]!.isComplete }) else {
      throw ActivationsError(
        "\(plan.source.parts[0].file.path), dataset \(plan.source.path): the second reading found other values than the first. The dump was changed while it was read; run again when its writer is done."
      )
    }
    let (groups, integers, quartiles, windows) = (groups, integers, work.quartiles, windows)
    try layer.lanes.run(tiles.count) { _, number in
      let tile = tiles.lowerBound + number
      let refinement = refinements[tile]!
      var scratch: [Value] = []
      var opened: [Int] = []
      for column in refinement.pending.columns {
        let neuron = tile * tileColumns + column
        for group in groups.indices {
          quartiles[group, neuron] = refinement.quartiles(
            neuron, of: groups[group], integers: integers, scratch: &scratch)
        }
        if refinement.openWindow(neuron, scratch: &scratch) { opened.append(neuron) }
      }
      try windows?.take(opened, of: refinement, isByRows: isByRows.contains(tile))
      refinements[tile] = nil
      pending[tile] = nil
    }
  }

  /// Reads all rows of some tiles once more.
  private func gather(_ open: [Int], _ refinements: LaneResults<RankRefinement<Value>>) throws {
    let isOpen = Set(open)
    for stretch in stretches(of: open) {
      let columns = stretch.lowerBound * tileColumns..<min(stretch.upperBound * tileColumns, counters.neurons)
      blocks.narrow(to: work.band.lowerBound + columns.lowerBound..<work.band.lowerBound + columns.upperBound)
      try layer.eachBlock(blocks, keeper: keeper) { block in
        try walk.eachTile(
          block, samples: 0..<block.samples, columns: columns.count, tiles: 0..<stretch.count, rows: .block,
          cellsApart: true,
          body: { _, number, cell, rows, _ in
            let tile = stretch.lowerBound + number
            if isOpen.contains(tile) { refinements[tile]!.add(cell: cell, rows) }
          })
      }
    }
  }

  /// What is read once more for some tiles: neighbours together, or everything at once where that costs hardly more.
  private func stretches(of open: [Int]) -> [Range<Int>] {
    var stretches: [Range<Int>] = []
    for tile in open {
      if let last = stretches.last, tile < last.upperBound + 8 {
        stretches[stretches.count - 1] = last.lowerBound..<tile + 1
      } else {
        stretches.append(tile..<tile + 1)
      }
    }
    let read = stretches.reduce(0) { $0 + $1.count }
    let isLittle = plan.isCheapInParts && stretches.count <= 8 && read * 4 <= counters.tiles * 3
    return stretches.isEmpty || isLittle ? stretches : [0..<counters.tiles]
  }
}

extension LayerRun {
  /// Finds the quartiles of every group and neuron of a band, exact or as the job wants them.
  /// - Parameters:
  ///   - windows: takes the codes of neurons with windows.
  ///   - kept: hands over candidates that were kept of a tile.
  func findQuartiles(
    _ work: BandWork<Value>, _ blocks: RowBlocks<Value>, _ walk: TileWalk<Value>, keeper: BandCheckpoint<Value>?,
    windows: WindowTaker<Value>?, kept: QuantilePass<Value>.Kept? = nil
  ) throws {
    let pass = QuantilePass(
      layer: self, work: work, blocks: blocks, walk: walk, keeper: keeper, kept: kept, windows: windows)
    switch medians {
    case .binned: try pass.takeBinned()
    case .exact: try pass.takeExact()
    }
  }
}
