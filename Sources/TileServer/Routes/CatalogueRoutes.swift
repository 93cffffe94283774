import Hummingbird
import TileStore

/// What is served: the data sets, the current version of each, and what a version holds.
extension RouteTable {
  /// All data sets that the request's token opens.
  func catalogue(_ request: Request, _ context: ServerContext) throws -> Response {
    _ = try Query(request.uri.query, allowing: [])
    let token = request.tokenDigest
    let datasets = service.library.datasets.filter { $0.value.opens(token) }.sorted { $0.key < $1.key }
    let entries = datasets.map { name, dataset in
      JSONValue.object(
        catalogueEntry(
          dataset.summary, version: dataset.current.name, name: name, url: url(name, dataset.current)))
    }
    return try small(["datasets": .array(entries)], request, secret: !service.settings.tokens.isEmpty)
  }

  /// The current version of a data set.
  func current(_ request: Request, _ context: ServerContext) async throws -> Response {
    _ = try Query(request.uri.query, allowing: [])
    let dataset = try await dataset(request, context)
    let name = try part("dataset", context)
    return try small(
      [
        "name": .string(name), "version": .string(dataset.current.name),
        "url": .string(url(name, dataset.current)),
      ], request, secret: !dataset.tokens.isEmpty)
  }

  private func url(_ name: String, _ version: Library.Version) -> String {
    "\(service.settings.prefix)/api/v1/datasets/\(name)/\(version.name)"
  }

  /// A few bytes of JSON that may change, with an entity tag.
  private func small(_ value: JSONValue, _ request: Request, secret: Bool) throws(Problem) -> Response {
    let coding = try negotiate(request, "application/json")
    return Answer(
      value.encoded(), type: "application/json", coding: coding,
      lifetime: secret ? .revalidated : service.settings.catalogueLifetime, secret: secret
    ).response(to: request)
  }

  func metadata(_ request: Request, _ context: ServerContext) async throws -> Response {
    let version = try await version(request, context)
    let name = try part("dataset", context)
    _ = try Query(request.uri.query, allowing: [])
    return try await answer(
      request, context, version, .metadata, type: "application/json", cost: .least
    ) { try encodedJSON(MetadataDocument(version.served.store, name: name) { "images/\($0)" }) }
  }

  func image(_ request: Request, _ context: ServerContext) async throws -> Response {
    let version = try await version(request, context)
    _ = try Query(request.uri.query, allowing: [])
    let index = try number("instance", context)
    let store = version.served.store
    guard index < store.attributes.instances.count, store.attributes.instances[index].image != nil else {
      throw Problem.notFound("Instance \(index) has no picture.")
    }
    return try await answer(
      request, context, version, .image(instance: index), type: "image/png", cost: .least
    ) {
      guard let image = try store.image(of: store.attributes.instances[index]) else {
        preconditionFailure("opening the store checked that the picture is there")
      }
      return PNG.encode(image.pixels, shape: image.shape)
    }
  }
}
