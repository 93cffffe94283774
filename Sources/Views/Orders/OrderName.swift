import Distributions

/// What neurons are ordered by, resolved against the tables of one store: names are looked up, never computed with. Equal ones mean the
/// same, however they were written.
package enum OrderName: Hashable, Sendable {
  case index
  case item(Item)
  /// The item's key without its sign.
  case absolute(Item)
  /// The first item's key less the second's, in float64.
  case difference(Item, Item)
  /// The same without its sign.
  case distance(Item, Item)

  package struct Item: Hashable, Sendable {
    package var kind: ItemKind
    /// As many as the kind has subjects, and of these.
    package var arguments: [Argument]

    package init(_ kind: ItemKind, _ arguments: Argument...) {
      self.init(kind: kind, arguments: arguments)
    }

    init(kind: ItemKind, arguments: [Argument]) {
      self.kind = kind
      self.arguments = arguments
    }
  }

  /// What an item is of.
  package enum Argument: Hashable, Sendable {
    /// A stored group, by its index.
    case group(Int)
    /// A group of the moment.
    case moment(Moment)
    /// A stored instance, by its index.
    case instance(Int)
    /// Any row of the data set in place of an instance.
    case row(Int)
  }

  /// The items that it is made of.
  var items: [Item] {
    switch self {
    case .index: []
    case .item(let item), .absolute(let item): [item]
    case .difference(let first, let second), .distance(let first, let second): [first, second]
    }
  }

  /// Whether it compares two groups, the second of which may be another store's.
  package var isOfPairs: Bool { items.contains { $0.kind.ofPair != nil } }

  /// The same, with no more than so many rows of each group of the moment looked at.
  package func sampled(_ rows: Int?) -> OrderName {
    func sampled(_ item: Item) -> Item {
      Item(
        kind: item.kind,
        arguments: item.arguments.map { if case .moment(let moment) = $0 { .moment(moment.sampled(rows)) } else { $0 } }
      )
    }
    return switch self {
    case .index: .index
    case .item(let item): .item(sampled(item))
    case .absolute(let item): .absolute(sampled(item))
    case .difference(let first, let second): .difference(sampled(first), sampled(second))
    case .distance(let first, let second): .distance(sampled(first), sampled(second))
    }
  }

  /// Groups of the moment in it.
  package var moments: [Moment] {
    items.flatMap(\.arguments).compactMap { if case .moment(let moment) = $0 { moment } else { nil } }
  }

  /// All forms of an ordering's name, for people.
  package static let forms =
    (["index"] + ItemKind.allCases.map(\.form)).joined(separator: ", ")
    + ", absolute(ITEM), difference(ITEM,ITEM) or absolute(difference(ITEM,ITEM))"

  /// The functions by how many arguments they have.
  static let functions: [(arity: Int, names: [String])] = [1, 2].map { arity in
    let kinds = ItemKind.allCases.filter { $0.subjects.count == arity }.map(\.rawValue)
    return (arity, kinds + [arity == 1 ? "absolute" : "difference"])
  }

  /// The same as a regular expression.
  package static let pattern: String = {
    let alternatives = functions.map { arity, names in
      "(\(names.joined(separator: "|")))\\(\(Array(repeating: ".+", count: arity).joined(separator: ","))\\)"
    }
    return "^(index|\(alternatives.joined(separator: "|")))$"
  }()
}

/// An ordering of the neurons of a layer, and which end comes first.
package struct OrderRequest: Hashable, Sendable {
  package var name: OrderName
  package var direction: Direction
  /// Serial number of the version whose order it is; `nil`: that of the version whose neurons are ordered.
  package var of: UInt64?
  /// Serial number of the version of which the second group of pairs is; `nil`: of the one whose order it is.
  package var with: UInt64?

  package init(name: OrderName, direction: Direction, of: UInt64? = nil, with: UInt64? = nil) {
    self.name = name
    self.direction = direction
    self.of = of
    self.with = with
  }
}

extension OrderRequest {
  /// The same, asked of the version whose order it is.
  var ofItself: OrderRequest { OrderRequest(name: name, direction: direction, with: with) }
}

extension OrderName.Argument {
  /// A group that is compared.
  var member: PairMember? {
    switch self {
    case .group(let index): .group(index)
    case .moment(let moment): .moment(moment)
    case .instance, .row: nil
    }
  }
}
