import Hummingbird
import TileStore
import Views

/// One neuron, and one layer at a glance.
extension RouteTable {
  func neuron(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let query = try asked.query()
    let neuron = try number("neuron", asked.context)
    guard neuron < layer.levels.neurons else {
      throw Problem.notFound("The layer has \(layer.levels.neurons) neurons, numbered from 0.")
    }
    let attributes = asked.attributes
    let most = NeuronFigures.histogramsMax
    let groups =
      try query.set("groups", below: attributes.groups.count, most: most)
      ?? Array(attributes.groups.indices)
    let instances =
      try query.set("instances", below: attributes.instances.count, most: most)
      ?? (attributes.instances.count <= most ? Array(attributes.instances.indices) : [])
    let moment = try query.moment()
    let pair = try query["a"] != nil || query["b"] != nil ? pair(query, asked) : nil
    guard pair != nil || query["with"] == nil else { throw Problem.badRequest("with belongs to a and b.") }
    return Build(
      .neuron(layer: layer.index, neuron: neuron, groups: groups, instances: instances, moment, pair),
      cost: layer.cost(ofNeuron: groups.count, instances: instances.count, moment, pair)
    ) {
      try layer.neuron(neuron, groups: groups, instances: instances, moment: moment, pair: pair).encoded()
    }
  }

  func summary(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let query = try asked.query()
    let all = asked.attributes.groups.indices
    let most = NeuronFigures.histogramsMax
    let groups =
      try query.set("groups", below: all.count, most: most) ?? (all.count <= most ? Array(all) : [0])
    let moment = try query.moment()
    return Build(
      .summary(layer: layer.index, groups: groups, moment),
      cost: layer.cost(ofSummary: groups, moment)
    ) { try layer.summary(groups: groups, moment: moment).encoded() }
  }
}
