import Fixtures
import Testing

@testable import Distributions

/// Quartiles of every sequence of a few values, against sorting.
@Suite struct RankRefinementTests {
  /// Every sequence of `count` values.
  private func sequences<Value>(of values: [Value], count: Int) -> [[Value]] {
    count == 0 ? [[]] : sequences(of: values, count: count - 1).flatMap { some in values.map { some + [$0] } }
  }

  /// A neuron for each sequence; rows are in two cells by turns.
  private func check<Value: ActivationValue>(_ values: [Value], count: Int) {
    let columns = sequences(of: values, count: count)
    let groups = [[0, 1], [0], [1]]
    let band = BandCounters<Value>(neurons: columns.count, cells: 2, samplesPerCellMax: count)
    func eachRow(of tile: Int, _ body: (_ cell: Int, _ row: [Value]) -> Void) {
      for row in 0..<count {
        let neurons = tile * tileColumns..<(tile + 1) * tileColumns
        body(row % 2, neurons.map { $0 < columns.count ? columns[$0][row] : 0 })
      }
    }
    for tile in 0..<band.tiles {
      eachRow(of: tile) { cell, row in band.add(tile: tile, cell: cell, rows: 1, values: row) }
      band.closeSegment(tile: tile)
      let pending = PendingRanks(band, tile: tile, groups: groups.map { .init($0) }, integers: false)
      let memory = Pages<Value>(count: pending.valueCount)
      defer { memory.deallocate() }
      let refinement = RankRefinement(pending, of: band, values: memory.base)
      eachRow(of: tile) { cell, row in
        refinement.add(cell: cell, TileRows(base: row, pitch: tileColumns, order: [0], count: 1))
      }
      #expect(refinement.isComplete)
      var scratch: [Value] = []
      for neuron in tile * tileColumns..<min((tile + 1) * tileColumns, columns.count) {
        for members in groups {
          let sorted = columns[neuron].indices.filter { members.contains($0 % 2) }.map { columns[neuron][$0] }
            .filter(\.isFinite).sorted()
          let found = refinement.quartiles(neuron, of: .init(members), integers: false, scratch: &scratch)
          guard !sorted.isEmpty else {
            #expect(found.lower.isNaN && found.median.isNaN && found.upper.isNaN)
            continue
          }
          for (quarters, value) in [(1, found.lower), (2, found.median), (3, found.upper)] {
            let position = QuantilePosition(quarters: quarters, count: sorted.count)
            #expect(
              value == position.interpolate(sorted[position.lower], sorted[position.upper]),
              "\(columns[neuron]), cells \(members), \(quarters) quarters")
          }
        }
      }
    }
  }

  @Test(arguments: 1...5) func everySequenceOfFloats(count: Int) {
    check([-3, -0.0, 0, 2.5, 1e30, .nan] as [Float], count: min(count, 4))
    check([-1, 0, .leastNonzeroMagnitude, 3] as [Float], count: count)
  }

  @Test(arguments: 1...4) func everySequenceOfDoubles(count: Int) {
    check([-.greatestFiniteMagnitude, -1, 0, 1e-300, .infinity] as [Double], count: count)
  }
}
