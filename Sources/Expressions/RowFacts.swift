/// What a condition sees of one row.
public struct RowFacts: Sendable {
  /// A class: the number or text in the dump, and its name.
  public struct ClassFact: Sendable {
    public var text: String
    public var name: String

    public init(text: String, name: String) {
      self.text = text
      self.name = name
    }
  }
  public var row: Int
  public var label: ClassFact?
  public var prediction: ClassFact?

  public init(row: Int, label: ClassFact? = nil, prediction: ClassFact? = nil) {
    self.row = row
    self.label = label
    self.prediction = prediction
  }
}

extension RowExpression {
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
    case .column, .value: preconditionFailure("no part of a job's conditions")
    }
  }
}
