import Dispatch
import NIOPosix
import Synchronization

/// Threads that take over parts of one build, so that a pass over a plane uses the whole machine.
///
/// A part that no helper has begun when its turn comes is done by the thread that needs it: nobody waits behind the work
/// of others. What runs here computes, and waits at most for shared parts that need no helpers themselves: whoever waits for it
/// cannot deadlock.
public final class HelperThreads: Sendable {
  /// More would wait for memory.
  public static let countMax = 3

  package let count: Int
  private let pool: NIOThreadPool?

  public init(count: Int) {
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
    let others = (1..<parts).map { part in start { try body(part) } }
    let first = Result { try body(0) }
    // What no helper has begun is done before any is waited for: whoever waits for the next part lets the last ones lie.
    for other in others { other.run() }
    // All are waited for, also where one has failed.
    let results = [first] + others.map { $0.result() }
    return try results.map { try $0.get() }
  }

  /// `[neuron]`: what `body` computes of some neurons that follow each other. Blocks: only for build threads.
  ///
  /// - Parameter step: neurons that lie together, which one thread has.
  /// - Throws: as ``map(_:_:)``.
  func map<Value: Sendable>(
    neurons: Int, step: Int, _ body: @escaping @Sendable (Range<Int>) throws -> [Value]
  ) throws -> [Value] {
    let steps = (neurons + step - 1) / step
    // A small layer is done before a helper has woken up. More pieces than threads: a helper may be at work for others.
    let pieces = neurons < 4096 ? 1 : min(steps, 4 * (count + 1))
    return try map(pieces) { piece in
      try body(steps * piece / pieces * step..<min(steps * (piece + 1) / pieces * step, neurons))
    }.flatMap(\.self)
  }

  /// Computes `body` on this thread and `other` beside it. Blocks: only for build threads.
  ///
  /// - Throws: the error of `body`, else that of `other`.
  func both<Value, Other: Sendable>(
    _ body: () throws -> Value, and other: @escaping @Sendable () throws -> Other
  ) throws -> (Value, Other) {
    let second = start(other)
    let first = Result { try body() }
    let result = second.result()
    return (try first.get(), try result.get())
  }

  /// Offers `body` to the helpers.
  private func start<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) -> Piece<Value> {
    let piece = Piece(body)
    pool?.submit { _ in
      ThreadPatience.begin()
      piece.run()
    }
    return piece
  }

  /// A part of a build, which one thread does.
  private final class Piece<Value: Sendable>: Sendable {
    private let body: @Sendable () throws -> Value
    private let isTaken = Atomic(false)
    private let done = DispatchGroup()
    private let value = Mutex<Result<Value, any Error>?>(nil)

    init(_ body: @escaping @Sendable () throws -> Value) {
      self.body = body
      done.enter()
    }

    /// Does it, unless another thread does.
    func run() {
      guard !isTaken.exchange(true, ordering: .relaxed) else { return }
      let result = Result { try body() }
      value.withLock { $0 = result }
      done.leave()
    }

    /// What it gave; done on this thread where nobody has begun it.
    func result() -> Result<Value, any Error> {
      run()
      done.wait()
      guard let result = value.withLock({ $0 }) else { preconditionFailure("ended without a result") }
      return result
    }
  }
}
