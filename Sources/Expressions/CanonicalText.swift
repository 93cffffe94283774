extension RowExpression: CustomStringConvertible {
  /// The condition in its canonical form: what is written differently and means the same has one text, as far as spaces, quotes, brackets,
  /// spellings of numbers and the order of a list go. It parses to the same condition.
  public var description: String { text(inside: .or) }

  /// How tightly an operator binds, loosest first.
  private enum Binding: Int { case or, and, not }

  private func text(inside outer: Binding) -> String {
    switch self {
    case .or(let a, let b): Self.bracketed("\(a.text(inside: .or)) or \(b.text(inside: .and))", .or, outer)
    case .and(let a, let b): Self.bracketed("\(a.text(inside: .and)) and \(b.text(inside: .not))", .and, outer)
    case .not(.membership(let a, let list)): "\(a) not in \(Self.text(list))"
    case .not(let a): "not \(a.text(inside: .not))"
    case .comparison(let a, let comparison, let b): "\(a) \(comparison.rawValue) \(b)"
    case .membership(let a, let list): "\(a) in \(Self.text(list))"
    }
  }

  private static func bracketed(_ text: String, _ binding: Binding, _ outer: Binding) -> String {
    binding.rawValue < outer.rawValue ? "(\(text))" : text
  }

  private static func text(_ list: [Operand]) -> String {
    let numbers = Set(list.compactMap { if case .number(let number) = $0 { number } else { nil } })
    let others = Set(list.map(\.description)).subtracting(numbers.map { Operand.number($0).description })
    let texts = numbers.sorted().map { Operand.number($0).description } + others.sorted()
    return "[\(texts.joined(separator: ", "))]"
  }
}

extension RowExpression.Operand: CustomStringConvertible {
  public var description: String {
    switch self {
    case .label: "label"
    case .prediction: "prediction"
    case .row: "row"
    case .number(let number): Self.text(number)
    case .text(let text): Self.quoted(text)
    case .column(let path): "column(\(Self.quoted(path)))"
    case .value(let layer, let neuron): "value(\(Self.quoted(layer)), \(neuron))"
    }
  }

  private static func text(_ number: Double) -> String {
    Int64(exactly: number).map { $0.magnitude < 1 << 53 ? String($0) : "\(number)" } ?? "\(number)"
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
  }
}
