/// A condition on rows, as in a job's `where:`.
///
///     label == "cat" and prediction == "dog"
///     label != prediction
///     label in ["cat", "dog"] and not row < 1000
///
/// Grammar: `or`, `and`, `not`, parentheses; comparisons `== != < <= > >=` and `in [ … ]` between `label`,
/// `prediction`, `row`, numbers and texts in either kind of quotes. How long and how deep a condition may be, ``Limits`` says: it is
/// parsed and evaluated by recursion, for every row.
public indirect enum GroupExpression: Sendable, Equatable {
  case or(GroupExpression, GroupExpression)
  case and(GroupExpression, GroupExpression)
  case not(GroupExpression)
  case comparison(Operand, Comparison, Operand)
  case membership(Operand, [Operand])

  public enum Operand: Sendable, Equatable {
    case label, prediction, row
    case number(Double)
    case text(String)
  }

  public enum Comparison: String, Sendable, CaseIterable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  /// The largest condition that is taken.
  enum Limits {
    /// Of the text, in bytes.
    static let bytesMax = 1 << 18
    /// Comparisons, a list counting as one.
    static let termsMax = 1000
    /// Parentheses and `not` inside each other.
    static let depthMax = 100
    /// Entries of one list.
    static let listMax = 10_000
  }

  /// - Throws: `ActivationsError` that shows where in the text the fault is, or which of the ``Limits`` it exceeds.
  public init(parsing text: String) throws {
    guard text.utf8.count <= Limits.bytesMax else {
      throw Parser.tooLarge(
        text, "it is \(grouped(text.utf8.count)) bytes long, and \(grouped(Limits.bytesMax)) is the limit")
    }
    var parser = try Parser(text)
    self = try parser.expression()
    try parser.expectEnd()
  }

  /// Columns that the condition looks at.
  var operands: [Operand] {
    switch self {
    case .or(let a, let b), .and(let a, let b): a.operands + b.operands
    case .not(let a): a.operands
    case .comparison(let a, _, let b): [a, b]
    case .membership(let a, let list): [a] + list
    }
  }

  public var usesPrediction: Bool { operands.contains(.prediction) }
  public var usesLabel: Bool { operands.contains(.label) }

  /// What labels or predictions are compared with for being the same: numbers and texts, as far as they stand in the condition.
  var classesNamed: [Operand] {
    func named(_ column: Operand, _ others: [Operand]) -> [Operand] {
      guard column == .label || column == .prediction else { return [] }
      return others.filter {
        switch $0 {
        case .number, .text: true
        case .label, .prediction, .row: false
        }
      }
    }
    return switch self {
    case .or(let a, let b), .and(let a, let b): a.classesNamed + b.classesNamed
    case .not(let a): a.classesNamed
    case .comparison(let a, .equal, let b), .comparison(let a, .unequal, let b): named(a, [b]) + named(b, [a])
    case .comparison: []
    case .membership(let a, let list): named(a, list)
    }
  }
}

// MARK: - Evaluation

/// What a condition sees of one row.
public struct RowFacts: Sendable {
  /// A class: the number or text in the dump, and its name.
  public struct ClassFact: Sendable {
    public var text: String
    public var name: String
  }
  public var row: Int
  public var label: ClassFact?
  public var prediction: ClassFact?
}

extension GroupExpression {
  /// Whether the condition holds for a row.
  public func holds(_ row: RowFacts) -> Bool {
    switch self {
    case .or(let a, let b): a.holds(row) || b.holds(row)
    case .and(let a, let b): a.holds(row) && b.holds(row)
    case .not(let a): !a.holds(row)
    case .comparison(let a, let comparison, let b): Self.compare(a, comparison, b, row)
    case .membership(let a, let list): list.contains { Self.compare(a, .equal, $0, row) }
    }
  }

  private static func compare(_ a: Operand, _ comparison: Comparison, _ b: Operand, _ row: RowFacts) -> Bool {
    // Two classes are the same class, whatever others are called.
    if comparison == .equal, let (x, y) = bothColumns(a, b, row) { return x != nil && x == y }
    let left = forms(a, row)
    let right = forms(b, row)
    switch comparison {
    case .equal: return left.texts.contains { right.texts.contains($0) } || equalNumbers(left, right)
    case .unequal: return !compare(a, .equal, b, row)
    case .less, .lessOrEqual, .greater, .greaterOrEqual:
      guard let x = left.number, let y = right.number else { return false }
      switch comparison {
      case .less: return x < y
      case .lessOrEqual: return x <= y
      case .greater: return x > y
      default: return x >= y
      }
    }
  }

  /// The labels themselves, as they read in the dump, where label and prediction are compared.
  private static func bothColumns(_ a: Operand, _ b: Operand, _ row: RowFacts) -> (String?, String?)? {
    func column(_ operand: Operand) -> RowFacts.ClassFact?? {
      switch operand {
      case .label: .some(row.label)
      case .prediction: .some(row.prediction)
      default: nil
      }
    }
    guard let x = column(a), let y = column(b) else { return nil }
    return (x?.text, y?.text)
  }

  private static func equalNumbers(_ a: Forms, _ b: Forms) -> Bool {
    guard let x = a.number, let y = b.number else { return false }
    return x == y
  }

  private struct Forms {
    var texts: [String] = []
    var number: Double?
  }

