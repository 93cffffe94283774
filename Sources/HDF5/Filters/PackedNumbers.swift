/// Whole numbers of up to 64 bits, packed without gaps, the highest bit of each first: as nbit and scaleoffset store them.
struct PackedNumbers {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  private var held: UInt64 = 0
  private var heldBits = 0

  /// - Parameters:
  ///   - count: How many numbers, or elements of several, are going to be read.
  ///   - bits: Of each.
  /// - Returns: `nil`, if so many take another number of bytes. Writers add one where the last number ends with a byte.
  init?(_ bytes: UnsafeRawBufferPointer, count: Int, bits: Int) {
    let (total, overflow) = count.multipliedReportingOverflow(by: bits)
    guard !overflow, total >= 0 else { return nil }
    let due = total / 8 + (total % 8 > 0 ? 1 : 0)
    guard bytes.count == due || bytes.count == total / 8 + 1 else { return nil }
    self.bytes = bytes
  }

  /// The next number, of up to 64 bits.
  @inline(__always)
  mutating func next(_ bits: Int) -> UInt64 {
    // Eight bytes hold no more than 57 bits that begin within the first.
    bits <= 56 ? take(bits) : take(bits - 32) << 32 | take(32)
  }

  @inline(__always)
  private mutating func take(_ count: Int) -> UInt64 {
    while heldBits < count {
      held = held << 8 | UInt64(bytes[at])
      at += 1
      heldBits += 8
    }
    heldBits -= count
    return held >> UInt64(heldBits) & (1 << UInt64(count) - 1)
  }
}
