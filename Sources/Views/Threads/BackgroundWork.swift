import NIOPosix
import Synchronization

/// One thread for what nobody waits for, and a bounded number of jobs before it: beyond, jobs are forgotten.
package final class BackgroundWork<Key: Hashable & Sendable>: Sendable {
  /// Most jobs that wait or run.
  private static var jobsMax: Int { 8 }

  private let pool = NIOThreadPool(numberOfThreads: 1)
  private let keys = Mutex<Set<Key>>([])

  package init() { pool.start() }

  deinit { pool.shutdownGracefully { _ in } }

  /// Queues a job, unless one with this key waits or runs already.
  func submit(_ key: Key, _ job: @escaping @Sendable () -> Void) {
    let isNew = keys.withLock { keys in keys.count < Self.jobsMax && keys.insert(key).inserted }
    guard isNew else { return }
    pool.submit { [self] state in
      ThreadPatience.begin()
      if case .active = state { job() }
      keys.withLock { _ = $0.remove(key) }
    }
  }
}
