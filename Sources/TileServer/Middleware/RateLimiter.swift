import Synchronization

/// A bucket of cost units for every client: it fills at a steady rate, and what a request costs is taken from it.
final class RateLimiter: Sendable {
  /// Most clients that are remembered. Beyond, those that have used nothing for longest are forgotten first.
  static let clientsMax = 65_536

  private struct Bucket {
    var units: Double
    var filled: ContinuousClock.Instant
  }

  private let rate: Double
  private let burst: Double
  private let buckets = Mutex<[ClientKey: Bucket]>([:])

  /// - Parameters:
  ///   - rate: units a second; 0: no limit.
  ///   - burst: units of a full bucket.
  init(rate: Double, burst: Double) {
    self.rate = rate
    self.burst = max(burst, 1)
  }

  /// Whether requests need to say who they are from.
  var isOn: Bool { rate > 0 }

  /// Takes units from a client's bucket.
  ///
  /// - Throws: `Problem` 429 with the seconds to wait, where they are not there. Nothing is taken then.
  func charge(_ client: ClientKey, _ cost: Double, now: ContinuousClock.Instant = .now) throws(Problem) {
    guard rate > 0 else { return }
    let missing = buckets.withLock { buckets in
      if buckets.count >= Self.clientsMax, buckets[client] == nil { forget(&buckets, now) }
      var bucket = buckets[client] ?? Bucket(units: burst, filled: now)
      bucket.units = min(burst, bucket.units + rate * (now - bucket.filled).seconds)
      bucket.filled = now
      // More than a full bucket can never be there: whoever has a full one may go into debt.
      let needed = min(cost, burst)
      let missing = needed - bucket.units
      if missing <= 0 { bucket.units -= cost }
      buckets[client] = bucket
      return missing
    }
    if missing > 0 { throw .tooManyRequests(seconds: max(1, Int((missing / rate).rounded(.up)))) }
  }

  /// Forgets clients whose buckets are full again; where there are none, the older half.
  private func forget(_ buckets: inout [ClientKey: Bucket], _ now: ContinuousClock.Instant) {
    buckets = buckets.filter { $0.value.units + rate * (now - $0.value.filled).seconds < burst }
    guard buckets.count >= Self.clientsMax else { return }
    let newest = buckets.sorted { $0.value.filled > $1.value.filled }.prefix(Self.clientsMax / 2)
    buckets = Dictionary(uniqueKeysWithValues: newest.map { ($0.key, $0.value) })
  }
}

extension Duration {
  var seconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
