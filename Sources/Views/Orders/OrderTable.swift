import TileStore

/// The names of a store's groups and instances, as orderings use them.
package struct OrderTable: Sendable {
  private let groups: NameIndex
  private let instances: NameIndex
  /// Rows of the data set.
  private let rows: Int
  /// Groups of the store of which the second group of pairs is; `nil`: of this one.
  private var others: NameIndex?

  package init(_ attributes: Attributes) {
    self.init(
      groups: attributes.groups.map(\.name), instances: attributes.instances.map(\.name), rows: attributes.dataset.rows)
  }

  /// Names are different from each other.
  init(groups: [String], instances: [String], rows: Int) {
    self.groups = NameIndex(groups)
    self.instances = NameIndex(instances)
    self.rows = rows
  }

  /// The same with the second group of pairs from another store.
  package func paired(with other: OrderTable) -> OrderTable {
    var table = self
    table.others = other.groups
    return table
  }

  /// Most bytes of an ordering's name that are looked at.
  package static let nameBytesMax = 4096

  /// Reads one of `OrderName.forms`.
  ///
  ///     table.parse("difference(median(cat),value(attacked 7))")  // the median of group 1 less the value of instance 14
  ///     table.parse("percentile(row 17,where:(label == 3))")      // of row 17 among the rows with label 3
  ///
  /// Names may hold commas and brackets: of the places where arguments can be cut apart, the first counts at which all
  /// of them are known. A name goes before an expression or a row. All of it goes by bytes: in a string of characters, a comma may melt
  /// into what follows.
  /// - Returns: `nil` where a name is not in the store, or the text is no ordering.
  package func parse(_ text: String) -> OrderName? {
    let bytes = Array(text.utf8)[...]
    guard bytes.count <= Self.nameBytesMax else { return nil }
    if text == "index" { return .index }
    var attempts = Attempts()
    if let item = item(bytes, &attempts) { return .item(item) }
    if let inner = Self.inside("absolute", bytes) {
      if let item = item(inner, &attempts) { return .absolute(item) }
      return difference(inner, &attempts).map { .distance($0[0], $0[1]) }
    }
    return difference(bytes, &attempts).map { .difference($0[0], $0[1]) }
  }

  /// The two items of `difference(ITEM,ITEM)`.
  private func difference(_ text: ArraySlice<UInt8>, _ attempts: inout Attempts) -> [OrderName.Item]? {
    guard let inner = Self.inside("difference", text) else { return nil }
    return Self.cut(inner, 2) { [self] _, text in item(text, &attempts) }
  }

  /// Whether a text has the form of an ordering, whatever it names.
  package static func isWellFormed(_ text: String) -> Bool {
    let bytes = Array(text.utf8)[...]
    guard bytes.count <= nameBytesMax else { return false }
    if text == "index" { return true }
    return OrderName.functions.contains { arity, names in
      names.contains { name in
        guard let inner = inside(name, bytes), !inner.isEmpty else { return false }
        return inner.dropFirst().dropLast().count { $0 == UInt8(ascii: ",") } >= arity - 1
      }
    }
  }

  /// What may still be tried in one name, which may be cut at many commas.
  private struct Attempts {
    var names = 10_000
    var moments = 16
  }

  private func item(_ text: ArraySlice<UInt8>, _ attempts: inout Attempts) -> OrderName.Item? {
    for kind in ItemKind.allCases {
      guard let inner = Self.inside(kind.rawValue, text) else { continue }
      let subjects = kind.subjects
      let arguments = Self.cut(inner, subjects.count) { place, text in
        argument(text, subjects[place], of: kind.ofPair != nil && place == 1 ? others : nil, &attempts)
      }
      return arguments.map { OrderName.Item(kind: kind, arguments: $0) }
    }
    return nil
  }

  /// - Parameter groups: of another store; `nil`: this store's.
  private func argument(
    _ text: ArraySlice<UInt8>, _ subject: ItemKind.Subject, of groups: NameIndex?, _ attempts: inout Attempts
  ) -> OrderName.Argument? {
    guard attempts.names > 0 else { return nil }
    attempts.names -= 1
    switch subject {
    case .group:
      if let index = (groups ?? self.groups)[text] { return .group(index) }
      guard attempts.moments > 0, let text = Self.inside("where:", text) else { return nil }
      attempts.moments -= 1
      return (try? Moment(parsing: String(decoding: text, as: UTF8.self))).map { .moment($0) }
    case .instance:
      if let index = instances[text] { return .instance(index) }
      return text.count <= Self.rowBytesMax ? row(String(decoding: text, as: UTF8.self)).map { .row($0) } : nil
    }
  }

  /// Of `row 17`, with the largest number that there is.
  private static let rowBytesMax = 20

  /// The number in `row 17`, of a row that there is.
  package func row(_ text: String) -> Int? {
    guard text.hasPrefix("row "), let row = wholeNumber(text.dropFirst(4)), row < rows, text == "row \(row)" else {
      return nil
    }
    return row
  }

  /// What stands between the brackets of `function(…)`.
  private static func inside(_ function: String, _ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard text.starts(with: function.utf8) else { return nil }
    let rest = text.dropFirst(function.utf8.count)
    guard rest.count > 1, rest.first == UInt8(ascii: "("), rest.last == UInt8(ascii: ")") else { return nil }
    return rest.dropFirst().dropLast()
  }

  /// Cuts a text at commas into so many parts that are known.
  /// - Parameter read: gets the place of a part, and its text.
  private static func cut<Piece>(
    _ text: ArraySlice<UInt8>, _ count: Int, from place: Int = 0, _ read: (Int, ArraySlice<UInt8>) -> Piece?
  ) -> [Piece]? {
    if place == count - 1 { return read(place, text).map { [$0] } }
    for comma in text.indices where text[comma] == UInt8(ascii: ",") {
      guard let part = read(place, text[..<comma]) else { continue }
      if let rest = cut(text[(comma + 1)...], count, from: place + 1, read) { return [part] + rest }
    }
    return nil
  }
}

/// Places of names in a list, without making a string of a text that is longer than any of them.
private struct NameIndex {
  private let places: [String: Int]
  /// Bytes of the longest name.
  private let longest: Int

  /// - Precondition: the names are different from each other.
  init(_ names: [String]) {
    places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    longest = names.map(\.utf8.count).max() ?? 0
  }

  subscript(text: ArraySlice<UInt8>) -> Int? {
    text.count <= longest ? places[String(decoding: text, as: UTF8.self)] : nil
  }
}
