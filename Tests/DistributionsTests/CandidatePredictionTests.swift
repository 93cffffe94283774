import Fixtures
import Testing

@testable import Distributions

@Suite struct CandidatePredictionTests {
  static let rows = 4000

  /// Columns of different kinds: signed, half zeros, almost all zeros, constant, with values that are not finite.
  private func values(_ random: inout SplitMix) -> [Float] {
    (0..<Self.rows * tileColumns).map { place in
      let normal = (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &random) }
      switch place % tileColumns {
      case 0..<20: return normal
      case 20..<40: return max(0, normal)
      case 40..<45: return Float.random(in: 0..<1, using: &random) < 0.002 ? normal : 0
      case 45..<50: return 1.5
      case 50..<55: return place % 97 == 0 ? .nan : place % 101 == 0 ? -.infinity : normal
      default: return (normal * 3).rounded()
      }
    }
  }

  private func eachRun(
    _ values: [Float], _ rows: Range<Int>, _ body: (_ cell: Int, TileRows<Float>, UnsafePointer<Float>) -> Void
  ) {
    let order = (0..<UInt32(255)).map { $0 }
    values.withUnsafeBufferPointer { values in
      order.withUnsafeBufferPointer { order in
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: 250) {
          let base = values.baseAddress! + first * tileColumns
          body(
            first / 250 % 2, TileRows(base: base, pitch: tileColumns, order: order.baseAddress!, count: 250), base)
        }
      }
    }
  }

  /// Candidates that are kept while rows are counted, and narrowed as they come, give the quartiles that a second pass gives.
  @Test func keptCandidatesSpareTheSecondPass() {
    var random = SplitMix(seed: 5)
    let values = values(&random)
    let groups = [[0, 1], [0], [1]].map { CountingCells.Members($0) }
    let band = BandCounters<Float>(neurons: tileColumns, cells: 2, samplesPerCellMax: Self.rows)
    var candidates = CandidateIntervals<Float>.everything(cells: 2)
    var entries: [UInt8] = []
    var lengths: [Int] = []
    for end in [500, 1000, 2000, 4000] {
      eachRun(values, (end == 500 ? 0 : end / 2)..<end) { cell, rows, base in
        band.add(tile: 0, cell: cell, rows: rows.count, values: base)
        candidates.gather(cell: cell, rows) { entries.append(contentsOf: $0) }
      }
      candidates = CandidateIntervals(
        predictedFrom: band, tile: 0, groups: groups, integers: false, share: Double(end) / Double(Self.rows))
      entries = narrowed(entries, candidates)
      lengths.append(entries.count)
    }
    // The counts tell that none of it is missing.
    #expect(valueCount(entries) == candidates.valueCount)
    // The more rows there are, the smaller the share that is kept: of four times as many less than twice as much.
    #expect(lengths[3] < 2 * lengths[1])

    let pending = PendingRanks(band, tile: 0, groups: groups, integers: false)
    func quartiles(_ fill: (RankRefinement<Float>) -> Void) -> [Quartiles<Float>] {
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: pending.valueCount + 1)
      defer { memory.deallocate() }
      let refinement = RankRefinement(pending, of: band, values: memory)
      fill(refinement)
      #expect(refinement.isComplete)
      var scratch: [Float] = []
      return (0..<tileColumns).flatMap { neuron in
        groups.map { refinement.quartiles(neuron, of: $0, integers: false, scratch: &scratch) }
      }
    }
    let kept = quartiles { refinement in #expect(entries.withUnsafeBytes { refinement.add(entries: $0) }) }
    let again = quartiles { refinement in
      eachRun(values, 0..<Self.rows) { cell, rows, _ in refinement.add(cell: cell, rows) }
    }
    for (a, b) in zip(kept, again) { #expect(a.lower == b.lower && a.median == b.median && a.upper == b.upper) }
  }

  /// Values of all entries.
  private func valueCount(_ entries: [UInt8]) -> Int {
    var (number, place) = (0, 0)
    while place < entries.count {
      number += 1
      place += 8 + 4 * (Int(entries[place + 6]) | Int(entries[place + 7]) << 8)
    }
    return (entries.count - 8 * number) / 4
  }

  private func narrowed(_ entries: [UInt8], _ candidates: CandidateIntervals<Float>) -> [UInt8] {
    var entries = entries
    var (from, to) = (0, 0)
    entries.withUnsafeMutableBytes { bytes in
      while from < bytes.count {
        let place = bytes.baseAddress! + from
        let (old, new) = candidates.narrow(place)
        (bytes.baseAddress! + to).copyMemory(from: place, byteCount: new)
        from += old
        to += new
      }
    }
    return Array(entries[..<to])
  }
}
