/// Stored text as a `String`.
enum Text {
  /// A fixed-length text without its filling.
  static func decode(_ bytes: ArraySlice<UInt8>, _ padding: TextPadding) -> String {
    switch padding {
    case .nullTerminated:
      return decode(bytes.prefix { $0 != 0 })
    case .nullPadded:
      return decode(bytes[..<(bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? bytes.startIndex)])
    case .spacePadded:
      let space = UInt8(ascii: " ")
      return decode(bytes[..<(bytes.lastIndex { $0 != space }.map { $0 + 1 } ?? bytes.startIndex)])
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
    String(validating: bytes, as: UTF8.self)
      ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}
