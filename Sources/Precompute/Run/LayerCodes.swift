import Activations
import Distributions
import TileStore

/// Takes the codes of a layer's values, band by band, and writes their arrays at the end.
final class LayerCodes<Value: ActivationValue & ReadableValue> {
  private let spool: CodeSpool
  private var stretches: [CodeSpool.Stretch] = []

  init(_ spool: CodeSpool) { self.spool = spool }

  /// Reads the rows of a band whose grids are final.
  func take(_ counters: BandCounters<Value>, band: Range<Int>, _ run: LayerRun<Value>, _ walk: TileWalk<Value>) throws {
    let blocks = RowBlocks<Value>(
      run.plan.source, neurons: band, rowsPerBlock: run.plan.quantilePassRows, lanes: run.lanes.count)
    let samplesMax = CodeSpool.samplesMax(cells: run.grouping.cellCount)
    let lanes = (0..<run.lanes.count).map { _ in TileCodes<Value>(samplesMax: samplesMax) }
    let tiles = band.lowerBound / tileColumns..<band.lowerBound / tileColumns + counters.tiles
    for number in blocks.blocks.indices {
      try run.observer.checkStop()
      try blocks.withBlock(number, run.lanes.run) { block in
        for first in stride(from: 0, to: block.samples, by: samplesMax) {
          let some = first..<min(first + samplesMax, block.samples)
          let before = block.firstRow * block.samplesPerRow
          let stretch = CodeSpool.stretch(
            before + some.lowerBound..<before + some.upperBound, tiles: tiles, after: stretches.last)
          stretches.append(stretch)
          try walk.eachTile(
            block, samples: some, columns: band.count, tiles: 0..<counters.tiles,
            before: { lane, tile in lanes[lane].begin(counters, tile: tile, samples: some) },
            body: { lane, _, _, rows, order in lanes[lane].add(rows.base, rows: rows.count, order: order) },
            after: { [spool] lane, tile in
              try spool.write(lanes[lane].record, tile: tiles.lowerBound + tile, of: stretch)
            })
        }
      }
    }
  }

  /// Writes the arrays.
  /// - Parameter grids: of all neurons.
  func write(_ layer: LayerWriter, grids: [DyadicGrid], lanes: Lanes) throws {
    try CodeArrays(layer: layer, spool: spool, stretches: stretches, grids: grids, lanes: lanes).write()
  }
}
