import Distributions
import TileStore

/// What neurons are ordered by, resolved against the tables of one store: names are looked up, never computed with.
enum OrderName: Hashable, Sendable {
  case index
  case item(Item)
  /// The first item's key less the second's, in float64.
  case difference(Item, Item)

  enum Item: Hashable, Sendable {
    /// Index of the group.
    case median(Int)
    /// Index of the group.
    case mean(Int)
    /// Index of the instance.
    case value(Int)
  }
}

/// An ordering of the neurons of a layer, and which end comes first.
struct OrderRequest: Hashable, Sendable {
  var name: OrderName
  var direction: Direction
}

/// The names of a store's groups and instances, as orderings use them.
struct OrderTable: Sendable {
  private let groups: [String: Int]
  private let instances: [String: Int]

  init(_ attributes: Attributes) {
    groups = Dictionary(uniqueKeysWithValues: attributes.groups.enumerated().map { ($1.name, $0) })
    instances = Dictionary(uniqueKeysWithValues: attributes.instances.enumerated().map { ($1.name, $0) })
  }

  /// Most bytes of an ordering's name that are looked at.
  static let nameBytesMax = 4096

  /// Reads `index`, `median(GROUP)`, `mean(GROUP)`, `value(INSTANCE)` or `difference(ITEM,ITEM)`.
  ///
  ///     table.parse("difference(median(cat),value(attacked 7))")  // .difference(.median(1), .value(14))
  ///
  /// Names may hold commas and brackets: of the places where a difference can be cut in two, the one counts at which
  /// both halves are known.
  /// - Returns: `nil` where a name is not in the store, or the text is no ordering.
  func parse(_ text: String) -> OrderName? {
    guard text.utf8.count <= Self.nameBytesMax else { return nil }
    if text == "index" { return .index }
    if let item = item(text[...]) { return .item(item) }
    guard let inner = argument(of: "difference", in: text[...]) else { return nil }
    for comma in inner.indices where inner[comma] == "," {
      if let first = item(inner[..<comma]), let second = item(inner[inner.index(after: comma)...]) {
        return .difference(first, second)
      }
    }
    return nil
  }

  /// Whether a text has the form of an ordering, whatever it names.
  static func isWellFormed(_ text: String) -> Bool {
    guard text.utf8.count <= nameBytesMax, text.hasSuffix(")") else { return false }
    return ["median(", "mean(", "value("].contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count + 1 }
      || text.hasPrefix("difference(") && text.contains(",")
  }

  private func item(_ text: Substring) -> OrderName.Item? {
    if let name = argument(of: "median", in: text) { return groups[String(name)].map { .median($0) } }
    if let name = argument(of: "mean", in: text) { return groups[String(name)].map { .mean($0) } }
    if let name = argument(of: "value", in: text) { return instances[String(name)].map { .value($0) } }
    return nil
  }

  private func argument(of function: String, in text: Substring) -> Substring? {
    guard text.hasPrefix(function + "("), text.hasSuffix(")") else { return nil }
    return text.dropFirst(function.count + 1).dropLast()
  }
}
