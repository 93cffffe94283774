import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import TileStore
import Views

/// All routes of the server (`Tiles/HTTP.md`).
struct RouteTable: Sendable {
  let service: TileService
  func router() -> Router<ServerContext> {
    let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: ProblemMiddleware(service: service))
    let root = router.group(RouterPath(service.settings.prefix))
    for route in Route.all {
      root.get(RouterPath(route.path)) { request, context in try await route.respond(self, route, request, context) }
    }
    root.get("problems/:kind") { request, context in try problem(request, context) }
    root.get { request, context in try clientFile(request, context, path: "") }
    root.get("**") { request, context in
      try clientFile(request, context, path: context.parameters.getCatchAll().joined(separator: "/"))
    }
    return router
  }
}

extension RouteTable {
  /// The best coding for a request, after checking that its media type is accepted.
  /// - Throws: `Problem` 406.
  func negotiate(_ request: Request, _ type: String) throws(Problem) -> ContentCoding {
    guard Negotiation.accepts(type, request.headers[.accept]) else {
      throw Problem(.notAcceptable, "This is only there as \(type).")
    }
    return try coding(request)
  }

  /// The best coding for a request.
  /// - Throws: `Problem` 406.
  func coding(_ request: Request) throws(Problem) -> ContentCoding {
    guard let coding = Negotiation.coding(request.headers[.acceptEncoding]) else {
      throw Problem(.notAcceptable, "This is only there in the codings zstd, gzip and identity.")
    }
    return coding
  }

  /// Answers from the cache, or builds on the lanes what is not there, at a cost to the client.
  func answer(_ asked: VersionRequest, _ build: Build, type: String) async throws -> Response {
    let (request, context, version) = (asked.request, asked.context, asked.served)
    let coding = try negotiate(request, type)
    let key = AnswerKey(version: version.serial, resource: build.resource, coding: coding)
    let route = context.endpointPath ?? "none"
    let secret = asked.secret
    if let answer = service.answers.cached(key) {
      if !secret { service.responses.insert(answer, route: route, version: key.version, for: request) }
      return answer.response(to: request)
    }
    let charge = Charge(client: service.client(request, context), cost: build.cost())
    // Who waits for what others have asked for pays nothing for it.
    if !service.answers.isUnderWay(key) { try service.limiter.charge(charge.client, charge.cost.units) }
    do {
      return try await make(key, charge, context) {
        let bytes = try build.bytes()
        return Answer(
          bytes, type: type, coding: coding, lifetime: build.lifetime, secret: secret, told: try build.told?())
      }.response(to: request)
    } catch let error as StoreError where error.kind == .notFound && version.store.isCurrent {
      // A file of the current version is missing: that is damage, not a version that is being removed.
      throw StoreError(.corrupt, file: error.file, error.detail)
    }
  }

  /// Builds an answer on the lanes, as long as its client waits.
  func make(
    _ key: AnswerKey, _ charge: Charge, _ context: ServerContext, _ build: @escaping @Sendable () throws -> Answer
  ) async throws -> Answer {
    let waiter = service.answers.newWaiter()
    context.connection.whenGone { [answers = service.answers] in answers.leave(key, waiter) }
    defer { context.connection.whenGone(nil) }
    return try await service.answers.answer(key, charge, waiter, build: build)
  }
}

/// A request below the address of a version, which may be seen with the request's token.
struct VersionRequest {
  let request: Request
  let context: ServerContext
  let route: Route
  let served: ServedVersion
  /// Whether a token was needed.
  var secret: Bool
  /// Other versions that parameters name, by parameter.
  var others: [String: ServedVersion] = [:]

  var attributes: Attributes { served.store.attributes }

  /// The parameters, of those that the route knows.
  /// - Throws: `Problem` 400.
  func query() throws(Problem) -> Query { try Query(request.uri.query, allowing: Set(route.query)) }
}

extension RouteTable {
  /// A part of the path, percent-decoded.
  func part(_ name: String, _ context: ServerContext) throws(Problem) -> String {
    guard let raw = context.parameters.get(name), let text = Query.decode(raw) else {
      throw .notFound("The path is not percent-encoded UTF-8.")
    }
    return text
  }

  /// A part of the path that is a whole number.
  /// - Throws: `Problem` 404.
  func number(_ name: String, _ context: ServerContext) throws(Problem) -> Int {
    guard let number = wholeNumber(try part(name, context)) else { throw .notFound("\(name) must be a whole number.") }
    return number
  }

