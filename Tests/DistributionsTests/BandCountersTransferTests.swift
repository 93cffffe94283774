import Fixtures
import Testing

@testable import Distributions

/// Counters that were carried as bytes, against counters that counted everything themselves.
@Suite struct BandCountersTransferTests {
  /// Two tiles, the second one not full.
  private static let neurons = tileColumns + 6
  private static let cells = 3
  private static let segmentRows = 100

  /// Rows with every kind of value, and a cell for each row.
  private struct Sample<Value: ActivationValue> {
    var columns: [[Value]]
    var cells: [Int]

    init(rows: Int, seed: UInt64) {
      var random = SplitMix(seed: seed)
      cells = (0..<rows).map { _ in Int(random.next() % 3) }
      columns = (0..<neurons).map { column in
        (0..<rows).map { row -> Value in
          let plain = Value(Double.random(in: -4...4, using: &random))
          switch column % 11 {
          case 0: return max(0, plain)
          case 1: return row == rows / 3 ? 1e30 : plain
          case 2: return random.next() % 9 == 0 ? .nan : random.next() % 9 == 0 ? -.infinity : plain
          case 3: return row % 2 == 0 ? -0.0 : 0
          case 4: return Value.leastNonzeroMagnitude * Value(Int.random(in: -9...9, using: &random))
          case 5: return plain * Value(sign: .plus, exponent: Value.Exponent(row % 60), significand: 1)
          case 6: return .nan
          case 7: return row < rows / 2 ? .infinity : plain
          case 8: return row == rows - 1 ? Value.greatestFiniteMagnitude : -Value.greatestFiniteMagnitude
          case 9: return 3
          default: return row < rows / 2 ? Value.leastNonzeroMagnitude : plain * 1e9
          }
        }
      }
    }

    /// Segments of rows, as counted one after another.
    var segments: [Range<Int>] {
      stride(from: 0, to: cells.count, by: segmentRows).map { $0..<min($0 + segmentRows, cells.count) }
    }
  }

  private typealias Journals = [[Moments]]

  private func newBand<Value: ActivationValue>(_: Value.Type, wide: Bool) -> BandCounters<Value> {
    BandCounters(neurons: Self.neurons, cells: Self.cells, samplesPerCellMax: wide ? 1 << 20 : 1000)
  }

  /// Counts a segment; its moments are returned by tile.
  @discardableResult
  private func count<Value: ActivationValue>(
    _ segment: Range<Int>, of sample: Sample<Value>, into band: BandCounters<Value>
  ) -> Journals {
    (0..<band.tiles).map { tile in
      for cell in 0..<Self.cells {
        let rows = segment.filter { sample.cells[$0] == cell }
        let values = rows.flatMap { row in
          (tile * tileColumns..<(tile + 1) * tileColumns).map { $0 < Self.neurons ? sample.columns[$0][row] : 0 }
        }
        guard !rows.isEmpty else { continue }
        let places = (0..<UInt32(rows.count)).map { $0 }
        values.withUnsafeBufferPointer { values in
          places.withUnsafeBufferPointer { places in
            rows.map { UInt32($0) }.withUnsafeBufferPointer {
              band.add(
                tile: tile, cell: cell,
                TileRows(
                  base: values.baseAddress!, pitch: tileColumns, order: places.baseAddress!, count: rows.count),
                RowNumbers(first: 0, samplesPerRow: 1, order: $0.baseAddress!), in: RunCounts())
            }
          }
        }
      }
      var journal = [Moments](repeating: Moments(), count: Self.cells * tileColumns)
      band.closeSegment(tile: tile, journal: &journal)
      return journal
    }
  }

