import Foundation
import NIOPosix
import Synchronization
import Views

/// What a build takes, and for whom it is done.
struct Charge: Hashable, Sendable {
  var client: ClientKey
  var cost: Cost
}

extension Cost {
  /// What is more than this is heavy work.
  static let lightMax = 20.0

  var weight: BuildLanes.Weight { units > Self.lightMax ? .heavy : .light }
}

/// Threads on which answers are built, away from the event loops and the cooperative pool, and bounded queues before
/// them that every client has its share of (`FairQueue`).
///
/// *Heavy* work (a pass over a plane) has threads and a queue of its own, and they give way to others: however much of it
/// is asked for, a tile that only gathers rows does not wait behind it. One more thread does heavy work, and does not give
/// way: for those only who had no more than their share lately (`WorkShares`), so that they do not wait until a long pass
/// of others is over. Who had more than its share has all its work done as heavy work is.
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

  /// Threads of a lane that serve the same clients.
  private final class Crew: Sendable {
    let pool: NIOThreadPool
    let threads: Int
    let givesWay: Bool
    /// Serves only who had no more than its share.
    let isChoosy: Bool

    init(threads: Int, givesWay: Bool = false, isChoosy: Bool = false) {
      self.threads = threads
      self.givesWay = givesWay
      self.isChoosy = isChoosy
      pool = NIOThreadPool(numberOfThreads: threads)
      pool.start()
    }
  }

  private final class Lane: Sendable {
    struct State {
      var queue: FairQueue<ClientKey, Job>
      /// `[crew]`: threads at work.
      var workers: [Int]
    }

    let crews: [Crew]
    let state: Mutex<State>

    init(_ crews: [Crew], jobsMax: Int) {
      self.crews = crews
      state = Mutex(State(queue: FairQueue(jobsMax: jobsMax), workers: crews.map { _ in 0 }))
    }
  }

  private let light: Lane
  private let heavy: Lane
  private let shares = Mutex(WorkShares<ClientKey>())

  /// - Parameters:
  ///   - threads: for light work; half as many, at least one, for heavy work, and one more.
  ///   - jobsMax: most jobs of each weight that wait or run.
  init(threads: Int, jobsMax: Int) {
    precondition(threads > 0 && jobsMax > 0)
    light = Lane([Crew(threads: threads)], jobsMax: jobsMax)
    heavy = Lane(
      [Crew(threads: 1, isChoosy: true), Crew(threads: Self.heavyThreads(threads), givesWay: true)], jobsMax: jobsMax)
  }

  private static func heavyThreads(_ threads: Int) -> Int { max(1, threads / 2) }

  /// All threads that lanes of so many have.
  static func threadCount(_ threads: Int) -> Int { threads + heavyThreads(threads) + 1 }

  deinit {
    for crew in light.crews + heavy.crews { crew.pool.shutdownGracefully { _ in } }
  }

  /// Does jobs until none waits that the crew is for.
  private func work(_ lane: Lane, _ index: Int) {
    let crew = lane.crews[index]
    if crew.givesWay { ThreadPatience.begin() }
    while let (client, job) = next(lane, index) {
      let start = threadSeconds()
      let tell = job.run()
      count(threadSeconds() - start, of: client)
      // Before the result is told: whoever asks again on hearing it finds its place free.
      lane.state.withLock { $0.queue.finish(client) }
      tell()
    }
    // It may have been woken for a client who has had more than its share since.
    if crew.isChoosy { wake(lane, isForGreedy: true) }
  }

  /// Counts seconds of a thread that a client has had.
  func count(_ seconds: Double, of client: ClientKey) { shares.withLock { $0.add(seconds, to: client) } }

  private func next(_ lane: Lane, _ index: Int) -> (client: ClientKey, job: Job)? {
    let others: Set<ClientKey> = lane.crews[index].isChoosy ? shares.withLock { $0.greedy } : []
    return lane.state.withLock { state in
      let next = state.queue.pop { !others.contains($0) }
      if next == nil { state.workers[index] -= 1 }
      return next
    }
  }

  /// Wakes a thread for what was queued: of the first crew that is for it and has one left.
  private func wake(_ lane: Lane, isForGreedy: Bool) {
    let index = lane.state.withLock { state -> Int? in
      let index = lane.crews.indices.first { index in
        state.workers[index] < lane.crews[index].threads && !(lane.crews[index].isChoosy && isForGreedy)
      }
      if let index, state.queue.count > 0 { state.workers[index] += 1 }
      return state.queue.count > 0 ? index : nil
    }
    if let index { lane.crews[index].pool.submit { [self] _ in work(lane, index) } }
  }

  /// Processor time that this thread has had.
  private func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
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
    let isGreedy = shares.withLock { $0.isGreedy(charge.client) }
    let weight = isGreedy ? .heavy : charge.cost.weight
    let lane = lane(weight)
    let job = Job {
      let result = Result { try work() }
      return { completion(result) }
    } refuse: {
      completion(.failure($0))
    }
    switch lane.state.withLock({ $0.queue.push(job, of: charge.client, cost: charge.cost.units) }) {
    case .admitted(let place):
      wake(lane, isForGreedy: isGreedy)
      return Ticket(weight: weight, place: place)
    case .admittedInsteadOf(let other, let place):
      other.refuse(Full())
      wake(lane, isForGreedy: isGreedy)
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
