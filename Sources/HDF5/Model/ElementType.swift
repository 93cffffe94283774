/// What one stored element of a dataset is.
public enum ElementType: Codable, Sendable, Hashable {
  case float16, bfloat16, float32, float64
  case int8, uint8, int16, uint16, int32, uint32, int64, uint64
  /// Text; `length` is the number of bytes of the fixed-length form, `nil` means variable length.
  case string(length: Int?)
  /// Bytes without a meaning known to the file.
  case opaque(bytes: Int)
  /// Anything else, in plain words: "compound", "complex", "enum of int32", "reference", …
  case other(String)

  /// Bytes of a reference to a variable-length element: length (u32), address of a collection (u64), index in it (u32).
  static let referenceBytes = 16

  /// Bytes of one numeric or opaque element, `nil` for the others.
  public var bytes: Int? {
    switch self {
    case .int8, .uint8: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    case .opaque(let bytes): bytes
    case .string(let length): length
    case .other: nil
    }
  }

  /// Whether the elements are numbers that ``convert(_:_:count:to:)`` takes.
  public var isNumeric: Bool {
    switch self {
    case .string, .opaque, .other: false
    default: true
    }
  }

  public var isInteger: Bool {
    switch self {
    case .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64: true
    default: false
    }
  }

  public var isText: Bool { if case .string = self { true } else { false } }

  /// Whether the elements are floats in a form that is not read here, which libhdf5 could convert.
  public var isOtherFloat: Bool { if case .other(let words) = self { words.hasPrefix(Self.otherFloat) } else { false } }
  static let otherFloat = "float of "

  /// A list a place, each of its own length.
  public static let sequence = other("variable-length sequence")

  /// Whether every value of the type is a `Float`, so that converting to `Float` loses nothing.
  public var fitsFloat: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .int8, .uint8, .int16, .uint16: true
    default: false
    }
  }
}

extension ElementType: CustomStringConvertible {
  /// As one would say it: "float32", "text of 12 bytes", "compound".
  public var description: String {
    switch self {
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .float32: "float32"
    case .float64: "float64"
    case .int8: "int8"
    case .uint8: "uint8"
    case .int16: "int16"
    case .uint16: "uint16"
    case .int32: "int32"
    case .uint32: "uint32"
    case .int64: "int64"
    case .uint64: "uint64"
    case .string(nil): "text"
    case .string(let length?): "text of \(length) bytes"
    case .opaque(let bytes): "opaque, \(bytes) bytes"
    case .other(let words): words
    }
  }
}

/// In which order the bytes of a stored number follow each other.
public enum ByteOrder: String, Codable, Sendable {
  case little, big

  /// The order of the machine this runs on.
  public static var native: ByteOrder { Int(littleEndian: 1) == 1 ? .little : .big }
}
