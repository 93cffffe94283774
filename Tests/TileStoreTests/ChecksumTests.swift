import CKernels
import Fixtures
import Testing

@testable import TileStore

/// CRC-32C by instruction and by table against the definition, bit by bit.
@Suite struct ChecksumTests {
  private func slow(_ bytes: ArraySlice<UInt8>, after sum: UInt32) -> UInt32 {
    var crc = ~sum
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return ~crc
  }

  @Test func `The check value of the catalogue`() {
    #expect(Array("123456789".utf8).withUnsafeBytes { crc32c($0) } == 0xE306_9283)
  }

  /// Three streams of 1,024, 256 or 64 bytes each are summed up side by side.
  @Test(arguments: [
    0, 1, 7, 8, 9, 63, 64, 191, 192, 193, 767, 768, 969, 1023, 1024, 3071, 3072, 3073, 3080, 6143, 6144, 9999,
  ])
  func `Sums of any length and place`(count: Int) {
    var random = SplitMix(seed: UInt64(count))
    let bytes = (0..<count + 9).map { _ in UInt8.random(in: 0...255, using: &random) }
    for start in [0, 1, 9] {
      let before = UInt32.random(in: 0...UInt32.max, using: &random)
      let expected = slow(bytes[start..<start + count], after: before)
      bytes.withUnsafeBytes { all in
        let base = all.baseAddress! + start
        #expect(nd_crc32c(before, base, count) == expected)
        #expect(nd_crc32c_portable(before, base, count) == expected)
      }
    }
  }
}
