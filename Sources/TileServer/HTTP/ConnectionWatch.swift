import NIOCore

/// Tells when the client of a connection goes away, so that what it waits for need not be begun.
struct ConnectionWatch: Sendable {
  private let channel: any Channel

  init(channel: any Channel) { self.channel = channel }

  /// Has `action` called once if the client goes away from now on; `nil`: nothing any more.
  ///
  /// A client that has ended its sending before, and still reads, is not one that went away. Requests of a connection are
  /// answered one after another, so one action at a time is enough. Only on the connection's event loop, else nothing
  /// happens.
  func whenGone(_ action: (@Sendable () -> Void)?) {
    guard channel.eventLoop.inEventLoop else { return }
    try? channel.pipeline.syncOperations.handler(type: Handler.self).action = action
  }

  /// Sees the connection end. Confined to the connection's event loop.
  final class Handler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    fileprivate var action: (@Sendable () -> Void)?

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed? = event as? ChannelEvent { goAway() }
      context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
      goAway()
      context.fireChannelInactive()
    }

    private func goAway() {
      action?()
      action = nil
    }
  }
}
