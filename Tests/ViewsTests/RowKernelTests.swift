import CKernels
import Fixtures
import Testing

/// The kernels of `rows.h` beside the same in plain words.
struct RowKernelTests {
  /// Counts of every size, among them empty rows, empty blocks, and counts of whose bytes some are 0.
  private func counts<Count: FixedWidthInteger>(rows: Int, bins: Int, using random: inout SplitMix) -> [[Count]] {
    let some = [0, 1, 254, 255, 256, 300, 65_280, 65_535, 65_536, 16_777_216, 16_777_215]
    return (0..<rows).map { row in
      let density = [0, 0.02, 0.5, 1][row % 4]
      return (0..<bins).map { _ in
        .random(in: 0..<1, using: &random) < density
          ? Count(truncatingIfNeeded: some.randomElement(using: &random)!) : 0
      }
    }
  }

  /// A packed row, as `nd_plane` tells it.
  private func packed<Count: FixedWidthInteger & UnsignedInteger>(_ counts: [Count]) -> [UInt64] {
    var present: UInt64 = 0
    var blocks: [UInt8] = []
    var number = 0
    for first in stride(from: 0, to: counts.count, by: 16) {
      for byte in 0..<(Count.bitWidth / 8) {
        let bytes = counts[first..<(first + 16)].map { UInt8(truncatingIfNeeded: $0 >> Count(8 * byte)) }
        if bytes.contains(where: { $0 != 0 }) {
          present |= 1 << UInt64(number)
          blocks += bytes
        }
        number += 1
      }
    }
    return [present]
      + stride(from: 0, to: blocks.count, by: 8).map { first in
        (0..<8).reduce(0) { $0 | UInt64(blocks[first + $1]) << UInt64(8 * $1) }
      }
  }

  private typealias Pack<Count> = (UnsafeMutablePointer<UInt64>, UnsafePointer<Count>, Int) -> Int

  /// Packs rows, in any order, and adds up some.
  private func check<Count: FixedWidthInteger & UnsignedInteger>(_ bins: Int, _ pack: Pack<Count>) {
    let rows = 700
    var random = SplitMix(seed: UInt64(bins))
    let counts: [[Count]] = counts(rows: rows, bins: bins, using: &random)
    let width = Count.bitWidth / 8
    var plane = PackedRows(rows: rows)
    for row in (0..<rows).shuffled(using: &random) {
      let room = 1 + bins * width / 8
      var words = [UInt64](repeating: .max, count: room + 1)
      let found = pack(&words, counts[row], bins)
      #expect(words[room] == .max, "It wrote beyond its room.")
      #expect(Array(words.prefix(found)) == packed(counts[row]))
      plane.append(words.prefix(found), row, using: &random)
    }
    for count in [0, 1, 7, 255, 256, 257, 600] {
      let chosen = (0..<count).map { _ in UInt32.random(in: 0..<UInt32(rows), using: &random) }
      var sums = (0..<bins).map { _ in UInt64.random(in: 0...9, using: &random) }
      var narrow = sums.map { UInt32($0) }
      let expected = sums.indices.map { bin in
        chosen.reduce(sums[bin]) { $0 + UInt64(counts[Int($1)][bin]) }
      }
      plane.withKernel(bins, width) {
        nd_add_rows_u32(&narrow, $0, chosen, chosen.count)
        nd_add_rows_u64(&sums, $0, chosen, chosen.count)
      }
      #expect(sums == expected, "\(count) rows")
      #expect(narrow == expected.map { UInt32(truncatingIfNeeded: $0) }, "\(count) rows")
    }
  }

  @Test(arguments: [16, 64, 256]) func `Packed rows add up to what was packed`(bins: Int) {
    check(bins) { nd_pack_u8($0, $1, $2) }
    check(bins) { nd_pack_u16($0, $1, $2) }
    check(bins) { nd_pack_u32($0, $1, $2) }
  }

  @Test func `A window gets what overlaps it, and no zeros`() {
    var random = SplitMix(seed: 1)
    for _ in 0..<300 {
      let exponent = Int32.random(in: -8 ... -2, using: &random)
      let window = nd_window(origin: .random(in: -600...600, using: &random), exponent: exponent, depth: 8)
      let own = exponent + Int32.random(in: -6...8, using: &random)
      let origin = Int64.random(in: -300...60, using: &random)
      let counts = (0..<256).map { _ in UInt16.random(in: 0...400, using: &random) }
      let zeros = UInt32(origin <= 0 && origin > -256 ? counts[Int(-origin)] / 2 : 0)
      var sums = [UInt64](repeating: 0, count: 256)
      let total = nd_add_window(&sums, counts, 2, zeros, origin, own, window)
      #expect(total == UInt64(counts.reduce(0) { $0 + Int($1) }) << 8)
      for target in 0..<256 {
        let (left, width) = (Double(Int(window.origin) + target) * scale(exponent), scale(exponent))
        var expected = 0.0
        for (bin, count) in counts.enumerated() {
          let lower = Double(Int(origin) + bin) * scale(own)
          let overlap = min(lower + scale(own), left + width) - max(lower, left)
          if overlap > 0 { expected += (Double(count) - (lower == 0 ? Double(zeros) : 0)) * overlap / scale(own) }
        }
        #expect(Double(sums[target]) == expected * 256, "bin \(target)")
      }
    }
  }

