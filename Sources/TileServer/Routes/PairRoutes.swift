import Hummingbird
import TileStore
import Views

/// Two groups beside each other, of one version or of two.
///
/// Answers: 200, 304, 400, 401, 404, 406, 429, 500 (a damaged store), 503.
extension RouteTable {
  func compare(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let query = try asked.query()
    let pair = try pair(query, asked)
    let figure = try query.choice("order", PairTable.Figure.self) ?? .auroc
    let form = try query.choice("format", PairPage.Form.self) ?? .json
    let first = try query.count("from") ?? 0
    let count = try query.length(usual: PairPage.rowsMax, most: PairPage.rowsMax)
    let neurons = layer.levels.neurons
    guard first < neurons else { throw Problem.notFound("The layer has \(neurons) neurons: from is below that.") }
    let ranks = first..<min(first + count, neurons)
    let told: @Sendable () throws -> MomentsTold = { try layer.told(pair) }
    return Build(
      .comparison(layer: layer.index, pair, figure, ranks, form), type: form == .csv ? "text/csv" : nil,
      cost: layer.cost(of: pair, rows: ranks.count), told: pair.isOfMoments ? told : nil
    ) { try layer.comparison(pair, by: figure, ranks, form) }
  }

  func similar(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let member = try asked.query().member("a", of: asked.attributes.groups.count)
    return Build(.similar(layer: layer.index, member), cost: layer.cost(ofSimilarTo: member)) {
      try layer.similar(to: member).encoded()
    }
  }

  func separation(_ asked: VersionRequest) throws -> Build {
    let pair = try pair(asked.query(), asked)
    let layers = asked.attributes.layers.indices.map { asked.served.layer($0, service) }
    return Build(
      .separation(pair.first, pair.second),
      cost: layers.reduce(.least) { $0 + $1.cost(ofSeparating: pair.first, pair.second) }
    ) { try LayerParts.separation(layers, pair.first, pair.second).encoded() }
  }

  /// The groups `a`, of this version, and `b`, of the version that `with` names, if it does.
  /// - Parameter usual: the group in place of one that is missing; `nil`: both must be there.
  func pair(_ query: Query, _ asked: VersionRequest, usual: Int? = nil) throws(Problem) -> PairKey {
    let other = asked.others["with"].flatMap { $0.serial == asked.served.serial ? nil : $0 }
    let groups = (other?.store.attributes ?? asked.attributes).groups.count
    return PairKey(
      try query.member("a", of: asked.attributes.groups.count, usual: usual),
      try query.member("b", of: groups, usual: usual), other: other?.serial)
  }
}

extension Query {
  /// An ordering that a request names, perhaps of another version, perhaps with pairs between two.
  /// - Throws: `Problem` 400 where the text is no ordering, 404 where it names what the stores do not hold.
  func order(_ asked: VersionRequest) throws(Problem) -> OrderRequest {
    let of = asked.others["of"] ?? asked.served
    let with = asked.others["with"].flatMap { $0.serial == of.serial ? nil : $0 }
    var order = try order(with.map { of.orders.paired(with: $0.orders) } ?? of.orders)
    if order.name == .index { return order }
    if of.serial != asked.served.serial { order.of = of.serial }
    if order.name.isOfPairs { order.with = with?.serial }
    return order
  }
}
