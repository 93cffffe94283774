import Synchronization

/// How many connections each client has, and the bound that keeps one from taking all.
final class ConnectionCounts: Sendable {
  private let most: Int
  private let counts = Mutex<[ClientKey: Int]>([:])

  /// - Parameter most: connections of a client at a time; 0: no limit.
  init(most: Int) { self.most = most }

  /// Counts another connection of a client.
  /// - Returns: `false` where it would be one too many; it is not counted then.
  func enter(_ client: ClientKey) -> Bool {
    guard most > 0 else { return true }
    return counts.withLock { counts in
      let count = counts[client, default: 0]
      guard count < most else { return false }
      counts[client] = count + 1
      return true
    }
  }

  /// A connection that was counted is closed.
  func leave(_ client: ClientKey) {
    guard most > 0 else { return }
    counts.withLock { counts in
      guard let count = counts[client] else { return }
      counts[client] = count > 1 ? count - 1 : nil
    }
  }
}
