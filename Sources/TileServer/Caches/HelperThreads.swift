import Dispatch
import NIOPosix
import Synchronization

/// Threads that take over parts of one build, so that a pass over a plane uses the whole machine.
///
/// What runs here only computes and never waits for another part: whoever waits for it cannot deadlock.
final class HelperThreads: Sendable {
  /// More would wait for memory.
  static let countMax = 3

  let count: Int
  private let pool: NIOThreadPool?

  init(count: Int) {
    self.count = max(0, count)
    pool = count > 0 ? NIOThreadPool(numberOfThreads: count) : nil
    pool?.start()
  }

  deinit { pool?.shutdownGracefully { _ in } }

  /// Computes `body(0) … body(parts - 1)`, the first on this thread. Blocks: only for build threads.
  ///
  /// - Throws: the error of the lowest part that failed.
  func map<Value: Sendable>(_ parts: Int, _ body: @escaping @Sendable (Int) throws -> Value) throws -> [Value] {
    precondition(parts > 0)
    let results = Results<Value>()
    let done = DispatchGroup()
    for part in 1..<parts {
      guard let pool else {
        results.others.withLock { $0[part] = Result { try body(part) } }
        continue
      }
      done.enter()
      pool.submit { _ in
        let result = Result { try body(part) }
        results.others.withLock { $0[part] = result }
        done.leave()
      }
    }
    let first = Result { try body(0) }
    done.wait()
    return try [first.get()]
      + results.others.withLock { others in try (1..<parts).map { try others[$0]?.get() }.compactMap(\.self) }
  }

  private final class Results<Value: Sendable>: Sendable {
    let others = Mutex<[Int: Result<Value, any Error>]>([:])
  }
}
