import Synchronization
import Testing

@testable import Precompute

@Suite struct LanesTests {
  struct Fault: Error, Equatable { var index: Int }

  @Test(arguments: [1, 2, 7])
  func everyIndexOnce(_ count: Int) throws {
    let seen = Mutex([Int](repeating: 0, count: 1000))
    try Lanes(count: count).run(1000) { lane, index in
      #expect(lane < count)
      seen.withLock { $0[index] += 1 }
    }
    #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test(arguments: [1, 3])
  func `Each lane has memory of its own`(_ count: Int) throws {
    let counts = LaneLocal(Lanes(count: count)) { Counter() }
    try Lanes(count: count).run(500) { lane, _ in counts[lane].value += 1 }
    var sum = 0
    counts.forEach { sum += $0.value }
    #expect(sum == 500)
  }

  @Test func `Lanes that never run have no memory`() throws {
    let made = Atomic(0)
    let lanes = Lanes(count: 64)
    let memory = LaneLocal(lanes) { made.add(1, ordering: .relaxed) }
    try lanes.run(3) { lane, _ in memory[lane] }
    #expect(1...3 ~= made.load(ordering: .relaxed))
  }

  private final class Counter { var value = 0 }

  #if DEBUG
    @Test func `Memory of another lane, or of none, is refused`() async {
      await #expect(processExitsWith: .failure) {
        let memory = LaneLocal(Lanes(count: 2)) { 0 }
        try Lanes(count: 2).run(2) { lane, _ in _ = memory[1 - lane] }
      }
      await #expect(processExitsWith: .failure) {
        let memory = LaneLocal(Lanes(count: 2)) { 0 }
        _ = memory[0]
      }
    }
  #endif

  @Test func theFirstFaultIsThrown() {
    for _ in 0..<50 {
      #expect(throws: Fault(index: 3)) {
        try Lanes(count: 4).run(100) { _, index in if index >= 3 { throw Fault(index: index) } }
      }
    }
  }

  /// Results come in order, never two lanes' at once, and no more than so many are on their way.
  @Test(arguments: [1, 2, 7], [1, 3, 28])
  func `What lanes make is taken in order`(_ count: Int, _ aheadMax: Int) throws {
    let taken = Mutex([Int]())
    let isTaking = Atomic(false)
    try Lanes(count: count).run(500, aheadMax: aheadMax) { _, index in
      let before = taken.withLock { $0.count }
      #expect(index - before < aheadMax, "\(index), and \(before) are taken")
      return index
    } inOrder: { some in
      #expect(!isTaking.exchange(true, ordering: .relaxed) && !some.isEmpty)
      taken.withLock { $0 += some }
      isTaking.store(false, ordering: .relaxed)
    }
    #expect(taken.withLock { $0 } == Array(0..<500))
  }

  @Test(arguments: [1, 4])
  func `A fault ends those who wait, and nothing behind it is taken`(_ count: Int) {
    for _ in 0..<50 {
      let taken = Mutex([Int]())
      #expect(throws: Fault(index: 30)) {
        try Lanes(count: count).run(100, aheadMax: count) { _, index in
          if index == 30 { throw Fault(index: index) }
          return index
        } inOrder: { some in
          taken.withLock { $0 += some }
        }
      }
      #expect(taken.withLock { $0 == Array(0..<$0.count) && $0.count <= 30 })
      #expect(throws: Fault(index: 7)) {
        try Lanes(count: count).run(100, aheadMax: count) { _, index in
          index
        } inOrder: { some in
          if some.contains(7) { throw Fault(index: 7) }
        }
      }
    }
  }
}
