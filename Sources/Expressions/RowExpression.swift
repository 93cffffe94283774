/// A condition on rows, as in a job's `where:` and wherever a group of the moment stands.
///
///     label == "cat" and prediction == "dog"
///     label != prediction
///     label in ["cat", "dog"] and not row < 1000
///     split == "val" and value(dense_1, 17) >= 0.5
///
/// Grammar: `or`, `and`, `not`, parentheses; comparisons `== != < <= > >=` and `in [ … ]` between `label`,
/// `prediction`, `row`, numbers and texts in either kind of quotes; at view time also between columns of the row table, by name or as
/// `column("path")`, and `value(LAYER, NEURON)` with a number. How long and how deep a condition may be, ``Limits`` says: it is parsed and
/// evaluated by recursion.
public indirect enum RowExpression: Sendable, Hashable {
  case or(RowExpression, RowExpression)
  case and(RowExpression, RowExpression)
  case not(RowExpression)
  case comparison(Operand, Comparison, Operand)
  case membership(Operand, [Operand])

  public enum Operand: Sendable, Hashable {
    case label, prediction, row
    case number(Double)
    case text(String)
    /// Of the row table: the last part of its path, or all of it.
    case column(String)
    /// The activation of a neuron.
    case value(layer: String, neuron: Int)
  }

  public enum Comparison: String, Sendable, CaseIterable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    /// With both sides exchanged.
    var mirrored: Comparison {
      switch self {
      case .equal, .unequal: self
      case .less: .greater
      case .lessOrEqual: .greaterOrEqual
      case .greater: .less
      case .greaterOrEqual: .lessOrEqual
      }
    }
  }

  /// Where a condition stands, and so what it may name.
  public enum Scope: Sendable {
    /// In a job, whose rows are counted while grids are not known yet: labels, predictions and row numbers.
    case job
    /// Before a finished store: also columns and activations.
    case store
  }

  /// The largest condition that is taken.
  public enum Limits {
    /// Of the text, in bytes.
    public static let bytesMax = 1 << 18
    /// Comparisons, a list counting as one.
    public static let termsMax = 1000
    /// Parentheses and `not` inside each other.
    public static let depthMax = 100
    /// Entries of one list.
    public static let listMax = 10_000
  }

  /// - Throws: `ExpressionError` that shows where in the text the fault is, or which of the ``Limits`` it exceeds.
  public init(parsing text: String, in scope: Scope) throws(ExpressionError) {
    var parser = try ExpressionParser(text, scope)
    self = try parser.expression()
    try parser.expectEnd()
  }

  /// Everything that the condition looks at.
  public var operands: [Operand] {
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
  public var classesNamed: [Operand] {
    func named(_ column: Operand, _ others: [Operand]) -> [Operand] {
      guard column == .label || column == .prediction else { return [] }
      return others.filter {
        switch $0 {
        case .number, .text: true
        case .label, .prediction, .row, .column, .value: false
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

/// A condition that cannot be taken: where in its text, why, and what to write.
public struct ExpressionError: Error, CustomStringConvertible, Sendable {
  public let description: String
}
