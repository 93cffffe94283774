import Testing

@testable import HDF5

/// Numbers of a file that are far out, where they are used: errors, never traps. Tests/EndToEnd/test_numbers.py has whole files.
@Suite struct NumberTests {
  /// Memory that is only claimed: the system gives pages when they are touched.
  private func withClaimed(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
    let start = try #require(System.allocate(count))
    defer { System.release(start) }
    try body(UnsafeMutableRawBufferPointer(start: start, count: count))
  }

  private func bigEndian(_ value: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64(width - 1 - $0))) }
  }

  @Test(arguments: [0x7fff_fff8, 0x8000_0000, 0x8000_0008, 0xffff_fff8])
  func aBlockBeyondLZ4IsRefused(_ size: Int) throws {
    let bitshuffle = try Bitshuffle([0, 2, 1, 0, 2])
    let input =
      bigEndian(UInt64(size), 8) + bigEndian(UInt64(size), 4) + bigEndian(64, 4) + [UInt8](repeating: 0, count: 64)
    try withClaimed(size) { output in
      let fault = #expect(throws: Fault.self) {
        try input.withUnsafeBytes { try bitshuffle.decode($0, into: output, scratch: Scratch()) }
      }
      #expect(fault?.what.contains("block of \(size) bytes") == true)
    }
  }

  private static let sizes: [UInt64] = [
    0, 1, 7, 8, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff, 0x1_0000_0000, 0x4000_0000_0000_0000,
    0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_ffff_ffff,
  ]

  /// Header numbers of both formats, each beside each.
  @Test(arguments: sizes)
  func headersOfAnySize(_ total: UInt64) throws {
    for block in Self.sizes.prefix(8) {
      for length in Self.sizes.prefix(8) {
        let input = bigEndian(total, 8) + bigEndian(block, 4) + bigEndian(length, 4) + [UInt8](repeating: 1, count: 32)
        try withClaimed(1 << 33) { output in
          input.withUnsafeBytes { input in
            _ = try? LZ4Frame.decode(input, into: output, scratch: Scratch())
            for codec in [0, 2, 3] as [UInt32] {
              for elementBytes in [1, 4, 65_536] as [UInt32] {
                let bitshuffle = try? Bitshuffle([0, 2, elementBytes, 0, codec])
                _ = try? bitshuffle?.decode(input, into: output, scratch: Scratch())
              }
            }
          }
        }
      }
    }
  }

  private func littleEndian(_ value: UInt64) -> [UInt8] { bigEndian(value, 4).reversed() }

  /// Blosc's header: decoded bytes, those of a block, stored ones; the flags of a copy and of each codec.
  @Test(arguments: sizes.prefix(9))
  func bloscHeadersOfAnySize(_ decoded: UInt64) throws {
    for block in Self.sizes.prefix(9) {
      for stored in Self.sizes.prefix(9) + [48] {
        for flags in [0, 1, 2, 4, 0x21, 0x44, 0x61, 0x91, 0xa1, 0xe2] as [UInt8] {
          let input =
            [2, 1, flags, 4] + littleEndian(decoded) + littleEndian(block) + littleEndian(stored)
            + [UInt8](repeating: 1, count: 32)
          try withClaimed(1 << 33) { output in
            _ = try? input.withUnsafeBytes { try Blosc.decode($0, into: output, scratch: Scratch()) }
          }
        }
      }
    }
  }

  /// Sizes and widths at the head of a chunk of szip, and of scaleoffset with any number of elements.
  @Test(arguments: sizes.prefix(9))
  func packedHeadersOfAnySize(_ number: UInt64) throws {
    let input = littleEndian(number) + [8] + [UInt8](repeating: 1, count: 59)
    try withClaimed(1 << 33) { output in
      try input.withUnsafeBytes { input in
        let szip = try Szip([141, 8, 32, 100])
        _ = try? szip.decode(input, into: output, scratch: Scratch())
        for elements in Self.sizes.prefix(8) {
          for (kind, width) in [(2, 1), (2, 8), (0, 4), (0, 8)] as [(UInt32, UInt32)] {
            let parameters =
              [kind, 0, UInt32(elements), kind == 0 ? 1 : 0, width, 1, 0, 1] + [UInt32](repeating: .max, count: 12)
            _ = try? ScaleOffset(parameters).decode(input, into: output, scratch: Scratch())
            _ = try? NBit([8, 0, UInt32(elements), 1, width, 0, 8 * width - 1, 1])
              .decode(input, into: output, scratch: Scratch())
          }
        }
      }
    }
  }

  @Test func parametersOfAnySize() {
    let extremes: [UInt32] = [0, 1, 3, 8, 65_536, 65_537, 0x1000_0000, 0x7fff_ffff, 0x8000_0000, .max]
    for element in extremes {
      for block in extremes {
        for codec in extremes {
          let bitshuffle = try? Bitshuffle([0, 2, element, block, codec])
          #expect((bitshuffle?.blockBytes ?? 0) >= 0)
          _ = try? Szip([141, element, block, codec])
          _ = try? NBit([8, 0, codec, 1, element, 0, block, 3])
          _ = try? NBit([8, 0, 100, 1, 4, 0, block, element])
          _ = try? ScaleOffset([0, element, block, 1, codec, 0, 0, 0] + [UInt32](repeating: codec, count: 12))
          _ = try? ScaleOffset([2, element, block, 0, codec, 0, 0, 0] + [UInt32](repeating: codec, count: 12))
        }
      }
    }
  }

  private static let shapes: [[Int]] = [
    [1 << 62, 4], [Int.max, Int.max], [1 << 40, 1 << 40, 0], [-1], [Int.max],
  ]

  @Test(arguments: shapes)
  func shapesBeyondArithmeticAreInNoCatalogue(_ shape: [Int]) {
    let info = DatasetInfo(
      path: "/x", shape: shape, isNull: false, element: .uint8, byteOrder: .little, elementBytes: 1, layout: .compact,
      filters: [], unfilteredEdgeChunks: false, storedBytes: 0, fillBytes: [], attributes: [:])
    #expect(throws: Fault.self) { try info.checkSizes() }
  }
}
