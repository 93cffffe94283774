import CHDF5

/// How one element is stored: the datatype message, reduced to what this module can use.
struct StoredType {
  var element: ElementType
  var byteOrder: ByteOrder
  /// Bytes an element takes in the file.
  var bytes: Int
  var padding: TextPadding?
  var enumeration: Enumeration?
  /// Of integers with fewer bits than their bytes have: what they are once widened, and which bits count.
  var narrow: (element: ElementType, bits: BitField)?
  /// Whether the numbers are truth values: h5py's enumeration of FALSE and TRUE, or PyTables' 8-bit fields.
  var isBoolean = false

  /// Reads an open datatype. Call inside ``Library/enter(_:)``.
  init(_ type: hid_t) throws(Fault) {
    let size = H5Tget_size(type)
    guard size > 0 else { throw Library.failure("reading the size of its type") }
    bytes = size
    byteOrder = H5Tget_order(type) == H5T_ORDER_BE ? .big : .little
    switch H5Tget_class(type) {
    case H5T_INTEGER:
      element = Self.integer(type, size)
      narrow = Self.narrow(type, size)
    case H5T_FLOAT:
      element = Self.float(type, size)
    case H5T_STRING:
      if H5Tis_variable_str(type) > 0 {
        element = .string(length: nil)
        bytes = ElementType.referenceBytes
      } else {
        element = .string(length: size)
        switch H5Tget_strpad(type) {
        case H5T_STR_NULLTERM: padding = .nullTerminated
        case H5T_STR_SPACEPAD: padding = .spacePadded
        default: padding = .nullPadded
        }
      }
    case H5T_ENUM:
      (element, enumeration) = try Self.enumeration(type, size, byteOrder)
      isBoolean = element == .uint8
    case H5T_OPAQUE:
      element = .opaque(bytes: size)
    case H5T_COMPOUND:
      element = .other(Self.isComplex(type) ? "complex" : "compound")
    case H5T_VLEN:
      element = .sequence
      bytes = ElementType.referenceBytes
    case H5T_ARRAY: element = .other("array")
    case H5T_REFERENCE: element = .other("reference")
    case H5T_BITFIELD where size == 1 && H5Tget_precision(type) == 8 && H5Tget_offset(type) == 0:
      element = .uint8
      isBoolean = true
    case H5T_BITFIELD: element = .other("bitfield")
    case H5T_TIME: element = .other("time")
    default:
      throw .unsupported(
        "its type is of a kind libhdf5 1.10 does not know", advice: Library.adviceForNewer)
    }
  }

  private static func integer(_ type: hid_t, _ size: Int) -> ElementType {
    guard H5Tget_precision(type) == size * 8, H5Tget_offset(type) == 0 else {
      return .other("\(H5Tget_precision(type))-bit integer in \(size) bytes")
    }
    return wholeInteger(type, size) ?? .other("integer of \(size) bytes")
  }

  /// The integer of so many bytes; `nil`: there is none.
  private static func wholeInteger(_ type: hid_t, _ size: Int) -> ElementType? {
    let signed = H5Tget_sign(type) == H5T_SGN_2
    switch size {
    case 1: return signed ? .int8 : .uint8
    case 2: return signed ? .int16 : .uint16
    case 4: return signed ? .int32 : .uint32
    case 8: return signed ? .int64 : .uint64
    default: return nil
    }
  }

  private static func narrow(_ type: hid_t, _ size: Int) -> (ElementType, BitField)? {
    let (count, from) = (H5Tget_precision(type), Int(H5Tget_offset(type)))
    guard count > 0, from >= 0, count < size * 8, from <= size * 8 - count, let element = wholeInteger(type, size)
    else {
      return nil
    }
    return (element, BitField(from: from, count: count))
  }

  /// Floats are told by the places of their bits, never by their size: bfloat16 and float16 both
  /// have two bytes.
  private static func float(_ type: hid_t, _ size: Int) -> ElementType {
    var (sign, exponentAt, exponentBits, mantissaAt, mantissaBits) = (0, 0, 0, 0, 0)
    H5Tget_fields(type, &sign, &exponentAt, &exponentBits, &mantissaAt, &mantissaBits)
    let form = [
      size, H5Tget_precision(type), H5Tget_offset(type).magnitudeAsInt, sign, exponentAt,
      exponentBits, mantissaAt, mantissaBits, H5Tget_ebias(type),
    ]
    let order = H5Tget_order(type)
    guard H5Tget_norm(type) == H5T_NORM_IMPLIED, order == H5T_ORDER_LE || order == H5T_ORDER_BE
    else { return .other("\(ElementType.otherFloat)\(size) bytes in a form of its own") }
    switch form {
    case [2, 16, 0, 15, 10, 5, 0, 10, 15]: return .float16
    case [2, 16, 0, 15, 7, 8, 0, 7, 127]: return .bfloat16
    case [4, 32, 0, 31, 23, 8, 0, 23, 127]: return .float32
    case [8, 64, 0, 63, 52, 11, 0, 52, 1023]: return .float64
    default:
      return .other(
        "\(ElementType.otherFloat)\(exponentBits) + \(mantissaBits) bits in \(size) byte\(size == 1 ? "" : "s")")
    }
  }

  /// h5py stores Booleans as an enumeration of FALSE = 0 and TRUE = 1 over int8.
  private static func enumeration(_ type: hid_t, _ size: Int, _ order: ByteOrder) throws(Fault) -> (
    ElementType, Enumeration?
  ) {
    let base = try Handle(H5Tget_super(type), "reading the base of its enumeration")
    let count = max(0, H5Tget_nmembers(type))
    if size == 1, count == 2, (0..<count).map({ memberName(type, $0) }) == ["FALSE", "TRUE"] { return (.uint8, nil) }
    let element = integer(base.id, size)
    let words = ElementType.other("enum of \(element)")
    guard element.isInteger, count <= Enumeration.membersMax else { return (words, nil) }
    var members: [Enumeration.Member] = []
    for index in 0..<count {
      var bytes = [UInt8](repeating: 0, count: size)
      guard H5Tget_member_value(type, UInt32(index), &bytes) >= 0 else {
        throw Library.failure("reading a value of its enumeration")
      }
      let value = bytes.withUnsafeMutableBytes { buffer -> Int64? in
        swapToNative(buffer, elementBytes: size, from: order)
        return Numbers.whole(UnsafeRawBufferPointer(buffer), element, at: 0)
      }
      guard let value else { return (words, nil) }
      members.append(Enumeration.Member(name: memberName(type, index), value: value))
    }
    return (words, Enumeration(element: element, members: members.sorted { $0.value < $1.value }))
  }

  /// h5py stores complex numbers as a pair of floats named r and i.
  static func isComplex(_ type: hid_t) -> Bool {
    H5Tget_nmembers(type) == 2 && memberName(type, 0) == "r" && memberName(type, 1) == "i"
  }

  static func memberName(_ type: hid_t, _ index: Int32) -> String {
    guard let name = H5Tget_member_name(type, UInt32(index)) else { return "" }
    defer { H5free_memory(name) }
    return Text.decode(cString: name)
  }
}

extension Int32 {
  fileprivate var magnitudeAsInt: Int { Int(self) }
}
