import Fixtures
import Testing
import TileStore

@testable import Views

/// Tiles of counts that no store has, beside the same in plain words.
struct TileMakerTests {
  /// Whether a few samples or so many that 32 bits do not hold their sums.
  @Test(arguments: [300, Int(UInt32.max) / 2 + 1]) func `A source of any kind gives the same tiles`(most: Int) throws {
    var random = SplitMix(seed: 7)
    let counts = GivenCounts(neurons: 700, bins: 16, most: most, using: &random)
    let zeros = counts.rows.map { UInt32.random(in: 0...$0.max()!, using: &random) }
    let neurons = (0..<700).map { UInt32($0) }.shuffled(using: &random)
    let maker = TileMaker(
      order: NeuronOrder(neurons: neurons, keys: []), bins: .sixteenth, zeros: zeros, grids: nil)
    let (helpers, pool) = (HelperThreads(count: 2), SlabPool(bytesMax: 8 << 20))
    let plane = try #require(try DecodedPlane(counts, helpers, pool, bytesMax: .max))
    let words: [TilePlan.Word] = most == 300 ? [.bits32, .bits64] : [.bits64]

    for source in [CountSource.rows(counts), .memory(plane)] {
      for word in words {
        let pyramid = try maker.pyramid(helpers, lowest: 1, from: source, word)
        for level in 0...maker.levels.top {
          for index in 0..<maker.levels.tiles(at: level) {
            let rows = try #require(maker.levels.rows(ofTile: index, at: level))
            let expected = bytes(counts, zeros, neurons, rows, level)
            let gathered = try maker.gather(rows, level: level, from: source, word)
            #expect(Array(gathered[32...]) == expected, "level \(level), tile \(index), \(word)")
            guard level > 0 else { continue }
            #expect(pyramid.tile(level: level, index: index) == gathered, "level \(level), tile \(index), \(word)")
          }
        }
      }
    }
  }

  /// The body of a tile as `Tiles/HTTP.md` has it.
  private func bytes(
    _ counts: GivenCounts, _ zeros: [UInt32], _ order: [UInt32], _ rows: Range<Int>, _ level: Int
  ) -> [UInt8] {
    let blocks = rows.map { row in order[(row << level)..<min((row + 1) << level, order.count)].map(Int.init) }
    let sums = blocks.map { block in
      (0..<counts.bins).map { bin in block.reduce(0) { $0 + Int(counts.rows[$1][bin]) } }
    }
    let dots = blocks.map { $0.reduce(0) { $0 + Int(zeros[$1]) } }
    let totals = sums.map { $0.reduce(0, +) }
    var largest = 0.0
    for (row, total) in totals.enumerated() where total > 0 {
      for count in sums[row] + [dots[row]] { largest = max(largest, Double(count) / Double(total)) }
    }
    let scale = Double(Float(largest))
    func code(_ count: Int, _ total: Int) -> UInt8 {
      guard count > 0 else { return 0 }
      return UInt8(min(255, max(1, 255 * (Double(count) / (Double(total) * scale)).squareRoot() + 0.5)))
    }
    return zip(sums, totals).flatMap { row, total in row.map { code($0, total) } } + zip(dots, totals).map(code)
  }
}

/// Counts in memory, of neurons with few bins, with many and with none.
private struct GivenCounts: CountRows {
  let rows: [[UInt32]]
  let bins: Int
  let type = DataType.uint32
  let neuronsPerChunk = 3
  var neurons: Int { rows.count }

  init(neurons: Int, bins: Int, most: Int, using random: inout SplitMix) {
    self.bins = bins
    rows = (0..<neurons).map { neuron in
      (0..<bins).map { _ in
        .random(in: 0..<5, using: &random) < neuron % 5 ? .random(in: 0...UInt32(most), using: &random) : 0
      }
    }
  }

  func gather(_ chosen: ArraySlice<UInt32>, _ body: (Int, UnsafeRawPointer) -> Void) {
    for (position, neuron) in chosen.enumerated().reversed() {
      rows[Int(neuron)].withUnsafeBytes { body(position, $0.baseAddress!) }
    }
  }

  func stream(chunks: Range<Int>, _ body: (Int, UnsafeRawBufferPointer) -> Void) {
    for chunk in chunks {
      let some = (chunk * neuronsPerChunk)..<min((chunk + 1) * neuronsPerChunk, rows.count)
      rows[some].flatMap(\.self).withUnsafeBytes { body(some.lowerBound, $0) }
    }
  }
}
