import Hummingbird
import TileStore
import Views

/// Tiles, the rows that belong to them, and where a neuron stands.
///
/// Answers: 200, 304, 400, 401, 404, 406, 429, 500 (a damaged store), 503. Cold answers are built on `BuildLanes`, at
/// most `Settings.buildQueueMax` at a time; the others never leave the event loop.
extension RouteTable {
  func tile(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let query = try asked.query()
    let order = try query.order(asked)
    let (group, moment) = try group(query, asked)
    let (level, index) = try tile(of: layer.levels, asked.context)
    let axis = try query.choice("axis", BinAxis.self) ?? .shared
    let plane = PlaneKey(
      group: group, moment: moment, axis: axis, bins: try bins(query),
      window: try window(query, axis, group: group, layer))
    return Build(
      .tile(layer: layer.index, plane, order, level: level, index: index),
      of: order, [moment].compactMap(\.self), in: layer,
      cost: layer.cost(ofTile: plane, order, level: level)
    ) { try layer.tile(plane, order, level: level, index: index) }
  }

  /// The group of the path, and that of the moment: with the parameter `where`, the path names the group of all rows.
  private func group(_ query: Query, _ asked: VersionRequest) throws -> (Int, Moment?) {
    let group = try number("group", asked.context)
    guard group < asked.attributes.groups.count else { throw Problem.notFound("There is no group \(group).") }
    let moment = try query.moment()
    guard moment == nil || group == 0 else {
      throw Problem.notFound("With the parameter where, the path names group 0: the expression chooses among all rows.")
    }
    return (group, moment)
  }

  func rows(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let query = try asked.query()
    let order = try query.order(asked)
    let known = asked.attributes.instances.count
    let instances = try query.instances(below: known, asked.served.orders, most: 64) ?? []
    let withSpreads = try query.choice("spread", WithAll.self) != nil
    let (level, index) = try tile(of: layer.levels, asked.context)
    return Build(
      .rows(
        layer: layer.index, order, instances: instances, withSpreads: withSpreads, level: level, index: index),
      of: order, in: layer,
      cost: layer.cost(ofRows: order, instances: instances, withSpreads: withSpreads, level: level, index: index)
    ) { try layer.rows(order, instances: instances, withSpreads: withSpreads, level: level, index: index) }
  }

  /// Of a parameter that asks for more: `spread=all`, `ties=all`.
  private enum WithAll: String, CaseIterable { case all }

  func find(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let query = try asked.query()
    let order = try query.order(asked)
    let rank = try query.count("rank") ?? 0
    // There are as many ranks as neurons.
    let place =
      try query.count("neuron").map { AnswerKey.Place.neuron(try neuron($0, of: layer)) }
      ?? .rank(neuron(rank, of: layer))
    let withTies = try query.choice("ties", WithAll.self) != nil
    return Build(
      .find(layer: layer.index, order, place, withTies: withTies), of: order, in: layer,
      cost: layer.cost(of: order)
    ) {
      let neurons = try layer.order(order)
      let (neuron, rank) =
        switch place {
        case .neuron(let neuron): (neuron, neurons.rank(of: neuron))
        case .rank(let rank): (Int(neurons.neurons[rank]), rank)
        }
      var answer: [String: JSONValue] = ["neuron": JSONValue(neuron), "rank": JSONValue(rank)]
      if withTies {
        let tied = neurons.tied(with: rank)
        answer["ties"] = ["from": JSONValue(tied.lowerBound), "count": JSONValue(tied.count)]
      }
      if !order.name.moments.isEmpty { try layer.told(of: order).add(to: &answer) }
      return JSONValue.object(answer).encoded()
    }
  }

  /// Level and index of the path, of a tile that is there.
  private func tile(of levels: Levels, _ context: ServerContext) throws(Problem) -> (level: Int, index: Int) {
    let (level, index) = (try number("level", context), try number("index", context))
    guard levels.rows(ofTile: index, at: level) != nil else {
      throw .notFound("The layer's levels are 0 to \(levels.top); there is no tile \(index) at level \(level).")
    }
    return (level, index)
  }

  /// The part of the shared axis that a tile shows; `nil`: the whole.
  private func window(_ query: Query, _ axis: BinAxis, group: Int, _ layer: LayerParts) throws(Problem) -> AxisWindow? {
    let (zoom, from) = (try query.count("zoom") ?? 0, try query.count("from") ?? 0)
    if zoom == 0, from == 0 { return nil }
    guard axis == .shared else { throw .badRequest("zoom and from belong to the shared axis.") }
    guard
      let window = AxisWindow(
        zoom: zoom, from: from, on: layer.layer.layer.shared, samples: layer.samples(group) * layer.levels.neurons)
    else {
      throw .notFound(
        "zoom is 0 to \(AxisWindow.zoomMax), less where bins would be finer than numbers are; from is at most "
          + "256·2^zoom − 256.")
    }
    return window
  }

  private func bins(_ query: Query) throws(Problem) -> BinCount {
    guard let count = try query.count("bins") else { return .full }
    guard let bins = BinCount(rawValue: count) else { throw .badRequest("bins must be 256, 64 or 16.") }
    return bins
  }
}
