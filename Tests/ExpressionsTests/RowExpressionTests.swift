import Testing

@testable import Expressions

@Suite struct RowExpressionTests {
  private func holds(_ text: String, label: String, prediction: String, row: Int = 0) throws -> Bool {
    try RowExpression(parsing: text, in: .job).holds(
      RowFacts(row: row, label: .init(text: "3", name: label), prediction: .init(text: "5", name: prediction)))
  }

  @Test(arguments: [
    ("label == \"cat\"", true), ("label == 'cat' and prediction == 'dog'", true), ("label == prediction", false),
    ("label != prediction", true), ("not label == 'cat'", false), ("label == 3", true), ("prediction >= 5", true),
    ("label in ['dog', 'cat']", true), ("label not in ['dog', 'cat']", false), ("row < 10 or label == 'dog'", true),
    ("label == 'dog' or label == 'cat' and prediction == 'cat'", false),
    ("(label == 'dog' or label == 'cat') and prediction == 'dog'", true), ("row == -1", false),
  ])
  func conditions(_ text: String, _ expected: Bool) throws {
    #expect(try holds(text, label: "cat", prediction: "dog") == expected)
  }

  @Test(arguments: [
    "", "label", "label =", "label = 'cat'", "label == 'cat", "label == cat", "label == 'cat' and", "(label == 'cat'",
    "label in 'cat'", "label == 'cat' 'dog'", "== 3", "label == 3.4.5", "label ~ 3",
  ])
  func faultsAreShown(_ text: String) {
    #expect { try RowExpression(parsing: text, in: .job) } throws: { error in
      "\(error)".contains("at character") && "\(error)".contains("`\(text)`")
    }
  }

  @Test func quotesInTexts() throws {
    #expect(try holds(#"label == "a \"b\" 'c'""#, label: #"a "b" 'c'"#, prediction: ""))
  }

  // MARK: - Before a finished store

  private static let canonical: [(String, String)] = [
    ("label=='cat'   and(prediction == \"dog\")", #"label == "cat" and prediction == "dog""#),
    ("split == 'val' and value(dense_1, 17) >= .50", #"column("split") == "val" and value("dense_1", 17) >= 0.5"#),
    ("column('a/b \\'c\\'') in ['y', 2, 'x', 1.0, 2]", #"column("a/b 'c'") in [1, 2, "x", "y"]"#),
    ("0.5 > value('a,b/c-1', 0)", #"value("a,b/c-1", 0) < 0.5"#),
    ("value(block.0.mlp, 3) != 0", #"value("block.0.mlp", 3) != 0"#),
    ("not (label == 1 or row < 3) and not not row in [1]", "not (label == 1 or row < 3) and not row not in [1]"),
    (
      "(row == 1 and row == 2) or row == 3 and (row == 4 or row == 5)",
      "row == 1 and row == 2 or row == 3 and (row == 4 or row == 5)"
    ),
    ("row == 1 or (row == 2 or row == 3)", "row == 1 or (row == 2 or row == 3)"),
    ("label not in ['b','a']", #"label not in ["a", "b"]"#),
  ]

  @Test(arguments: canonical)
  func canonicalForms(_ text: String, _ canonical: String) throws {
    let expression = try RowExpression(parsing: text, in: .store)
    #expect(expression.description == canonical)
    #expect(try RowExpression(parsing: canonical, in: .store).description == canonical)
  }

  @Test(arguments: [
    "value(dense_1, 17) == 0.5", "value(dense_1, 17) != 3", "value(dense_1, 17) in [0]", "value(dense_1, 17) < label",
    "value(dense_1, 17) < value(dense_1, 18)", "value(dense_1, -1) < 0", "value(dense_1, 1.5) < 0",
    "value(dense_1) < 0",
    "value(, 1) < 0", "column(split) == 1", "column('split' == 1", "and == 1", "value < 'x' >",
  ])
  func activationsAndColumnsHaveTheirRules(_ text: String) {
    #expect { try RowExpression(parsing: text, in: .store) } throws: { "\($0)".contains("at character") }
  }

  @Test(arguments: ["value(dense_1, 17) < 0", "column('split') == 'val'", "split == 'val'"])
  func whatAJobCannotAsk(_ text: String) {
    #expect { try RowExpression(parsing: text, in: .job) } throws: { "\($0)".contains("at character") }
  }
}
