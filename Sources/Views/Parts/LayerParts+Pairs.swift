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

  /// Whether one of them is a group of the moment.
  package var isOfMoments: Bool {
    [first, second].contains { if case .moment = $0 { true } else { false } }
  }
}

/// Comparisons of two groups.
extension LayerParts {
  private func groups(_ pair: PairKey) throws -> (PairGroup, PairGroup) {
    (try pairGroup(pair.first), try neighbour(pair.other).pairGroup(pair.second))
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

  /// Some rows of the comparison's table, in an order.
  package func comparison(_ pair: PairKey, by figure: PairTable.Figure, _ ranks: Range<Int>, _ form: PairPage.Form)
    throws -> [UInt8]
  {
    let table = try table(pair)
    let rows = table.order(by: figure)[ranks].map { table.rows[Int($0)] }
    let page = PairPage(rows: rows, first: ranks.lowerBound, table: table)
    switch form {
    case .csv: return page.csv()
    case .json: return page.json(try sides(pair))
    }
  }

  /// What whoever compares groups of the moment must be told of them.
  package func told(_ pair: PairKey) throws -> MomentsTold {
    let (first, second) = try groups(pair)
    return MomentsTold([first.subset, second.subset].compactMap(\.self), neurons: levels.neurons)
  }

  /// One neuron of a comparison, by name; without `q`, which is of the layer's neurons together.
  func comparison(_ pair: PairKey, of neuron: Int) throws -> JSONValue {
    let (first, second) = try groups(pair)
    return try PairPage.neuron(neuron, first, second, sides(pair))
  }

  /// The layers of a store, those first that tell two groups apart best; last those of which it cannot be told.
  package static func separation(_ layers: [LayerParts], _ first: PairMember, _ second: PairMember) throws -> JSONValue
  {
    var known: [(LayerParts, Separation)] = []
    var unknown: [JSONValue] = []
    for parts in layers {
      do {
        known.append(
          (parts, try Separation(parts.pairGroup(first), parts.pairGroup(second), parts.helpers)))
      } catch let error as SubsetError where error.kind == .notHeld && parts.layer.codeColumns == nil {
        unknown.append(["layer": .string(parts.layer.layer.id), "untold": .string(error.description)])
      }
    }
    let told = Separation.ordered(known, .descending).map { parts, separation in
      JSONValue.object(separation.json.merging(["layer": .string(parts.layer.layer.id)]) { $1 })
    }
    return [
      "a": try layers[0].side(first), "b": try layers[0].side(second), "layers": .array(told + unknown),
    ]
  }

  /// The classes by how well the layer tells them from a group, the most similar first.
  package func similar(to member: PairMember) throws -> JSONValue {
    let group = try pairGroup(member)
    let classes = Self.classes(of: store, but: member)
    let found = try Separation.sampled(group, and: classes.map { try pairGroup(.group($0)) }, helpers)
    let entries = Separation.ordered(Array(zip(classes, found)), .ascending).map { index, separation in
      separation.json.merging([
        "group": JSONValue(index), "name": .string(store.attributes.groups[index].name),
      ]) { $1 }
    }
    return ["a": try side(member), "classes": .array(entries.map { .object($0) })]
  }

  private static func classes(of store: Store, but member: PairMember) -> [Int] {
    store.attributes.groups.indices.filter {
      store.attributes.groups[$0].kind == .class && store.attributes.groups[$0].rows > 0 && member != .group($0)
    }
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

  /// What so many rows of a comparison take.
  package func cost(of pair: PairKey, rows: Int) -> Cost {
    let page = .least + Cost.ordering(neurons: levels.neurons) + .writing(rows: rows)
    if parts.contains(key(.pairTable(pair))) { return page }
    return page + .comparing(neurons: levels.neurons) + cost(ofReading: pair, neurons: levels.neurons)
  }

  /// What telling how well all neurons separate two groups takes.
  package func cost(ofSeparating first: PairMember, _ second: PairMember) -> Cost {
    .telling(neurons: levels.neurons) + cost(ofReading: PairKey(first, second), neurons: levels.neurons)
  }

  /// What comparing a group with every class takes.
  package func cost(ofSimilarTo member: PairMember) -> Cost {
    let neurons = min(levels.neurons, Separation.sampleMax)
    let each = Cost.telling(neurons: 4 * neurons) + cost(ofReading: PairKey(member, .group(0)), neurons: neurons)
    return Self.classes(of: store, but: member).reduce(.least) { cost, _ in cost + each }
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
