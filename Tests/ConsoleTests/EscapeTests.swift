import Foundation
import Testing

@testable import Console

@Suite struct EscapeTests {
  /// Every scalar, in runs.
  private static let runs = stride(from: UInt32(0), through: 0x10FFFF, by: 0x1000).map { start in
    String(String.UnicodeScalarView((start..<start + 0x1000).compactMap(Unicode.Scalar.init)))
  }

  @Test func nothingThatCommandsIsLeft() {
    for run in Self.runs {
      let left = escaped(run).unicodeScalars.filter(\.commands)
      #expect(left.isEmpty)
      // Whatever does not command stays.
      #expect(escaped(run).contains(String(run.unicodeScalars.last { !$0.commands } ?? "\\")))
    }
  }

  @Test func jsonStaysWhatItIs() throws {
    let encoder = JSONEncoder()
    for run in Self.runs {
      let json = escapedJSON(String(decoding: try encoder.encode([run]), as: UTF8.self))
      let left = json.unicodeScalars.filter { $0.commands && $0 != "\n" }
      #expect(left.isEmpty)
      #expect(try JSONDecoder().decode([String].self, from: Data(json.utf8)) == [run])
    }
  }

  /// The list as written in the Unicode Standard: C0, DEL, C1, separators, and Bidi_Control.
  @Test func whatCommands() {
    let listed: [ClosedRange<UInt32>] = [
      0...0x1F, 0x7F...0x9F, 0x61C...0x61C, 0x200E...0x200F, 0x2028...0x2029, 0x202A...0x202E, 0x2066...0x2069,
    ]
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let isListed = listed.contains { $0.contains(value) }
      guard scalar.commands == isListed else {
        Issue.record("U+\(String(value, radix: 16))")
        continue
      }
    }
  }

  @Test func inWords() {
    #expect(escaped("a\nb\r\n\tc\u{1B}[2J\u{9B}\u{202E}ü 👩‍🔬") == #"a\nb\r\n\tc\u{1b}[2J\u{9b}\u{202e}ü 👩‍🔬"#)
    #expect(escapedJSON("[\"\u{7F}\u{2028}\",\n1]") == "[\"\\u007f\\u2028\",\n1]")
  }
}
