import CKernels

/// Converts `count` native-endian elements to `Float`: exact for every type it takes.
///
/// - Precondition: `element.fitsFloat`: float16, bfloat16, float32, 8- and 16-bit integers.
/// - Complexity: O(`count`), in vectors.
public func convert(
  _ source: UnsafeRawPointer, _ element: ElementType, count: Int,
  to destination: UnsafeMutablePointer<Float>
) {
  switch element {
  case .float32: UnsafeMutableRawPointer(destination).copyMemory(from: source, byteCount: count * 4)
  case .float16:
    nd_float16_to_float(destination, source.assumingMemoryBound(to: UInt16.self), count)
  case .bfloat16:
    nd_bfloat16_to_float(destination, source.assumingMemoryBound(to: UInt16.self), count)
  case .int8: nd_int8_to_float(destination, source.assumingMemoryBound(to: Int8.self), count)
  case .uint8: nd_uint8_to_float(destination, source.assumingMemoryBound(to: UInt8.self), count)
  case .int16: nd_int16_to_float(destination, source.assumingMemoryBound(to: Int16.self), count)
  case .uint16: nd_uint16_to_float(destination, source.assumingMemoryBound(to: UInt16.self), count)
  default: preconditionFailure("\(element) does not fit Float")
  }
}

/// Converts `count` native-endian elements to `Double`: exact for all but 64-bit integers beyond
/// ±2^53, which are rounded to nearest.
///
/// - Precondition: `element.isNumeric`.
public func convert(
  _ source: UnsafeRawPointer, _ element: ElementType, count: Int,
  to destination: UnsafeMutablePointer<Double>
) {
  switch element {
  case .float64: UnsafeMutableRawPointer(destination).copyMemory(from: source, byteCount: count * 8)
  case .float32: widen(source, Float.self, count, destination) { Double($0) }
  case .float16: widen(source, UInt16.self, count, destination) { Double(Numbers.float16($0)) }
  case .bfloat16:
    widen(source, UInt16.self, count, destination) { Double(Float(bitPattern: UInt32($0) << 16)) }
  case .int8: widen(source, Int8.self, count, destination) { Double($0) }
  case .uint8: widen(source, UInt8.self, count, destination) { Double($0) }
  case .int16: widen(source, Int16.self, count, destination) { Double($0) }
  case .uint16: widen(source, UInt16.self, count, destination) { Double($0) }
  case .int32: widen(source, Int32.self, count, destination) { Double($0) }
  case .uint32: widen(source, UInt32.self, count, destination) { Double($0) }
  case .int64: widen(source, Int64.self, count, destination) { Double($0) }
  case .uint64: widen(source, UInt64.self, count, destination) { Double($0) }
  default: preconditionFailure("\(element) is not a number")
  }
}

@inline(__always)
private func widen<Stored: BitwiseCopyable>(
  _ source: UnsafeRawPointer, _: Stored.Type, _ count: Int,
  _ destination: UnsafeMutablePointer<Double>, _ convert: (Stored) -> Double
) {
  let stride = MemoryLayout<Stored>.stride
  for index in 0..<count {
    destination[index] = convert(
      source.loadUnaligned(fromByteOffset: index &* stride, as: Stored.self))
  }
}

/// Turns stored elements into native-endian ones, in place. Elements of other sizes than 2, 4 and
/// 8 bytes have no order.
func swapToNative(
  _ bytes: UnsafeMutableRawBufferPointer, elementBytes: Int, from order: ByteOrder
) {
  guard order != .native, let start = bytes.baseAddress else { return }
  switch elementBytes {
  case 2: nd_swap2(start, bytes.count / 2)
  case 4: nd_swap4(start, bytes.count / 4)
  case 8: nd_swap8(start, bytes.count / 8)
  default: break
  }
}
