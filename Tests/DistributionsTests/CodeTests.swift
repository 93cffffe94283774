import CKernels
import Fixtures
import Testing

@testable import Distributions

/// Codes that were taken while grids grew, and the kernels beneath, against the bins of the values on the final grids.
@Suite struct CodeTests {
  private static let neurons = tileColumns

  /// A column of values whose grid grows in some way.
  private static func column<Value: ActivationValue>(_ kind: Int, rows: Int, _ random: inout SplitMix) -> [Value] {
    (0..<rows).map { row in
      let plain = Value(Double.random(in: -4...4, using: &random))
      let part = row * 8 / rows
      return switch kind {
      case 0: max(0, plain)
      case 1: plain * Value(sign: .plus, exponent: Value.Exponent(part * 9), significand: 1)
      case 2: plain * Value(sign: .plus, exponent: Value.Exponent(-part * 9), significand: 1)
      case 3: random.next() % 5 == 0 ? .nan : random.next() % 5 == 0 ? .infinity : -abs(plain)
      case 4: row < rows / 2 ? -.infinity : plain + 100
      case 5: row % 2 == 0 ? -0.0 : 0
      case 6: row == rows - 1 ? .greatestFiniteMagnitude : Value.leastNonzeroMagnitude * (row % 2 == 0 ? 1 : -1)
      case 7: row == rows / 3 ? 1e30 : abs(plain) + 1
      case 8: .nan
      case 9: plain + Value(part) * 1000
      case 10: plain - Value(part) * 1000
      default: 3
      }
    }
  }

  /// What a value's code on a grid is, and whether it stands apart.
  private static func expected<Value: ActivationValue>(
    _ value: Value, on grid: DyadicGrid
  ) -> (code: UInt8, isApart: Bool) {
    func kind(_ kind: Int64) -> (UInt8, Bool) { (UInt8(truncatingIfNeeded: kind &- grid.origin), true) }
    if value.isNaN { return kind(1) }
    if value.isInfinite { return kind(value > 0 ? 2 : 3) }
    if value == 0 { return kind(0) }
    return (UInt8(DyadicGrid.bin(of: value, exponent: grid.exponent) - grid.origin), false)
  }

  /// Codes of a record on final grids, `[sample, column]`, and which stand apart.
  private static func decode<Value: ActivationValue>(
    _ record: UnsafeRawBufferPointer, samples: Int, _ band: BandCounters<Value>
  ) -> (codes: [UInt8], apart: [UInt64]) {
    var codes = [UInt8](record[CodeRecord.codes(from: 0)..<CodeRecord.codes(from: samples)])
    let apart = (0..<samples).map {
      record.loadUnaligned(fromByteOffset: CodeRecord.apart(samples: samples, from: $0), as: UInt64.self)
    }
    let grids = (0..<neurons).map { band.grid($0) }
    CodeMap(grids: record.baseAddress!, final: grids).apply(&codes, apart: apart, samples: samples)
    return (codes, apart)
  }

  /// Kinds of columns that hold finite values only: such codes are taken while rows are counted, the others afterwards.
  private static let finiteKinds = [0, 1, 2, 5, 6, 7, 9, 10, 11]

