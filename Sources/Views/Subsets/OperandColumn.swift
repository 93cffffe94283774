import Expressions
import TileStore

/// What a condition sees of all rows.
enum OperandColumn {
  case constant(Form)
  /// Places in a list of forms; `nil`: the row has none.
  case coded([Int?], [Form], absent: Form)
  case integers([Int64])
  case numbers([Double])
  case rows

  /// How something may be compared: a class by its name and by its number, with another class by its label.
  struct Form: Hashable {
    var text: String?
    var number: Double?
    /// Of a class: its label in the dump; `nil` in it: it has none.
    var label: String??
  }

  func form(_ row: Int) -> Form {
    switch self {
    case .constant(let form): form
    case .coded(let codes, let forms, let absent): codes[row].map { forms[$0] } ?? absent
    case .integers(let numbers): Form(number: Double(numbers[row]))
    case .numbers(let numbers): Form(number: numbers[row])
    case .rows: Form(number: Double(row))
    }
  }

  /// A condition on its form, for each row. Of what is coded, it is asked once for each code.
  func evaluate(_ count: Int, _ holds: (Form) -> Bool) -> RowSet {
    switch self {
    case .constant(let form):
      let always = holds(form)
      return RowSet(length: count) { _ in always }
    case .coded(let codes, let forms, let absent):
      let truths = forms.map(holds)
      let otherwise = holds(absent)
      return RowSet(length: count) { row in codes[row].map { truths[$0] } ?? otherwise }
    case .integers, .numbers, .rows: return RowSet(length: count) { holds(form($0)) }
    }
  }
}

extension OperandColumn.Form {
  /// NaN in a column compares with nothing.
  private var isNothing: Bool { label == nil && number?.isNaN == true }

  func isEqual(_ other: Self) -> Bool {
    if let label, let otherLabel = other.label { return label != nil && label == otherLabel }
    if let text, text == other.text { return true }
    if let number, let otherNumber = other.number { return number == otherNumber }
    return false
  }

  func compares(_ comparison: RowExpression.Comparison, _ other: Self) -> Bool {
    if isNothing || other.isNothing { return false }
    switch comparison {
    case .equal: return isEqual(other)
    case .unequal: return !isEqual(other)
    case .less, .lessOrEqual, .greater, .greaterOrEqual:
      guard let x = number, let y = other.number else { return false }
      return switch comparison {
      case .less: x < y
      case .lessOrEqual: x <= y
      case .greater: x > y
      default: x >= y
      }
    }
  }
}
