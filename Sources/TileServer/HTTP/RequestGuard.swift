import HTTPTypes
import NIOCore
import NIOHTTP1

/// Refuses requests that the server must not even begin to answer, and closes their connection: what is no HTTP, what names no host or
/// several (RFC 9112 §3.2), and what brings a body (RFC 9110 §9.3.1), of which nothing is read.
///
/// Requests that came before on the same connection are answered first: a refusal never stands in the place of their answer.
/// It stands between the HTTP/1 parser and everything else, where the version and all `Host` lines are still known.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// What is wrong with a request; the raw values label the figures.
  enum Flaw: String, Sendable, CaseIterable {
    case syntax
    case headers = "headers_too_large"
    case host
    case body
  }

  /// The connection stays open for so long after a refusal: closing it with unread bytes would take the answer away from a client that
  /// is still sending.
  private static let lingering = TimeAmount.seconds(1)

  private let prefix: String
  private let onRefusal: (Flaw, RequestTrace) -> Void
  private var requestsUnderWay = 0
  private var refusal: Problem?

  /// - Parameter onRefusal: called on the connection's event loop.
  init(prefix: String, onRefusal: @escaping (Flaw, RequestTrace) -> Void) {
    self.prefix = prefix
    self.onRefusal = onRefusal
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard refusal == nil else { return }
    if case .head(let head) = unwrapInboundIn(data) {
      if let flaw = Self.flaw(head) { return refuse(flaw, RequestTrace(head.headers), context) }
      requestsUnderWay += 1
    }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
    guard refusal == nil else { return }
    refuse(error == .headerOverflow ? .headers : .syntax, RequestTrace(), context)
  }

  /// Nothing more is read of who was refused.
  func read(context: ChannelHandlerContext) {
    if refusal == nil { context.read() }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
    requestsUnderWay -= 1
    context.write(data, promise: promise)
    if requestsUnderWay == 0, let refusal { answer(refusal, context) }
  }

  private func refuse(_ flaw: Flaw, _ trace: RequestTrace, _ context: ChannelHandlerContext) {
    onRefusal(flaw, trace)
    var problem = flaw.problem
    trace.add(to: &problem.headers)
    refusal = problem
    if requestsUnderWay == 0 { answer(problem, context) }
  }

  private func answer(_ problem: Problem, _ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    let body = problem.json(prefix: prefix, instance: "/")
    var headers = HTTPHeaders(problem.allHeaders.map { ($0.name.canonicalName, $0.value) })
    headers.add(name: "connection", value: "close")
    headers.add(name: "content-length", value: String(body.count))
    let status = HTTPResponseStatus(statusCode: problem.kind.status.code)
    context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(mode: .output, promise: nil) }
    // Also where the client reads nothing, and the answer never leaves.
    context.eventLoop.scheduleTask(in: Self.lingering) { channel.close(promise: nil) }
  }

  /// What is wrong with a request, as far as its head tells.
  static func flaw(_ head: HTTPRequestHead) -> Flaw? {
    var hosts = 0
    for (name, value) in head.headers {
      switch name.utf8.count {
      case 4 where name.lowercased() == "host":
        hosts += 1
        guard value.utf8.allSatisfy(isHost) else { return .host }
      case 14 where name.lowercased() == "content-length":
        guard value.utf8.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return .body }
      case 17 where name.lowercased() == "transfer-encoding":
        return .body
      default: break
      }
    }
    return hosts == 1 || (hosts == 0 && head.version == .http1_0) ? nil : .host
  }

  /// Whether a byte may stand in a host and its port, RFC 3986 §3.2.
  private static func isHost(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~:[]%!$&'()*+,;=".utf8.contains(byte)
    }
  }
}

extension RequestGuard.Flaw {
  fileprivate var problem: Problem {
    switch self {
    case .syntax: Problem(.badRequest, "This is no HTTP request.")
    case .headers: Problem(.headersTooLarge, "At most 80 KiB a header and 96 KiB in all, and 100 headers.")
    case .host: Problem(.badRequest, "A request names its host in exactly one Host header.")
    case .body: Problem(.contentTooLarge, "This server takes no bodies.")
    }
  }
}
