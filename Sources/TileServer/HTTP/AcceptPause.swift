import Foundation
import NIOCore

/// Stops accepting connections for a moment when the system has no descriptor or memory for another, instead of trying again at once and
/// for ever. Who connects meanwhile waits in the system's queue.
///
/// It stands next to the listening socket: errors of accepting end here, and no read passes while it pauses.
final class AcceptPause: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = Never
  typealias OutboundOut = Never

  static let pause = TimeAmount.milliseconds(100)

  /// The reason is told once in so long.
  private static let silence = TimeAmount.minutes(1)

  private let onPause: () -> Void
  private let tell: (String) -> Void
  private var isPaused = false
  private var toldAt: NIODeadline?

  /// - Parameters:
  ///   - onPause: called for every pause, on the server's event loop.
  ///   - tell: called with the reason, there as well.
  init(onPause: @escaping () -> Void, tell: @escaping (String) -> Void) {
    self.onPause = onPause
    self.tell = tell
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let code = (error as? IOError)?.errnoCode else { return context.fireErrorCaught(error) }
    switch code {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: pause(context, reason: String(cString: strerror(code)))
    case ECONNABORTED: break  // Whoever connected is gone already.
    default: context.fireErrorCaught(error)
    }
  }

  func read(context: ChannelHandlerContext) {
    if !isPaused { context.read() }
  }

  private func pause(_ context: ChannelHandlerContext, reason: String) {
    guard !isPaused else { return }
    isPaused = true
    onPause()
    if toldAt.map({ .now() - $0 > Self.silence }) ?? true {
      tell(reason)
      toldAt = .now()
    }
    // Not to let a read through is not enough: the one that failed is still pending, and the system would report the waiting
    // connection again at once.
    try? context.channel.syncOptions?.setOption(.autoRead, value: false)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.pause) {
      let (handler, context) = bound.value
      handler.isPaused = false
      // It fails only where the server has stopped listening.
      try? context.channel.syncOptions?.setOption(.autoRead, value: true)
    }
  }
}
