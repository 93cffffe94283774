import CKernels
import Fixtures
import Testing

/// Making a grid twice as coarse, against adding up bin by bin.
@Suite struct HalvingTests {
  private func check<Count: FixedWidthInteger>(
    _: Count.Type, _ halve: (UnsafeMutablePointer<Count>, Int64) -> Void
  ) {
    var random = SplitMix(seed: 3)
    let origins: [Int64] = [0, 1, -1, -2, 127, 128, 129, 255, 256, -255, -256, -257, 1 << 40, -(1 << 40) - 3]
    for origin in origins + (0..<100).map({ _ in Int64.random(in: -100_000...100_000, using: &random) }) {
      var counters = (0..<256).map { _ in Count.random(in: 0...200, using: &random) }
      var expected = [Count](repeating: 0, count: 256)
      for bin in origin..<origin + 256 {
        expected[Int((bin >> 1) & 255)] += counters[Int(bin & 255)]
      }
      counters.withUnsafeMutableBufferPointer { halve($0.baseAddress!, origin) }
      #expect(counters == expected, "the first bin is \(origin)")
    }
  }

  @Test func narrowCounters() { check(UInt16.self, nd_halve_u16) }
  @Test func wideCounters() { check(UInt32.self, nd_halve_u32) }
}
