import CKernels
import Testing

/// The kernels of `rows.h` beside the same in plain words.
struct RowKernelTests {
  @Test(arguments: [16, 64, 256]) func `Narrowed rows add up to what was narrowed`(bins: Int) {
    let rows = 700
    let counts = (0..<rows).map { _ in
      (0..<bins).map { _ in [0, 0, 1, 254, 255, 256, 300, 65_535].randomElement()! as UInt16 }
    }
    var bytes = [UInt8](repeating: 0, count: rows * bins)
    var starts: [UInt32] = [0]
    var rests: [UInt64] = []
    for (row, values) in counts.enumerated() {
      var room = [UInt64](repeating: 0, count: bins)
      let found = bytes.withUnsafeMutableBufferPointer {
        nd_narrow_u16($0.baseAddress! + row * bins, &room, values, bins)
      }
      #expect(found == values.count { $0 > 255 })
      rests += room.prefix(found)
      starts.append(UInt32(rests.count))
      let wide = values.map(UInt32.init)
      var again = [UInt8](repeating: 0, count: bins)
      #expect(nd_narrow_u32(&again, &room, wide, bins) == found)
      #expect(again == Array(bytes[(row * bins)..<((row + 1) * bins)]))
      #expect(Array(room.prefix(found)) == Array(rests.suffix(found)))
    }
    for count in [0, 1, 7, 255, 256, 257, 600] {
      let chosen = (0..<count).map { _ in UInt32.random(in: 0..<UInt32(rows)) }
      var sums = (0..<bins).map { _ in UInt32.random(in: 0...9) }
      let expected = sums.indices.map { bin in
        chosen.reduce(sums[bin]) { $0 + UInt32(counts[Int($1)][bin]) }
      }
      bytes.withUnsafeBufferPointer { bytes in
        starts.withUnsafeBufferPointer { starts in
          rests.withUnsafeBufferPointer { rests in
            let plane = nd_plane(
              counts: bytes.baseAddress, starts: starts.baseAddress, rests: rests.baseAddress)
            nd_add_rows(&sums, plane, bins, chosen, chosen.count)
          }
        }
      }
      #expect(sums == expected, "\(count) rows")
    }
  }

  @Test func `A window gets what overlaps it, and no zeros`() {
    for _ in 0..<300 {
      let exponent = Int32.random(in: -8 ... -2)
      let window = nd_window(origin: .random(in: -600...600), exponent: exponent, depth: 8)
      let own = exponent + Int32.random(in: -6...8)
      let origin = Int64.random(in: -300...60)
      let counts = (0..<256).map { _ in UInt16.random(in: 0...400) }
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

  private func scale(_ exponent: Int32) -> Double { Double(sign: .plus, exponent: Int(exponent), significand: 1) }
}
