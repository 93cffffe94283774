import CKernels
import Fixtures
import Testing

@testable import Distributions

/// A run taken with the processor's own instructions and without, bit for bit; and the bins it counts, against a look at each value.
@Suite struct RunKernelTests {
  /// What a run is added to, of one cell.
  private final class Sums {
    let band = BandCounters<Float>(neurons: tileColumns, cells: 1, samplesPerCellMax: 1 << 20)
    let scratch = RunCounts()

    /// - Parameter isPortable: without the processor's own instructions.
    func take(_ rows: TileRows<Float>, isPortable: Bool, isCounted: Bool) -> Int32 {
      var run = nd_run(
        figures: band.figures, first: 0, low: band.low, high: band.high, scale_a: band.scaleA, scale_b: band.scaleB,
        highest: band.extremes.list(.highest, from: 0), lowest: band.extremes.list(.lowest, from: 0),
        numbers: rows.order, first_row: 7, samples_per_row: 3, counts: isCounted ? scratch.base : nil,
        counters: nil, codes: nil, apart: nil, first_place: 0)
      return isPortable
        ? nd_take_run_portable_f32(rows.base, rows.pitch, rows.order, rows.count, &run)
        : nd_take_run_f32(rows.base, rows.pitch, rows.order, rows.count, &run)
    }

    /// All that was summed up, as bits.
    var bits: [UInt64] {
      let figures = band.figures
      var bits: [UInt64] = []
      for at in 0..<tileColumns {
        bits += [figures.minimum, figures.maximum].map {
          UInt64($0!.assumingMemoryBound(to: Float.self)[at].bitPattern)
        }
        bits += [figures.sum[at].bitPattern, figures.squares[at].bitPattern]
        bits += [figures.count, figures.zeros, figures.nan, figures.infinite].map { UInt64($0![at]) }
        bits += [band.low[at], band.high[at]].map { UInt64($0.bitPattern) }
        for end in ExtremeRows<Float>.End.allCases {
          for rank in 0..<ExtremeRows<Float>.count {
            let kept = band.extremes.row(end, at, rank: rank)
            bits += [kept.map { UInt64($0.value.bitPattern) } ?? .max, kept.map { UInt64($0.row) } ?? .max]
          }
        }
      }
      return bits
    }

    var counts: [UInt8] { Array(UnsafeBufferPointer(start: scratch.base, count: RunCounts.bytes)) }
  }

  private func value(_ column: Int, isOdd: Bool, _ random: inout SplitMix) -> Float {
    let plain = Float.random(in: -4...4, using: &random)
    if isOdd, random.next() % 40 == 0 { return [.nan, .infinity, -.infinity][Int(random.next() % 3)] }
    switch column % 7 {
    case 0: return max(0, plain)
    case 1: return plain * Float(sign: .plus, exponent: Int(random.next() % 200) - 120, significand: 1)
    case 2: return random.next() % 2 == 0 ? -0.0 : 0
    case 3: return Float.leastNonzeroMagnitude * Float(Int.random(in: -9...9, using: &random))
    case 4: return plain.rounded()
    case 5: return -abs(plain)
    default: return plain
    }
  }

  @Test(arguments: [1, 2, 15, 16, 31, 32, 33, 64, 200, 255]) func sameAsPortable(rows: Int) {
    var random = SplitMix(seed: UInt64(rows))
    for isOdd in [false, true] {
      let (own, portable) = (Sums(), Sums())
      for turn in 0..<4 {
        let pitch = tileColumns + Int.random(in: 0...9, using: &random)
        let data = (0..<2 * rows * pitch).map { value($0 % pitch, isOdd: isOdd && turn > 0, &random) }
        // Every row once or not at all, ascending.
        let order = Array((0..<UInt32(2 * rows)).shuffled(using: &random)[..<rows].sorted())
        data.withUnsafeBufferPointer { data in
          order.withUnsafeBufferPointer { order in
            let run = TileRows(base: data.baseAddress!, pitch: pitch, order: order.baseAddress!, count: rows)
            let found = own.take(run, isPortable: false, isCounted: turn > 1)
            #expect(found == portable.take(run, isPortable: true, isCounted: turn > 1))
            #expect(own.bits == portable.bits, "turn \(turn)")
            for neuron in 0..<tileColumns where own.band.low[neuron] <= own.band.high[neuron] {
              for sums in [own, portable] { sums.band.fit(neuron) }
            }
            for sums in [own, portable] { sums.scratch.clear() }
          }
        }
      }
    }
  }

  private func expected(_ rows: TileRows<Float>, _ band: BandCounters<Float>) -> [UInt8] {
    var counts = [UInt8](repeating: 0, count: RunCounts.bytes)
    for index in 0..<rows.count {
      for column in 0..<tileColumns {
        let value = rows.base[Int(rows.order[index]) * rows.pitch + column]
        let bin = DyadicGrid.bin(of: value, exponent: Int(band.exponents[column]))
        counts[column * DyadicGrid.binCount + Int(bin & 255)] += 1
      }
    }
    return counts
  }

  /// Rows that come again change no grid: then counts of both are those of each value.
  @Test func countsOfRowsThatComeAgain() {
    var random = SplitMix(seed: 9)
    let data = (0..<255 * tileColumns).map { value($0 % tileColumns, isOdd: false, &random) }
    let order = (0..<UInt32(255)).map { $0 }
    data.withUnsafeBufferPointer { data in
      order.withUnsafeBufferPointer { order in
        let run = TileRows(base: data.baseAddress!, pitch: tileColumns, order: order.baseAddress!, count: 255)
        for isPortable in [false, true] {
          let sums = Sums()
          #expect(sums.take(run, isPortable: isPortable, isCounted: false) == Int32(ND_RUN_WIDER))
          for neuron in 0..<tileColumns { sums.band.fit(neuron) }
          #expect(sums.take(run, isPortable: isPortable, isCounted: true) == 0)
          #expect(sums.counts == expected(run, sums.band))
        }
      }
    }
  }
}
