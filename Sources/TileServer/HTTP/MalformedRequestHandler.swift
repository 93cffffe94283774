import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Answers what is no HTTP with a problem, as everything else that is wrong, and closes the connection.
///
/// A malformed request that follows one that is still being answered closes the connection without a word: an answer
/// would stand in the place of the other's.
final class MalformedRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let prefix: String
  private var requestsUnderWay = 0

  init(prefix: String) { self.prefix = prefix }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head = unwrapInboundIn(data) { requestsUnderWay += 1 }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) { requestsUnderWay -= 1 }
    context.write(data, promise: promise)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
    guard requestsUnderWay == 0, context.channel.isActive else { return context.close(promise: nil) }
    let problem =
      error == .headerOverflow
      ? Problem(.headersTooLarge, "At most 80 KiB a header and 96 KiB in all, and 100 headers.")
      : Problem(.badRequest, "This is no HTTP request.")
    let body = problem.json(prefix: prefix, instance: "/")
    var headers = problem.allHeaders
    headers[.connection] = "close"
    headers[.contentLength] = String(body.count)
    let head = HTTPResponse(status: problem.kind.status, headerFields: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
  }
}
