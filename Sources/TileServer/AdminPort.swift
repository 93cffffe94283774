import Foundation
import Hummingbird
import HummingbirdCore
import NIOCore

/// Metrics and probes on a port of their own, which no stranger should reach.
struct AdminPort: Sendable {
  let service: TileService

  func router() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("healthz") { _, _ in "ok\n" }
    router.get("readyz") { [service] _, _ in
      Response(
        status: service.isReady ? .ok : .serviceUnavailable,
        body: .init(byteBuffer: ByteBuffer(string: service.isReady ? "ok\n" : "not ready\n")))
    }
    router.get("metrics") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: .init(byteBuffer: ByteBuffer(string: metrics())))
    }
    return router
  }

  func application(host: String, port: Int) -> some ApplicationProtocol {
    Application(
      responder: router().buildResponder(),
      server: .http1(configuration: .init(idleTimeout: .seconds(30))),
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port), serverName: "divergence",
        availableConnectionsDelegate: MaximumAvailableConnections(64)),
      logger: service.log)
  }

  func metrics() -> String {
    let answers = service.answers.figures
    let warm = service.responses.figures
    var gauges: [Metrics.Gauge] = [
      .init(
        "cache_hits_total", "Answers found in the cache.", type: "counter", [("", Double(answers.hits + warm.hits))]),
      .init("cache_misses_total", "Answers that were built.", type: "counter", [("", Double(answers.misses))]),
      .init(
        "cache_bytes", "Bytes kept.",
        [
          ("cache=\"answers\"", Double(answers.bytes)), ("cache=\"parts\"", Double(service.parts.bytes)),
          ("cache=\"planes\"", Double(service.planes.bytes)), ("cache=\"warm\"", Double(warm.bytes)),
        ]),
      .init("free_bytes", "Bytes that lie ready for planes.", [("", Double(service.slabs.freeBytes))]),
      .init(
        "cache_entries", "Entries kept.",
        [
          ("cache=\"answers\"", Double(answers.count)), ("cache=\"parts\"", Double(service.parts.count)),
          ("cache=\"planes\"", Double(service.planes.count)), ("cache=\"warm\"", Double(warm.count)),
        ]),
      .init(
        "build_jobs", "Answers that wait to be built or are being built.",
        [
          ("weight=\"light\"", Double(service.lanes.jobs(.light))),
          ("weight=\"heavy\"", Double(service.lanes.jobs(.heavy))),
        ]),
      .init("waiting_requests", "Requests that wait for an answer to be built.", [("", Double(answers.waiting))]),
      .init("datasets", "Data sets served.", [("", Double(service.library.datasets.count))]),
      .init("open_stores", "Stores held open.", [("", Double(service.library.openCount))]),
    ]
    if let memory = ProcessMemory() {
      gauges.append(
        .init(
          "resident_bytes", "Memory of the process, mapped shards included.", [("", Double(memory.residentBytes))]))
      gauges.append(.init("private_bytes", "Memory of the process without them.", [("", Double(memory.privateBytes))]))
    }
    return service.metrics.text(gauges)
  }
}