  /// Bytes of the columns, and of each histogram and cell of a tile; `nil` for those without values.
  private func save<Value: ActivationValue>(
    _ band: BandCounters<Value>, tile: Int
  ) -> (columns: [UInt8], histograms: [[UInt8]?], cells: [[UInt8]?]) {
    var columns = [UInt8](repeating: 0xAA, count: BandCounters<Value>.columnBytes)
    columns.withUnsafeMutableBytes { band.saveColumns(tile: tile, to: $0.baseAddress!) }
    let cells = (0..<Self.cells).map { cell -> [UInt8]? in
      guard !band.isEmpty(tile: tile, cell: cell) else { return nil }
      var bytes = [UInt8](repeating: 0xAA, count: BandCounters<Value>.cellBytes)
      bytes.withUnsafeMutableBytes { band.saveCell(cell, tile: tile, to: $0.baseAddress!) }
      return bytes
    }
    let histograms = (0..<band.histograms).map { histogram -> [UInt8]? in
      guard !band.isEmpty(tile: tile, histogram: histogram) else { return nil }
      var bytes = [UInt8](repeating: 0xAA, count: BandCounters<Value>.histogramBytes)
      bytes.withUnsafeMutableBytes { band.saveHistogram(histogram, tile: tile, to: $0.baseAddress!) }
      return bytes
    }
    return (columns, histograms, cells)
  }

  private func restored<Value: ActivationValue>(_ band: BandCounters<Value>, wide: Bool) -> BandCounters<Value> {
    let other = newBand(Value.self, wide: wide)
    for tile in 0..<band.tiles {
      let (columns, histograms, cells) = save(band, tile: tile)
      other.restoreColumns(tile: tile, from: columns)
      for (histogram, bytes) in histograms.enumerated() {
        if let bytes { other.restoreHistogram(histogram, tile: tile, from: bytes) }
      }
      for (cell, bytes) in cells.enumerated() {
        if let bytes { other.restoreCell(cell, tile: tile, from: bytes) }
      }
    }
    return other
  }

  /// Every figure and count of every neuron and cell.
  private func expectSame<Value: ActivationValue>(_ a: BandCounters<Value>, _ b: BandCounters<Value>) {
    for neuron in 0..<Self.neurons {
      #expect(a.grid(neuron) == b.grid(neuron), "neuron \(neuron)")
      #expect(a.hasTails(neuron) == b.hasTails(neuron))
      for end in ExtremeRows<Value>.End.allCases {
        let lists = [a, b].map { band in
          (0..<ExtremeRows<Value>.count).map { rank in
            band.extremes.row(end, neuron, rank: rank).map { "\($0.value) of \($0.row)" }
          }
        }
        #expect(lists[0] == lists[1], "neuron \(neuron)")
      }
      for cell in 0..<Self.cells {
        let (x, y) = (a.figures(neuron, of: [cell]), b.figures(neuron, of: [cell]))
        #expect(isSame(x.moments, y.moments), "neuron \(neuron), cell \(cell)")
        #expect(x.zeros == y.zeros && x.nan == y.nan && x.infinite == y.infinite)
        #expect(x.minimum == y.minimum && x.maximum == y.maximum)
        #expect(histogram(a, neuron, cell) == histogram(b, neuron, cell), "neuron \(neuron), cell \(cell)")
      }
    }
  }

  /// Sums of the largest doubles overflow to infinities, and these to NaN, which is the same as another.
  private func isSame(_ a: Moments, _ b: Moments) -> Bool {
    func isSame(_ x: Double, _ y: Double) -> Bool { x == y || x.isNaN && y.isNaN }
    return a.count == b.count && isSame(a.mean, b.mean) && isSame(a.squaredDeviations, b.squaredDeviations)
  }

  private func histogram<Value: ActivationValue>(_ band: BandCounters<Value>, _ neuron: Int, _ cell: Int) -> [UInt32] {
    var counts = [UInt32](repeating: 0, count: DyadicGrid.binCount)
    band.histogram(neuron, of: [cell], on: band.grid(neuron), into: &counts)
    return counts
  }

  // MARK: Keeping

