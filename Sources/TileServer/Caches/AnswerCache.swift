import Synchronization

/// Finished answers by key, within a number of bytes. Each is built once, on `lanes`, however many requests wait for it;
/// requests wait without holding a thread.
///
/// What is being built counts for the client that asked first. Where it loses its place in the queue, or goes away, the
/// next client that waits for the same answer takes it over.
final class AnswerCache<Key: Hashable & Sendable, Answer: Sendable>: Sendable {
  /// Names a request that waits, so that it can leave.
  struct Waiter: Hashable, Sendable {
    fileprivate let number: UInt64
  }

  private struct Waiting {
    var waiter: Waiter
    var charge: Charge
    var continuation: CheckedContinuation<Answer, any Error>
  }

  /// An answer that is being built or waits for that, and who waits for it.
  private struct Flight {
    var build: @Sendable () throws -> Answer
    var waiting: [Waiting]
    /// Whom it counts for.
    var charge: Charge
    var ticket: BuildLanes.Ticket?
  }

  private struct State {
    var cache: ByteCache<Key, Answer>
    var flights: [Key: Flight] = [:]
    var waitingOf: [ClientKey: Int] = [:]
    var waiting = 0
    var hits = 0
    var misses = 0

    mutating func forget(_ leaving: [Waiting]) {
      waiting -= leaving.count
      for one in leaving {
        let left = (waitingOf[one.charge.client] ?? 0) - 1
        waitingOf[one.charge.client] = left > 0 ? left : nil
      }
    }

    /// Has a flight count for the first that waits for it; ends it where nobody does.
    mutating func passOn(_ key: Key) {
      flights[key]?.ticket = nil
      if let next = flights[key]?.waiting.first {
        flights[key]?.charge.client = next.charge.client
      } else {
        flights[key] = nil
      }
    }
  }

  private let state: Mutex<State>
  private let lastWaiter = Atomic<UInt64>(0)
  private let lanes: BuildLanes
  private let waitingMax: Int
  private let size: @Sendable (Answer) -> Int

  /// - Parameter waitingMax: most requests that wait; of one client, a quarter of that.
  init(bytesMax: Int, lanes: BuildLanes, waitingMax: Int, size: @escaping @Sendable (Answer) -> Int) {
    state = Mutex(State(cache: ByteCache(bytesMax: bytesMax)))
    self.lanes = lanes
    self.waitingMax = waitingMax
    self.size = size
  }

  struct Figures: Sendable {
    var bytes: Int
    var count: Int
    var hits: Int
    var misses: Int
    /// Requests that wait.
    var waiting: Int
  }

  var figures: Figures {
    state.withLock {
      Figures(bytes: $0.cache.bytes, count: $0.cache.count, hits: $0.hits, misses: $0.misses, waiting: $0.waiting)
    }
  }

  /// An answer that is at hand. Never suspends.
  func cached(_ key: Key) -> Answer? {
    state.withLock { state in
      let answer = state.cache.value(for: key)
      if answer != nil { state.hits += 1 }
      return answer
    }
  }

  /// Whether an answer is being built or waits for that: asking for it as well takes nothing.
  func isUnderWay(_ key: Key) -> Bool { state.withLock { $0.flights[key] != nil } }

  func newWaiter() -> Waiter { Waiter(number: lastWaiter.add(1, ordering: .relaxed).newValue) }

  private enum Place {
    case ready(Answer)
    case first
    case joined
    case full
  }

  /// An answer, built where it is not at hand.
  ///
  /// - Throws: `BuildLanes.Full`, `CancellationError` where the waiter leaves, or what `build` throws; nothing of that is
  ///   kept.
  func answer(
    _ key: Key, _ charge: Charge, _ waiter: Waiter, build: @escaping @Sendable () throws -> Answer
  ) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      let place: Place = state.withLock { state in
        if let answer = state.cache.value(for: key) { return .ready(answer) }
        let ofClient = state.waitingOf[charge.client] ?? 0
        guard state.waiting < waitingMax, ofClient < max(1, waitingMax / 4) else { return .full }
        state.waiting += 1
        state.waitingOf[charge.client] = ofClient + 1
        let waiting = Waiting(waiter: waiter, charge: charge, continuation: continuation)
        guard state.flights[key] == nil else {
          state.flights[key]?.waiting.append(waiting)
          return .joined
        }
        state.misses += 1
        state.flights[key] = Flight(build: build, waiting: [waiting], charge: charge)
        return .first
      }
      switch place {
      case .joined: break  // Somebody builds it and will answer.
      case .ready(let answer): continuation.resume(returning: answer)
      case .full: continuation.resume(throwing: BuildLanes.Full())
      case .first: start(key)
      }
    }
  }

  /// A waiter goes away: it is told so, and what nobody waits for any more is not begun.
  func leave(_ key: Key, _ waiter: Waiter) {
    let (left, ticket) = state.withLock { state -> (Waiting?, BuildLanes.Ticket?) in
      guard let index = state.flights[key]?.waiting.firstIndex(where: { $0.waiter == waiter }) else {
        return (nil, nil)
      }
      let left = state.flights[key]?.waiting.remove(at: index)
      state.forget(left.map { [$0] } ?? [])
      return (left, state.flights[key]?.waiting.isEmpty == true ? state.flights[key]?.ticket : nil)
    }
    left?.continuation.resume(throwing: CancellationError())
    // Somebody may have joined since: then it counts for them.
    guard let ticket, lanes.withdraw(ticket) else { return }
    state.withLock { $0.passOn(key) }
    start(key)
  }

  /// Queues the building of an answer; where there is no room, the waiters of its client are told so, and it is tried for
  /// the next one's.
  private func start(_ key: Key) {
    while let flight = state.withLock({ $0.flights[key] }) {
      do throws(BuildLanes.Full) {
        let ticket = try lanes.submit(flight.charge, flight.build) { self.land(key, $0) }
        let isAbandoned = state.withLock { state in
          state.flights[key]?.ticket = ticket
          return state.flights[key]?.waiting.isEmpty == true
        }
        // They left before there was a ticket to give back.
        guard isAbandoned, lanes.withdraw(ticket) else { return }
        state.withLock { $0.passOn(key) }
      } catch {
        refuse(key, flight.charge.client)
      }
    }
  }

  /// Tells the waiters of a client that there is no room, and has an answer count for the next client.
  private func refuse(_ key: Key, _ client: ClientKey) {
    let refused = state.withLock { state in
      let refused = state.flights[key]?.waiting.filter { $0.charge.client == client } ?? []
      state.flights[key]?.waiting.removeAll { $0.charge.client == client }
      state.forget(refused)
      state.passOn(key)
      return refused
    }
    for one in refused { one.continuation.resume(throwing: BuildLanes.Full()) }
  }

  private func land(_ key: Key, _ result: Result<Answer, any Error>) {
    if case .failure(let error) = result, error is BuildLanes.Full {
      // Another client's work took its place.
      if let client = state.withLock({ $0.flights[key]?.charge.client }) { refuse(key, client) }
      return start(key)
    }
    let bytes = (try? result.get()).map(size)
    let waiting = state.withLock { state in
      if case .success(let answer) = result, let bytes { state.cache.insert(answer, for: key, bytes: bytes) }
      let waiting = state.flights.removeValue(forKey: key)?.waiting ?? []
      state.forget(waiting)
      return waiting
    }
    for one in waiting { one.continuation.resume(with: result) }
  }

  func removeAll(where condition: (Key) -> Bool) {
    state.withLock { $0.cache.removeAll { key, _ in condition(key) } }
  }
}