  private func check<Value: ActivationValue>(_: Value.Type, seed: UInt64, kinds: [Int]) throws {
    var random = SplitMix(seed: seed)
    let (rows, cells, stretch) = (700, 3, 90)
    let columns: [[Value]] = (0..<Self.neurons).map { Self.column(kinds[$0 % kinds.count], rows: rows, &random) }
    let cell = (0..<rows).map { _ in Int(random.next() % 4) }
    let band = BandCounters<Value>(neurons: Self.neurons, cells: cells, samplesPerCellMax: rows)
    let taker = TileCodes<Value>(samplesMax: stretch)
    let scratch = RunCounts()
    let inOrder = (0..<UInt32(stretch)).map { $0 }
    var records: [(rows: Range<Int>, bytes: [UInt8])] = []
    for first in stride(from: 0, to: rows, by: stretch) {
      let some = first..<min(first + stretch, rows)
      // Rows of the last cell are left out: missing.
      let order = (0..<cells).flatMap { c in some.filter { cell[$0] == c } }
      taker.begin(band, tile: 0, samples: some)
      var place = 0
      while place < order.count {
        let run = order[place...].prefix { cell[$0] == cell[order[place]] }.prefix(40)
        let values = run.flatMap { row in columns.map { $0[row] } }
        values.withUnsafeBufferPointer { values in
          inOrder.withUnsafeBufferPointer { inOrder in
            Self.withStable(order) { numbers in
              taker.add(
                cell: cell[order[place]],
                TileRows(
                  base: values.baseAddress!, pitch: tileColumns, order: inOrder.baseAddress!, count: run.count),
                RowNumbers(first: 0, samplesPerRow: 1, order: numbers + place), in: scratch)
            }
          }
        }
        place += run.count
      }
      records.append((some, Array(taker.record)))
    }
    for (some, bytes) in records {
      let (codes, apart) = bytes.withUnsafeBytes { Self.decode($0, samples: some.count, band) }
      for row in some {
        for column in 0..<Self.neurons {
          let grid = band.grid(column)
          let (code, isApart) =
            cell[row] == cells
            ? (UInt8(truncatingIfNeeded: 4 - grid.origin), true)
            : Self.expected(columns[column][row], on: grid)
          let place = row - some.lowerBound
          #expect(codes[place * tileColumns + column] == code, "row \(row), column \(column): \(columns[column][row])")
          #expect((apart[place] >> UInt64(column) & 1 == 1) == isApart, "row \(row), column \(column)")
        }
      }
    }
  }

  private static func withStable(_ order: [Int], _ body: (UnsafePointer<UInt32>) -> Void) {
    order.map { UInt32($0) }.withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  @Test(arguments: [1, 2, 3]) func floats(seed: UInt64) throws {
    try check(Float.self, seed: seed, kinds: Array(0..<12))
    try check(Float.self, seed: seed, kinds: Self.finiteKinds)
  }
  @Test(arguments: [4, 5, 6]) func doubles(seed: UInt64) throws {
    try check(Double.self, seed: seed, kinds: Array(0..<12))
    try check(Double.self, seed: seed, kinds: Self.finiteKinds)
  }

  @Test(arguments: [1, 7, 8, 15, 16, 17, 63, 64, 65, 100, 127, 128, 333]) func turning(places: Int) {
    var random = SplitMix(seed: UInt64(places))
    let codes = (0..<places * tileColumns).map { _ in UInt8.random(in: 0...255, using: &random) }
    let apart = (0..<places).map { _ in random.next() }
    let (pitch, bitPitch) = (places + 5, (places + 7) / 8 + 8)
    var columns = [UInt8](repeating: 0xAA, count: tileColumns * pitch)
    var bits = [UInt8](repeating: 0xAA, count: tileColumns * bitPitch)
    nd_turn_codes(&columns, pitch, codes, places)
    nd_turn_bits(&bits, bitPitch, apart, places)
    for column in 0..<tileColumns {
      for place in 0..<places {
        #expect(columns[column * pitch + place] == codes[place * tileColumns + column])
      }
      #expect(columns[column * pitch + places] == 0xAA)
      for byte in 0..<(places + 7) / 8 {
        var expected: UInt8 = 0
        for place in byte * 8..<min(byte * 8 + 8, places) where apart[place] >> UInt64(column) & 1 == 1 {
          expected |= 1 << UInt8(place & 7)
        }
        #expect(bits[column * bitPitch + byte] == expected)
      }
      // Nothing is written behind a column.
      #expect(bits[column * bitPitch + (places + 7) / 8..<(column + 1) * bitPitch].allSatisfy { $0 == 0xAA })
    }
  }
}
