import Expressions
import TileStore

/// An expression that stands for a group; equal ones have the same canonical text, and are looked at as closely.
public struct Moment: Sendable, Hashable {
  /// The expression in its canonical form.
  public let text: String
  let expression: RowExpression
  /// Rows that stand for all of them where these are more; `nil`: the group itself.
  package private(set) var sample: Int?

  /// - Throws: `SubsetError` that shows where in the text the fault is.
  public init(parsing text: String) throws(SubsetError) {
    do {
      expression = try RowExpression(parsing: text, in: .store)
    } catch {
      throw SubsetError(error)
    }
    self.text = expression.description
  }

  public static func == (a: Moment, b: Moment) -> Bool { a.text == b.text && a.sample == b.sample }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(text)
    hasher.combine(sample)
  }

  /// The same, of which no more than so many rows are looked at.
  package func sampled(_ rows: Int?) -> Moment {
    var moment = self
    moment.sample = rows
    return moment
  }

  /// Comparisons in it, about.
  package var comparisons: Int { expression.operands.count / 2 + 1 }
}

/// The rows of a group, stored or of the moment.
public struct Subset: Sendable {
  package let rows: RowSet
  /// What comparisons with activations were taken as, where not as they were written: `value("fc", 17) > 0.5 was taken as >= 0.5`.
  public let moved: [String]
  /// Classes that the expression names and the store does not have, perhaps by a typing error: as they are written.
  public let unknownClasses: [String]
  /// What the rows stand for; `nil`: for themselves.
  package let sample: RowSample?

  /// What whoever wrote the expression must know, a sentence each.
  public var remarks: [String] {
    moved.map { "\($0)." } + unknownClasses.map { "There is no class \($0) in this store." }
  }

  /// Bytes it takes in a cache.
  var byteCount: Int { rows.byteCount + (moved + unknownClasses).reduce(0) { $0 + $1.utf8.count } + 64 }

  /// The rows for which an expression holds.
  /// - Throws: `SubsetError`, `StoreError`.
  public init(_ moment: Moment, of store: Store) throws {
    var reader = ConditionReader(store)
    let all = try reader.rows(moment.expression)
    sample = moment.sample.flatMap { RowSample($0, of: all) }
    rows = sample?.rows ?? all
    moved = reader.moved
    unknownClasses = Self.unknownClasses(moment.expression, store)
  }

  private static func unknownClasses(_ expression: RowExpression, _ store: Store) -> [String] {
    let classes = [store.table?.attributes.label, store.table?.attributes.prediction].compactMap(\.self)
    guard !classes.isEmpty else { return [] }
    let names = Set(classes.flatMap(\.names))
    let labels = Set(classes.flatMap(\.labels).compactMap { $0.double ?? $0.string.flatMap(Double.init) })
    var unknown: [String] = []
    for named in expression.classesNamed where !unknown.contains(named.description) {
      switch named {
      case .text(let text) where !names.contains(text): unknown.append(named.description)
      case .number(let number) where !labels.contains(number): unknown.append(named.description)
      default: break
      }
    }
    return unknown
  }

  /// The rows of a stored group.
  /// - Throws: `SubsetError`, `StoreError`.
  public init(group: Int, of store: Store) throws {
    let stored = store.attributes.groups[group]
    let count = store.attributes.dataset.rows
    moved = []
    unknownClasses = []
    sample = nil
    switch stored.kind {
    case .all: rows = RowSet(length: count) { _ in true }
    case .class:
      guard let table = store.table, table.attributes.label != nil else {
        throw SubsetError(
          .notHeld,
          "This store does not say which rows belong to “\(stored.name)”. Precompute again with this program.")
      }
      let labels = try table.labels(0..<count)
      // Classes follow the group of all rows, in the order of the table.
      rows = RowSet(length: count) { labels[$0] == group - 1 }
    case .where:
      do {
        let expression = try RowExpression(parsing: stored.where ?? "", in: .job)
        var reader = ConditionReader(store)
        rows = try reader.rows(expression)
      } catch let error as ExpressionError {
        throw SubsetError(error)
      }
    }
  }
}
