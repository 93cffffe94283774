import NIOPosix
import Synchronization

/// Threads on which answers are built, away from the event loops and the cooperative pool, and a bounded queue before
/// them.
///
/// *Heavy* work (a new ordering, a pass over a plane) has fewer threads and a queue of its own: however much of it is
/// asked for, a tile that only gathers rows does not wait behind it.
final class BuildLanes: Sendable {
  enum Weight: Sendable, CaseIterable { case light, heavy }

  /// The queue is full: ask again later.
  struct Full: Error {}

  private final class Lane: Sendable {
    let pool: NIOThreadPool
    let jobsMax: Int
    /// Jobs that wait or run.
    let jobs = Mutex(0)

    init(threads: Int, jobsMax: Int) {
      pool = NIOThreadPool(numberOfThreads: threads)
      self.jobsMax = jobsMax
      pool.start()
    }
  }

  private let light: Lane
  private let heavy: Lane

  /// - Parameters:
  ///   - threads: for light work; half as many, at least one, for heavy work.
  ///   - jobsMax: most jobs of each weight that wait or run.
  init(threads: Int, jobsMax: Int) {
    precondition(threads > 0 && jobsMax > 0)
    light = Lane(threads: threads, jobsMax: jobsMax)
    heavy = Lane(threads: max(1, threads / 2), jobsMax: jobsMax)
  }

  deinit {
    light.pool.shutdownGracefully { _ in }
    heavy.pool.shutdownGracefully { _ in }
  }

  /// Jobs that wait or run now.
  func jobs(_ weight: Weight) -> Int { lane(weight).jobs.withLock { $0 } }

  /// Queues `work` and calls `completion` with what it gave, on the thread that did it.
  ///
  /// `completion` is called exactly once, unless this throws.
  /// - Throws: `Full`.
  func submit<Value: Sendable>(
    _ weight: Weight, _ work: @escaping @Sendable () throws -> Value,
    completion: @escaping @Sendable (Result<Value, any Error>) -> Void
  ) throws(Full) {
    let lane = lane(weight)
    let admitted = lane.jobs.withLock { jobs in
      guard jobs < lane.jobsMax else { return false }
      jobs += 1
      return true
    }
    guard admitted else { throw Full() }
    lane.pool.submit { state in
      let result =
        switch state {
        case .active: Result { try work() }
        case .cancelled: Result<Value, any Error>.failure(CancellationError())
        }
      lane.jobs.withLock { $0 -= 1 }
      completion(result)
    }
  }

  /// Queues `work` and waits for it without holding a thread.
  func run<Value: Sendable>(_ weight: Weight, _ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      do throws(Full) {
        try submit(weight, work) { continuation.resume(with: $0) }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  private func lane(_ weight: Weight) -> Lane { weight == .light ? light : heavy }
}
