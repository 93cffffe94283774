import HTTPTypes
import Hummingbird
import TileStore
import Views

/// The web client, the probes, and what the server says of itself.
extension RouteTable {
  /// A file of the client, from its table.
  func clientFile(_ request: Request, _ context: ServerContext, path: String) throws -> Response {
    let coding = try coding(request)
    // The client's addresses are relative: below a prefix they need the slash.
    if path.isEmpty, !service.settings.prefix.isEmpty, !request.uri.path.hasSuffix("/") {
      return Response(status: .permanentRedirect, headers: [.location: service.settings.prefix + "/"])
    }
    guard let decoded = Query.decode(path), let answer = service.client.answer(decoded, coding) else {
      if path.isEmpty {
        throw Problem.notFound("No web client is served here. The interface begins at api/v1/datasets.")
      }
      throw Problem.notFound("There is nothing at this address.")
    }
    return answer.response(to: request)
  }

  func probe(_ isFine: Bool) -> Response {
    Response(
      status: isFine ? .ok : .serviceUnavailable,
      headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: isFine ? "ok\n" : "not ready\n")))
  }

  func openAPI(_ request: Request) throws -> Response {
    let coding = try negotiate(request, "application/json")
    return Answer(
      OpenAPI.document(prefix: service.settings.prefix).encoded(), type: "application/json", coding: coding,
      lifetime: .revalidated
    ).response(to: request)
  }

  /// What a problem's `type` means.
  func problem(_ request: Request, _ context: ServerContext) throws -> Response {
    let coding = try negotiate(request, "application/json")
    guard let kind = Problem.Kind(rawValue: try part("kind", context)) else {
      throw Problem.notFound("There is no such kind of problem.")
    }
    let value: JSONValue = ["title": .string(kind.title), "status": .int(Int64(kind.status.code))]
    return Answer(value.encoded(), type: "application/json", coding: coding, lifetime: .revalidated)
      .response(to: request)
  }
}
