/// JSON as bytes that may come from anywhere: read strictly, in one pass, and never deeper than `StoreLimits.jsonDepth`.
///
/// Source: RFC 8259. Names must not occur twice in an object; texts must be UTF-8.
struct JSONText {
  /// What is wrong, and at which byte.
  struct Malformed: Error {
    var what: String
    var offset: Int
  }

  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  private var depth = 0

  private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The value that a text is.
  static func value(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> JSONValue {
    var text = JSONText(bytes)
    let value = try text.value()
    try text.end()
    return value
  }

  /// Checks a text, and finds where members of the object `parent` of the root lie, without making anything of them.
  static func places(of names: Set<String>, in parent: String, _ bytes: UnsafeRawBufferPointer)
    throws(Malformed) -> [String: Range<Int>]
  {
    var text = JSONText(bytes)
    var places: [String: Range<Int>] = [:]
    try text.members { text, name throws(Malformed) in
      guard name == parent else { return try text.skip() }
      try text.members { text, name throws(Malformed) in
        let start = text.at
        try text.skip()
        if names.contains(name) { places[name] = start..<text.at }
      }
    }
    try text.end()
    return places
  }

  // MARK: - Values

  private mutating func value() throws(Malformed) -> JSONValue {
    switch try next() {
    case UInt8(ascii: "{"):
      var object: [String: JSONValue] = [:]
      try members { text, name throws(Malformed) in object[name] = try text.value() }
      return .object(object)
    case UInt8(ascii: "["):
      var array: [JSONValue] = []
      try elements { text throws(Malformed) in array.append(try text.value()) }
      return .array(array)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"):
      try word("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try word("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try word("null")
      return .null
    default: return try number()
    }
  }

  private mutating func skip() throws(Malformed) {
    switch try next() {
    case UInt8(ascii: "{"): try members { text, _ throws(Malformed) in try text.skip() }
    case UInt8(ascii: "["): try elements { text throws(Malformed) in try text.skip() }
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: _ = try number()
    }
  }

  private mutating func members(
    _ body: (inout JSONText, _ name: String) throws(Malformed) -> Void
  ) throws(Malformed) {
    var names: Set<String> = []
    try list(from: "{", to: "}") { text throws(Malformed) in
      guard try text.next() == UInt8(ascii: "\"") else { throw text.malformed("a name is missing") }
      let name = try text.string()
      guard names.insert(name).inserted else { throw text.malformed("“\(name.prefix(100))” occurs twice") }
      guard try text.next() == UInt8(ascii: ":") else { throw text.malformed("a colon is missing") }
      text.at += 1
      _ = try text.next()
      try body(&text, name)
    }
  }

  private mutating func elements(_ body: (inout JSONText) throws(Malformed) -> Void) throws(Malformed) {
    try list(from: "[", to: "]", body)
  }

  private mutating func list(
    from first: Unicode.Scalar, to last: Unicode.Scalar, _ body: (inout JSONText) throws(Malformed) -> Void
  ) throws(Malformed) {
    guard try next() == UInt8(ascii: first) else { throw malformed("“\(first)” is missing") }
    depth += 1
    guard depth <= StoreLimits.jsonDepth else { throw malformed("it is nested deeper than \(StoreLimits.jsonDepth)") }
    at += 1
    if try next() == UInt8(ascii: last) {
      at += 1
    } else {
      while true {
        try body(&self)
        let byte = try next()
        at += 1
        if byte == UInt8(ascii: last) { break }
        guard byte == UInt8(ascii: ",") else { throw malformed("“\(last)” is missing") }
        _ = try next()
      }
    }
    depth -= 1
  }

  private mutating func word(_ word: StaticString) throws(Malformed) {
    guard at + word.utf8CodeUnitCount <= bytes.count,
      UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount).elementsEqual(
        bytes[at..<(at + word.utf8CodeUnitCount)])
    else { throw malformed("this is no value") }
    at += word.utf8CodeUnitCount
  }

  private mutating func number() throws(Malformed) -> JSONValue {
    let start = at
    var isWhole = true
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
      case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isWhole = false
      default:
        return try number(start, isWhole)
      }
      at += 1
    }
    return try number(start, isWhole)
  }

  private func number(_ start: Int, _ isWhole: Bool) throws(Malformed) -> JSONValue {
    // Far longer than any number that is written to be read again.
    guard (1...400).contains(at - start) else { throw malformed("this is no value") }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    let digits = text.drop { $0 == "-" }
    guard digits.first?.isNumber == true, digits.last?.isNumber == true else { throw malformed("this is no number") }
    if isWhole, let number = Int64(text) { return .int(number) }
    guard let number = Double(text), number.isFinite else { throw malformed("this number is none, or too large") }
    // As Foundation has it: 1e3 is a whole number.
    return Int64(exactly: number).map { .int($0) } ?? .double(number)
  }

  // MARK: - Texts

  private mutating func string() throws(Malformed) -> String {
    let (place, isPlain) = try stringPlace()
    var units: [UInt8] = []
    if !isPlain { units = try unescaped(place) }
    let text =
      isPlain
      ? String(validating: bytes[place], as: UTF8.self) : String(validating: units, as: UTF8.self)
    guard let text else { throw malformed("a text is not UTF-8") }
    return text
  }

  /// Goes over a text, and tells where it lies between its quotes and whether it has no escapes.
  private mutating func stringPlace() throws(Malformed) -> (Range<Int>, isPlain: Bool) {
    at += 1
    let start = at
    var isPlain = true
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return (start..<(at - 1), isPlain)
      case UInt8(ascii: "\\"):
        isPlain = false
        at += 2
      case 0..<32: throw malformed("a text holds a control character")
      default: at += 1
      }
    }
    throw malformed("a text is cut off")
  }

  private func unescaped(_ place: Range<Int>) throws(Malformed) -> [UInt8] {
    var units: [UInt8] = []
    units.reserveCapacity(place.count)
    var at = place.lowerBound
    func hexadecimal(_ at: Int) -> UInt32? {
      guard at + 4 <= place.upperBound, bytes[at] != UInt8(ascii: "+") else { return nil }
      return UInt32(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16)
    }
    while at < place.upperBound {
      guard bytes[at] == UInt8(ascii: "\\") else {
        units.append(bytes[at])
        at += 1
        continue
      }
      at += 2
      switch bytes[at - 1] {
      case UInt8(ascii: "n"): units.append(10)
      case UInt8(ascii: "t"): units.append(9)
      case UInt8(ascii: "r"): units.append(13)
      case UInt8(ascii: "b"): units.append(8)
      case UInt8(ascii: "f"): units.append(12)
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(bytes[at - 1])
      case UInt8(ascii: "u"):
        guard var code = hexadecimal(at) else { throw malformed("an escape is none") }
        at += 4
        if (0xD800..<0xDC00).contains(code), at + 2 <= place.upperBound, bytes[at] == UInt8(ascii: "\\"),
          bytes[at + 1] == UInt8(ascii: "u"), let low = hexadecimal(at + 2), (0xDC00..<0xE000).contains(low)
        {
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
          at += 6
        }
        guard let scalar = Unicode.Scalar(code) else { throw malformed("an escape is half a character") }
        units += String(Character(scalar)).utf8
      default: throw malformed("an escape is none")
      }
    }
    return units
  }

  // MARK: - Bytes

  /// The next byte that is not white space.
  private mutating func next() throws(Malformed) -> UInt8 {
    while at < bytes.count {
      switch bytes[at] {
      case 32, 9, 10, 13: at += 1
      default: return bytes[at]
      }
    }
    throw malformed("it is cut off")
  }

  private mutating func end() throws(Malformed) {
    while at < bytes.count {
      guard [32, 9, 10, 13].contains(bytes[at]) else { throw malformed("something follows its end") }
      at += 1
    }
  }

  private func malformed(_ what: String) -> Malformed { Malformed(what: what, offset: at) }
}
