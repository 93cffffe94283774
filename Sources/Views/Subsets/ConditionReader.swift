import Expressions
import TileStore

/// Evaluates a condition to the rows of a store for which it holds.
struct ConditionReader {
  private let store: Store
  /// See `Subset.moved`.
  private(set) var moved: [String] = []
  /// What was read, for the comparisons that follow.
  private var columns: [RowExpression.Operand: OperandColumn] = [:]

  init(_ store: Store) { self.store = store }

  private var count: Int { store.attributes.dataset.rows }

  /// - Throws: `SubsetError`, `StoreError`.
  mutating func rows(_ expression: RowExpression) throws -> RowSet {
    switch expression {
    case .or(let a, let b): return try rows(a).union(try rows(b))
    case .and(let a, let b): return try rows(a).intersection(try rows(b))
    case .not(let a): return try rows(a).inverted
    case .comparison(.value(let layer, let neuron), let comparison, .number(let number)):
      return try rows(ofLayer: layer, neuron, comparison, number)
    case .comparison(let a, let comparison, let b):
      return compare(try column(a), comparison, try column(b))
    case .membership(let a, let list): return try membership(try column(a), list)
    }
  }

  private func compare(_ a: OperandColumn, _ comparison: RowExpression.Comparison, _ b: OperandColumn) -> RowSet {
    if case .constant(let form) = b { return a.evaluate(count) { $0.compares(comparison, form) } }
    if case .constant(let form) = a { return b.evaluate(count) { form.compares(comparison, $0) } }
    if case .integers(let a) = a, case .integers(let b) = b {
      return RowSet(length: count) { comparison.holds(a[$0], b[$0]) }
    }
    return RowSet(length: count) { a.form($0).compares(comparison, b.form($0)) }
  }

  private mutating func membership(_ a: OperandColumn, _ list: [RowExpression.Operand]) throws -> RowSet {
    var texts: Set<String> = []
    var numbers: Set<Double> = []
    var others: [OperandColumn] = []
    for operand in list {
      switch operand {
      case .text(let text): texts.insert(text)
      case .number(let number): numbers.insert(number)
      default: others.append(try column(operand))
      }
    }
    let named = a.evaluate(count) { form in
      form.text.map { texts.contains($0) } == true || form.number.map { numbers.contains($0) } == true
    }
    return others.reduce(named) { $0.union(compare(a, .equal, $1)) }
  }

  private mutating func column(_ operand: RowExpression.Operand) throws -> OperandColumn {
    if let known = columns[operand] { return known }
    let column = try read(operand)
    if case .constant = column { return column }
    columns[operand] = column
    return column
  }

  private func read(_ operand: RowExpression.Operand) throws -> OperandColumn {
    switch operand {
    case .row: return .rows
    case .number(let number): return .constant(.init(number: number))
    case .text(let text): return .constant(.init(text: text))
    case .label:
      guard let table = store.table, let classes = table.attributes.label else {
        throw SubsetError(
          .notHeld, "This store knows no labels of its rows. Name their dataset in the job: labels: PATH.")
      }
      return Self.classes(try table.labels(0..<count), classes)
    case .prediction:
      guard let table = store.table, let classes = table.attributes.prediction else {
        throw SubsetError(
          .notHeld, "This store knows no predictions of its rows. Name their dataset in the job: predictions: PATH.")
      }
      return Self.classes(try table.predictions(0..<count), classes)
    case .column(let name): return try table(column: name)
    case .value:
      throw SubsetError(.malformed, "value() is compared with a number, not with a column of the rows.")
    }
  }

  private static func classes(_ codes: [Int?], _ classes: RowTableAttributes.Classes) -> OperandColumn {
    let forms = zip(classes.names, classes.labels).map { name, label in
      let text = label.int.map { String($0) } ?? label.string ?? ""
      return OperandColumn.Form(text: name, number: Double(text), label: text)
    }
    return .coded(codes, forms, absent: .init(label: .some(nil)))
  }

  private func table(column name: String) throws -> OperandColumn {
    let known = store.table?.attributes.columns ?? []
    let bare = name.drop { $0 == "/" }
    guard let table = store.table,
      let column = known.first(where: { $0.name == name })
        ?? known.first(where: { $0.path.drop { $0 == "/" } == bare })
    else {
      let names = known.isEmpty ? "none" : known.map(\.name).joined(separator: ", ")
      throw SubsetError(
        .notHeld,
        "This store has no column “\(name)” of its rows; it has: \(names). A text stands in quotes; a dataset becomes a column by the job: columns: [PATH]."
      )
    }
    switch try table.values(column, 0..<count) {
    case .integers(let numbers):
      guard column.kind == .boolean else { return .integers(numbers) }
      let forms = [false, true].map { OperandColumn.Form(text: "\($0)", number: $0 ? 1 : 0) }
      return .coded(numbers.map { $0 == 0 ? 0 : 1 }, forms, absent: .init())
    case .numbers(let numbers): return .numbers(numbers)
    case .codes(let codes): return .coded(codes, (column.values ?? []).map { .init(text: $0) }, absent: .init())
    }
  }
}

extension ConditionReader {
  /// The rows in which a neuron's activation compares as asked, as far as codes tell it (`Edge`).
  private mutating func rows(
    ofLayer name: String, _ neuron: Int, _ comparison: RowExpression.Comparison, _ number: Double
  ) throws -> RowSet {
    guard let layer = store.layers.first(where: { $0.layer.name == name }) ?? store.layer(name) else {
      throw SubsetError.noLayer(name, of: store.attributes.layers.map(\.name))
    }
    guard neuron < layer.layer.neurons else { throw SubsetError.noNeuron(neuron, layer.layer) }
    guard layer.layer.samples == 1 else { throw SubsetError.severalSamples(layer.layer) }
    let codes = try NeuronCodes(layer)
    try codes.readCodes(neuron)
    try codes.readApart(neuron)
    let grid = try NeuronGrid(layer, neuron: neuron)
    let edge = Edge(comparison, number, on: grid, extremes: try Self.extremes(layer, neuron))
    if let number = edge.moved {
      let operand = RowExpression.Operand.value(layer: name, neuron: neuron)
      moved.append(
        "\(operand) \(comparison.rawValue) \(RowExpression.Operand.number(edge.number)) was taken as \(edge.comparison.rawValue) \(RowExpression.Operand.number(number))"
      )
    }
    return try RowSet(length: count) { row in
      if !codes.isApart(row) { return edge.holds(bin: Int(codes.codes[row])) }
      return switch try codes.kind(row, origin: Int64(grid.origin), neuron: neuron) {
      case .zero: number == 0 ? comparison.holds(0, number) : edge.holds(bin: Int(codes.codes[row]))
      case .plusInfinity: comparison.holds(.infinity, number)
      case .minusInfinity: comparison.holds(-.infinity, number)
      case .nan, .missing: false
      }
    }
  }

  /// The smallest and the largest finite value of a neuron; NaN without any.
  private static func extremes(_ layer: LayerReader, _ neuron: Int) throws(StoreError) -> (Double, Double) {
    let place = CollectionOfOne(UInt32(neuron))
    return (
      try layer.statistic(.minimum).numbers(plane: 0, place)[0],
      try layer.statistic(.maximum).numbers(plane: 0, place)[0]
    )
  }
}

extension RowExpression.Comparison {
  func holds<Number: Comparable>(_ a: Number, _ b: Number) -> Bool {
    switch self {
    case .equal: a == b
    case .unequal: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }
}
