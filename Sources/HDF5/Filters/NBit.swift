/// Filter 5: of each number only the bits that its type says it has.
///
/// Parameters: [how many there are, whether chunks are stored as they are, elements of a chunk, then the type (``NBitType``)]. The numbers
/// are packed one behind the other; the bits that they do not have, and bytes between fields, come back as zeros.
///
/// Source: H5Znbit.c.
struct NBit: Sendable {
  /// Whether chunks are stored as they are: types that use all their bits, and those that have none.
  let isCopy: Bool
  private let elements: Int
  private let type: NBitType
  /// Bytes of a chunk, where it is not stored as it is.
  private let total: Int

  init(_ parameters: [UInt32]) throws(Fault) {
    let wrong = Fault.badData("its nbit filter has parameters \(parameters.prefix(64))")
    guard parameters.count >= 3 else { throw wrong }
    isCopy = parameters[1] != 0
    elements = Int(parameters[2])
    guard !isCopy else {
      (type, total) = (.bytes(1), 0)
      return
    }
    var rest = parameters.dropFirst(3)
    guard Int(parameters[0]) == parameters.count, let type = NBitType(&rest), rest.isEmpty else { throw wrong }
    let (total, overflow) = elements.multipliedReportingOverflow(by: type.bytes)
    guard !overflow else { throw wrong }
    (self.type, self.total) = (type, total)
  }

  /// Bytes that one stored byte can stand for.
  var mostExpansion: Double { isCopy ? 1 : Double(8 * type.bytes) / Double(type.bits) }

  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch _: Scratch
  ) throws(Fault) -> Int {
    let total = isCopy ? input.count : total
    guard total <= output.count else {
      throw Pipeline.wrongSize(got: total, expected: output.count, "bytes by its nbit filter")
    }
    guard !isCopy else {
      output.copyMemory(from: input)
      return total
    }
    guard var numbers = PackedNumbers(input, count: elements, bits: type.bits) else {
      throw .damaged(
        "its nbit data have \(input.count) bytes for \(elements) elements of \(type.bits) bits")
    }
    switch type {
    case .number(bytes: 1, let order, let field): write(&numbers, order, field, to: output, as: UInt8.self)
    case .number(bytes: 2, let order, let field): write(&numbers, order, field, to: output, as: UInt16.self)
    case .number(bytes: 4, let order, let field): write(&numbers, order, field, to: output, as: UInt32.self)
    case .number(bytes: 8, let order, let field): write(&numbers, order, field, to: output, as: UInt64.self)
    default:
      let elements = UnsafeMutableRawBufferPointer(rebasing: output.prefix(total))
      elements.initializeMemory(as: UInt8.self, repeating: 0)
      for at in stride(from: 0, to: total, by: type.bytes) { type.write(&numbers, to: elements, at: at) }
    }
    return total
  }

  @inline(__always)
  private func write<Bits: FixedWidthInteger & BitwiseCopyable>(
    _ numbers: inout PackedNumbers, _ order: ByteOrder, _ field: BitField, to output: UnsafeMutableRawBufferPointer,
    as: Bits.Type
  ) {
    for index in 0..<elements {
      let value = Bits(truncatingIfNeeded: numbers.next(field.count) << UInt64(field.from))
      output.storeBytes(
        of: order == .big ? value.bigEndian : value.littleEndian,
        toByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
    }
  }
}

/// What an element is made of to the nbit filter.
///
/// As parameters: 1, bytes, byte order (0 little), bits, place of the lowest bit: a number; 2, bytes, then the type of one of its elements: an
/// array; 3, bytes, how many fields, then of each its place and type: a record; 4, bytes: all of these.
indirect enum NBitType: Sendable {
  case number(bytes: Int, ByteOrder, BitField)
  case array(count: Int, NBitType)
  case record(bytes: Int, [(offset: Int, type: NBitType)])
  case bytes(Int)

  /// Records and arrays in each other.
  private static let depthMax = 32

  /// Takes a type off the parameters; `nil`: they are none, or contradict themselves.
  init?(_ parameters: inout ArraySlice<UInt32>, depth: Int = 0) {
    func next() -> Int? { parameters.popFirst().map { Int($0) } }
    guard depth < Self.depthMax, let kind = next(), let bytes = next(), bytes > 0 else { return nil }
    switch kind {
    case 1:
      guard let order = next(), let count = next(), let from = next(), order <= 1, count > 0, from + count <= 8 * bytes
      else { return nil }
      self = .number(bytes: bytes, order == 1 ? .big : .little, BitField(from: from, count: count))
    case 2:
      guard let base = NBitType(&parameters, depth: depth + 1), bytes % base.bytes == 0 else { return nil }
      self = .array(count: bytes / base.bytes, base)
    case 3:
      guard let count = next(), count > 0, count <= parameters.count else { return nil }
      var fields: [(Int, NBitType)] = []
      for _ in 0..<count {
        guard let offset = next(), let type = NBitType(&parameters, depth: depth + 1), offset + type.bytes <= bytes
        else {
          return nil
        }
        fields.append((offset, type))
      }
      self = .record(bytes: bytes, fields)
    case 4: self = .bytes(bytes)
    default: return nil
    }
    // Fields of a record that share bytes.
    guard bits <= 8 * bytes else { return nil }
  }

  /// Of an element, once unpacked.
  var bytes: Int {
    switch self {
    case .number(let bytes, _, _), .record(let bytes, _), .bytes(let bytes): bytes
    case .array(let count, let type): count * type.bytes
    }
  }

  /// Of an element, packed. At least one.
  var bits: Int {
    switch self {
    case .number(_, _, let field): field.count
    case .array(let count, let type): count * type.bits
    case .record(_, let fields): fields.reduce(0) { $0 + $1.type.bits }
    case .bytes(let bytes): 8 * bytes
    }
  }

  /// Unpacks an element to where there are zeros.
  func write(_ numbers: inout PackedNumbers, to output: UnsafeMutableRawBufferPointer, at place: Int) {
    switch self {
    case .number(let bytes, let order, let field):
      // From its highest byte on, in each the bits that count.
      for byte in stride(from: (field.from + field.count - 1) / 8, through: field.from / 8, by: -1) {
        let low = max(field.from - 8 * byte, 0)
        let high = min(field.from + field.count - 8 * byte, 8)
        output[place + (order == .big ? bytes - 1 - byte : byte)] = UInt8(numbers.next(high - low) << UInt64(low))
      }
    case .array(let count, let type):
      for index in 0..<count { type.write(&numbers, to: output, at: place + index * type.bytes) }
    case .record(_, let fields):
      for (offset, type) in fields { type.write(&numbers, to: output, at: place + offset) }
    case .bytes(let bytes):
      for index in 0..<bytes { output[place + index] = UInt8(numbers.next(8)) }
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
