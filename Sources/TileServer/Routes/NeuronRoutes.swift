import Hummingbird
import TileStore

/// One neuron, and one layer at a glance.
extension RouteTable {
  func neuron(_ request: Request, _ context: ServerContext) async throws -> Response {
    let version = try await version(request, context)
    let layer = try layer(version, context)
    let query = try Query(request.uri.query, allowing: ["groups", "instances"])
    let neuron = try number("neuron", context)
    guard neuron < layer.levels.neurons else {
      throw Problem.notFound("The layer has \(layer.levels.neurons) neurons, numbered from 0.")
    }
    let attributes = version.served.store.attributes
    let most = NeuronFigures.histogramsMax
    let groups =
      try query.set("groups", below: attributes.groups.count, most: most)
      ?? Array(attributes.groups.indices)
    let instances =
      try query.set("instances", below: attributes.instances.count, most: most)
      ?? (attributes.instances.count <= most ? Array(attributes.instances.indices) : [])
    let store = version.served.store
    return try await answer(
      request, context, version,
      .neuron(layer: layer.index, neuron: neuron, groups: groups, instances: instances), type: "application/json",
      cost: .least + .figures(groups: groups.count)
    ) {
      try NeuronFigures(store: store, layer: layer.layer, neuron: neuron, groups: groups, instances: instances)
        .json().encoded()
    }
  }

  func summary(_ request: Request, _ context: ServerContext) async throws -> Response {
    let version = try await version(request, context)
    let layer = try layer(version, context)
    let query = try Query(request.uri.query, allowing: ["groups"])
    let all = version.served.store.attributes.groups.indices
    let most = NeuronFigures.histogramsMax
    let groups =
      try query.set("groups", below: all.count, most: most) ?? (all.count <= most ? Array(all) : [0])
    return try await answer(
      request, context, version, .summary(layer: layer.index, groups: groups), type: "application/json",
      cost: layer.cost(ofSummary: groups)
    ) { try layer.summary(groups: groups).encoded() }
  }
}
