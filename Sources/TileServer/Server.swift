import CKernels
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import TileStore

/// The tile server: read-only, without HDF5, and without ever making a path of what a request says.
public struct Server: Sendable {
  let service: TileService
  private let access: Logger?

  /// - Parameters:
  ///   - log: what the server does.
  ///   - access: the log of requests, used where the settings ask for it.
  /// - Throws: `StoreError` where the folder of stores cannot be listed; an error of its own where the web client's
  ///   folder holds none.
  public init(_ settings: Settings, log: Logger, access: Logger) throws {
    // Before there are threads, each of which would take a heap of its own.
    nd_keep_memory()
    service = try TileService(settings, log: log)
    self.access = settings.accessLog ? access : nil
  }

  /// Opens stores for the first time, `Library.looksMax` at most: of more, the others are opened while the server runs. Blocks.
  public func open() throws -> Library.Changes { try service.refreshLibrary() }

  /// Names of the data sets that are served now, or will be looked at.
  public var datasets: [String] { service.library.names }

  /// Whether there is a web client beside the interface for programs.
  public var hasClient: Bool { !service.client.isEmpty }

  /// The application, without the watch on the disk: what tests talk to.
  func application(
    onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) -> some ApplicationProtocol {
    let settings = service.settings
    let idle = TimeAmount.seconds(Int64(settings.idleSeconds))
    return Application(
      responder: OutermostResponder(
        service: service, access: access, next: RouteTable(service: service).router().buildResponder()),
      server: HTTPServerBuilder { responder in
        LoopBoundChannel(
          base: GuardedChannel(
            base: HTTP1Channel(
              responder: responder,
              configuration: .init(
                additionalChannelHandlers: [ConnectionWatch.Handler()],
                idleTimeout: idle,
                httpDecoderConfiguration: .init(
                  maxHeaderFieldSize: 80 << 10, maxHeaderListSize: 96 << 10, maxHeaderFieldCount: 100))),
            service: service, access: access))
      },
      configuration: ApplicationConfiguration(
        address: .hostname(settings.host, port: settings.port), serverName: "divergence", backlog: 1024,
        availableConnectionsDelegate: MaximumAvailableConnections(settings.connectionsMax)),
      onServerRunning: { [service] channel in
        try? await channel.eventLoop.submit {
          let pause = AcceptPause {
            service.metrics.recordAcceptPause()
          } tell: { reason in
            service.log.error(
              "connections wait: the system has nothing left for another", metadata: ["reason": "\(reason)"])
          }
          try channel.pipeline.syncOperations.addHandler(pause, position: .first)
        }.get()
        await onRunning(channel.localAddress?.port ?? settings.port)
      },
      logger: service.log)
  }

  /// Serves until SIGTERM or SIGINT; requests under way are finished first.
  ///
  /// - Parameter onRunning: called with the port when connections are accepted.
  /// - Throws: `CannotListen` where a port cannot be had.
  public func run(onRunning: @escaping @Sendable (_ port: Int) async -> Void) async throws {
    let settings = service.settings
    // They are stopped from last to first: the watch says that the server is stopping, requests are finished, and those who watch it
    // see that until the end.
    var services: [any Service] = [
      application(onRunning: onRunning), LibraryWatch(service: service, interval: .seconds(1)),
    ]
    if let port = settings.adminPort {
      services.insert(AdminPort(service: service).application(host: settings.adminHost, port: port), at: 0)
    }
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: service.log)
    configuration.maximumGracefulShutdownDuration = .seconds(settings.drainSeconds)
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch let error as IOError {
      throw CannotListen(
        host: settings.host, ports: [settings.port] + [settings.adminPort].compactMap(\.self), code: error.errnoCode)
    } catch let error as SocketAddressError {
      throw CannotListen(host: settings.host, ports: [settings.port], reason: "\(error)")
    }
  }
}

/// A port that cannot be had.
public struct CannotListen: Error, CustomStringConvertible {
  public let description: String

  init(host: String, ports: [Int], code: Int32) {
    self.init(host: host, ports: ports, reason: String(cString: strerror(code)))
  }

  init(host: String, ports: [Int], reason: String) {
    let named = ports.map(String.init).joined(separator: " or ")
    description =
      "Cannot listen on \(host), port \(named): \(reason). Another program may be using it: name a free one "
      + "with --port, or --port 0 for any."
  }
}
