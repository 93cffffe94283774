import Foundation

/// How long each client kept the build threads busy lately, and who had more than its share.
///
/// Measured, not estimated: whatever an answer is priced at, who keeps threads busy is known by that. What was long ago
/// counts for less, by half every `halfLife`. Not thread-safe: its owner holds it behind a lock.
struct WorkShares<Client: Hashable & Sendable>: Sendable {
  static var halfLife: Duration { .seconds(5) }
  /// Seconds of work that everybody may have had: a client that keeps a fiftieth of a core busy has had about this.
  static var free: Double { 0.15 }
  /// How many times the mean of all others who had any makes more than a share.
  static var timesMean: Double { 2 }
  /// Seconds that are too few to be remembered.
  private static var least: Double { 0.0001 }

  private var seconds: [Client: Double] = [:]
  private var reckoned: ContinuousClock.Instant?

  /// Clients that are remembered: those that had work in the last minute or so.
  var count: Int { seconds.count }

  mutating func add(_ work: Double, to client: Client, now: ContinuousClock.Instant = .now) {
    // Not at every job: all of them are reckoned anew.
    let passed = reckoned.map { now - $0 } ?? .seconds(1)
    if passed >= .milliseconds(100) {
      let rest = exp2(-passed.seconds / Self.halfLife.seconds)
      seconds = seconds.mapValues { $0 * rest }.filter { $0.value >= Self.least }
      reckoned = now
    }
    seconds[client, default: 0] += max(work, 0)
  }

  /// Whether a client had more than its share lately.
  func isGreedy(_ client: Client) -> Bool { seconds[client].map { isGreedy($0, of: total) } ?? false }

  /// All clients that had more than their share.
  var greedy: Set<Client> {
    let total = total
    return Set(seconds.filter { isGreedy($0.value, of: total) }.keys)
  }

  private var total: Double { seconds.values.reduce(0, +) }

  private func isGreedy(_ own: Double, of total: Double) -> Bool {
    // Who is alone takes nothing from anybody.
    guard own > Self.free, seconds.count > 1 else { return false }
    return own > Self.timesMean * (total - own) / Double(seconds.count - 1)
  }
}
