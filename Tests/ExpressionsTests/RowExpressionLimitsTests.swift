import Testing

@testable import Expressions

/// A condition is parsed and evaluated by recursion: what would overflow the stack is refused, with the limit.
@Suite struct RowExpressionLimitsTests {
  private static func nested(_ depth: Int) -> String {
    String(repeating: "(", count: depth) + "row == 1" + String(repeating: ")", count: depth)
  }

  private static func joined(_ terms: Int, by word: String) -> String {
    Array(repeating: "row == 1", count: terms).joined(separator: " \(word) ")
  }

  private static func list(_ entries: Int) -> String {
    "label in [" + Array(repeating: "1", count: entries).joined(separator: ", ") + "]"
  }

  @Test(arguments: [
    (nested(100), "100"), (nested(40_000), "100"), (String(repeating: "not ", count: 40_000) + "row == 1", "100"),
    (joined(1001, by: "or"), "1,000"), (joined(1001, by: "and"), "1,000"), (list(10_001), "10,000"),
    ("label == '\(String(repeating: "x", count: 1 << 18))'", "262,144"),
  ])
  func beyondALimit(_ text: String, _ limit: String) {
    #expect {
      try RowExpression(parsing: text, in: .job)
    } throws: { error in
      "\(error)".contains(limit) && "\(error)".utf8.count < 1000
    }
  }

  @Test(arguments: [nested(99), joined(1000, by: "or"), joined(1000, by: "and"), list(10_000)])
  func atALimit(_ text: String) throws {
    let condition = try RowExpression(parsing: text, in: .job)
    _ = condition.holds(RowFacts(row: 1))
    #expect(!condition.usesPrediction)
  }
}
