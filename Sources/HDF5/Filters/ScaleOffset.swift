import Foundation

/// Filter 6: each number less the chunk's smallest, in as few bits as that takes; floats as whole multiples of a power of ten.
///
/// Parameters: [kind (0 float, 2 integer), decimals or bits, elements of a chunk, class (0 integer, 1 float), element
/// bytes, sign, byte order (0 little), whether there is a fill value, the fill value (little-endian, two words)]. A chunk:
/// bits of a number (little-endian u32), 8, the smallest number (8 bytes), 8 unused bytes, the numbers packed. All bits
/// set stands for the fill value, if there is one. At full width the elements follow as
/// they are, in native byte order.
///
/// Source: H5Zscaleoffset.c. Integers come back as they were; floats rounded, and to the bit as libhdf5 rounds them.
struct ScaleOffset: Sendable {
  static let headerBytes = 21
  /// A chunk of equal numbers takes no bit a number: anything up to the largest chunk.
  static let mostExpansion = Double(UInt32.max)
  private static let parameterCount = 20

  private let isFloat: Bool
  private let decimals: Int
  private let elements: Int
  private let elementBytes: Int
  private let byteOrder: ByteOrder
  private let fill: UInt64?
  /// Whether chunks are stored as they are: integers that were to take all their bits.
  let isCopy: Bool

  init(_ parameters: [UInt32]) throws(Fault) {
    let wrong = Fault.badData("its scaleoffset filter has parameters \(parameters)")
    // The sign is that of integers; adding in the bits that a number has is the same with it and without.
    guard parameters.count == Self.parameterCount, parameters[3] <= 1, parameters[5] <= 1, parameters[6] <= 1,
      parameters[7] <= 1
    else { throw wrong }
    isFloat = parameters[3] == 1
    elements = Int(parameters[2])
    elementBytes = Int(parameters[4])
    byteOrder = parameters[6] == 1 ? .big : .little
    fill = parameters[7] == 1 ? UInt64(parameters[8]) | UInt64(parameters[9]) << 32 : nil
    decimals = Int(Int32(bitPattern: parameters[1]))
    guard (isFloat ? [4, 8] : [1, 2, 4, 8]).contains(elementBytes) else { throw wrong }
    guard parameters[0] == (isFloat ? 0 : 2) else {
      throw .unsupported(
        "its scaleoffset filter has kind \(parameters[0]), which libhdf5 never wrote",
        advice: "Write it again, with gzip for instance.")
    }
    isCopy = !isFloat && decimals == 8 * elementBytes
    guard isFloat || decimals <= 8 * elementBytes else { throw wrong }
  }

  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch _: Scratch
  ) throws(Fault) -> Int {
    let total = isCopy ? input.count : elements * elementBytes
    guard total <= output.count else {
      throw Pipeline.wrongSize(got: total, expected: output.count, "bytes by its scaleoffset filter")
    }
    guard !isCopy else {
      output.copyMemory(from: input)
      return total
    }
    guard input.count >= Self.headerBytes else { throw damaged("end within their header") }
    let bits = Int(UInt32(littleEndian: input.loadUnaligned(as: UInt32.self)))
    guard bits <= 8 * elementBytes, input[4] == 8 else {
      throw damaged("have numbers of \(bits) bits and a smallest one of \(input[4]) bytes")
    }
    let smallest = UInt64(littleEndian: input.loadUnaligned(fromByteOffset: 5, as: UInt64.self))
    let packed = UnsafeRawBufferPointer(rebasing: input.dropFirst(Self.headerBytes))
    guard bits < 8 * elementBytes else {
      guard packed.count == total else {
        throw Pipeline.wrongSize(got: packed.count, expected: total, "bytes of numbers")
      }
      output.copyMemory(from: packed)
      // In the order of the machine that wrote them; libhdf5 takes it for this one's.
      swapToNative(
        UnsafeMutableRawBufferPointer(rebasing: output.prefix(total)), elementBytes: elementBytes, from: byteOrder)
      return total
    }
    guard var numbers = PackedNumbers(packed, count: elements, bits: bits) else {
      throw damaged("have \(packed.count) bytes for \(elements) numbers of \(bits) bits")
    }
    let filler: UInt64 = 1 << UInt64(bits) - 1
    switch (isFloat, elementBytes) {
    case (true, 4):
      let scale = powf(10, Float(decimals))
      let smallest = Float(bitPattern: UInt32(truncatingIfNeeded: smallest))
      write(&numbers, bits, filler, to: output, as: UInt32.self) { (Float(Int32($0)) / scale + smallest).bitPattern }
    case (true, _):
      let scale = pow(10, Double(decimals))
      let smallest = Double(bitPattern: smallest)
      write(&numbers, bits, filler, to: output, as: UInt64.self) { (Double(Int64($0)) / scale + smallest).bitPattern }
    case (false, 1):
      write(&numbers, bits, filler, to: output, as: UInt8.self) { UInt8(truncatingIfNeeded: $0 &+ smallest) }
    case (false, 2):
      write(&numbers, bits, filler, to: output, as: UInt16.self) { UInt16(truncatingIfNeeded: $0 &+ smallest) }
    case (false, 4):
      write(&numbers, bits, filler, to: output, as: UInt32.self) { UInt32(truncatingIfNeeded: $0 &+ smallest) }
    default: write(&numbers, bits, filler, to: output, as: UInt64.self) { $0 &+ smallest }
    }
    return total
  }

  @inline(__always)
  private func write<Bits: FixedWidthInteger & BitwiseCopyable>(
    _ numbers: inout PackedNumbers, _ bits: Int, _ filler: UInt64, to output: UnsafeMutableRawBufferPointer,
    as: Bits.Type, _ restored: (UInt64) -> Bits
  ) {
    let fill = fill.map { Bits(truncatingIfNeeded: $0) }
    for index in 0..<elements {
      let number = numbers.next(bits)
      let value = if let fill, number == filler { fill } else { restored(number) }
      output.storeBytes(
        of: byteOrder == .big ? value.bigEndian : value.littleEndian,
        toByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
    }
  }

  private func damaged(_ what: String) -> Fault {
    .damaged("its scaleoffset data \(what)")
  }
}

extension FilterDescriptor {
  static let scaleOffset = FilterDescriptor(id: 6, name: "scaleoffset", secondsPerByte: 0.6e-9) {
    (parameters, _) throws(Fault) in
    let filter = try ScaleOffset(parameters)
    return Stage(
      name: "scaleoffset", mostExpansion: filter.isCopy ? 1 : ScaleOffset.mostExpansion,
      bytesAfter: { filter.isCopy ? $0 : nil },
      undo: .decode { (input, output, scratch) throws(Fault) in
        try filter.decode(input, into: output, scratch: scratch)
      })
  }
}
