import Synchronization

/// Finished answers by key, within a number of bytes. Each is built once, on `lanes`, however many requests wait for it;
/// requests wait without holding a thread.
final class AnswerCache<Key: Hashable & Sendable, Answer: Sendable>: Sendable {
  private struct State {
    var cache: ByteCache<Key, Answer>
    var waiting: [Key: [CheckedContinuation<Answer, any Error>]] = [:]
    var hits = 0
    var misses = 0
  }

  private let state: Mutex<State>
  private let lanes: BuildLanes
  private let size: @Sendable (Answer) -> Int

  init(bytesMax: Int, lanes: BuildLanes, size: @escaping @Sendable (Answer) -> Int) {
    state = Mutex(State(cache: ByteCache(bytesMax: bytesMax)))
    self.lanes = lanes
    self.size = size
  }

  struct Figures: Sendable {
    var bytes: Int
    var count: Int
    var hits: Int
    var misses: Int
  }

  var figures: Figures {
    state.withLock { Figures(bytes: $0.cache.bytes, count: $0.cache.count, hits: $0.hits, misses: $0.misses) }
  }

  /// An answer that is at hand. Never suspends.
  func cached(_ key: Key) -> Answer? {
    state.withLock { state in
      let answer = state.cache.value(for: key)
      if answer != nil { state.hits += 1 }
      return answer
    }
  }

  /// An answer, built where it is not at hand.
  ///
  /// - Throws: `BuildLanes.Full`, or what `build` throws; nothing of that is kept.
  func answer(
    _ key: Key, _ weight: BuildLanes.Weight, build: @escaping @Sendable () throws -> Answer
  ) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      let ready: Answer?? = state.withLock { state in
        if let answer = state.cache.value(for: key) { return .some(answer) }
        let first = state.waiting[key] == nil
        if first { state.misses += 1 }
        state.waiting[key, default: []].append(continuation)
        return first ? .some(nil) : nil
      }
      switch ready {
      case .none: break  // Somebody builds it and will answer.
      case .some(.some(let answer)): continuation.resume(returning: answer)
      case .some(.none):
        do throws(BuildLanes.Full) {
          try lanes.submit(weight, build) { self.land(key, $0) }
        } catch {
          land(key, .failure(error))
        }
      }
    }
  }

  private func land(_ key: Key, _ result: Result<Answer, any Error>) {
    let bytes = (try? result.get()).map(size)
    let waiting = state.withLock { state in
      if case .success(let answer) = result, let bytes { state.cache.insert(answer, for: key, bytes: bytes) }
      return state.waiting.removeValue(forKey: key) ?? []
    }
    for continuation in waiting { continuation.resume(with: result) }
  }

  func removeAll(where condition: (Key) -> Bool) {
    state.withLock { $0.cache.removeAll { key, _ in condition(key) } }
  }
}
