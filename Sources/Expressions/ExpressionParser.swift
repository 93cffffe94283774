import Foundation

/// Reads a condition by recursive descent.
struct ExpressionParser {
  enum Token: Equatable {
    case word(String)
    case text(String)
    case number(Double)
    case symbol(String)
  }

  let source: String
  private let scope: RowExpression.Scope
  private var tokens: [(token: Token, offset: Int)] = []
  private var position = 0
  private var terms = 0
  private var depth = 0

  init(_ source: String, _ scope: RowExpression.Scope) throws(ExpressionError) {
    self.source = source
    self.scope = scope
    guard source.utf8.count <= RowExpression.Limits.bytesMax else {
      throw Self.tooLarge(
        source,
        "it is \(Self.digits(source.utf8.count)) bytes long, and \(Self.digits(RowExpression.Limits.bytesMax)) is the limit"
      )
    }
    let characters = Array(source)
    var index = 0
    while index < characters.count {
      let start = index
      let token = try token(characters, &index)
      if let token { tokens.append((token, start)) }
    }
  }

  /// Reads a token, or white space: `nil`.
  private func token(_ characters: [Character], _ index: inout Int) throws(ExpressionError) -> Token? {
    let start = index
    let first = characters[index]
    func take(while isPart: (Character) -> Bool) -> String {
      while index < characters.count, isPart(characters[index]) { index += 1 }
      return String(characters[start..<index])
    }
    if first.isWhitespace {
      index += 1
      return nil
    }
    if first == "\"" || first == "'" {
      index += 1
      var text = ""
      while index < characters.count, characters[index] != first {
        if characters[index] == "\\", index + 1 < characters.count { index += 1 }
        text.append(characters[index])
        index += 1
      }
      guard index < characters.count else { throw fault("a text without a closing quote", at: start) }
      index += 1
      return .text(text)
    }
    if first.isNumber || first == "-" || first == "." {
      guard let number = Double(take { $0.isNumber || "+-.eE".contains($0) }) else {
        throw fault("not a number", at: start)
      }
      return .number(number)
    }
    if first.isLetter || first == "_" {
      return .word(take { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
    }
    let two = String(characters[start..<min(start + 2, characters.count)])
    let symbol = ["==", "!=", "<=", ">="].contains(two) ? two : String(first)
    guard ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ","].contains(symbol) else {
      throw fault("'\(first)' has no meaning here", at: start)
    }
    index += symbol.count
    return .symbol(symbol)
  }

  private func fault(_ what: String, at offset: Int? = nil) -> ExpressionError {
    let place = offset ?? (position < tokens.count ? tokens[position].offset : source.count)
    return ExpressionError(
      description: "In the condition `\(Self.shown(source))`, at character \(place + 1): \(what). "
        + "Conditions read like: label == \"cat\" and prediction != \"cat\".")
  }

  /// A condition that exceeds one of its limits.
  private static func tooLarge(_ source: String, _ what: String) -> ExpressionError {
    ExpressionError(
      description:
        "The condition `\(shown(source))` is too large: \(what). Write it shorter, as with label in [ … ], or divide it into several groups."
    )
  }

  /// The beginning of a long condition: an error is one line that people read.
  private static func shown(_ source: String) -> String {
    source.utf8.count <= 400 ? source : source.prefix(200) + " …"
  }

  /// A number with its thousands apart.
  private static func digits(_ number: Int) -> String { number.formatted(.number.locale(Locale(identifier: "en"))) }

  private var next: Token? { position < tokens.count ? tokens[position].token : nil }

  private mutating func take(_ token: Token) -> Bool {
    guard next == token else { return false }
    position += 1
    return true
  }

  mutating func expectEnd() throws(ExpressionError) {
    if next != nil { throw fault("something follows the end of the condition") }
  }

  mutating func expression() throws(ExpressionError) -> RowExpression {
    var left = try conjunction()
    while take(.word("or")) { left = .or(left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws(ExpressionError) -> RowExpression {
    var left = try negation()
    while take(.word("and")) { left = .and(left, try negation()) }
    return left
  }

  private mutating func negation() throws(ExpressionError) -> RowExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= RowExpression.Limits.depthMax else {
      throw Self.tooLarge(
        source, "more than \(RowExpression.Limits.depthMax) parentheses or `not` lie inside each other")
    }
    if take(.word("not")) { return .not(try negation()) }
    if take(.symbol("(")) {
      let inner = try expression()
      guard take(.symbol(")")) else { throw fault("a parenthesis is not closed") }
      return inner
    }
    terms += 1
    guard terms <= RowExpression.Limits.termsMax else {
      throw Self.tooLarge(source, "it has more than \(Self.digits(RowExpression.Limits.termsMax)) comparisons")
    }
    let start = position
    let left = try operand()
    if take(.word("in")) { return try membership(left, start) }
    if case .word("not") = next, position + 1 < tokens.count, tokens[position + 1].token == .word("in") {
      position += 2
      return .not(try membership(left, start))
    }
    guard case .symbol(let symbol) = next, let comparison = RowExpression.Comparison(rawValue: symbol) else {
      throw fault("a comparison (== != < <= > >= in) is missing")
    }
    position += 1
    return try checked(left, comparison, try operand(), start)
  }

  private mutating func membership(_ operand: RowExpression.Operand, _ start: Int) throws(ExpressionError)
    -> RowExpression
  {
    if case .value = operand { throw fault(Self.valueRule, at: tokens[start].offset) }
    return .membership(operand, try list())
  }

  private static let valueRule =
    "value() is compared with a number, by < <= > or >=; only with 0 also by == and !=, since of other numbers only the bin is known"

  /// Activations are known by their bin, but for zeros: they are compared with numbers alone, and stand on the left.
  private func checked(
    _ left: RowExpression.Operand, _ comparison: RowExpression.Comparison, _ right: RowExpression.Operand, _ start: Int
  ) throws(ExpressionError) -> RowExpression {
    switch (left, right) {
    case (.value, .number(let number)):
      guard number == 0 || ![.equal, .unequal].contains(comparison) else {
        throw fault(Self.valueRule, at: tokens[start].offset)
      }
      return .comparison(left, comparison, right)
    case (.number, .value): return try checked(right, comparison.mirrored, left, start)
    case (.value, _), (_, .value): throw fault(Self.valueRule, at: tokens[start].offset)
    default: return .comparison(left, comparison, right)
    }
  }

  private mutating func list() throws(ExpressionError) -> [RowExpression.Operand] {
    guard take(.symbol("[")) else { throw fault("a list in [ ] is missing") }
    var items = [try operand()]
    while take(.symbol(",")) {
      items.append(try operand())
      guard items.count <= RowExpression.Limits.listMax else {
        throw Self.tooLarge(source, "a list has more than \(Self.digits(RowExpression.Limits.listMax)) entries")
      }
    }
    guard take(.symbol("]")) else { throw fault("the list is not closed") }
    return items
  }

  private mutating func operand() throws(ExpressionError) -> RowExpression.Operand {
    let start = position
    defer { position += 1 }
    switch next {
    case .word("label"): return .label
    case .word("prediction"): return .prediction
    case .word("row"): return .row
    case .number(let number): return .number(number)
    case .text(let text): return .text(text)
    case .word("value") where follows("("): return try value(start)
    case .word("column") where follows("("): return try column(start)
    case .word(let word) where scope == .store && !["and", "or", "not", "in"].contains(word): return .column(word)
    case .word: throw fault("label, prediction, row, a number or a text in quotes is missing: texts stand in quotes")
    default: throw fault("label, prediction, row, a number or a text in quotes is missing")
    }
  }

  private func follows(_ symbol: String) -> Bool {
    position + 1 < tokens.count && tokens[position + 1].token == .symbol(symbol)
  }

  /// `column("path")`. Ends at the last token of it, as `operand` wants.
  private mutating func column(_ start: Int) throws(ExpressionError) -> RowExpression.Operand {
    guard scope == .store else {
      throw fault("columns are no part of a job's conditions: they are compared before a finished store")
    }
    position += 2
    guard case .text(let path) = next else { throw fault("a path in quotes is missing, as in column(\"meta/split\")") }
    position += 1
    guard next == .symbol(")") else { throw fault("the bracket of column( is not closed") }
    return .column(path)
  }

  /// `value(LAYER, NEURON)`. Ends at the last token of it.
  private mutating func value(_ start: Int) throws(ExpressionError) -> RowExpression.Operand {
    guard scope == .store else {
      throw fault(
        "value() is no part of a job's conditions, for where bins lie is not known while rows are counted; it is compared before a finished store"
      )
    }
    position += 2
    let layer: String
    switch next {
    case .word(let word): layer = word
    case .text(let text): layer = text
    default: throw fault("a layer's name is missing, as in value(dense_1, 17) or value(\"a,b/c-1\", 17)")
    }
    position += 1
    guard take(.symbol(",")), case .number(let number) = next, let neuron = Int(exactly: number), neuron >= 0 else {
      throw fault("a neuron's index is missing, as in value(dense_1, 17)")
    }
    position += 1
    guard next == .symbol(")") else { throw fault("the bracket of value( is not closed") }
    return .value(layer: layer, neuron: neuron)
  }
}
