import CKernels

/// Filter 3: a checksum of the chunk, in its last four bytes.
enum Fletcher32 {
  static let checksumBytes = 4

  /// Checks data and the checksum behind them.
  static func check(_ input: UnsafeRawBufferPointer) throws(Fault) {
    guard input.count >= checksumBytes else {
      throw Pipeline.wrongSize(got: input.count, expected: checksumBytes, "bytes, with checksum,")
    }
    let data = UnsafeRawBufferPointer(rebasing: input.dropLast(checksumBytes))
    let stored = UInt32(
      littleEndian: input.loadUnaligned(fromByteOffset: data.count, as: UInt32.self))
    let computed = checksum(data)
    // Up to 1.6.2 little-endian machines stored it with the bytes of each half swapped.
    let old = (computed & 0x00ff_00ff) << 8 | (computed & 0xff00_ff00) >> 8
    guard stored == computed || stored == old else {
      throw .badData(
        "its checksum (fletcher32) does not match its data",
        advice: "The chunk is damaged: make or copy the file again.")
    }
  }

  /// Two sums over the big-endian 16-bit words, modulo 65535; the upper half holds the sum of sums.
  ///
  /// Source: H5_checksum_fletcher32 in H5checksum.c. A sum that is not zero is never reduced to 0
  /// but to 65535, which folding keeps.
  static func checksum(_ data: UnsafeRawBufferPointer) -> UInt32 {
    guard let start = data.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
    var low: UInt64 = 0
    var high: UInt64 = 0
    var word = 0
    let words = data.count / 2
    while word < words {
      let count = min(Int(ND_FLETCHER_WORDS), words - word)
      var sum: UInt32 = 0
      var weighted: UInt32 = 0
      nd_fletcher_sums(start + word * 2, count, &sum, &weighted)
      high = fold(high &+ low &* UInt64(count) &+ UInt64(weighted))
      low = fold(low &+ UInt64(sum))
      word += count
    }
    if data.count % 2 == 1 {
      low = fold(low &+ UInt64(data[data.count - 1]) << 8)
      high = fold(high &+ low)
    }
    return UInt32(truncatingIfNeeded: high << 16 | low)
  }

  /// Modulo 65535 into 0…65535; only zero gives zero.
  private static func fold(_ sum: UInt64) -> UInt64 {
    var sum = sum
    while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
    return sum
  }
}

extension FilterDescriptor {
  static let fletcher32 = FilterDescriptor(id: 3, name: "fletcher32", secondsPerByte: 0.2e-9) { _, _ in
    Stage(
      name: "fletcher32", mostExpansion: 1, bytesAfter: { $0 + Fletcher32.checksumBytes },
      undo: .check { (input) throws(Fault) in
        try Fletcher32.check(input)
        return input.count - Fletcher32.checksumBytes
      })
  }
}
