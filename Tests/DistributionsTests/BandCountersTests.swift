import Fixtures
import Testing

@testable import Distributions

/// Counts in tiles, in any cut and order, against counting each value by itself.
@Suite struct BandCountersTests {
  /// Rows of a few columns with every kind of value, and a cell for each row.
  private func sample<Value: ActivationValue>(_: Value.Type, rows: Int, seed: UInt64) -> (
    columns: [[Value]], cells: [Int]
  ) {
    var random = SplitMix(seed: seed)
    let columns = (0..<7).map { column in
      (0..<rows).map { row -> Value in
        let plain = Value(Double.random(in: -4...4, using: &random))
        switch column {
        case 0: return max(0, plain)
        case 1: return row == rows / 2 ? 1e30 : plain
        case 2: return random.next() % 9 == 0 ? .nan : random.next() % 9 == 0 ? -.infinity : plain
        case 3: return row % 2 == 0 ? -0.0 : 0
        case 4: return Value.leastNonzeroMagnitude * Value(Int.random(in: -9...9, using: &random))
        case 5: return plain * Value(sign: .plus, exponent: Value.Exponent(row % 60), significand: 1)
        default: return .nan
        }
      }
    }
    return (columns, (0..<rows).map { _ in Int(random.next() % 3) })
  }

  private func count<Value: ActivationValue>(
    _ columns: [[Value]], _ cells: [Int], cut: Int, into band: BandCounters<Value>,
    refining refinement: RankRefinement<Value>? = nil
  ) {
    for start in stride(from: 0, to: cells.count, by: cut) {
      for cell in 0..<3 {
        let rows = (start..<min(start + cut, cells.count)).filter { cells[$0] == cell }
        for first in stride(from: 0, to: rows.count, by: 256) {
          let some = rows[first..<min(first + 256, rows.count)]
          let tile = some.flatMap { row in (0..<tileColumns).map { $0 < columns.count ? columns[$0][row] : 0 } }
          if let refinement {
            let order = (0..<UInt32(some.count)).map { $0 }
            refinement.add(cell: cell, TileRows(base: tile, pitch: tileColumns, order: order, count: some.count))
          } else {
            band.add(tile: 0, cell: cell, rows: some.count, values: tile)
          }
        }
      }
    }
    if refinement == nil { band.closeSegment(tile: 0) }
  }

  private func check<Value: ActivationValue>(_ type: Value.Type) {
    for (seed, rows, cut) in [(1, 1, 1), (2, 700, 64), (3, 3000, 1000), (4, 2500, 2500)] {
      let (columns, cells) = sample(type, rows: rows, seed: UInt64(seed))
      let band = BandCounters<Value>(
        neurons: columns.count, cells: 3, samplesPerCellMax: 1000 * seed * seed * seed * seed)
      count(columns, cells, cut: cut, into: band)
      let groups = [[0, 1, 2], [0], [1], [2], [0, 2]]
      let pending = PendingRanks(band, tile: 0, groups: groups.map { .init($0) }, integers: false)
      let values = Pages<Value>(count: pending.valueCount)
      defer { values.deallocate() }
      let refinement = RankRefinement(pending, of: band, values: values.base)
      count(columns, cells, cut: cut, into: band, refining: refinement)
      #expect(refinement.isComplete)
      var scratch: [Value] = []
      for (neuron, column) in columns.enumerated() {
        let finite = column.filter(\.isFinite)
        let grid = band.grid(neuron)
        if let low = finite.min(), let high = finite.max() {
          #expect(grid == DyadicGrid(holding: low, high))
        } else {
          #expect(grid == .empty)
        }
        for members in groups {
          let values = column.indices.filter { members.contains(cells[$0]) }.map { column[$0] }
          let figures = band.figures(neuron, of: members)
          let sorted = values.filter(\.isFinite).sorted()
          #expect(Int(figures.count) == sorted.count)
          #expect(Int(figures.zeros) == values.count { $0 == 0 } && Int(figures.nan) == values.count(where: \.isNaN))
          #expect(Int(figures.infinite) == values.count(where: \.isInfinite))
          var expected = [UInt32](repeating: 0, count: 256)
          for value in sorted { expected[Int(DyadicGrid.bin(of: value, exponent: grid.exponent) - grid.origin)] += 1 }
          var counts = [UInt32](repeating: 0, count: 256)
          band.histogram(neuron, of: members, on: grid, into: &counts)
          #expect(counts == expected)
          let quartiles = refinement.quartiles(neuron, of: .init(members), integers: false, scratch: &scratch)
          guard !sorted.isEmpty else {
            #expect(quartiles.median.isNaN)
            continue
          }
          #expect(figures.minimum == sorted.first && figures.maximum == sorted.last)
          for (quarters, value) in [(1, quartiles.lower), (2, quartiles.median), (3, quartiles.upper)] {
            let position = QuantilePosition(quarters: quarters, count: sorted.count)
            #expect(value == position.interpolate(sorted[position.lower], sorted[position.upper]))
          }
        }
      }
    }
  }

