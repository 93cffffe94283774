import Dispatch
import Synchronization

/// What answers are made of (orderings, planes of numbers, pyramids), within a number of bytes. Each is made once,
/// however many threads ask for it at the same time.
///
/// Only for build threads: who asks for a part that another thread is making waits for it, holding its thread. That
/// cannot deadlock, because a part is made by the thread that first asked, and parts need only parts of a lower kind.
final class SharedParts<Key: Hashable & Sendable, Part: Sendable>: Sendable {
  private final class Flight: Sendable {
    let done = DispatchGroup()
    let result = Mutex<Result<Part, any Error>?>(nil)
  }

  private struct State {
    var cache: ByteCache<Key, Part>
    var flights: [Key: Flight] = [:]
  }

  private enum Found {
    case part(Part)
    case flight(Flight)
    /// Nobody makes it: the asker does, and lands the flight.
    case mine(Flight)
  }

  private let state: Mutex<State>
  private let size: @Sendable (Part) -> Int
  let bytesMax: Int

  init(bytesMax: Int, size: @escaping @Sendable (Part) -> Int) {
    self.bytesMax = bytesMax
    state = Mutex(State(cache: ByteCache(bytesMax: bytesMax)))
    self.size = size
  }

  var bytes: Int { state.withLock { $0.cache.bytes } }
  var count: Int { state.withLock { $0.cache.count } }

  /// The part of a key where it is at hand.
  func partAtHand(_ key: Key) -> Part? { state.withLock { $0.cache.value(for: key) } }

  /// Whether a part is at hand, without making it.
  func contains(_ key: Key) -> Bool { partAtHand(key) != nil }

  /// The part of a key, made by `make` where it is not at hand. An error is thrown to all who wait, and not kept.
  func part(_ key: Key, make: () throws -> Part) throws -> Part {
    let found: Found = state.withLock { state in
      if let part = state.cache.value(for: key) { return .part(part) }
      if let flight = state.flights[key] { return .flight(flight) }
      let flight = Flight()
      flight.done.enter()
      state.flights[key] = flight
      return .mine(flight)
    }
    switch found {
    case .part(let part): return part
    case .flight(let flight):
      flight.done.wait()
      guard let result = flight.result.withLock({ $0 }) else { preconditionFailure("landed without a result") }
      return try result.get()
    case .mine(let flight):
      let result = Result { try make() }
      let bytes = (try? result.get()).map(size)
      state.withLock { state in
        state.flights[key] = nil
        if case .success(let part) = result, let bytes { state.cache.insert(part, for: key, bytes: bytes) }
      }
      flight.result.withLock { $0 = result }
      flight.done.leave()
      return try result.get()
    }
  }

  func removeAll(where condition: (Key) -> Bool) {
    state.withLock { $0.cache.removeAll { key, _ in condition(key) } }
  }
}
