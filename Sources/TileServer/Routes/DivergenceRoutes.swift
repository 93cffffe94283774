import Hummingbird
import TileStore
import Views

/// How ordinary rows and instances are for the classes that the network gave them.
extension RouteTable {
  func divergences(_ asked: VersionRequest, of inputs: LayerParts.Inputs) throws -> Build {
    let query = try asked.query()
    let parts = try parts(asked)
    var total = inputs == .rows ? asked.attributes.dataset.rows : asked.attributes.instances.count
    let sample = try query.sample().flatMap { $0 < total ? $0 : nil }
    total = sample ?? total
    let count = try query.length(usual: DivergenceEntries.countUsual, most: DivergenceEntries.countMax)
    let first = try numbered(query.count("from") ?? 0, below: total, "\(inputs)")
    let some = first..<min(first + count, total)
    return Build(
      .divergences(inputs, some, sample: sample), lifetime: sample == nil ? .immutable : .revalidated,
      cost: parts.cost(ofDivergences: some.count)
    ) { try parts.divergences(of: inputs, some, sample: sample).encoded() }
  }

  /// Where the rows of two classes stand between them.
  func ladder(_ asked: VersionRequest) throws -> Build {
    let query = try asked.query()
    let parts = try parts(asked)
    let store = asked.served.store
    guard let named = try classPlace("for", query, of: store), let other = try classPlace("over", query, of: store)
    else {
      throw Problem.badRequest("for and over name the groups of the two classes.")
    }
    guard named != other else { throw Problem.badRequest("for and over must be two classes.") }
    let layers = asked.attributes.layers.indices.map { asked.served.layer($0, service) }
    // Rows and neurons that stand for others are not for ever: another program may choose others.
    return Build(
      .ladder(named: named, other: other), lifetime: .revalidated,
      cost: layers.reduce(.least) { $0 + $1.costOfLadder }
    ) { try parts.ladder(named: named, other: other, layers: layers).encoded() }
  }

  func divergence(_ asked: VersionRequest, of inputs: LayerParts.Inputs) throws -> Build {
    let query = try asked.query()
    let parts = try parts(asked)
    let total = inputs == .rows ? asked.attributes.dataset.rows : asked.attributes.instances.count
    let number = try numbered(
      number(inputs == .rows ? "row" : "instance", asked.context), below: total, "\(inputs)")
    let store = asked.served.store
    let (named, other) = (try classPlace("for", query, of: store), try classPlace("over", query, of: store))
    let layers = asked.attributes.layers.indices.map { asked.served.layer($0, service) }
    let input: OrderName.Argument = inputs == .rows ? .row(number) : .instance(number)
    return Build(
      .divergence(input, named: named, other: other), cost: parts.cost(ofDivergences: input, layers: layers)
    ) { try parts.divergences(of: input, named: named, other: other, layers: layers).encoded() }
  }

  /// The place among the classes of the group that a parameter names.
  /// - Throws: `Problem` 400 where it is no number, 404 where it is no group of a class.
  private func classPlace(_ name: String, _ query: Query, of store: Store) throws(Problem) -> Int? {
    guard let group = try query.count(name) else { return nil }
    guard let place = store.classGroups.firstIndex(of: group) else {
      throw .notFound("\(name) names \(group), which is no group of a class.")
    }
    return place
  }

  private func parts(_ asked: VersionRequest) throws(Problem) -> LayerParts {
    guard asked.served.store.divergences != nil else {
      throw .notFound(
        "The rows of this version were not judged: it has no codes, labels or predictions, or nobody asked for it.")
    }
    return asked.served.layer(0, service)
  }
}
