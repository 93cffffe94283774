import Hummingbird
import TileStore
import Views

/// One neuron, and one layer at a glance.
extension RouteTable {
  func neuron(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let query = try asked.query()
    let neuron = try neuron(number("neuron", asked.context), of: layer)
    let attributes = asked.attributes
    let most = NeuronFigures.histogramsMax
    let groups =
      try query.set("groups", below: attributes.groups.count, most: most)
      ?? Array(attributes.groups.indices)
    let instances = try instances(query, asked)
    let moment = try query.moment()
    let pair = try query["a"] != nil || query["b"] != nil ? pair(query, asked, usual: 0) : nil
    guard pair != nil || query["with"] == nil else { throw Problem.badRequest("with belongs to a and b.") }
    return Build(
      .neuron(layer: layer.index, neuron: neuron, groups: groups, instances: instances, moment, pair),
      [moment].compactMap(\.self), in: layer,
      cost: layer.cost(ofNeurons: 1, groups: groups.count, instances: instances.count, moment, pair)
    ) {
      try layer.neuron(neuron, groups: groups, instances: instances, moment: moment, pair: pair).encoded()
    }
  }

  /// The same of as many neurons as a page has.
  func neurons(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let query = try asked.query()
    let neurons = try query.some(
      "neurons", "indices", below: layer.levels.neurons, most: NeuronFigures.neuronsMax)
    let groups = try groupsOrAll(query, asked)
    let instances = try instances(query, asked)
    let moment = try query.moment()
    let histograms = neurons.count * (groups.count + (moment == nil ? 0 : 1))
    guard
      histograms <= NeuronFigures.histogramsInAllMax, histograms * instances.count <= NeuronFigures.placesInAllMax
    else {
      throw Problem.badRequest(
        "Ask for fewer neurons at once: an answer has at most \(NeuronFigures.histogramsInAllMax) histograms, which are neurons times groups, and \(NeuronFigures.placesInAllMax) places of instances in them."
      )
    }
    return Build(
      .neurons(layer: layer.index, neurons, groups: groups, instances: instances, moment),
      [moment].compactMap(\.self), in: layer,
      cost: layer.cost(ofNeurons: neurons.count, groups: groups.count, instances: instances.count, moment)
    ) { try layer.neurons(neurons, groups: groups, instances: instances, moment: moment) }
  }

  /// The instances of the query; all stored ones where nothing is said and they are few.
  private func instances(_ query: Query, _ asked: VersionRequest) throws(Problem) -> [OrderName.Argument] {
    let known = asked.attributes.instances.indices
    let most = NeuronFigures.histogramsMax
    let chosen = try query.instances(below: known.count, asked.served.orders, most: most)
    return chosen.map { Self.each($0) } ?? (known.count <= most ? known.map { .instance($0) } : [])
  }

  /// The groups of the query; where nothing is said all, of too many only that of all rows.
  private func groupsOrAll(_ query: Query, _ asked: VersionRequest) throws(Problem) -> [Int] {
    let all = asked.attributes.groups.indices
    let most = NeuronFigures.histogramsMax
    return try query.set("groups", below: all.count, most: most) ?? (all.count <= most ? Array(all) : [0])
  }

  /// Each once, stored ones first, in ascending order: all ways to write a choice are one key in the caches.
  private static func each(_ instances: [OrderName.Argument]) -> [OrderName.Argument] {
    let stored = Set(instances.compactMap { if case .instance(let index) = $0 { index } else { nil } })
    let rows = Set(instances.compactMap { if case .row(let row) = $0 { row } else { nil } })
    return stored.sorted().map { .instance($0) } + rows.sorted().map { .row($0) }
  }

  func summary(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let query = try asked.query()
    let groups = try groupsOrAll(query, asked)
    let moment = try query.moment()
    return Build(
      .summary(layer: layer.index, groups: groups, moment), [moment].compactMap(\.self), in: layer,
      cost: layer.cost(ofSummary: groups, moment)
    ) { try layer.summary(groups: groups, moment: moment).encoded() }
  }
}