  /// Adds a window's share of neurons whose bins are much narrower to much wider, near it and far away.
  private func checkWindow<Count: FixedWidthInteger & UnsignedInteger>(_ random: inout SplitMix, _ pack: Pack<Count>) {
    let (rows, width) = (200, Count.bitWidth / 8)
    let counts: [[Count]] = counts(rows: rows, bins: 256, using: &random)
    let window = nd_window(origin: .random(in: -600...600, using: &random), exponent: -5, depth: 8)
    let exponents = (0..<rows).map { _ in [Int16(-90), -40, -8, -6, -5, -4, -2, 3, 4].randomElement(using: &random)! }
    let origins = exponents.map { exponent in
      let near = exponent < -5 ? window.origin << min(20, -5 - Int64(exponent)) : window.origin >> (5 + Int64(exponent))
      return [
        near + .random(in: -300...60, using: &random), .random(in: -256...1, using: &random), 1 << 52, -1 << 52,
      ].randomElement(using: &random)!
    }
    let zeros = counts.map { UInt32($0.randomElement(using: &random)! / 2) }
    var plane = PackedRows(rows: rows)
    for (row, counts) in counts.enumerated() {
      var words = [UInt64](repeating: 0, count: 1 + 32 * width)
      let found = pack(&words, counts, 256)
      plane.append(words.prefix(found), row, using: &random)
    }
    let chosen = (0..<300).map { _ in UInt32.random(in: 0..<UInt32(rows), using: &random) }
    var expected = (0..<256).map { _ in UInt64.random(in: 0...9, using: &random) }
    var sums = expected
    var total: UInt64 = 0
    for row in chosen.map(Int.init) {
      total += nd_add_window(
        &expected, counts[row], width, zeros[row], origins[row], Int32(exponents[row]), window)
    }
    let found = plane.withKernel(256, width) { plane in
      origins.withUnsafeBufferPointer { origins in
        exponents.withUnsafeBufferPointer { exponents in
          zeros.withUnsafeBufferPointer { zeros in
            nd_add_window_rows(
              &sums, plane, chosen, chosen.count,
              nd_grids(origins: origins.baseAddress, exponents: exponents.baseAddress, zeros: zeros.baseAddress),
              window)
          }
        }
      }
    }
    #expect(found == total)
    #expect(sums == expected)
  }

  @Test func `A window gets the same from packed rows`() {
    var random = SplitMix(seed: 2)
    for _ in 0..<10 {
      checkWindow(&random) { nd_pack_u8($0, $1, $2) }
      checkWindow(&random) { nd_pack_u16($0, $1, $2) }
      checkWindow(&random) { nd_pack_u32($0, $1, $2) }
    }
  }

  private func scale(_ exponent: Int32) -> Double { Double(sign: .plus, exponent: Int(exponent), significand: 1) }
}

/// Packed rows in three slabs, in any order.
private struct PackedRows {
  private var slabs: [[UInt64]] = [[], [], []]
  private var starts: [UInt32]

  init(rows: Int) { starts = Array(repeating: .max, count: rows + 1) }

  mutating func append(_ words: some Sequence<UInt64>, _ row: Int, using random: inout SplitMix) {
    let slab = slabs.indices.randomElement(using: &random)!
    starts[row] = UInt32(slab * Int(ND_SLAB_WORDS) + slabs[slab].count)
    slabs[slab] += words
  }

  func withKernel<Result>(_ bins: Int, _ countBytes: Int, _ body: (nd_plane) -> Result) -> Result {
    // Copies, whose addresses last.
    let copies = slabs.map { slab in
      let copy = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: slab.count)
      _ = copy.initialize(from: slab)
      return copy
    }
    defer { copies.forEach { $0.deallocate() } }
    let addresses = copies.map { UnsafePointer($0.baseAddress) }
    return addresses.withUnsafeBufferPointer { addresses in
      starts.withUnsafeBufferPointer { starts in
        body(
          nd_plane(
            slabs: addresses.baseAddress, starts: starts.baseAddress, bins: bins, count_bytes: countBytes))
      }
    }
  }
}
