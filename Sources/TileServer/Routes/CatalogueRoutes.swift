import Crypto
import Hummingbird
import TileStore
import Views

/// What is served: the data sets, the current version of each, and what a version holds.
extension RouteTable {
  /// All data sets that the request's token opens. Of thousands it takes long to write: away from the event loops, and once for all who
  /// may see the same.
  func catalogue(_ route: Route, _ request: Request, _ context: ServerContext) async throws -> Response {
    _ = try Query(request.uri.query, allowing: Set(route.query))
    let coding = try negotiate(request, "application/json")
    // A token that opens nothing is none.
    let token = request.tokenDigest.flatMap { service.library.knows($0) ? $0 : nil }
    let key = AnswerKey(version: service.library.revision, resource: .catalogue(token), coding: coding)
    if let answer = service.answers.cached(key) { return answer.response(to: request) }
    let secret = !service.settings.tokens.isEmpty
    let lifetime = secret ? .revalidated : service.settings.catalogueLifetime
    // Whoever comes first after a change does not pay for all.
    let charge = Charge(
      client: service.client(request, context), cost: .catalogue(datasets: service.library.datasets.count))
    return try await make(key, charge, context) {
      Answer(
        listed(for: token).encoded(), type: "application/json", coding: coding, lifetime: lifetime, secret: secret)
    }.response(to: request)
  }

  private func listed(for token: SHA256Digest?) -> JSONValue {
    let datasets = service.library.datasets.filter { $0.value.opens(token) }.sorted { $0.key < $1.key }
    let entries = datasets.map { name, dataset in
      JSONValue.object(
        catalogueEntry(
          dataset.summary, version: dataset.current.name, name: name, url: url(name, dataset.current)))
    }
    return ["datasets": .array(entries)]
  }

  /// The current version of a data set, and all that answer: the current one first, then from the newest on.
  func current(_ route: Route, _ request: Request, _ context: ServerContext) async throws -> Response {
    _ = try Query(request.uri.query, allowing: Set(route.query))
    let name = try part("dataset", context)
    let dataset = try await dataset(name, request, context)
    return try small(
      [
        "name": .string(name), "version": .string(dataset.current.name),
        "url": .string(url(name, dataset.current)), "versions": .array(dataset.all.map { .string($0.name) }),
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

  func metadata(_ asked: VersionRequest) throws -> Build {
    let name = try part("dataset", asked.context)
    _ = try asked.query()
    let store = asked.served.store
    return Build(
      .metadata, cost: .least
    ) { try encodedJSON(MetadataDocument(store, name: name) { "images/\($0)" }) }
  }

  func image(_ asked: VersionRequest) throws -> Build {
    _ = try asked.query()
    let index = try number("instance", asked.context)
    let store = asked.served.store
    guard index < store.attributes.instances.count, store.attributes.instances[index].image != nil else {
      throw Problem.notFound("Instance \(index) has no picture.")
    }
    return Build(
      .image(instance: index), cost: .least
    ) {
      guard let image = try store.image(of: store.attributes.instances[index]) else {
        preconditionFailure("opening the store checked that the picture is there")
      }
      return PNG.encode(image.pixels, shape: image.shape)
    }
  }
}
