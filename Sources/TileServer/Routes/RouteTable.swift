import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import TileStore

/// All routes of the server (`Tiles/HTTP.md`).
struct RouteTable: Sendable {
  let service: TileService
  func router() -> Router<ServerContext> {
    let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: ProblemMiddleware(service: service))
    let root = router.group(RouterPath(service.settings.prefix))
    root.get("healthz") { _, _ in probe(true) }
    root.get("readyz") { [service] _, _ in probe(service.isReady) }
    root.get("openapi.json") { request, _ in try openAPI(request) }
    root.get("problems/:kind") { request, context in try problem(request, context) }

    let api = root.group("api/v1/datasets")
    api.get { request, context in try catalogue(request, context) }
    api.get(":dataset") { request, context in try await current(request, context) }
    let version = api.group(":dataset/:version")
    version.get { request, context in try await metadata(request, context) }
    version.get("images/:instance") { request, context in try await image(request, context) }
    let layer = version.group("layers/:layer")
    layer.get("summary") { request, context in try await summary(request, context) }
    layer.get("tiles/:group/:level/:index") { request, context in try await tile(request, context) }
    layer.get("rows/:level/:index") { request, context in try await rows(request, context) }
    layer.get("find") { request, context in try await find(request, context) }
    layer.get("neurons/:neuron") { request, context in try await neuron(request, context) }

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
    guard let coding = Negotiation.coding(request.headers[.acceptEncoding]) else {
      throw Problem(.notAcceptable, "This is only there in the codings zstd, gzip and identity.")
    }
    return coding
  }

  /// Answers from the cache, or builds on the lanes what is not there, at a cost to the client.
  ///
  /// - Parameters:
  ///   - cost: what building it takes, asked for only where it must be built.
  ///   - build: the bytes, made on a build thread.
  func answer(
    _ request: Request, _ context: ServerContext, _ version: VersionRequest, _ resource: AnswerKey.Resource,
    type: String, cost: @autoclosure () -> Cost, build: @escaping @Sendable () throws -> [UInt8]
  ) async throws -> Response {
    let coding = try negotiate(request, type)
    let key = AnswerKey(version: version.served.serial, resource: resource, coding: coding)
    let route = context.endpointPath ?? "none"
    let secret = version.secret
    if let answer = service.answers.cached(key) {
      if !secret { service.warm.insert(answer, route: route, version: key.version, for: request) }
      return answer.response(to: request)
    }
    let charge = Charge(client: service.client(request, context), cost: cost())
    // Who waits for what others have asked for pays nothing for it.
    if !service.answers.isUnderWay(key) { try service.limiter.charge(charge.client, charge.cost.units) }
    let waiter = service.answers.newWaiter()
    context.connection.whenGone { [answers = service.answers] in answers.leave(key, waiter) }
    defer { context.connection.whenGone(nil) }
    do {
      return try await service.answers.answer(key, charge, waiter) {
        Answer(try build(), type: type, coding: coding, lifetime: .immutable, secret: secret)
      }.response(to: request)
    } catch let error as StoreError where error.kind == .notFound && version.served.store.isCurrent {
      // A file of the current version is missing: that is damage, not a version that is being removed.
      throw StoreError(.corrupt, file: error.file, error.detail)
    }
  }
}

/// The version of a data set that a request names, and which may be seen with its token.
struct VersionRequest {
  let served: ServedVersion
  /// Whether a token was needed.
  let secret: Bool
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

  /// The data set that a request names, looked at now where nobody has yet.
  /// - Throws: `Problem` 404, or 401 where it needs another token; `BuildLanes.Full`.
  func dataset(_ request: Request, _ context: ServerContext) async throws -> Library.DatasetEntry {
    let name = try part("dataset", context)
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

  /// The version that a request names, opened where it is not open.
  /// - Throws: `Problem` 404, 401, or gone; `StoreError`; `BuildLanes.Full`.
  func version(_ request: Request, _ context: ServerContext) async throws -> VersionRequest {
    let dataset = try await dataset(request, context)
    let name = try part("version", context)
    guard let version = dataset.version(name) else {
      guard isVersion(name) else { throw Problem.notFound("“\(name.prefix(100))” is no version.") }
      throw Problem(.gone, "Version \(name) is not here any more. The current one is \(dataset.current.name).")
    }
    let served: ServedVersion
    if let open = service.library.atHand(version) {
      served = open
    } else {
      served = try await service.lanes.run(Charge(client: service.client(request, context), cost: .least)) {
        [service] in
        try service.library.open(version, of: dataset.name)
      }
    }
    return VersionRequest(served: served, secret: !dataset.tokens.isEmpty)
  }

  /// The layer that a request names.
  func layer(_ version: VersionRequest, _ context: ServerContext) throws(Problem) -> LayerParts {
    let id = try part("layer", context)
    guard let index = version.served.layerIndices[id] else { throw .notFound("There is no layer “\(id.prefix(100))”.") }
    return LayerParts(
      version: version.served, index: index, parts: service.parts, planes: service.planes,
      helpers: service.helpers, slabs: service.slabs, background: service.background)
  }
}
