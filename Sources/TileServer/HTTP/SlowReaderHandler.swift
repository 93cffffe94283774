import NIOCore

/// Closes a connection whose client takes what it asked for too slowly, or not at all.
///
/// Looked at in turns of `turn` from when more waits than the channel's high water mark: in each, what waited at its beginning must have
/// gone, or at least `ReadingTurn.bytesPerSecondMin`. A client that takes a byte now and then makes progress, but not enough.
/// Hummingbird closes connections that send nothing; this is the other half of slow clients. It stands next to the socket, where every
/// byte is counted.
final class SlowReaderHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  private let turn: TimeAmount
  private let onClose: () -> Void
  private var written = 0
  private var began = ReadingTurn(written: 0, waiting: 0)
  private var look: Scheduled<Void>?

  /// - Parameter onClose: called on the connection's event loop before it is closed.
  init(turn: TimeAmount, onClose: @escaping () -> Void) {
    self.turn = turn
    self.onClose = onClose
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    written += unwrapOutboundIn(data).readableBytes
    context.write(data, promise: promise)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if !context.channel.isWritable, look == nil { lookLater(context, waiting: waiting(context)) }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    stopLooking()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stopLooking() }

  /// Bytes that the system has not taken yet.
  private func waiting(_ context: ChannelHandlerContext) -> Int {
    (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  private func lookLater(_ context: ChannelHandlerContext, waiting: Int) {
    began = ReadingTurn(written: written, waiting: waiting)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    look = context.eventLoop.scheduleTask(in: turn) {
      let (handler, context) = bound.value
      handler.lookNow(context)
    }
  }

  private func lookNow(_ context: ChannelHandlerContext) {
    look = nil
    let waiting = waiting(context)
    guard waiting > 0 else { return }
    if began.wasEnough(written: written, waiting: waiting, seconds: Int(turn.nanoseconds / 1_000_000_000)) {
      lookLater(context, waiting: waiting)
    } else {
      onClose()
      context.close(promise: nil)
    }
  }

  private func stopLooking() {
    look?.cancel()
    look = nil
  }
}

/// How far a connection had come when somebody looked: bytes written to it so far, and those of them that wait to be sent.
struct ReadingTurn {
  /// A telephone line takes seven times as much.
  static let bytesPerSecondMin = 1024

  private let sent: Int
  private let waiting: Int

  init(written: Int, waiting: Int) {
    sent = written - waiting
    self.waiting = waiting
  }

  /// Whether enough has gone since: all that waited then, or `bytesPerSecondMin`.
  func wasEnough(written: Int, waiting: Int, seconds: Int) -> Bool {
    written - waiting - sent >= min(self.waiting, seconds * Self.bytesPerSecondMin)
  }
}
