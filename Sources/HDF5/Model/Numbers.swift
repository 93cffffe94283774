/// Single native-endian elements as numbers, for labels, counts and fill values.
enum Numbers {
  /// The whole number at `index`, `nil` if it is not whole or beyond `Int64`.
  static func whole(_ bytes: UnsafeRawBufferPointer, _ element: ElementType, at index: Int)
    -> Int64?
  {
    func load<T: BitwiseCopyable>(_: T.Type) -> T {
      bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.stride, as: T.self)
    }
    switch element {
    case .int8: return Int64(load(Int8.self))
    case .uint8: return Int64(load(UInt8.self))
    case .int16: return Int64(load(Int16.self))
    case .uint16: return Int64(load(UInt16.self))
    case .int32: return Int64(load(Int32.self))
    case .uint32: return Int64(load(UInt32.self))
    case .int64: return load(Int64.self)
    case .uint64: return Int64(exactly: load(UInt64.self))
    default: return real(bytes, element, at: index).flatMap { Int64(exactly: $0) }
    }
  }

  /// The number at `index`, `nil` if the element is none.
  static func real(_ bytes: UnsafeRawBufferPointer, _ element: ElementType, at index: Int)
    -> Double?
  {
    guard element.isNumeric, let width = element.bytes, let start = bytes.baseAddress else {
      return nil
    }
    var value = 0.0
    convert(start + index * width, element, count: 1, to: &value)
    return value
  }

  /// As people write it, exactly.
  static func text(_ bytes: UnsafeRawBufferPointer, _ element: ElementType, at index: Int)
    -> String?
  {
    if element == .uint64 {
      return String(bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    if element.isInteger { return whole(bytes, element, at: index).map { String($0) } }
    guard let value = real(bytes, element, at: index) else { return nil }
    return element == .float64 ? "\(value)" : "\(Float(value))"
  }

  /// IEEE 754 binary16, spelt out: `Float16` is missing in Swift on some machines.
  static func float16(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 31)
    let mantissa = Float(bits & 1023)
    switch exponent {
    case 0: return sign * mantissa * 0x1p-24
    case 31:
      if mantissa == 0 { return sign * .infinity }
      // Quiet, with its payload.
      return Float(
        bitPattern: UInt32(bits & 0x8000) << 16 | 0x7fc0_0000 | UInt32(bits & 1023) << 13)
    default:
      return sign * (1024 + mantissa) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  }
}
