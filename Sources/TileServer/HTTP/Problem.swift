import HTTPTypes
import Hummingbird
import TileStore
import Views

/// An error as an answer: `application/problem+json`, RFC 9457.
struct Problem: Error, Sendable {
  /// What kind of problem it is; the `type` is a path of its own, relative to the server.
  enum Kind: String, Sendable, CaseIterable {
    case badRequest = "bad-request"
    case unauthorized
    case notFound = "not-found"
    case gone
    case methodNotAllowed = "method-not-allowed"
    case notAcceptable = "not-acceptable"
    case contentTooLarge = "content-too-large"
    case uriTooLong = "uri-too-long"
    case headersTooLarge = "headers-too-large"
    case tooManyRequests = "too-many-requests"
    case damaged
    case fault
    case busy
  }

  var kind: Kind
  /// What is wrong with this request, for people.
  var detail: String
  var headers: HTTPFields = [:]

  init(_ kind: Kind, _ detail: String, headers: HTTPFields = [:]) {
    self.kind = kind
    self.detail = detail
    self.headers = headers
  }
}

extension Problem.Kind {
  var status: HTTPResponse.Status {
    switch self {
    case .badRequest: .badRequest
    case .unauthorized: .unauthorized
    case .notFound, .gone: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .notAcceptable: .notAcceptable
    case .contentTooLarge: .contentTooLarge
    case .uriTooLong: .uriTooLong
    case .headersTooLarge: .requestHeaderFieldsTooLarge
    case .tooManyRequests: .tooManyRequests
    case .damaged, .fault: .internalServerError
    case .busy: .serviceUnavailable
    }
  }

  var title: String {
    switch self {
    case .badRequest: "The request cannot be understood"
    case .unauthorized: "A token is needed"
    case .notFound: "There is no such thing here"
    case .gone: "This version is not here any more"
    case .methodNotAllowed: "This server is only read from"
    case .notAcceptable: "There is no such representation"
    case .contentTooLarge: "The request has a body"
    case .uriTooLong: "The address is too long"
    case .headersTooLarge: "The headers are too large"
    case .tooManyRequests: "Too many requests"
    case .damaged: "The store is damaged"
    case .fault: "A fault of the server"
    case .busy: "The server is busy"
    }
  }
}

extension Problem {
  static func badRequest(_ detail: String) -> Problem { Problem(.badRequest, detail) }
  static func notFound(_ detail: String) -> Problem { Problem(.notFound, detail) }

  static let methodNotAllowed = Problem(
    .methodNotAllowed, "Use GET or HEAD.", headers: [.allow: "GET, HEAD"])

  static func busy(seconds: Int) -> Problem {
    Problem(.busy, "Too much is being computed. Try again.", headers: [.retryAfter: String(seconds)])
  }

  static func tooManyRequests(seconds: Int) -> Problem {
    Problem(
      .tooManyRequests, "Ask for less at a time, and again in \(seconds) s.", headers: [.retryAfter: String(seconds)])
  }

  /// What an error that reached the edge of the server means to the client. Details of faults stay in the log.
  init(_ error: any Error) {
    switch error {
    case let problem as Problem: self = problem
    case is BuildLanes.Full: self = .busy(seconds: 1)
    case is CancellationError: self = Problem(.busy, "The server is stopping.", headers: [.retryAfter: "5"])
    case let error as SubsetError:
      self = Problem(error.kind == .malformed ? .badRequest : .notFound, error.description)
    case let error as StoreError where error.kind == .notFound:
      self = Problem(.gone, "The store was removed. Ask for the current version.")
    case let error as StoreError where error.kind == .exhausted: self = .busy(seconds: 5)
    case let error as StoreError: self = Problem(.damaged, "\(error.file) cannot be read.")
    case let error as HTTPError where error.status.code < 500:
      self = Problem(error.status == .notFound ? .notFound : .badRequest, error.body ?? error.status.reasonPhrase)
    default: self = Problem(.fault, "It has been logged.")
    }
  }

  /// - Parameter prefix: the server's path prefix, before the `type`.
  func response(prefix: String, instance: String) -> Response {
    let body = ByteBuffer(bytes: json(prefix: prefix, instance: instance))
    return Response(status: kind.status, headers: allHeaders, body: .init(byteBuffer: body))
  }

  func json(prefix: String, instance: String) -> [UInt8] {
    let body: JSONValue = [
      "type": .string("\(prefix)/problems/\(kind.rawValue)"),
      "title": .string(kind.title),
      "status": .int(Int64(kind.status.code)),
      "detail": .string(detail),
      "instance": .string(instance),
    ]
    return body.encoded()
  }

  var allHeaders: HTTPFields {
    var headers = headers
    headers[.contentType] = "application/problem+json"
    headers[.cacheControl] = "no-store"
    return headers
  }
}
