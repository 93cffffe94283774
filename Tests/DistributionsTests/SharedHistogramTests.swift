import Fixtures
import Testing

@testable import Distributions

/// Small groups that share a histogram: their quartiles come from their values alone, and all other figures are as if they did not.
@Suite struct SharedHistogramTests {
  private static let neurons = 9
  private static let rows = 1200
  /// Nine small groups of two cells each, one large one, and one that cuts across a cell of each.
  private static let cells = 20
  private static let members: [[Int]] =
    [Array(0..<20)] + (0..<9).map { [2 * $0, 2 * $0 + 1] } + [[18, 19]]

  private func column<Value: ActivationValue>(_ kind: Int, _ random: inout SplitMix) -> [Value] {
    (0..<Self.rows).map { row in
      let plain = Value(Double.random(in: -4...4, using: &random))
      switch kind {
      case 0: return max(0, plain)
      case 1: return row % 400 == 7 ? 1e30 : plain
      case 2: return random.next() % 9 == 0 ? .nan : random.next() % 9 == 0 ? -.infinity : plain
      case 3: return row % 2 == 0 ? -0.0 : 0
      case 4: return 2.5
      case 5: return plain.rounded()
      case 6: return .nan
      case 7: return random.next() % 50 == 0 ? plain : 0
      default: return plain * Value(sign: .plus, exponent: Value.Exponent(row % 60), significand: 1)
      }
    }
  }

  private func check<Value: ActivationValue>(_: Value.Type, seed: UInt64) {
    var random = SplitMix(seed: seed)
    let columns: [[Value]] = (0..<Self.neurons).map { column($0, &random) }
    // Half of the rows are of the large group.
    let cell = (0..<Self.rows).map { _ in
      random.next() % 2 == 0 ? 18 + Int(random.next() % 2) : Int(random.next() % 18)
    }
    let rowsOfCell = (0..<Self.cells).map { some in cell.count { $0 == some } }
    let shared = CountingCells(rowsOfCell: rowsOfCell, members: Self.members, apart: [0, 10])
    #expect(
      shared.histograms == 2
        && shared.groups.map { $0.histograms == nil } == [false] + Array(repeating: true, count: 9) + [false])
    #expect(
      shared.groups[0].histograms == [0, 1]
        && shared.rowsMax
          == (0..<2).map { h in
            (0..<Self.cells).reduce(0) { $0 + (shared.histogramOfCell[$1] == h ? rowsOfCell[$1] : 0) }
          }.max()
    )
    let plain = CountingCells(rowsOfCell: rowsOfCell, members: Self.members)
    let bands = [plain, shared].map { BandCounters<Value>(neurons: Self.neurons, $0, samplesMax: $0.rowsMax) }
    func eachRun(_ body: (_ cell: Int, _ values: UnsafePointer<Value>, _ rows: Int) -> Void) {
      for first in stride(from: 0, to: Self.rows, by: 300) {
        for some in 0..<Self.cells {
          let rows = (first..<first + 300).filter { cell[$0] == some }
          let tile = rows.flatMap { row in (0..<tileColumns).map { $0 < Self.neurons ? columns[$0][row] : 0 } }
          if !rows.isEmpty { body(some, tile, rows.count) }
        }
      }
    }
    eachRun { cell, values, rows in for band in bands { band.add(tile: 0, cell: cell, rows: rows, values: values) } }
    for band in bands { band.closeSegment(tile: 0) }

    let order = (0..<UInt32(300)).map { $0 }
    let memory = bands.map { band in
      Pages<Value>(count: PendingRanks(band, tile: 0, groups: band.counting.groups, integers: false).valueCount)
    }
    defer { for pages in memory { pages.deallocate() } }
    let refinements = zip(bands, memory).map { band, pages in
      RankRefinement(
        PendingRanks(band, tile: 0, groups: band.counting.groups, integers: false), of: band, values: pages.base)
    }
    eachRun { cell, values, rows in
      for refinement in refinements {
        refinement.add(cell: cell, TileRows(base: values, pitch: tileColumns, order: order, count: rows))
      }
    }
    #expect(refinements.allSatisfy { $0.isComplete })
    var scratch: [Value] = []
    for neuron in 0..<Self.neurons {
      for (group, members) in Self.members.enumerated() {
        let sorted = columns[neuron].indices.filter { members.contains(cell[$0]) }.map { columns[neuron][$0] }
          .filter(\.isFinite).sorted()
        for (band, refinement) in zip(bands, refinements) {
          let found = refinement.quartiles(
            neuron, of: band.counting.groups[group], integers: false, scratch: &scratch)
          let figures = [found.lower, found.median, found.upper]
          for (quarters, value) in zip(1...3, figures) {
            guard !sorted.isEmpty else {
              #expect(value.isNaN)
              continue
            }
            let position = QuantilePosition(quarters: quarters, count: sorted.count)
            #expect(value == position.interpolate(sorted[position.lower], sorted[position.upper]), "\(neuron) \(group)")
          }
        }
      }
      for refinement in refinements { refinement.openWindow(neuron, scratch: &scratch) }
      #expect(bands[0].hasTails(neuron) == bands[1].hasTails(neuron) && bands[0].grid(neuron) == bands[1].grid(neuron))
      for group in [0, 10] {
        let counts = bands.map { band in
          var counts = [UInt32](repeating: 0, count: DyadicGrid.binCount)
          band.histogram(neuron, of: band.counting.groups[group].histograms ?? [], on: band.grid(neuron), into: &counts)
          return counts
        }
        #expect(counts[0] == counts[1], "\(neuron) \(group)")
      }
    }
    #expect(bands[1].hasTails(1))
  }

  @Test func floats() { check(Float.self, seed: 3) }
  @Test func doubles() { check(Double.self, seed: 4) }

  @Test(arguments: [0, 1, 2, 15, 16, 17, 33, 80, 255, 300]) func sortingAFew(count: Int) {
    var random = SplitMix(seed: UInt64(count))
    func check<Value: ActivationValue>(_: Value.Type) {
      let values = (0..<count).map { _ in
        random.next() % 20 == 0 ? Value.infinity : Value(Double.random(in: -3...3, using: &random).rounded() / 2)
      }
      var sorted = [Value](repeating: .nan, count: count + 1)
      values.withUnsafeBufferPointer { values in
        if let base = values.baseAddress { Value.sort(base, count: count, into: &sorted) }
      }
      #expect(sorted.dropLast() == values.sorted()[...] && sorted[count].isNaN)
    }
    check(Float.self)
    check(Double.self)
  }
}
