import Fixtures
import Testing

@testable import HDF5

/// What is said of each filter is said once. That chunks are decoded right, `OracleTests` tells for all of them.
@Suite struct FilterTests {
  @Test func everyFilterIsListedOnce() {
    let ids = FilterRegistry.decoded.map(\.id)
    #expect(ids.sorted() == [1, 2, 3, 4, 5, 6, 307, 32000, 32001, 32004, 32008, 32015])
    for descriptor in FilterRegistry.decoded {
      #expect(FilterRegistry.name(descriptor.id) == descriptor.name)
      #expect(descriptor.secondsPerByte > 0)
    }
  }

  @Test func stagesSayWhatTheyDoToSizes() throws {
    let parameters: [Int: [UInt32]] = [
      2: [4], 4: [141, 8, 32, 100], 5: Self.nbit, 6: Self.scaleOffset, 32008: [0, 2, 4, 0, 0],
    ]
    var fixed: [String] = []
    for descriptor in FilterRegistry.decoded {
      let stage = try descriptor.stage(parameters[descriptor.id] ?? [], 4)
      #expect(stage.name == descriptor.name)
      #expect(stage.mostExpansion >= 1)
      #expect(stage.scratchBytes(1 << 32) >= 0)
      if let after = stage.bytesAfter(1000) { fixed.append("\(stage.name) \(after)") }
    }
    #expect(fixed == ["shuffle 1000", "fletcher32 1004", "bitshuffle 1000"])
    let copies = try [
      FilterDescriptor.nbit.stage([3, 1, 250], 4),
      FilterDescriptor.scaleOffset.stage(changed(Self.scaleOffset, 1, 32), 4),
    ]
    #expect(copies.map { $0.bytesAfter(1000) } == [1000, 1000])
  }

  /// 250 integers of 20 bits in four bytes.
  private static let nbit: [UInt32] = [8, 0, 250, 1, 4, 0, 20, 3]
  /// 250 integers of four bytes, in as many bits as they need; the fill value is 0.
  private static let scaleOffset: [UInt32] = [2, 0, 250, 0, 4, 1, 0, 1] + [UInt32](repeating: 0, count: 12)

  private func changed(_ parameters: [UInt32], _ place: Int, _ value: UInt32) -> [UInt32] {
    var parameters = parameters
    parameters[place] = value
    return parameters
  }

