import Distributions
import TileStore

/// What neurons are ordered by, resolved against the tables of one store: names are looked up, never computed with.
package enum OrderName: Hashable, Sendable {
  case index
  case item(Item)
  /// The item's key without its sign.
  case absolute(Item)
  /// The first item's key less the second's, in float64.
  case difference(Item, Item)

  package struct Item: Hashable, Sendable {
    package var kind: ItemKind
    /// Of the group or instance.
    package var index: Int
    /// The group of the moment that stands in place of a stored one.
    package var moment: Moment?

    package init(kind: ItemKind, index: Int, moment: Moment? = nil) {
      self.kind = kind
      self.index = index
      self.moment = moment
    }
  }

  /// All forms of an ordering's name, for people.
  package static let forms =
    (["index"] + ItemKind.allCases.map { "\($0.rawValue)(\($0.subject.rawValue.uppercased()))" })
    .joined(separator: ", ") + ", absolute(ITEM) or difference(ITEM,ITEM)"

  /// The same as a regular expression.
  package static let pattern =
    "^(index|(\((ItemKind.allCases.map(\.rawValue) + ["absolute"]).joined(separator: "|")))\\(.+\\)|difference\\(.+,.+\\))$"
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
  /// Indices by name.
  private let indices: [ItemKind.Subject: [String: Int]]

  package init(_ attributes: Attributes) {
    self.init(groups: attributes.groups.map(\.name), instances: attributes.instances.map(\.name))
  }

  /// Names are different from each other.
  init(groups: [String], instances: [String]) {
    indices = [.group: groups, .instance: instances].mapValues { names in
      Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    }
  }

  /// Most bytes of an ordering's name that are looked at.
  package static let nameBytesMax = 4096

  /// Reads one of `OrderName.forms`.
  ///
  ///     table.parse("difference(median(cat),value(attacked 7))")  // the median of group 1 less the value of instance 14
  ///
  /// Names may hold commas and brackets: of the places where a difference can be cut in two, the one counts at which
  /// both halves are known. All of it goes by bytes: in a string of characters, a comma may melt into what follows.
  /// - Returns: `nil` where a name is not in the store, or the text is no ordering.
  package func parse(_ text: String) -> OrderName? {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.nameBytesMax else { return nil }
    if text == "index" { return .index }
    var momentsLeft = Self.momentsMax
    if let item = item(bytes[...], &momentsLeft) { return .item(item) }
    if let inner = Self.argument(of: "absolute", in: bytes[...]) {
      return item(inner, &momentsLeft).map { .absolute($0) }
    }
    guard let inner = Self.argument(of: "difference", in: bytes[...]) else { return nil }
    for comma in inner.indices where inner[comma] == UInt8(ascii: ",") {
      if let first = item(inner[..<comma], &momentsLeft), let second = item(inner[(comma + 1)...], &momentsLeft) {
        return .difference(first, second)
      }
    }
    return nil
  }

  /// Whether a text has the form of an ordering, whatever it names.
  package static func isWellFormed(_ text: String) -> Bool {
    let bytes = Array(text.utf8)[...]
    guard bytes.count <= nameBytesMax else { return false }
    let isOfOne = (ItemKind.allCases.map(\.rawValue) + ["absolute"]).contains {
      argument(of: $0, in: bytes)?.isEmpty == false
    }
    return text == "index" || isOfOne || argument(of: "difference", in: bytes)?.contains(UInt8(ascii: ",")) == true
  }

  /// Expressions that are tried in one name, at most: of a difference, one may be cut at many commas.
  private static let momentsMax = 16

  private func item(_ text: ArraySlice<UInt8>, _ momentsLeft: inout Int) -> OrderName.Item? {
    for kind in ItemKind.allCases {
      guard let name = Self.argument(of: kind.rawValue, in: text) else { continue }
      if let index = indices[kind.subject]?[String(decoding: name, as: UTF8.self)] {
        return OrderName.Item(kind: kind, index: index)
      }
      // A group of the moment: `median(where:(EXPR))`.
      guard kind.subject == .group, momentsLeft > 0, let text = Self.argument(of: "where:", in: name) else {
        return nil
      }
      momentsLeft -= 1
      let moment = try? Moment(parsing: String(decoding: text, as: UTF8.self))
      return moment.map { OrderName.Item(kind: kind, index: 0, moment: $0) }
    }
    return nil
  }

  /// What stands between the brackets of `function(…)`.
  private static func argument(of function: String, in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let head = Array((function + "(").utf8)
    guard text.count > head.count, text.starts(with: head), text.last == UInt8(ascii: ")") else { return nil }
    return text.dropFirst(head.count).dropLast()
  }
}