  @Test func floats() { check(Float.self) }
  @Test func doubles() { check(Double.self) }

  /// A dump that is overwritten between two passes may have more values in a bin than there is room for.
  @Test func otherValuesThanWereCountedAreNoticed() {
    let (columns, cells) = sample(Float.self, rows: 700, seed: 3)
    let band = BandCounters<Float>(neurons: columns.count, cells: 3, samplesPerCellMax: 700)
    count(columns, cells, cut: 100, into: band)
    let pending = PendingRanks(
      band, tile: 0, groups: [.init([0, 1, 2]), .init([0]), .init([1]), .init([2])], integers: false)
    let room = pending.valueCount
    let values = Pages<Float>(count: room + 4096)
    defer { values.deallocate() }
    for index in room..<room + 4096 { values.base[index] = 42 }
    let refinement = RankRefinement(pending, of: band, values: values.base)
    // Of each column one candidate, again and again.
    let other = columns.indices.map { neuron in
      let median = columns[neuron].filter { $0.isFinite && $0 != 0 }.sorted()
      return [Float](repeating: median.isEmpty ? 0 : median[median.count / 2], count: cells.count)
    }
    count(other, cells, cut: 100, into: band, refining: refinement)
    #expect(!refinement.isComplete)
    #expect((room..<room + 4096).allSatisfy { values.base[$0] == 42 })
  }

  /// Pending ranks of columns in parts have the same candidates as those of all.
  @Test func columnsInPartsNeedLess() {
    let (columns, cells) = sample(Float.self, rows: 900, seed: 8)
    let band = BandCounters<Float>(neurons: columns.count, cells: 3, samplesPerCellMax: 900)
    count(columns, cells, cut: 300, into: band)
    let groups = [[0, 1, 2], [0], [1], [2]]
    let all = PendingRanks(band, tile: 0, groups: groups.map { .init($0) }, integers: false)
    let ranges = all.columns(within: all.valueCount)  // a quarter of their bytes
    #expect(ranges.count > 1 && ranges.first!.lowerBound == 0 && ranges.last!.upperBound == columns.count)
    #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    let parts = ranges.map {
      PendingRanks(band, tile: 0, groups: groups.map { .init($0) }, integers: false, columns: $0)
    }
    #expect(parts.reduce(0) { $0 + $1.valueCount } == all.valueCount)
    #expect(parts.allSatisfy { $0.valueCount * 4 <= all.valueCount || $0.columns.count == 1 })
  }

  @Test func anOutlierGetsABinOfItsOwn() {
    var random = SplitMix(seed: 5)
    var column = (0..<2000).map { _ in Float.random(in: -1...1, using: &random) }
    column[7] = 1e30
    let cells = column.map { _ in 0 }
    let band = BandCounters<Float>(neurons: 1, cells: 3, samplesPerCellMax: 2000)
    count([column], cells, cut: 500, into: band)
    let pending = PendingRanks(band, tile: 0, groups: [.init([0, 1, 2])], integers: false)
    let values = Pages<Float>(count: pending.valueCount)
    defer { values.deallocate() }
    let refinement = RankRefinement(pending, of: band, values: values.base)
    count([column], cells, cut: 500, into: band, refining: refinement)
    var scratch: [Float] = []
    refinement.openWindow(0, scratch: &scratch)
    #expect(band.hasTails(0))
    var counts = [UInt32](repeating: 0, count: 256)
    band.histogram(0, of: [0, 1, 2], on: band.grid(0), into: &counts)
    #expect(counts.reduce(0, +) == 2000 && counts[255] >= 1)
    #expect(counts[1..<255].count { $0 > 0 } > 100)
  }
}
