/// Stored text as a `String`.
enum Text {
  /// How the bytes of a text are read.
  enum Encoding {
    case utf8
    /// Byte by byte: different bytes are different texts, whatever they were meant to say.
    case latin1

    /// `nil` where they are no text of this encoding.
    func decode(_ bytes: ArraySlice<UInt8>) -> String? {
      switch self {
      case .utf8: String(validating: bytes, as: UTF8.self)
      case .latin1: String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
      }
    }
  }

  /// The bytes of a fixed-length text without its filling.
  static func withoutFilling(_ bytes: ArraySlice<UInt8>, _ padding: TextPadding) -> ArraySlice<UInt8> {
    switch padding {
    case .nullTerminated:
      return bytes.prefix { $0 != 0 }
    case .nullPadded:
      return bytes[..<(bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? bytes.startIndex)]
    case .spacePadded:
      let space = UInt8(ascii: " ")
      return bytes[..<(bytes.lastIndex { $0 != space }.map { $0 + 1 } ?? bytes.startIndex)]
    }
  }

  static func decode(cString: UnsafePointer<CChar>) -> String {
    var count = 0
    while cString[count] != 0 { count += 1 }
    return decode((0..<count).map { UInt8(bitPattern: cString[$0]) }[...])
  }

  /// Files say ASCII and hold UTF-8, or Latin-1. What is valid UTF-8 is taken as that, anything
  /// else byte by byte as Latin-1: no byte is dropped or replaced by a question mark.
  static func decode(_ bytes: ArraySlice<UInt8>) -> String {
    Encoding.utf8.decode(bytes) ?? Encoding.latin1.decode(bytes)!
  }
}
