import Foundation

extension Lanes {
  /// Makes something for every index on all lanes, and hands it over in the order of the indices, from one lane at a time, while the others make
  /// what follows: nobody waits but who is too far ahead.
  /// - Parameters:
  ///   - aheadMax: how many are made, or are on their way, and not yet taken, at most.
  ///   - make: called for each index.
  ///   - take: gets results that follow each other; what it does is done for the next call.
  /// - Throws: an error of `make` or `take`; nothing that comes after what was not made is taken.
  func run<Made: Sendable>(
    _ count: Int, aheadMax: Int, make: @Sendable (_ lane: Int, _ index: Int) throws -> Made,
    inOrder take: @Sendable ([Made]) throws -> Void
  ) throws {
    let order = Order<Made>(aheadMax: aheadMax)
    try run(count) { lane, index in
      do {
        // Another has failed: that is the error, and this lane has none.
        guard order.awaitRoom(for: index) else { return }
        try order.add(make(lane, index), at: index, take)
      } catch {
        order.fail()
        throw error
      }
    }
  }

  /// What was made out of order.
  private final class Order<Made: Sendable>: @unchecked Sendable {
    // Unchecked: everything is under the lock of `condition`.
    private let condition = NSCondition()
    private let aheadMax: Int
    private var made: [Int: Made] = [:]
    /// All before it are taken.
    private var next = 0
    private var isTaking = false
    private var hasFailed = false

    /// - Precondition: `aheadMax > 0`.
    init(aheadMax: Int) {
      precondition(aheadMax > 0)
      self.aheadMax = aheadMax
    }

    /// Waits while too much is ahead. The lane with the lowest index that is not taken never does: so somebody always goes on.
    /// - Returns: whether there is anything left to do; not where a lane has failed.
    func awaitRoom(for index: Int) -> Bool {
      condition.withLock {
        while index - next >= aheadMax, !hasFailed { condition.wait() }
        return !hasFailed
      }
    }

    /// Whoever adds the next takes it, and all that is there behind it, also what is added meanwhile.
    func add(_ result: Made, at index: Int, _ take: ([Made]) throws -> Void) throws {
      let isTaker = condition.withLock {
        made[index] = result
        defer { isTaking = true }
        return !isTaking
      }
      guard isTaker else { return }
      while case let some = following(), !some.isEmpty {
        try take(some)
        condition.withLock {
          next += some.count
          condition.broadcast()
        }
      }
    }

    /// What may be taken now; where that is nothing, others may take.
    private func following() -> [Made] {
      condition.withLock {
        var some: [Made] = []
        while let result = made.removeValue(forKey: next + some.count) { some.append(result) }
        isTaking = !some.isEmpty
        return some
      }
    }

    func fail() {
      condition.withLock {
        hasFailed = true
        condition.broadcast()
      }
    }
  }
}
