/// Filter 5: of each number only the bits that its type says it has.
///
/// Parameters: [how many there are, whether chunks are stored as they are, elements of a chunk, kind of type (1 number,
/// 2 array, 3 compound), element bytes, byte order (0 little), bits, place of the lowest bit]. The numbers are packed
/// one behind the other; the bits that they do not have come back as zeros.
///
/// Source: H5Znbit.c.
struct NBit: Sendable {
  /// Whether chunks are stored as they are: types that use all their bits, and those that have none.
  let isCopy: Bool
  private let elements: Int
  private let elementBytes: Int
  private let byteOrder: ByteOrder
  private let field: BitField

  init(_ parameters: [UInt32]) throws(Fault) {
    let wrong = Fault.badData("its nbit filter has parameters \(parameters)")
    guard parameters.count >= 3 else { throw wrong }
    isCopy = parameters[1] != 0
    elements = Int(parameters[2])
    guard !isCopy else {
      (elementBytes, byteOrder, field) = (1, .little, BitField(from: 0, count: 8))
      return
    }
    guard parameters.count >= 8 else { throw wrong }
    guard parameters[3] == 1 else {
      throw .unsupported(
        "its nbit filter packs elements of several numbers, which is not decoded here",
        advice: "Rewrite it with h5repack -f GZIP=4.")
    }
    elementBytes = Int(parameters[4])
    byteOrder = parameters[5] == 1 ? .big : .little
    field = BitField(from: Int(parameters[7]), count: Int(parameters[6]))
    guard parameters.count == 8, parameters[0] == 8, [1, 2, 4, 8].contains(elementBytes), parameters[5] <= 1,
      field.count > 0,
      field.from + field.count <= 8 * elementBytes
    else { throw wrong }
  }

  /// Bytes that one stored byte can stand for.
  var mostExpansion: Double { isCopy ? 1 : Double(8 * elementBytes) / Double(field.count) }

  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch _: Scratch
  ) throws(Fault) -> Int {
    let total = isCopy ? input.count : elements * elementBytes
    guard total <= output.count else {
      throw Pipeline.wrongSize(got: total, expected: output.count, "bytes by its nbit filter")
    }
    guard !isCopy else {
      output.copyMemory(from: input)
      return total
    }
    guard var numbers = PackedNumbers(input, count: elements, bits: field.count) else {
      throw .badData(
        "its nbit data have \(input.count) bytes for \(elements) numbers of \(field.count) bits",
        advice: "Make or copy the file again.")
    }
    switch elementBytes {
    case 1: write(&numbers, to: output, as: UInt8.self)
    case 2: write(&numbers, to: output, as: UInt16.self)
    case 4: write(&numbers, to: output, as: UInt32.self)
    default: write(&numbers, to: output, as: UInt64.self)
    }
    return total
  }

  @inline(__always)
  private func write<Bits: FixedWidthInteger & BitwiseCopyable>(
    _ numbers: inout PackedNumbers, to output: UnsafeMutableRawBufferPointer, as: Bits.Type
  ) {
    for index in 0..<elements {
      let value = Bits(truncatingIfNeeded: numbers.next() << UInt64(field.from))
      output.storeBytes(
        of: byteOrder == .big ? value.bigEndian : value.littleEndian,
        toByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
    }
  }
}

extension FilterDescriptor {
  static let nbit = FilterDescriptor(id: 5, name: "nbit", secondsPerByte: 0.6e-9) { (parameters, _) throws(Fault) in
    let nbit = try NBit(parameters)
    return Stage(
      name: "nbit", mostExpansion: nbit.mostExpansion, bytesAfter: { nbit.isCopy ? $0 : nil },
      undo: .decode { (input, output, scratch) throws(Fault) in
        try nbit.decode(input, into: output, scratch: scratch)
      })
  }
}
