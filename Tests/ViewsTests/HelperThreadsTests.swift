import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Views

struct HelperThreadsTests {
  private struct Broken: Error { let part: Int }

  @Test func `Nobody waits for a helper that is at work for others`() throws {
    let helpers = HelperThreads(count: 1)
    let (taken, begun) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let (gate, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let other = Thread {
      _ = try? helpers.both {
        taken.wait()
      } and: {
        taken.signal()
        begun.signal()
        gate.wait()
      }
      ended.signal()
    }
    other.start()
    begun.wait()
    #expect(try helpers.map(8) { $0 * $0 } == (0..<8).map { $0 * $0 })
    #expect(
      try helpers.both {
        1
      } and: {
        2
      } == (1, 2))
    gate.signal()
    ended.wait()
  }

  @Test func `While a helper is at its part, the others are done`() throws {
    let helpers = HelperThreads(count: 1)
    let (begun, last) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let wasDone = try helpers.map(4) { part in
      switch part {
      case 0: begun.wait()
      case 1:
        begun.signal()
        // What nobody does meanwhile is not waited for without end.
        return last.wait(timeout: .now() + 20) == .success
      case 3: last.signal()
      default: break
      }
      return true
    }
    #expect(wasDone == [true, true, true, true])
  }

  @Test(arguments: [0, 1, 3]) func `Every part is done once, whoever does it`(count: Int) throws {
    let helpers = HelperThreads(count: count)
    let done = Mutex([Int](repeating: 0, count: 100))
    let parts = try helpers.map(100) { part in
      done.withLock { $0[part] += 1 }
      return part
    }
    #expect(parts == Array(0..<100))
    #expect(done.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test func `The error of the lowest part that failed is thrown`() {
    let helpers = HelperThreads(count: 2)
    let error = #expect(throws: Broken.self) {
      try helpers.map(10) { part in if part % 4 == 3 { throw Broken(part: part) } }
    }
    #expect(error?.part == 3)
  }
}
