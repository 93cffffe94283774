import Synchronization

/// What the server counts, and its text for Prometheus.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
final class Metrics: Sendable {
  private struct Key: Hashable {
    var route: String
    var status: Int
  }

  private struct Route {
    var buckets = [Int](repeating: 0, count: Metrics.bounds.count + 1)
    var seconds = 0.0
  }

  private struct State {
    var requests: [Key: Int] = [:]
    var routes: [String: Route] = [:]
    var bytes = 0
    var malformed: [RequestGuard.Flaw: Int] = [:]
    var closed: [Closed: Int] = [:]
    var acceptPauses = 0
  }

  /// Why the server closed a connection.
  enum Closed: String, CaseIterable {
    case tooMany = "address_limit"
    case slowReader = "slow_reader"
  }

  /// Upper bounds of the latency histogram, seconds.
  private static let bounds = [0.0005, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]

  private let state = Mutex(State())

  /// Counts a request that was answered.
  /// - Parameter route: the route's pattern, not the path: their number is bounded by the program.
  func record(route: String, status: Int, bytes: Int, seconds: Double) {
    let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
    state.withLock { state in
      state.requests[Key(route: route, status: status), default: 0] += 1
      state.routes[route, default: Route()].buckets[bucket] += 1
      state.routes[route, default: Route()].seconds += seconds
      state.bytes += bytes
    }
  }

  /// Counts a request that was refused before anybody looked at what it asks for.
  func record(malformed flaw: RequestGuard.Flaw) { state.withLock { $0.malformed[flaw, default: 0] += 1 } }

  /// Counts a connection that the server closed.
  func record(closed reason: Closed) { state.withLock { $0.closed[reason, default: 0] += 1 } }

  /// Counts a time when no connection could be accepted.
  func recordAcceptPause() { state.withLock { $0.acceptPauses += 1 } }

  /// A figure that is read when it is asked for.
  struct Gauge {
    var name: String
    var help: String
    var type = "gauge"
    var values: [(labels: String, value: Double)]

    init(_ name: String, _ help: String, type: String = "gauge", _ values: [(labels: String, value: Double)]) {
      self.name = name
      self.help = help
      self.type = type
      self.values = values
    }
  }

  /// Everything, as text.
  func text(_ gauges: [Gauge]) -> String {
    let state = state.withLock { $0 }
    var text = ""
    func head(_ name: String, _ type: String, _ help: String) {
      text += "# HELP divergence_\(name) \(help)\n# TYPE divergence_\(name) \(type)\n"
    }
    head("requests_total", "counter", "Requests answered, by route and status.")
    for (key, count) in state.requests.sorted(by: { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }) {
      text += "divergence_requests_total{route=\"\(key.route)\",status=\"\(key.status)\"} \(count)\n"
    }
    head("request_seconds", "histogram", "Time to an answer, without sending it.")
    for (route, figures) in state.routes.sorted(by: { $0.key < $1.key }) {
      var sum = 0
      for (bound, count) in zip(Self.bounds.map { "\($0)" } + ["+Inf"], figures.buckets) {
        sum += count
        text += "divergence_request_seconds_bucket{route=\"\(route)\",le=\"\(bound)\"} \(sum)\n"
      }
      text += "divergence_request_seconds_sum{route=\"\(route)\"} \(figures.seconds)\n"
      text += "divergence_request_seconds_count{route=\"\(route)\"} \(sum)\n"
    }
    head("sent_bytes_total", "counter", "Bytes of the bodies of answers.")
    text += "divergence_sent_bytes_total \(state.bytes)\n"
    head("malformed_requests_total", "counter", "Requests refused unread, by what is wrong with them.")
    for flaw in RequestGuard.Flaw.allCases {
      text += "divergence_malformed_requests_total{flaw=\"\(flaw.rawValue)\"} \(state.malformed[flaw] ?? 0)\n"
    }
    head("closed_connections_total", "counter", "Connections that the server closed, by reason.")
    for reason in Closed.allCases {
      text += "divergence_closed_connections_total{reason=\"\(reason.rawValue)\"} \(state.closed[reason] ?? 0)\n"
    }
    head("accept_pauses_total", "counter", "Times when there was no descriptor for another connection.")
    text += "divergence_accept_pauses_total \(state.acceptPauses)\n"
    for gauge in gauges {
      head(gauge.name, gauge.type, gauge.help)
      for (labels, value) in gauge.values {
        text += "divergence_\(gauge.name)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
      }
    }
    return text
  }
}