  /// Whoever goes on after being restored ends with the very bytes of whoever never stopped.
  private func checkGoingOn<Value: ActivationValue>(_: Value.Type, wide: Bool) {
    let sample = Sample<Value>(rows: 450, seed: wide ? 11 : 12)
    for stop in [0, 1, 3, sample.segments.count] {
      let whole = newBand(Value.self, wide: wide)
      var stopped = newBand(Value.self, wide: wide)
      for (number, segment) in sample.segments.enumerated() {
        if number == stop { stopped = restored(stopped, wide: wide) }
        count(segment, of: sample, into: whole)
        count(segment, of: sample, into: stopped)
      }
      if stop == sample.segments.count { stopped = restored(stopped, wide: wide) }
      expectSame(whole, stopped)
      for tile in 0..<whole.tiles {
        let (a, b) = (save(whole, tile: tile), save(stopped, tile: tile))
        #expect(a.columns == b.columns && a.histograms == b.histograms && a.cells == b.cells)
      }
    }
  }

  @Test(arguments: [false, true]) func goingOnWithFloats(wide: Bool) { checkGoingOn(Float.self, wide: wide) }
  @Test(arguments: [false, true]) func goingOnWithDoubles(wide: Bool) { checkGoingOn(Double.self, wide: wide) }

  @Test func sumsOfAnOpenSegmentAreKept() {
    let band = newBand(Float.self, wide: false)
    let rows = (0..<2 * tileColumns).map { Float($0) }
    band.add(tile: 0, cell: 1, rows: 2, values: rows)
    let other = restored(band, wide: false)
    band.closeSegment(tile: 0)
    other.closeSegment(tile: 0)
    #expect(other.figures(3, of: [1]).moments.mean == Double(3 + 3 + tileColumns) / 2)
    expectSame(band, other)
  }

  @Test func aWindowIsKept() {
    let sample = Sample<Float>(rows: 300, seed: 13)
    let band = newBand(Float.self, wide: false)
    for segment in sample.segments { count(segment, of: sample, into: band) }
    var cells = (0..<Self.cells).map { cell in
      sample.columns[1].indices.filter { sample.cells[$0] == cell }.map { sample.columns[1][$0] }
    }
    cells.withUnsafeMutableBufferPointer { cells in
      band.recount(1, on: DyadicGrid(exponent: -5, origin: -128)) { cell in
        cells[cell].withUnsafeMutableBufferPointer { UnsafeMutableBufferPointer(rebasing: $0[...]) }
      }
    }
    #expect(band.hasTails(1) && band.grid(1).exponent == -5)
    expectSame(band, restored(band, wide: false))
  }

  // MARK: Joining

  /// Parts that counted some segments each, joined in any order, are what one counted of all.
  private func checkJoining<Value: ActivationValue>(_: Value.Type, wide: Bool) {
    for (seed, rows, parts) in [(21, 1, 2), (22, 400, 2), (23, 550, 3)] {
      let sample = Sample<Value>(rows: rows, seed: UInt64(seed))
      let whole = newBand(Value.self, wide: wide)
      let counted = (0..<parts).map { _ in newBand(Value.self, wide: wide) }
      var journals: [Journals] = []
      for (number, segment) in sample.segments.enumerated() {
        let own = count(segment, of: sample, into: counted[number % parts])
        let again = count(segment, of: sample, into: whole)
        #expect(zip(again.joined(), own.joined()).allSatisfy(isSame))
        journals.append(own)
      }
      for order in [Array(0..<parts), (0..<parts).reversed()] {
        let joined = newBand(Value.self, wide: wide)
        for tile in 0..<joined.tiles {
          for part in order {
            let (columns, histograms, cells) = save(counted[part], tile: tile)
            joined.growToHold(tile: tile, columns: columns)
            for (histogram, bytes) in histograms.enumerated() {
              if let bytes { joined.addHistogram(histogram, tile: tile, from: bytes, columns: columns) }
            }
            for (cell, bytes) in cells.enumerated() {
              if let bytes { joined.addCell(cell, tile: tile, from: bytes, columns: columns) }
            }
          }
          for journal in journals { joined.mergeSegment(tile: tile, journal: journal[tile]) }
        }
        expectSame(whole, joined)
        // And the joined counters count and are carried as any others.
        expectSame(whole, restored(joined, wide: wide))
      }
    }
  }

  @Test(arguments: [false, true]) func joiningFloats(wide: Bool) { checkJoining(Float.self, wide: wide) }
  @Test(arguments: [false, true]) func joiningDoubles(wide: Bool) { checkJoining(Double.self, wide: wide) }
}
