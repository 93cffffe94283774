import Fixtures
import Testing

@testable import Distributions

/// The rows that are kept, against sorting all of them; joined and restored ones too.
@Suite struct ExtremeRowsTests {
  private static func column<Value: ActivationValue>(_ kind: Int, samples: Int, _ random: inout SplitMix) -> [Value] {
    (0..<samples).map { sample in
      let plain = Value(Double.random(in: -4...4, using: &random))
      return switch kind {
      case 0: max(0, plain)
      case 1: plain.rounded()
      case 2: Value(sample)
      case 3: -Value(sample)
      case 4: random.next() % 3 == 0 ? .nan : random.next() % 3 == 0 ? .infinity : plain
      case 5: sample % 2 == 0 ? -0.0 : 0
      case 6: -.infinity
      case 7: sample % 50 == 7 ? plain : .nan
      default: plain
      }
    }
  }

  private func check<Value: ActivationValue>(_: Value.Type, samplesPerRow: Int, rows: Int, seed: UInt64) {
    var random = SplitMix(seed: seed)
    let samples = rows * samplesPerRow
    let columns: [[Value]] = (0..<tileColumns).map { Self.column($0 % 9, samples: samples, &random) }
    let cell = (0..<rows).map { _ in Int(random.next() % 3) }
    let block = Int.random(in: 1...max(1, rows / 2), using: &random)
    let parts = (0..<2).map { _ in BandCounters<Value>(neurons: tileColumns, cells: 3, samplesPerCellMax: samples) }
    let all = BandCounters<Value>(neurons: tileColumns, cells: 3, samplesPerCellMax: samples)
    let scratch = RunCounts()
    let inOrder = (0..<UInt32(200)).map { $0 }
    for (number, first) in stride(from: 0, to: rows, by: block).enumerated() {
      let some = first..<min(first + block, rows)
      for c in 0..<3 {
        let own = some.filter { cell[$0] == c }.flatMap { row in
          (0..<samplesPerRow).map { (row - first) * samplesPerRow + $0 }
        }
        for start in stride(from: 0, to: own.count, by: 200) {
          let order = own[start..<min(start + 200, own.count)].map { UInt32($0) }
          let values = order.flatMap { sample in columns.map { $0[first * samplesPerRow + Int(sample)] } }
          order.withUnsafeBufferPointer { order in
            let numbers = RowNumbers(first: first, samplesPerRow: samplesPerRow, order: order.baseAddress!)
            values.withUnsafeBufferPointer { values in
              inOrder.withUnsafeBufferPointer { places in
                let rows = TileRows(
                  base: values.baseAddress!, pitch: tileColumns, order: places.baseAddress!, count: order.count)
                for band in [all, parts[number % 2]] { band.add(tile: 0, cell: c, rows, numbers, in: scratch) }
              }
            }
          }
        }
      }
    }
    let joined = BandCounters<Value>(neurons: tileColumns, cells: 3, samplesPerCellMax: samples)
    for part in parts.reversed() {
      var bytes = [UInt8](repeating: 0, count: BandCounters<Value>.columnBytes)
      bytes.withUnsafeMutableBytes { part.saveColumns(tile: 0, to: $0.baseAddress!) }
      joined.growToHold(tile: 0, columns: bytes)
    }
    for neuron in 0..<tileColumns {
      for end in ExtremeRows<Value>.End.allCases {
        let sign: Value = end == .highest ? 1 : -1
        var best: [(value: Value, row: Int)] = []
        for row in 0..<rows {
          let own = columns[neuron][row * samplesPerRow..<(row + 1) * samplesPerRow].filter(\.isFinite)
          if let value = own.map({ sign * $0 }).max() { best.append((value, row)) }
        }
        best.sort { $0.value > $1.value || $0.value == $1.value && $0.row < $1.row }
        for rank in 0..<ExtremeRows<Value>.count {
          for band in [all, joined] {
            let kept = band.extremes.row(end, neuron, rank: rank)
            #expect(kept.map { Int($0.row) } == (rank < best.count ? best[rank].row : nil), "neuron \(neuron), \(rank)")
            #expect(kept?.value == (rank < best.count ? sign * best[rank].value : nil), "neuron \(neuron), \(rank)")
            #expect(kept?.value.sign != .minus || kept?.value != 0)
          }
        }
      }
    }
  }

  @Test(arguments: [1, 3, 15, 16, 17, 600]) func floats(rows: Int) {
    check(Float.self, samplesPerRow: 1, rows: rows, seed: UInt64(rows))
    check(Float.self, samplesPerRow: 5, rows: rows, seed: UInt64(rows))
  }

  @Test(arguments: [1, 16, 500]) func doubles(rows: Int) {
    check(Double.self, samplesPerRow: 1, rows: rows, seed: UInt64(rows))
    check(Double.self, samplesPerRow: 2, rows: rows, seed: UInt64(rows))
  }
}
