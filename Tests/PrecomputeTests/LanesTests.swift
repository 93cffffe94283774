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

  @Test func theFirstFaultIsThrown() {
    for _ in 0..<50 {
      #expect(throws: Fault(index: 3)) {
        try Lanes(count: 4).run(100) { _, index in if index >= 3 { throw Fault(index: index) } }
      }
    }
  }
}
