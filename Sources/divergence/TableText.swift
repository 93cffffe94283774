import Foundation

/// A field of a CSV file, RFC 4180; also in quotes where pandas would take a part of it for a comment.
func csvField(_ field: String) -> String {
  // By scalars: to Swift, a line feed after a carriage return is a character of its own.
  guard field.unicodeScalars.contains(where: { ",\"#\r\n".unicodeScalars.contains($0) }) else { return field }
  return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
}

/// Lines, written in pieces of about a mebibyte.
struct Lines {
  private let output: ([String]) throws -> Void
  private var waiting: [String] = []
  private var bytes = 0

  init(_ output: @escaping ([String]) throws -> Void) { self.output = output }

  mutating func write(_ line: String) throws {
    waiting.append(line)
    bytes += line.utf8.count + 1
    if bytes >= 1 << 20 { try flush() }
  }

  mutating func flush() throws {
    try output(waiting)
    waiting.removeAll(keepingCapacity: true)
    bytes = 0
  }
}
