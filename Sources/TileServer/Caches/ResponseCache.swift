import HTTPTypes
import Hummingbird
import Synchronization
import Views

/// Finished answers by the very words of a request: what was asked for before needs no parsing, no routing and no look
/// at the library. Only of versions that are open to all.
final class ResponseCache: Sendable {
  /// Everything that an answer depends on beside the version's content.
  fileprivate struct Key: Hashable {
    var target: String
    var encoding: String?
    var accept: String?
  }

  struct Entry: Sendable {
    var answer: Answer
    /// The route's pattern, for the figures.
    var route: String
    fileprivate var version: UInt64
  }

  private struct State {
    var cache: ByteCache<Key, Entry>
    var hits = 0
  }

  private let state: Mutex<State>

  init(bytesMax: Int) { state = Mutex(State(cache: ByteCache(bytesMax: bytesMax))) }

  var figures: (bytes: Int, count: Int, hits: Int) {
    state.withLock { ($0.cache.bytes, $0.cache.count, $0.hits) }
  }

  func answer(_ request: Request) -> Entry? {
    guard let key = Key(request) else { return nil }
    return state.withLock { state in
      let entry = state.cache.value(for: key)
      if entry != nil { state.hits += 1 }
      return entry
    }
  }

  func insert(_ answer: Answer, route: String, version: UInt64, for request: Request) {
    guard let key = Key(request) else { return }
    let entry = Entry(answer: answer, route: route, version: version)
    state.withLock { $0.cache.insert(entry, for: key, bytes: answer.byteCount + key.byteCount) }
  }

  func removeAll(version: UInt64) {
    state.withLock { $0.cache.removeAll { _, entry in entry.version == version } }
  }
}

extension ResponseCache.Key {
  fileprivate init?(_ request: Request) {
    guard let target = request.head.path else { return nil }
    self.init(target: target, encoding: request.headers[.acceptEncoding], accept: request.headers[.accept])
  }

  fileprivate var byteCount: Int {
    target.utf8.count + (encoding?.utf8.count ?? 0) + (accept?.utf8.count ?? 0) + 128
  }
}
