import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypesHTTP1

/// Connections that are guarded against clients that take more than their share: too many connections of one address, requests that
/// are none, answers that are not read.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
  let base: Base
  let service: TileService
  let access: Logger?

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    let address = channel.remoteAddress?.ipAddress ?? "local"
    let key = ClientKey(address: address)
    let isAdmitted = service.connections.enter(key)
    if isAdmitted {
      channel.closeFuture.whenComplete { [connections = service.connections] _ in connections.leave(key) }
    } else {
      service.metrics.record(closed: .tooMany)
    }
    return base.setup(channel: channel, logger: logger).flatMapThrowing { value in
      // One too many is set up like any other, and then closed: an error here would end the whole server.
      if !isAdmitted { channel.close(promise: nil) } else { try addHandlers(channel, address: address) }
      return value
    }
  }

  func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }

  private func addHandlers(_ channel: any Channel, address: String) throws {
    let pipeline = channel.pipeline.syncOperations
    let metrics = service.metrics
    try pipeline.addHandler(
      SlowReaderHandler(turn: .seconds(Int64(service.settings.idleSeconds))) { metrics.record(closed: .slowReader) },
      position: .first)
    let guardian = RequestGuard(prefix: service.settings.prefix) { [access] flaw, trace in
      metrics.record(malformed: flaw)
      access?.info(
        "malformed request",
        metadata: ["flaw": "\(flaw.rawValue)", "client": "\(address)", "request": "\(trace.requestID)"])
    }
    try pipeline.addHandler(guardian, position: .before(try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)))
  }
}
