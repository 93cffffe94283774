import CKernels
import Fixtures
import Testing

@testable import HDF5

/// The C kernels against slow twins that anyone can read.
@Suite struct KernelTests {
  private func random(_ count: Int, _ seed: Int) -> [UInt8] {
    var generator = SplitMix(seed: UInt64(seed))
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 8, 12, 16])
  func unshuffle(width: Int) {
    for bytes in [0, 1, width, width + 1, 7 * width, 64 * width, 1000 * width + width / 2] {
      let shuffled = random(bytes, bytes)
      let count = bytes / width
      var expected = shuffled
      for element in 0..<count {
        for byte in 0..<width {
          expected[element * width + byte] = shuffled[byte * count + element]
        }
      }
      var out = [UInt8](repeating: 0, count: bytes)
      nd_unshuffle(&out, shuffled, bytes, width)
      #expect(out == expected)
    }
  }

  @Test(arguments: [1, 2, 3, 4, 8, 16])
  func bitUnshuffle(width: Int) {
    for count in [8, 16, 64, 72, 512, 520, 2048, 4096, 8200] {
      let rows = random(count * width, count)
      var expected = [UInt8](repeating: 0, count: count * width)
      for element in 0..<count {
        for byte in 0..<width {
          for bit in 0..<8 {
            let packed = rows[(byte * 8 + bit) * (count / 8) + element / 8]
            expected[element * width + byte] |= (packed >> UInt8(element % 8) & 1) << UInt8(bit)
          }
        }
      }
      var out = [UInt8](repeating: 0, count: count * width)
      var planes = out
      nd_bit_unshuffle(&out, rows, count, width, &planes)
      #expect(out == expected)
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 8, 12, 16])
  func shuffle(width: Int) {
    for bytes in [0, 1, width, width + 1, 7 * width, 64 * width, 1000 * width + width / 2] {
      let plain = random(bytes, bytes)
      let count = bytes / width
      var expected = plain
      for element in 0..<count {
        for byte in 0..<width {
          expected[byte * count + element] = plain[element * width + byte]
        }
      }
      var out = [UInt8](repeating: 0, count: bytes)
      nd_shuffle(&out, plain, bytes, width)
      #expect(out == expected)
    }
  }

  @Test(arguments: [1, 2, 3, 4, 8, 16])
  func bitShuffle(width: Int) {
    for count in [8, 16, 64, 72, 512, 520, 2048, 4096, 8200] {
      let plain = random(count * width, count)
      var expected = [UInt8](repeating: 0, count: count * width)
      for element in 0..<count {
        for byte in 0..<width {
          for bit in 0..<8 {
            let place = (byte * 8 + bit) * (count / 8) + element / 8
            expected[place] |= (plain[element * width + byte] >> UInt8(bit) & 1) << UInt8(element % 8)
          }
        }
      }
      var out = [UInt8](repeating: 0, count: count * width)
      var planes = out
      nd_bit_shuffle(&out, plain, count, width, &planes)
      #expect(out == expected)
    }
  }

  @Test func everyHalfFloat() {
    let bits = (0...UInt16.max).map { $0 }
    var out = [Float](repeating: 0, count: bits.count)
    convert(bits, .float16, count: bits.count, to: &out)
    let wrong = zip(bits, out).filter { $1.bitPattern != Numbers.float16($0).bitPattern }
    #expect(wrong.isEmpty)
    // The twin against values from the standard.
    #expect(Numbers.float16(0x0001) == 0x1p-24)
    #expect(Numbers.float16(0x03ff) == 1023 * 0x1p-24)
    #expect(Numbers.float16(0x7bff) == 65504)
    #expect(Numbers.float16(0xc000) == -2)
    #expect(Numbers.float16(0x3555) == 0.333251953125)
    #expect(Numbers.float16(0x7c00) == .infinity)
    #expect(Numbers.float16(0x8000).bitPattern == 0x8000_0000)
    #expect(Numbers.float16(0x7e01).isNaN)
  }

  @Test func everyBrainFloatAndShortInteger() {
    let bits = (0...UInt16.max).map { $0 }
    var out = [Float](repeating: 0, count: bits.count)
    convert(bits, .bfloat16, count: bits.count, to: &out)
    #expect(zip(bits, out).allSatisfy { $1.bitPattern == UInt32($0) << 16 })
    convert(bits, .uint16, count: bits.count, to: &out)
    #expect(zip(bits, out).allSatisfy { Float($0) == $1 })
    convert(bits, .int16, count: bits.count, to: &out)
    #expect(zip(bits, out).allSatisfy { Float(Int16(bitPattern: $0)) == $1 })
    let bytes = (0...UInt8.max).map { $0 }
    convert(bytes, .uint8, count: 256, to: &out)
    #expect(zip(bytes, out).allSatisfy { Float($0) == $1 })
    convert(bytes, .int8, count: 256, to: &out)
    #expect(zip(bytes, out).allSatisfy { Float(Int8(bitPattern: $0)) == $1 })
  }

  @Test func everyTypeToDouble() {
    func check<Stored: BitwiseCopyable>(
      _ element: ElementType, _: Stored.Type, _ value: (Stored) -> Double
    ) {
      let bytes = random(80, 3)
      let count = bytes.count / MemoryLayout<Stored>.stride
      var out = [Double](repeating: 0, count: count)
      bytes.withUnsafeBytes { source in
        convert(source.baseAddress!, element, count: count, to: &out)
        for (index, converted) in out.enumerated() {
          let stored = source.loadUnaligned(
            fromByteOffset: index * MemoryLayout<Stored>.stride, as: Stored.self)
          #expect(converted == value(stored) || converted.isNaN && value(stored).isNaN)
        }
      }
    }
    check(.int8, Int8.self) { Double($0) }
    check(.uint8, UInt8.self) { Double($0) }
    check(.int16, Int16.self) { Double($0) }
    check(.uint16, UInt16.self) { Double($0) }
    check(.int32, Int32.self) { Double($0) }
    check(.uint32, UInt32.self) { Double($0) }
    check(.int64, Int64.self) { Double($0) }
    check(.uint64, UInt64.self) { Double($0) }
    check(.float32, Float.self) { Double($0) }
    check(.float64, Double.self) { $0 }
    check(.float16, UInt16.self) { Double(Numbers.float16($0)) }
    check(.bfloat16, UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
  }

  @Test(arguments: [2, 4, 8])
  func swap(width: Int) {
    for count in [0, 1, 7, 33, 1000] {
      var bytes = random(count * width, count)
      var expected = bytes
      for element in 0..<count {
        expected[(element * width)..<((element + 1) * width)].reverse()
      }
      bytes.withUnsafeMutableBytes { swapToNative($0, elementBytes: width, from: .big) }
      #expect(bytes == expected)
      bytes.withUnsafeMutableBytes { swapToNative($0, elementBytes: width, from: .little) }
      #expect(bytes == expected)
    }
  }

  @Test func fletcher32() {
    for count in [0, 1, 2, 3, 718, 719, 720, 721, 722, 5000, 100_001] {
      for bytes in [random(count, count), [UInt8](repeating: 0xff, count: count)] {
        var low: UInt64 = 0
        var high: UInt64 = 0
        for at in stride(from: 0, to: count, by: 2) {
          low += UInt64(bytes[at]) << 8 + (at + 1 < count ? UInt64(bytes[at + 1]) : 0)
          // 65535 stands for zero, except while nothing but zeros came.
          if low > 65535 { low = (low - 1) % 65535 + 1 }
          high += low
          if high > 65535 { high = (high - 1) % 65535 + 1 }
        }
        #expect(
          bytes.withUnsafeBytes { Fletcher32.checksum($0) } == UInt32(high << 16 | low), "\(count)")
      }
    }
  }
}