  /// How an operand may be compared: a class by its name, by its text, and by its number.
  private static func forms(_ operand: Operand, _ row: RowFacts) -> Forms {
    switch operand {
    case .number(let number): Forms(number: number)
    case .text(let text): Forms(texts: [text])
    case .row: Forms(number: Double(row.row))
    case .label: row.label.map { Forms(texts: [$0.name], number: Double($0.text)) } ?? Forms()
    case .prediction: row.prediction.map { Forms(texts: [$0.name], number: Double($0.text)) } ?? Forms()
    }
  }
}

// MARK: - Parsing

private struct Parser {
  enum Token: Equatable {
    case word(String)
    case text(String)
    case number(Double)
    case symbol(String)
  }

  let source: String
  var tokens: [(token: Token, offset: Int)] = []
  var position = 0
  var terms = 0
  var depth = 0

  init(_ source: String) throws {
    self.source = source
    let characters = Array(source)
    var index = 0
    while index < characters.count {
      let start = index
      let character = characters[index]
      if character.isWhitespace {
        index += 1
      } else if character == "\"" || character == "'" {
        index += 1
        var text = ""
        while index < characters.count, characters[index] != character {
          if characters[index] == "\\", index + 1 < characters.count { index += 1 }
          text.append(characters[index])
          index += 1
        }
        guard index < characters.count else { throw fault("a text without a closing quote", at: start) }
        index += 1
        tokens.append((.text(text), start))
      } else if character.isNumber || character == "-" || character == "." {
        while index < characters.count, characters[index].isNumber || "+-.eE".contains(characters[index]) { index += 1 }
        guard let number = Double(String(characters[start..<index])) else { throw fault("not a number", at: start) }
        tokens.append((.number(number), start))
      } else if character.isLetter || character == "_" {
        while index < characters.count,
          characters[index].isLetter || characters[index].isNumber || characters[index] == "_"
        { index += 1 }
        tokens.append((.word(String(characters[start..<index])), start))
      } else {
        let two = String(characters[start..<min(start + 2, characters.count)])
        let symbol = ["==", "!=", "<=", ">="].contains(two) ? two : String(character)
        guard ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ","].contains(symbol) else {
          throw fault("'\(character)' has no meaning here", at: start)
        }
        index += symbol.count
        tokens.append((.symbol(symbol), start))
      }
    }
  }

  func fault(_ what: String, at offset: Int? = nil) -> ActivationsError {
    let place = offset ?? (position < tokens.count ? tokens[position].offset : source.count)
    return ActivationsError(
      "In the condition `\(Self.shown(source))`, at character \(place + 1): \(what). "
        + "Conditions read like: label == \"cat\" and prediction != \"cat\".")
  }

  /// A condition that exceeds one of its limits.
  static func tooLarge(_ source: String, _ what: String) -> ActivationsError {
    ActivationsError(
      "The condition `\(shown(source))` is too large: \(what). Write it shorter, as with label in [ … ], or divide it into several groups."
    )
  }

  /// The beginning of a long condition: an error is one line that people read.
  private static func shown(_ source: String) -> String {
    source.utf8.count <= 400 ? source : source.prefix(200) + " …"
  }

  var next: Token? { position < tokens.count ? tokens[position].token : nil }

  mutating func take(_ token: Token) -> Bool {
    guard next == token else { return false }
    position += 1
    return true
  }

  mutating func expectEnd() throws {
    if next != nil { throw fault("something follows the end of the condition") }
  }

  mutating func expression() throws -> GroupExpression {
    var left = try conjunction()
    while take(.word("or")) { left = .or(left, try conjunction()) }
    return left
  }

  mutating func conjunction() throws -> GroupExpression {
    var left = try negation()
    while take(.word("and")) { left = .and(left, try negation()) }
    return left
  }

  mutating func negation() throws -> GroupExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= GroupExpression.Limits.depthMax else {
      throw Self.tooLarge(
        source, "more than \(GroupExpression.Limits.depthMax) parentheses or `not` lie inside each other")
    }
    if take(.word("not")) { return .not(try negation()) }
    if take(.symbol("(")) {
      let inner = try expression()
      guard take(.symbol(")")) else { throw fault("a parenthesis is not closed") }
      return inner
    }
    terms += 1
    guard terms <= GroupExpression.Limits.termsMax else {
      throw Self.tooLarge(source, "it has more than \(grouped(GroupExpression.Limits.termsMax)) comparisons")
    }
    let left = try operand()
    if take(.word("in")) { return .membership(left, try list()) }
    if case .word("not") = next, position + 1 < tokens.count, tokens[position + 1].token == .word("in") {
      position += 2
      return .not(.membership(left, try list()))
    }
    guard case .symbol(let symbol) = next, let comparison = GroupExpression.Comparison(rawValue: symbol) else {
      throw fault("a comparison (== != < <= > >= in) is missing")
    }
    position += 1
    return .comparison(left, comparison, try operand())
  }

  mutating func list() throws -> [GroupExpression.Operand] {
    guard take(.symbol("[")) else { throw fault("a list in [ ] is missing") }
    var items = [try operand()]
    while take(.symbol(",")) {
      items.append(try operand())
      guard items.count <= GroupExpression.Limits.listMax else {
        throw Self.tooLarge(source, "a list has more than \(grouped(GroupExpression.Limits.listMax)) entries")
      }
    }
    guard take(.symbol("]")) else { throw fault("the list is not closed") }
    return items
  }

  mutating func operand() throws -> GroupExpression.Operand {
    defer { position += 1 }
    switch next {
    case .word("label"): return .label
    case .word("prediction"): return .prediction
    case .word("row"): return .row
    case .number(let number): return .number(number)
    case .text(let text): return .text(text)
    default: throw fault("label, prediction, row, a number or a text in quotes is missing")
    }
  }
}
