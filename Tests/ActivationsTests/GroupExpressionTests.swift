import Testing

@testable import Activations

@Suite struct GroupExpressionTests {
  private func holds(_ text: String, label: String, prediction: String, row: Int = 0) throws -> Bool {
    try GroupExpression(parsing: text).holds(
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
    #expect { try GroupExpression(parsing: text) } throws: { error in
      "\(error)".contains("at character") && "\(error)".contains("`\(text)`")
    }
  }

  @Test func quotesInTexts() throws {
    #expect(try holds(#"label == "a \"b\" 'c'""#, label: #"a "b" 'c'"#, prediction: ""))
  }
}
