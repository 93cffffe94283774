import Hummingbird
import TileStore
import Views

/// How ordinary rows and instances are for the classes that the network gave them.
extension RouteTable {
  func divergences(_ asked: VersionRequest, of inputs: LayerParts.Inputs) throws -> Build {
    let query = try asked.query()
    let parts = try parts(asked)
    let total = inputs == .rows ? asked.attributes.dataset.rows : asked.attributes.instances.count
    let count = try query.length(usual: DivergenceEntries.countUsual, most: DivergenceEntries.countMax)
    let first = try numbered(query.count("from") ?? 0, below: total, "\(inputs)")
    let some = first..<min(first + count, total)
    return Build(.divergences(inputs, some), cost: parts.cost(ofDivergences: some.count)) {
      try parts.divergences(of: inputs, some).encoded()
    }
  }

  func divergence(_ asked: VersionRequest, of inputs: LayerParts.Inputs) throws -> Build {
    let query = try asked.query()
    let parts = try parts(asked)
    let total = inputs == .rows ? asked.attributes.dataset.rows : asked.attributes.instances.count
    let number = try numbered(
      number(inputs == .rows ? "row" : "instance", asked.context), below: total, "\(inputs)")
    let classes = asked.attributes.groups.indices.filter { asked.attributes.groups[$0].kind == .class }
    func place(_ name: String) throws -> Int? {
      try query.count(name).map { group in
        guard let place = classes.firstIndex(of: group) else {
          throw Problem.notFound("\(name) names \(group), which is no group of a class.")
        }
        return place
      }
    }
    let (named, other) = (try place("for"), try place("over"))
    let layers = asked.attributes.layers.indices.map { asked.served.layer($0, service) }
    let input: OrderName.Argument = inputs == .rows ? .row(number) : .instance(number)
    return Build(
      .divergence(input, named: named, other: other), cost: parts.cost(ofDivergences: input, layers: layers)
    ) { try parts.divergences(of: input, named: named, other: other, layers: layers).encoded() }
  }

  private func parts(_ asked: VersionRequest) throws(Problem) -> LayerParts {
    guard asked.served.store.divergences != nil else {
      throw .notFound(
        "The rows of this version were not judged: it has no codes, labels or predictions, or nobody asked for it.")
    }
    return asked.served.layer(0, service)
  }
}
