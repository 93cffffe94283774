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

    /// The kind, then its arguments: numbers of groups and instances as they are, rows and expressions as they are written.
    struct Item: Decodable, Equatable {
      var words: [String]

      init(_ item: OrderName.Item) {
        words =
          [item.kind.rawValue]
          + item.arguments.map { argument in
            switch argument {
            case .group(let index), .instance(let index): String(index)
            case .row(let row): "row \(row)"
            case .moment(let moment): "where:(\(moment.text))"
            }
          }
      }

      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        words = []
        while !list.isAtEnd {
          words.append(try (try? list.decode(Int.self)).map { String($0) } ?? list.decode(String.self))
        }
      }
    }

    var items: [String: [String]]
    var rows: Int
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
    table = OrderTable(groups: expected.groups, instances: expected.instances, rows: expected.rows)
  }

  @Test func `The table of kinds is the client's, and documents follow from it`() throws {
    let kinds = ItemKind.allCases.map { ($0.rawValue, $0.subjects.map(\.rawValue)) }
    #expect(Dictionary(uniqueKeysWithValues: kinds) == expected.items)
    #expect(OrderName.forms == expected.forms)
    let pattern = try Regex(OrderName.pattern)
    for reading in expected.read {
      #expect(reading.text.wholeMatch(of: pattern) != nil && OrderTable.isWellFormed(reading.text), "\(reading.text)")
    }
    for text in ["", "median", "median()", "mode(a)", "absolute()", "difference(median(a))", "percentile(a)"] {
      #expect(text.wholeMatch(of: pattern) == nil && !OrderTable.isWellFormed(text), "\(text)")
    }
  }

  @Test func `Names are read as the client reads them`() throws {
    for reading in expected.read {
      let items = try #require(table.parse(reading.text), "\(reading.text)").items
      #expect(items.map(Orderings.Item.init) == reading.items, "\(reading.text)")
      let isAbsolute =
        switch table.parse(reading.text) {
        case .absolute, .distance: true
        default: false
        }
      #expect(isAbsolute == reading.text.hasPrefix("absolute"), "\(reading.text)")
    }
    for text in expected.refused { #expect(table.parse(text) == nil, "\(text)") }
  }

  @Test func `The table of FORMAT.md has every form`() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Tiles/FORMAT.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    for kind in ItemKind.allCases { #expect(text.contains("`\(kind.form)`"), "\(kind.form)") }
  }

  /// Each place where a name could be cut leads to others: what is tried is bounded, whatever the text.
  @Test func `Names full of commas and brackets are read in no time`() {
    let fill = String(repeating: "),", count: 1000)
    for text in [
      "difference(percentile(\(fill)),percentile(\(fill)))", "percentile(\(String(repeating: ",", count: 4000)))",
      "difference(median(where:(\(fill))),median(where:(\(fill))))",
      "difference(percentile(a,where:(\(fill))),percentile(a,where:(\(fill))))",
    ] {
      #expect(table.parse(text) == nil)
    }
  }
}
