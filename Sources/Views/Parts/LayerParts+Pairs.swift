import Distributions
import TileStore

/// Two groups that are compared: the second perhaps of another store.
package struct PairKey: Hashable, Sendable {
  package var first: PairMember
  package var second: PairMember
  /// Serial number of the other version, whose layer of the same id the second group is of; `nil`: this one.
  package var other: UInt64?

  package init(_ first: PairMember, _ second: PairMember, other: UInt64? = nil) {
    (self.first, self.second, self.other) = (first, second, other)
  }
}

/// Comparisons of two groups.
extension LayerParts {
  /// A group of this layer.
  /// - Throws: `SubsetError`, `StoreError`.
  private func group(_ member: PairMember) throws -> PairGroup {
    guard case .moment(let moment) = member else { return PairGroup(store, layer, member, subset: nil) }
    return PairGroup(store, layer, member, subset: try subset(moment))
  }

  private func groups(_ pair: PairKey) throws -> (PairGroup, PairGroup) {
    (try group(pair.first), try neighbour(pair.other).group(pair.second))
  }

  /// Every figure of every neuron.
  func table(_ pair: PairKey) throws -> PairTable {
    let part = try parts.part(key(.pairTable(pair))) {
      let (first, second) = try groups(pair)
      return .pairTable(try PairTable(first, second, helpers: helpers))
    }
    guard case .pairTable(let table) = part else { preconditionFailure("kind and part differ") }
    return table
  }

  /// `[neuron]`: what neurons are ordered by.
  func keys(_ figure: PairFigure, _ pair: PairKey) throws -> [Double] {
    let part = try parts.part(key(.pairKeys(figure, pair))) {
      let (first, second) = try groups(pair)
      let (a, b) = try PairGroup.sides(first, second)
      return .keys(try PairReader.keys(figure, a, b, helpers))
    }
    guard case .keys(let keys) = part else { preconditionFailure("kind and part differ") }
    return keys
  }

  /// Some rows of the comparison's table, in an order.
  package func comparison(
    _ pair: PairKey, by figure: PairTable.Figure, from first: Int, count: Int, _ form: PairPage.Form
  )
    throws -> [UInt8]
  {
    let table = try table(pair)
    let ranks = table.order(by: figure).dropFirst(first).prefix(count)
    let page = PairPage(rows: ranks.map { table.rows[Int($0)] }, first: first, table: table)
    switch form {
    case .csv: return page.csv()
    case .json: return page.json(try sides(pair))
    }
  }

  /// One neuron of a comparison, by name; without `q`, which is of the layer's neurons together.
  package func comparison(_ pair: PairKey, of neuron: Int) throws -> JSONValue {
    let (first, second) = try groups(pair)
    return try PairPage.neuron(neuron, first, second, sides(pair))
  }

  /// What the sides are, for whoever reads it.
  private func sides(_ pair: PairKey) throws -> [String: JSONValue] {
    ["a": try side(pair.first), "b": try neighbour(pair.other).side(pair.second)]
  }

  private func side(_ member: PairMember) throws -> JSONValue {
    switch member {
    case .group(let index): return ["group": JSONValue(index), "name": .string(store.attributes.groups[index].name)]
    case .moment(let moment):
      let subset = try subset(moment)
      return [
        "where": .string(moment.text), "rows": JSONValue(subset.rows.count),
        "moved": .array(subset.moved.map { .string($0) }),
      ]
    }
  }

  /// What a comparison of so many neurons takes, where it is not at hand.
  package func cost(of pair: PairKey) -> Cost {
    if parts.contains(key(.pairTable(pair))) { return .least + .ordering(neurons: levels.neurons) }
    return .least + .comparing(neurons: levels.neurons) + cost(ofReading: pair, neurons: levels.neurons)
  }

  /// What reading so many neurons of both groups takes.
  func cost(ofReading pair: PairKey, neurons: Int) -> Cost {
    cost(ofReading: pair.first, neurons: neurons) + neighbour(pair.other).cost(ofReading: pair.second, neurons: neurons)
  }

  private func cost(ofReading member: PairMember, neurons: Int) -> Cost {
    switch member {
    case .group: .plane(neurons: neurons)
    case .moment(let moment): cost(ofEvaluating: moment) + .counting(neurons: neurons, rows: samples(0))
    }
  }
}