  /// A number of what there are so many of.
  /// - Throws: `Problem` 404.
  func numbered(_ number: Int, below count: Int, _ things: String) throws(Problem) -> Int {
    guard number < count else { throw .notFound("There are \(count) \(things), numbered from 0.") }
    return number
  }

  /// A neuron of a layer.
  /// - Throws: `Problem` 404.
  func neuron(_ number: Int, of layer: LayerParts) throws(Problem) -> Int {
    try numbered(number, below: layer.levels.neurons, "neurons")
  }

  /// The data set that a request names, looked at now where nobody has yet.
  /// - Throws: `Problem` 404, or 401 where it needs another token; `BuildLanes.Full`.
  func dataset(_ name: String, _ request: Request, _ context: ServerContext) async throws -> Library.DatasetEntry {
    if service.library.isUnseen(name) {
      try await service.lanes.run(Charge(client: service.client(request, context), cost: .least)) { [service] in
        service.lookAhead(at: name)
      }
    }
    guard let dataset = service.library.dataset(name) else {
      throw Problem.notFound("There is no data set “\(name.prefix(100))”.")
    }
    guard dataset.opens(request.tokenDigest) else {
      throw Problem(
        .unauthorized, "Send the data set's token as Authorization: Bearer.",
        headers: [.wwwAuthenticate: "Bearer realm=\"\(name)\""])
    }
    return dataset
  }

  /// The version that a request names, and those that its parameters name beside it.
  /// - Throws: `Problem` 404, 401, or gone; 400; `StoreError`; `BuildLanes.Full`.
  func version(_ request: Request, _ context: ServerContext, _ route: Route) async throws -> VersionRequest {
    let dataset = try await dataset(part("dataset", context), request, context)
    var asked = VersionRequest(
      request: request, context: context, route: route,
      served: try await version(part("version", context), of: dataset, request, context),
      secret: !dataset.tokens.isEmpty)
    let parameters = route.query.filter { Route.versions.contains($0) }
    if parameters.isEmpty { return asked }
    let query = try asked.query()
    for parameter in parameters {
      guard let text = query[parameter] else { continue }
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else {
        throw Problem.badRequest("\(parameter) must be a data set and one of its versions: NAME/VERSION.")
      }
      let other = try await self.dataset(parts[0], request, context)
      asked.others[parameter] = try await version(parts[1], of: other, request, context)
      asked.secret = asked.secret || !other.tokens.isEmpty
    }
    return asked
  }

  /// A version of a data set, opened where it is not open.
  /// - Throws: `Problem` 404, or gone; `StoreError`; `BuildLanes.Full`.
  private func version(
    _ name: String, of dataset: Library.DatasetEntry, _ request: Request, _ context: ServerContext
  ) async throws -> ServedVersion {
    guard let version = dataset.version(name) else {
      guard isVersion(name) else { throw Problem.notFound("“\(name.prefix(100))” is no version.") }
      throw Problem(.gone, "Version \(name) is not here any more. The current one is \(dataset.current.name).")
    }
    if let open = service.library.atHand(version) { return open }
    return try await service.lanes.run(Charge(client: service.client(request, context), cost: .least)) {
      [service] in
      try service.library.open(version, of: dataset.name)
    }
  }

  /// The layer that a request names.
  func layer(_ asked: VersionRequest) throws(Problem) -> LayerParts {
    let id = try part("layer", asked.context)
    guard let index = asked.served.layerIndices[id] else { throw .notFound("There is no layer “\(id.prefix(100))”.") }
    var layer = asked.served.layer(index, service)
    if asked.others.isEmpty { return layer }
    var all = [layer.serial: layer]
    for other in asked.others.values {
      guard let index = other.layerIndices[id] else {
        throw .notFound("The other version has no layer “\(id.prefix(100))”.")
      }
      let neighbour = other.layer(index, service)
      guard neighbour.levels.neurons == layer.levels.neurons else {
        throw .notFound(
          "The layer has \(layer.levels.neurons) neurons here and \(neighbour.levels.neurons) in the other version: they are compared neuron by neuron."
        )
      }
      all[neighbour.serial] = neighbour
    }
    // Each knows the others: an order of another version may compare it with this one.
    layer.neighbours = all.mapValues { one in
      var one = one
      one.neighbours = all
      return one
    }
    return layer
  }
}
