import Distributions
import TileStore

/// What neurons are ordered by, resolved against the tables of one store: names are looked up, never computed with.
package enum OrderName: Hashable, Sendable {
  case index
  case item(Item)
  /// The first item's key less the second's, in float64.
  case difference(Item, Item)

  package enum Item: Hashable, Sendable {
    /// Index of the group.
    case median(Int)
    /// Index of the group.
    case mean(Int)
    /// Index of the instance.
    case value(Int)
  }
}

/// An ordering of the neurons of a layer, and which end comes first.
package struct OrderRequest: Hashable, Sendable {
  package var name: OrderName
  package var direction: Direction

  package init(name: OrderName, direction: Direction) {
    self.name = name
    self.direction = direction
  }
}

/// The names of a store's groups and instances, as orderings use them.
package struct OrderTable: Sendable {
  private let groups: [String: Int]
  private let instances: [String: Int]

  package init(_ attributes: Attributes) {
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
  /// both halves are known. All of it goes by bytes: in a string of characters, a comma may melt into what follows.
  /// - Returns: `nil` where a name is not in the store, or the text is no ordering.
  package func parse(_ text: String) -> OrderName? {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.nameBytesMax else { return nil }
    if text == "index" { return .index }
    if let item = item(bytes[...]) { return .item(item) }
    guard let inner = Self.argument(of: "difference", in: bytes[...]) else { return nil }
    for comma in inner.indices where inner[comma] == UInt8(ascii: ",") {
      if let first = item(inner[..<comma]), let second = item(inner[(comma + 1)...]) {
        return .difference(first, second)
      }
    }
    return nil
  }

  /// Whether a text has the form of an ordering, whatever it names.
  package static func isWellFormed(_ text: String) -> Bool {
    let bytes = Array(text.utf8)[...]
    guard bytes.count <= nameBytesMax else { return false }
    let isItem = ["median", "mean", "value"].contains { argument(of: $0, in: bytes)?.isEmpty == false }
    return isItem || argument(of: "difference", in: bytes)?.contains(UInt8(ascii: ",")) == true
  }

  private func item(_ text: ArraySlice<UInt8>) -> OrderName.Item? {
    func name(_ function: String) -> String? {
      Self.argument(of: function, in: text).map { String(decoding: $0, as: UTF8.self) }
    }
    if let name = name("median") { return groups[name].map { .median($0) } }
    if let name = name("mean") { return groups[name].map { .mean($0) } }
    if let name = name("value") { return instances[name].map { .value($0) } }
    return nil
  }

  /// What stands between the brackets of `function(…)`.
  private static func argument(of function: String, in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let head = Array((function + "(").utf8)
    guard text.count > head.count, text.starts(with: head), text.last == UInt8(ascii: ")") else { return nil }
    return text.dropFirst(head.count).dropLast()
  }
}
