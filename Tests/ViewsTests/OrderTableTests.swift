import Foundation
import Testing

@testable import Views

/// What `Tiles/golden/orderings.json` says of names of orderings; `Tests/Web/order.test.js` holds the client to the same.
struct OrderTableTests {
  private struct Orderings: Decodable {
    struct Reading: Decodable {
      var text: String
      var items: [Item]
    }

    struct Item: Decodable, Equatable {
      var kind: String
      var index: Int

      init(_ item: OrderName.Item) { (kind, index) = (item.kind.rawValue, item.index) }

      init(from decoder: any Decoder) throws {
        var pair = try decoder.unkeyedContainer()
        kind = try pair.decode(String.self)
        index = try pair.decode(Int.self)
      }
    }

    var items: [String: String]
    var forms: String
    var groups: [String]
    var instances: [String]
    var read: [Reading]
    var refused: [String]
  }

  private let expected: Orderings
  private let table: OrderTable

  init() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Tiles/golden/orderings.json")
    expected = try JSONDecoder().decode(Orderings.self, from: Data(contentsOf: file))
    table = OrderTable(groups: expected.groups, instances: expected.instances)
  }

  @Test func `The table of kinds is the client's, and documents follow from it`() throws {
    let kinds = ItemKind.allCases.map { ($0.rawValue, $0.subject.rawValue) }
    #expect(Dictionary(uniqueKeysWithValues: kinds) == expected.items)
    #expect(OrderName.forms == expected.forms)
    let pattern = try Regex(OrderName.pattern)
    for reading in expected.read {
      #expect(reading.text.wholeMatch(of: pattern) != nil && OrderTable.isWellFormed(reading.text), "\(reading.text)")
    }
    for text in ["", "median", "median()", "mode(a)", "absolute()", "difference(median(a))"] {
      #expect(text.wholeMatch(of: pattern) == nil && !OrderTable.isWellFormed(text), "\(text)")
    }
  }

  @Test func `Names are read as the client reads them`() throws {
    for reading in expected.read {
      let items: [OrderName.Item] =
        switch try #require(table.parse(reading.text), "\(reading.text)") {
        case .index: []
        case .item(let item), .absolute(let item): [item]
        case .difference(let first, let second): [first, second]
        }
      #expect(items.map(Orderings.Item.init) == reading.items, "\(reading.text)")
      let isAbsolute = if case .absolute = table.parse(reading.text) { true } else { false }
      #expect(isAbsolute == reading.text.hasPrefix("absolute"), "\(reading.text)")
    }
    for text in expected.refused { #expect(table.parse(text) == nil, "\(text)") }
  }
}
