import Dispatch
import Synchronization

/// What answers are made of (orderings, planes of numbers, pyramids), within a number of bytes. Each is made once,
/// however many threads ask for it at the same time.
///
/// Only for build threads: who asks for a part that another thread is making waits for it, holding its thread. That
/// cannot deadlock, because a part is made by the thread that first asked, and parts need only parts of a lower kind.
package final class SharedParts<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private final class Flight: Sendable {
    let done = DispatchGroup()
    let result = Mutex<Result<Value, any Error>?>(nil)
  }

  private struct State {
    var cache: ByteCache<Key, Value>
    var flights: [Key: Flight] = [:]
  }

  private enum Found {
    case part(Value)
    case flight(Flight)
    /// Nobody makes it: the asker does, and lands the flight.
    case mine(Flight)
  }

  private let state: Mutex<State>
  private let size: @Sendable (Value) -> Int
  package let bytesMax: Int

  package init(bytesMax: Int, size: @escaping @Sendable (Value) -> Int) {
    self.bytesMax = bytesMax
    state = Mutex(State(cache: ByteCache(bytesMax: bytesMax)))
    self.size = size
  }

  package var bytes: Int { state.withLock { $0.cache.bytes } }
  package var count: Int { state.withLock { $0.cache.count } }

  /// The part of a key where it is at hand.
  package func partAtHand(_ key: Key) -> Value? { state.withLock { $0.cache.value(for: key) } }

  /// Whether a part is at hand, without making or using it.
  package func contains(_ key: Key) -> Bool { state.withLock { $0.cache.contains(key) } }

  /// The part of a key, made by `make` where it is not at hand. An error is thrown to all who wait, and not kept.
  package func part(_ key: Key, make: () throws -> Value) throws -> Value {
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

  package func removeAll(where condition: (Key) -> Bool) {
    state.withLock { $0.cache.removeAll { key, _ in condition(key) } }
  }
}
