import CKernels
import Fixtures
import Testing

/// The kernels of `planes.h`, and that of `ranks.h` over planes, beside the same in plain words.
struct PlaneKernelTests {
  /// `[chunk, bit, word]`.
  private func planes(_ codes: [UInt8], chunkWords: Int) -> [UInt64] {
    var planes = [UInt64](repeating: 0, count: codes.count / 8)
    for (sample, code) in codes.enumerated() {
      let (chunk, place) = (sample / (64 * chunkWords), sample % (64 * chunkWords))
      for bit in 0..<8 where code >> UInt8(bit) & 1 != 0 {
        planes[(8 * chunk + bit) * chunkWords + place / 64] |= 1 << UInt64(place % 64)
      }
    }
    return planes
  }

  @Test(arguments: [(4, 1), (8, 1), (32, 1), (36, 1), (4, 3), (256, 2)])
  func `The code at every rank is that of the sorted codes, and a code has as many before it`(
    chunkWords: Int, chunks: Int
  ) {
    var random = SplitMix(seed: UInt64(chunkWords * chunks))
    let samples = 64 * chunkWords * chunks
    for kind in 0..<6 {
      let codes: [UInt8] = (0..<samples).map { _ in
        switch kind {
        case 0: .random(in: 0...255, using: &random)
        case 1: 255
        case 2: 0
        case 3: [0, 255].randomElement(using: &random)!
        case 4: .random(in: 127...128, using: &random)
        default: Bool.random(using: &random) ? 17 : .random(in: 17...90, using: &random)
        }
      }
      let packed = planes(codes, chunkWords: chunkWords)
      for share in [0.0005, 0.1, 0.5, 1] {
        var chosen = (0..<samples).filter { _ in .random(in: 0..<1, using: &random) < share }
        if chosen.isEmpty { chosen = [samples - 1] }
        var words = [UInt64](repeating: 0, count: samples / 64)
        for sample in chosen { words[sample / 64] |= 1 << UInt64(sample % 64) }
        let sorted = chosen.map { codes[$0] }.sorted()
        var left = [UInt64](repeating: ~0, count: words.count)
        for rank in Set([0, sorted.count / 2, sorted.count - 1, Int.random(in: 0..<sorted.count, using: &random)]) {
          let found = nd_code_at_rank(
            packed, chunkWords, chunks, words, &left, UInt32(sorted.count), UInt32(rank))
          let code = sorted[rank]
          #expect(found.code == UInt32(code))
          #expect(Int(found.below) == sorted.count { $0 < code })
          #expect(Int(found.count) == sorted.count { $0 == code })
        }
        for code in [0, 17, 127, 128, 255, sorted[0]] {
          let found = nd_hold_code(packed, chunkWords, chunks, words, UInt32(code))
          #expect(found.code == UInt32(code))
          #expect(Int(found.below) == sorted.count { $0 < code })
          #expect(Int(found.count) == sorted.count { $0 == code })
        }
      }
    }
  }

  @Test(arguments: [UInt32(0), 1, 255, 256, 65_535, 65_536, 1 << 24, .max])
  func `Numbers of chosen codes add up`(largest: UInt32) {
    var random = SplitMix(seed: UInt64(largest) + 1)
    for (chunkWords, chunks) in [(4, 1), (8, 1), (12, 1), (32, 1), (36, 1), (4, 3), (256, 2)] {
      let numbers = (0..<256).map { _ in UInt32.random(in: 0...largest, using: &random) }
      let codes = (0..<64 * chunkWords * chunks).map { _ in UInt8.random(in: 0...255, using: &random) }
      let packed = planes(codes, chunkWords: chunkWords)
      for kind in 0..<4 {
        let masks = (0..<chunkWords * chunks).map { word in
          [0, ~0, 1 << UInt64(word & 63), UInt64.random(in: 0 ... .max, using: &random)][kind == 3 ? word % 4 : kind]
        }
        let sum = codes.indices.reduce(UInt64(0)) {
          masks[$1 >> 6] >> UInt64($1 & 63) & 1 == 0 ? $0 : $0 + UInt64(numbers[Int(codes[$1])])
        }
        #expect(nd_sum_of_codes(numbers, packed, chunkWords, chunks, masks) == sum)
        #expect(nd_sum_of_codes_portable(numbers, packed, chunkWords, chunks, masks) == sum)
      }
    }
  }
}