  @Test(arguments: [
    (0, 7), (2, 0xffff_ffff), (3, 2), (3, 0), (4, 3), (4, 0), (5, 2), (6, 0), (6, 33), (6, 0xffff_ffff), (7, 13),
    (7, 0xffff_ffff),
  ])
  func nbitRefusesNumbersThatDoNotFit(_ place: Int, _ value: UInt32) {
    let parameters = changed(Self.nbit, place, value)
    // As many elements as there may be are no contradiction by themselves; a chunk has not got them.
    var bytes = [UInt8](repeating: 0, count: 626)
    #expect(throws: Fault.self) {
      let filter = try NBit(parameters)
      try bytes.withUnsafeMutableBytes { output in
        _ = try filter.decode(UnsafeRawBufferPointer(output), into: output, scratch: Scratch())
      }
    }
  }

  /// Ten records of 24 bytes: 20 bits of four bytes, an array of three floats, three bytes that are all kept.
  private static let records: [UInt32] = [
    23, 0, 10, 3, 24, 3, 0, 1, 4, 0, 20, 3, 6, 2, 12, 1, 4, 0, 32, 0, 19, 4, 3,
  ]

  @Test func nbitUnpacksRecords() throws {
    // 20 + 96 + 24 bits each: the number 1, floats whose bytes are 1 to 12, the bytes 13 to 15.
    let packed: [UInt8] = [
      0, 0, 0x10, 0x40, 0x30, 0x20, 0x10, 0x80, 0x70, 0x60, 0x50, 0xc0, 0xb0, 0xa0, 0x90, 0xd0, 0xe0, 0xf0,
    ]
    var bits = packed.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
    bits.removeLast(4)
    let all = (0..<10).flatMap { _ in bits }
    let input = stride(from: 0, to: all.count, by: 8).map { at in
      all[at..<min(at + 8, all.count)].enumerated().reduce(UInt8(0)) { $0 | UInt8($1.element) << UInt8(7 - $1.offset) }
    }
    var output = [UInt8](repeating: 0xff, count: 240)
    let filter = try NBit(Self.records)
    let count = try input.withUnsafeBytes { input in
      try output.withUnsafeMutableBytes { try filter.decode(input, into: $0, scratch: Scratch()) }
    }
    #expect(count == 240)
    let one: [UInt8] = [8, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 13, 14, 15, 0, 0]
    #expect(output == (0..<10).flatMap { _ in one })
  }

  @Test(arguments: [
    (4, 21), (4, 0), (5, 2), (5, 4), (5, 0), (5, 0xffff_ffff), (6, 21), (6, 0xffff_ffff), (7, 3), (13, 3),
    (14, 13), (14, 0), (14, 0xffff_ffff), (18, 0xffff_ffff), (20, 22), (21, 5), (22, 6), (22, 0), (22, 0xffff_ffff),
  ])
  func nbitRefusesRecordsThatContradictThemselves(_ place: Int, _ value: UInt32) {
    #expect(throws: Fault.self) { try NBit(changed(Self.records, place, value)) }
  }

  @Test func nbitRefusesRecordsInRecordsWithoutEnd() {
    for kind in [[3, 8, 1, 0], [2, 8]] as [[UInt32]] {
      let levels = Array(repeatElement(kind, count: 100_000).joined())
      let parameters: [UInt32] = [0, 0, 1] + levels + [1, 8, 0, 64, 0]
      #expect(throws: Fault.self) { try NBit(changed(parameters, 0, UInt32(parameters.count))) }
    }
  }

  @Test(arguments: [
    (0, 0), (0, 1), (1, 33), (2, 0xffff_ffff), (3, 1), (3, 2), (4, 3), (4, 0), (4, 0xffff_ffff), (5, 2),
    (5, 0xffff_ffff), (6, 2),
    (7, 2),
  ])
  func scaleOffsetRefusesNumbersThatDoNotFit(_ place: Int, _ value: UInt32) {
    let parameters = changed(Self.scaleOffset, place, value)
    var bytes = [UInt8](repeating: 0, count: 1000)
    #expect(throws: Fault.self) {
      let filter = try ScaleOffset(parameters)
      try bytes.withUnsafeMutableBytes { output in
        _ = try filter.decode(UnsafeRawBufferPointer(output), into: output, scratch: Scratch())
      }
    }
  }

  @Test(
    arguments: [
      [141, 8, 32], [141, 7, 32, 100], [141, 0, 32, 100], [141, 34, 32, 100], [141, 8, 32, 7], [141, 8, 32, 1025],
      [141, 8, 0, 100], [141, 8, 25, 100], [141, 8, 63, 100], [141, 8, 0xffff_ffff, 100], [141, 8, 32, 0xffff_ffff],
      [141, 0x8000_0000, 32, 0x8000_0000],
    ] as [[UInt32]])
  func szipRefusesParametersThatAreNone(_ parameters: [UInt32]) {
    #expect(throws: Fault.self) { try Szip(parameters) }
  }

  /// The slow twin: bit by bit.
  @Test func packedNumbersAreReadBitByBit() throws {
    var random = SplitMix(seed: 3)
    for bits in 0...64 {
      for count in [0, 1, 2, 7, 8, 9, 100] {
        let bytes = (0..<(count * bits / 8 + 1)).map { _ in UInt8.random(in: 0...255, using: &random) }
        try bytes.withUnsafeBytes { buffer in
          var numbers = try #require(PackedNumbers(buffer, count: count, bits: bits))
          for index in 0..<count {
            let expected = (index * bits..<(index + 1) * bits).reduce(UInt64(0)) {
              $0 << 1 | UInt64(bytes[$1 / 8] >> UInt8(7 - $1 % 8) & 1)
            }
            #expect(numbers.next(bits) == expected)
          }
          #expect(
            PackedNumbers(UnsafeRawBufferPointer(rebasing: buffer.dropLast(2)), count: count, bits: bits) == nil
              || bytes.count < 2)
        }
      }
    }
    #expect([UInt8](repeating: 0, count: 8).withUnsafeBytes { PackedNumbers($0, count: .max, bits: 64) } == nil)
  }

  @Test func narrowIntegersGetTheirSign() {
    let field = BitField(from: 3, count: 4)
    func widened(_ stored: UInt8, _ element: ElementType) -> UInt8 {
      withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { bytes in
        bytes[0] = stored
        field.widen(bytes, element)
        return bytes[0]
      }
    }
    for stored in UInt8.min...UInt8.max {
      let number = stored / 8 % 16
      #expect(widened(stored, .uint8) == number)
      #expect(widened(stored, .int8) == (number < 8 ? number : number &- 16))
    }
  }

  @Test func levelsOfGzipThatThereAreNot() throws {
    for level: UInt32 in 0...9 { _ = try FilterDescriptor.gzip.stage([level], 4) }
    _ = try FilterDescriptor.gzip.stage([], 4)
    for level: UInt32 in [10, .max] {
      #expect(throws: Fault.self) { try FilterDescriptor.gzip.stage([level], 4) }
    }
  }

  @Test(arguments: [[0, 2], [0, 2, 0], [0, 2, 4, 3], [0, 2, 4, 0, 1]] as [[UInt32]])
  func bitshuffleRefusesParametersThatAreNone(_ parameters: [UInt32]) {
    #expect(throws: Fault.self) { try FilterDescriptor.bitshuffle.stage(parameters, 4) }
  }

  @Test func othersAreNamed() {
    let filter = Filter(id: 32013, flags: 0, name: FilterRegistry.name(32013) ?? "", parameters: [])
    #expect(FilterRegistry.unknown(filter).what.contains("32013 (\"zfp\")"))
    #expect(FilterRegistry.name(32026) == "blosc2")
    #expect(FilterRegistry.name(40_000) == nil)
  }
}
