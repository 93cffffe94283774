import NIOPosix
import Synchronization

/// What a build takes, and for whom it is done.
struct Charge: Hashable, Sendable {
  var client: ClientKey
  var cost: Cost
}

/// Threads on which answers are built, away from the event loops and the cooperative pool, and a bounded queue before
/// them that every client has its share of (`FairQueue`).
///
/// *Heavy* work (a new ordering, a pass over a plane) has fewer threads and a queue of its own: however much of it is
/// asked for, a tile that only gathers rows does not wait behind it.
final class BuildLanes: Sendable {
  enum Weight: Sendable, CaseIterable { case light, heavy }

  /// The queue is full, or the client's share of it: ask again later.
  struct Full: Error {}

  /// Names work that was queued.
  struct Ticket: Sendable {
    fileprivate var weight: Weight
    fileprivate var place: FairQueue<ClientKey, Job>.Ticket
  }

  fileprivate struct Job: Sendable {
    /// Does the work and returns what tells the result.
    var run: @Sendable () -> @Sendable () -> Void
    var refuse: @Sendable (any Error) -> Void
  }

  private final class Lane: Sendable {
    struct State {
      var queue: FairQueue<ClientKey, Job>
      /// Threads at work.
      var workers = 0
    }

    let pool: NIOThreadPool
    let threads: Int
    let state: Mutex<State>

    init(threads: Int, jobsMax: Int) {
      self.threads = threads
      pool = NIOThreadPool(numberOfThreads: threads)
      state = Mutex(State(queue: FairQueue(jobsMax: jobsMax)))
      pool.start()
    }

    /// Does jobs until none waits.
    func work() {
      while let (client, job) = next() {
        let tell = job.run()
        // Before the result is told: whoever asks again on hearing it finds its place free.
        state.withLock { $0.queue.finish(client) }
        tell()
      }
    }

    private func next() -> (client: ClientKey, job: Job)? {
      state.withLock { state in
        let next = state.queue.pop()
        if next == nil { state.workers -= 1 }
        return next
      }
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
  func jobs(_ weight: Weight) -> Int { lane(weight).state.withLock { $0.queue.count } }

  /// Queues `work` and calls `completion` with what it gave, on the thread that did it; with `Full`, on another thread,
  /// where the work had to make room for another client's.
  ///
  /// `completion` is called exactly once, unless this throws or the work is withdrawn.
  /// - Throws: `Full`.
  @discardableResult
  func submit<Value: Sendable>(
    _ charge: Charge, _ work: @escaping @Sendable () throws -> Value,
    completion: @escaping @Sendable (Result<Value, any Error>) -> Void
  ) throws(Full) -> Ticket {
    let weight = charge.cost.weight
    let lane = lane(weight)
    let job = Job {
      let result = Result { try work() }
      return { completion(result) }
    } refuse: {
      completion(.failure($0))
    }
    let (admission, starts) = lane.state.withLock { state in
      let admission = state.queue.push(job, of: charge.client, cost: charge.cost.units)
      if case .refused = admission { return (admission, false) }
      guard state.workers < lane.threads else { return (admission, false) }
      state.workers += 1
      return (admission, true)
    }
    if starts { lane.pool.submit { _ in lane.work() } }
    switch admission {
    case .admitted(let place): return Ticket(weight: weight, place: place)
    case .admittedInsteadOf(let other, let place):
      other.refuse(Full())
      return Ticket(weight: weight, place: place)
    case .refused: throw Full()
    }
  }

  /// Takes work out of the queue, unless it has begun.
  /// - Returns: whether it was taken out; its completion is not called then.
  func withdraw(_ ticket: Ticket) -> Bool {
    lane(ticket.weight).state.withLock { $0.queue.remove(ticket.place) } != nil
  }

  /// Queues `work` and waits for it without holding a thread.
  func run<Value: Sendable>(_ charge: Charge, _ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      do throws(Full) {
        try submit(charge, work) { continuation.resume(with: $0) }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  private func lane(_ weight: Weight) -> Lane { weight == .light ? light : heavy }
}
