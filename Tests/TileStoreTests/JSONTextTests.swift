import Foundation
import Testing

@testable import TileStore

/// Foundation's decoder is the oracle where it is as strict.
struct JSONTextTests {
  @Test(arguments: [
    "{}", "[]", " [ 1 , -2,\n3.5 , 1e3, -0, 9223372036854775807, 9223372036854775808, 0.1 ]", "\"\"", "null", "true",
    "{\"a\": {\"b\": [false, null, {\"c\": \"d\"}]}, \"e\": -1.5e-7}", "\"\\u00e9\\n\\t\\\\\\\"\\/\\b\\f\\r\"",
    "\"\\ud83d\\ude00 größe\"", "[[[[[[[[[[]]]]]]]]]]",
  ])
  func `Texts are read as Foundation reads them`(text: String) throws {
    let expected = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    #expect(try Array(text.utf8).withUnsafeBytes { try JSONText.value($0) } == expected)
  }

  @Test(arguments: [
    "", " ", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\": 1,}", "{\"a\": 1 \"b\": 2}", "[1 2]", "tru", "nul",
    "\"",
    "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\u{1}\"", "1e999", "-", "--1", "1-", "+1", ".5",
    "1.", "{} {}",
    "{\"a\": 1, \"a\": 2}", "{\"a\": 1, \"\\u0061\": 2}", "NaN", "[\"]", "\\",
  ])
  func `What is no JSON is refused`(text: String) {
    #expect(throws: JSONText.Malformed.self) { try Array(text.utf8).withUnsafeBytes { try JSONText.value($0) } }
    let member = Array("{\"attributes\": {\"x\": \(text)}}".utf8)
    #expect(throws: JSONText.Malformed.self) {
      try member.withUnsafeBytes { try JSONText.places(of: ["x"], in: "attributes", $0) }
    }
  }

  @Test func `Bytes that are no UTF-8 are refused`() {
    #expect(throws: JSONText.Malformed.self) {
      try ([0x22, 0xC0, 0xAF, 0x22] as [UInt8]).withUnsafeBytes { try JSONText.value($0) }
    }
  }

  @Test func `Members are found without being decoded`() throws {
    let text = Array(
      "{\"b\": {\"job\": 1}, \"attributes\": {\"a\": [\"job\"], \"job\" : {\"x\": \"}\"} , \"c\": 2}}".utf8)
    let places = try text.withUnsafeBytes { try JSONText.places(of: ["job", "none"], in: "attributes", $0) }
    #expect(places.mapValues { String(decoding: text[$0], as: UTF8.self) } == ["job": "{\"x\": \"}\"}"])
  }
}
