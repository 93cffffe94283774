/// The bits of a stored integer that are its number, where it has others besides: 20 of the 32 that four bytes hold.
public struct BitField: Codable, Sendable, Hashable {
  /// Place of the lowest bit, from the number's lowest on.
  public let from: Int
  /// From 1 to 64.
  public let count: Int

  /// Turns native-endian elements into full ones, in place: what lies beside the number goes, and its sign comes.
  ///
  /// - Precondition: `element` is an integer, and the field lies within it.
  func widen(_ bytes: UnsafeMutableRawBufferPointer, _ element: ElementType) {
    switch element {
    case .int8: widen(bytes, Int8.self)
    case .uint8: widen(bytes, UInt8.self)
    case .int16: widen(bytes, Int16.self)
    case .uint16: widen(bytes, UInt16.self)
    case .int32: widen(bytes, Int32.self)
    case .uint32: widen(bytes, UInt32.self)
    case .int64: widen(bytes, Int64.self)
    case .uint64: widen(bytes, UInt64.self)
    default: preconditionFailure("\(element) is not an integer")
    }
  }

  private func widen<Number: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeMutableRawBufferPointer, _: Number.Type
  ) {
    let (left, right) = (Number.bitWidth - from - count, Number.bitWidth - count)
    for at in stride(from: 0, to: bytes.count, by: MemoryLayout<Number>.size) {
      let stored = bytes.loadUnaligned(fromByteOffset: at, as: Number.self)
      // The shift to the right brings the sign with it where the type has one.
      bytes.storeBytes(of: (stored << left) >> right, toByteOffset: at, as: Number.self)
    }
  }
}
