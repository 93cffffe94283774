extension Unicode.Scalar {
  /// Whether it does something else to a terminal or a log than be seen: control characters (C0, DEL, C1), the separators of
  /// lines and paragraphs, and the characters that turn the direction in which the rest of a line is shown
  /// (Unicode Standard Annex #9, "Trojan Source").
  public var commands: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    case .format: properties.isBidiControl
    default: false
    }
  }
}

/// A line of text in which names of others (in a dump, a store, a path, an argument) can neither end the line nor command the
/// terminal: `"a\nb"` becomes `a\nb` in four characters, ESC becomes `\u{1b}`.
public func escaped(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: \.commands) else { return text }
  var line = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n": line += "\\n"
    case "\r": line += "\\r"
    case "\t": line += "\\t"
    case _ where scalar.commands: line += "\\u{\(String(scalar.value, radix: 16))}"
    default: line.unicodeScalars.append(scalar)
    }
  }
  return line
}

/// The same JSON text, with `\u009b` for every character of its strings that JSON itself would let through. Line breaks between
/// values stay.
public func escapedJSON(_ text: String) -> String {
  func isHostile(_ scalar: Unicode.Scalar) -> Bool { scalar.commands && scalar != "\n" }
  guard text.unicodeScalars.contains(where: isHostile) else { return text }
  var json = ""
  for scalar in text.unicodeScalars {
    if isHostile(scalar) {
      let digits = String(scalar.value, radix: 16)
      json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    } else {
      json.unicodeScalars.append(scalar)
    }
  }
  return json
}
