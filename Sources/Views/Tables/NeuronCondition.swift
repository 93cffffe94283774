import TileStore

/// A condition on neurons, as `divergence export --neurons` takes it: items of orderings and numbers, compared.
///
///     zeros(all) < 0.9 and median(cat) > median(dog)
///
/// Grammar: `or`, `and`, `not`, parentheses; comparisons `== != < <= > >=` between numbers and what names an ordering. A figure that is NaN
/// satisfies none.
indirect enum NeuronCondition {
  case or(NeuronCondition, NeuronCondition)
  case and(NeuronCondition, NeuronCondition)
  case not(NeuronCondition)
  case comparison(Operand, Sign, Operand)

  enum Operand {
    case number(Double)
    case order(OrderName)
  }

  enum Sign: String, CaseIterable {
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case greater = ">"
  }

  /// The longest condition that is taken, in bytes.
  static let bytesMax = 1 << 14
  /// Parentheses and `not` inside each other.
  static let depthMax = 100

  /// Whether it holds for each neuron.
  /// - Parameter keys: of an ordering: `[neuron]`.
  func holds(_ neurons: Int, _ keys: (OrderName) throws -> [Double]) rethrows -> [Bool] {
    switch self {
    case .or(let a, let b): return zip(try a.holds(neurons, keys), try b.holds(neurons, keys)).map { $0 || $1 }
    case .and(let a, let b): return zip(try a.holds(neurons, keys), try b.holds(neurons, keys)).map { $0 && $1 }
    case .not(let a): return try a.holds(neurons, keys).map { !$0 }
    case .comparison(let a, let sign, let b):
      func numbers(_ operand: Operand) throws -> [Double] {
        switch operand {
        case .number(let number): Array(repeating: number, count: neurons)
        case .order(let name): try keys(name)
        }
      }
      return zip(try numbers(a), try numbers(b)).map { sign.holds($0, $1) }
    }
  }
}

extension NeuronCondition {
  /// All orderings that it names.
  var orders: [OrderName] {
    switch self {
    case .or(let a, let b), .and(let a, let b): a.orders + b.orders
    case .not(let a): a.orders
    case .comparison(let a, _, let b): [a, b].compactMap { if case .order(let name) = $0 { name } else { nil } }
    }
  }
}

extension NeuronCondition.Sign {
  func holds(_ a: Double, _ b: Double) -> Bool {
    switch self {
    case .equal: a == b
    case .unequal: a != b && !a.isNaN && !b.isNaN
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }
}

/// Reads a condition by recursive descent. All of it goes by bytes, as names of orderings do.
struct NeuronConditionParser {
  private let bytes: [UInt8]
  private let table: OrderTable
  private var place = 0
  private var depth = 0

  private init(_ text: String, _ table: OrderTable) {
    bytes = Array(text.utf8)
    self.table = table
  }

  /// - Throws: `LayerTable.Unknown` that says where the fault is.
  static func parse(_ text: String, _ table: OrderTable) throws(LayerTable.Unknown) -> NeuronCondition {
    var parser = NeuronConditionParser(text, table)
    guard parser.bytes.count <= NeuronCondition.bytesMax else {
      throw LayerTable.Unknown(
        description: "The condition on neurons is longer than \(NeuronCondition.bytesMax) bytes. Write it shorter.")
    }
    let condition = try parser.disjunction()
    guard parser.next == nil else { throw parser.fault("something follows the end of the condition") }
    return condition
  }

  private func fault(_ what: String) -> LayerTable.Unknown {
    LayerTable.Unknown(
      description:
        "In the condition on neurons `\(String(decoding: bytes.prefix(400), as: UTF8.self))`, at byte \(place + 1): \(what). Conditions read like: zeros(all) < 0.9 and median(cat) > median(dog)."
    )
  }

  /// The first byte that is no space.
  private var next: UInt8? {
    mutating get {
      while place < bytes.count, bytes[place] == UInt8(ascii: " ") { place += 1 }
      return place < bytes.count ? bytes[place] : nil
    }
  }

  private mutating func take(_ text: String) -> Bool {
    guard next != nil, bytes[place...].starts(with: text.utf8) else { return false }
    place += text.utf8.count
    return true
  }

  /// A word that is not the beginning of a longer one.
  private mutating func take(word: String) -> Bool {
    let start = place
    guard take(word) else { return false }
    let isLetter = place < bytes.count && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[place] | 0x20)
    if isLetter { place = start }
    return !isLetter
  }

  private mutating func disjunction() throws(LayerTable.Unknown) -> NeuronCondition {
    var left = try conjunction()
    while take(word: "or") { left = .or(left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws(LayerTable.Unknown) -> NeuronCondition {
    var left = try negation()
    while take(word: "and") { left = .and(left, try negation()) }
    return left
  }

  private mutating func negation() throws(LayerTable.Unknown) -> NeuronCondition {
    depth += 1
    defer { depth -= 1 }
    guard depth <= NeuronCondition.depthMax else {
      throw fault("more than \(NeuronCondition.depthMax) parentheses or `not` lie inside each other")
    }
    if take(word: "not") { return .not(try negation()) }
    if take("(") {
      let inner = try disjunction()
      guard take(")") else { throw fault("a parenthesis is not closed") }
      return inner
    }
    let left = try operand()
    for sign in NeuronCondition.Sign.allCases where take(sign.rawValue) {
      return .comparison(left, sign, try operand())
    }
    throw fault("a comparison (== != < <= > >=) is missing")
  }

  private mutating func operand() throws(LayerTable.Unknown) -> NeuronCondition.Operand {
    guard let first = next else { throw fault("a number or what orders neurons is missing") }
    if "0123456789-.".utf8.contains(first) {
      let text = bytes[place...].prefix { "0123456789-+.eE".utf8.contains($0) }
      guard let number = Double(String(decoding: text, as: UTF8.self)) else { throw fault("not a number") }
      place += text.count
      return .number(number)
    }
    if take(word: "index") { return .order(.index) }
    // Names may hold brackets: of the places where one could end, the first counts at which it is known.
    for end in bytes.indices[place...].lazy.prefix(OrderTable.nameBytesMax) where bytes[end] == UInt8(ascii: ")") {
      if let name = table.parse(String(decoding: bytes[place...end], as: UTF8.self)) {
        place = end + 1
        return .order(name)
      }
    }
    throw fault(
      "a number or what orders neurons is missing: \(OrderName.forms), with names that `divergence show` lists")
  }
}
