import HTTPTypes
import Hummingbird
import Logging
import Views

/// The outermost layer, before the router: limits, times, counts and logs every request, and answers at once what was
/// asked for in the same words before.
struct OutermostResponder<Next: HTTPResponder>: HTTPResponder where Next.Context == ServerContext {
  let service: TileService
  let access: Logger?
  let next: Next

  /// Most bytes of a path and query.
  private let uriBytesMax = 64 << 10

  func respond(to request: Request, context: ServerContext) async throws -> Response {
    let start = ContinuousClock.now
    let trace = RequestTrace(request.headers)
    var context = context
    context.trace = trace
    var response: Response
    do {
      response = try await answer(request, context)
    } catch {
      response = service.problem(error, request, context)
    }
    if request.method == .head { response = response.createHeadResponse() }
    CrossOrigin.allow(service.settings.origins, request.headers[.origin], &response)
    SecurityHeaders.add(to: &response, cross: !service.settings.origins.isEmpty)
    trace.add(to: &response.headers)
    finish(request, response, context, start)
    return response
  }

  private func answer(_ request: Request, _ context: ServerContext) async throws -> Response {
    guard (request.head.path?.utf8.count ?? 0) <= uriBytesMax else {
      throw Problem(.uriTooLong, "At most \(uriBytesMax) bytes of path and query.")
    }
    if request.method == .options, let origin = request.headers[.origin] {
      return try CrossOrigin.preflight(service.settings.origins, origin)
    }
    guard request.method == .get || request.method == .head else { throw Problem.methodNotAllowed }
    if service.limiter.isOn {
      try service.limiter.charge(service.client(request, context), Cost.request)
    }
    if let warm = service.responses.answer(request) {
      context.coreContext.endpointPath.value = warm.route
      return warm.answer.response(to: request)
    }
    return try await next.respond(to: request, context: context)
  }

  private func finish(
    _ request: Request, _ response: Response, _ context: ServerContext, _ start: ContinuousClock.Instant
  ) {
    let seconds = (ContinuousClock.now - start).seconds
    let bytes = request.method == .head ? 0 : response.body.contentLength ?? 0
    let status = response.status.code
    service.metrics.record(route: context.endpointPath ?? "none", status: status, bytes: bytes, seconds: seconds)
    guard let access, let trace = context.trace else { return }
    var metadata: Logger.Metadata = [
      "method": "\(request.method.rawValue)", "path": "\((request.head.path ?? "").prefix(2048))",
      "status": .stringConvertible(status), "bytes": .stringConvertible(bytes),
      "milliseconds": .stringConvertible((seconds * 100_000).rounded() / 100),
      "client": "\(context.client(request.headers, proxies: service.settings.trustedProxies))",
      "request": "\(trace.requestID)", "trace": "\(trace.traceID)",
    ]
    if let user = service.user(request) { metadata["user"] = "\(user)" }
    access.info("request", metadata: metadata)
  }
}

/// Turns what routes throw into problems, before the router turns it into something else.
struct ProblemMiddleware: RouterMiddleware {
  let service: TileService

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch {
      return service.problem(error, request, context)
    }
  }
}

extension TileService {
  /// The answer to a request that failed; faults and damage are logged.
  func problem(_ error: any Error, _ request: Request, _ context: ServerContext) -> Response {
    let problem = Problem(error)
    if problem.kind == .fault || problem.kind == .damaged {
      log.error(
        "\(problem.kind.title)",
        metadata: [
          "path": "\(request.head.path ?? "")", "reason": "\(error)", "request": "\(context.trace?.requestID ?? "")",
        ])
    }
    return problem.response(prefix: settings.prefix, instance: request.uri.path)
  }
}

/// Headers that keep browsers from doing what no page of ours asks for.
enum SecurityHeaders {
  /// Scripts, styles, workers, pictures and connections from this server only, and inside no other page.
  static let policy =
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    + "frame-ancestors 'none'"

  static func add(to response: inout Response, cross: Bool) {
    response.headers.append(HTTPField(name: .contentTypeOptions, value: "nosniff"))
    response.headers.append(HTTPField(name: .resourcePolicy, value: cross ? "cross-origin" : "same-origin"))
    let type = response.headers[.contentType] ?? ""
    // A worker takes its policy from its own script.
    if type.hasPrefix("text/html") || type.hasPrefix("text/javascript") {
      response.headers[.referrerPolicy] = "no-referrer"
    }
    if type.hasPrefix("text/html") {
      response.headers[.contentSecurityPolicy] = policy
      response.headers[.openerPolicy] = "same-origin"
      response.headers[.permissionsPolicy] = "camera=(), geolocation=(), microphone=()"
    }
  }
}

/// Reading from other sites' pages (CORS), off unless origins are named.
enum CrossOrigin {
  /// The origin to name in an answer: the client's own where it is listed, `*` where all are allowed.
  private static func allowed(_ origins: [String], _ origin: String?) -> String? {
    if origins.contains("*") { return "*" }
    return origin.flatMap { origins.contains($0) ? $0 : nil }
  }

  static func allow(_ origins: [String], _ origin: String?, _ response: inout Response) {
    guard !origins.isEmpty else { return }
    // Said also to those who are not allowed: a shared cache must not give them somebody else's answer.
    if !origins.contains("*") {
      let vary = response.headers[.vary]
      response.headers[.vary] = vary.map { "\($0), origin" } ?? "origin"
    }
    guard let allowed = allowed(origins, origin) else { return }
    response.headers[.accessControlAllowOrigin] = allowed
    response.headers[.accessControlExposeHeaders] =
      "etag, retry-after, x-request-id, tile-header-crc32c, expression-moved, expression-sample"
  }

  static func preflight(_ origins: [String], _ origin: String) throws(Problem) -> Response {
    guard let allowed = allowed(origins, origin) else { throw .methodNotAllowed }
    return Response(
      status: .noContent,
      headers: [
        .accessControlAllowOrigin: allowed, .accessControlAllowMethods: "GET, HEAD",
        .accessControlAllowHeaders: "authorization, if-none-match", .accessControlMaxAge: "86400", .vary: "origin",
      ])
  }
}
