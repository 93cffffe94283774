import Dispatch
import Foundation
import Synchronization
import Testing

@testable import TileServer
@testable import Views

private let (honest, flooder) = (ClientKey(address: "10.0.0.1"), ClientKey(address: "10.0.0.2"))
private let heavy = Cost.plane(neurons: 1 << 18)

private func charge(_ client: ClientKey, _ cost: Cost = .least) -> Charge { Charge(client: client, cost: cost) }

/// Waits, without a clock, for what others are about to do.
private func until(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }

struct BuildLaneTests {
  @Test func `A full queue refuses, and the other lane goes on`() async throws {
    let lanes = BuildLanes(threads: 2, jobsMax: 3)
    let gate = DispatchSemaphore(value: 0)
    for _ in 0..<3 { try lanes.submit(charge(flooder, heavy), { gate.wait() }, completion: { _ in }) }
    await #expect(throws: BuildLanes.Full.self) { try await lanes.run(charge(flooder, heavy)) { 1 } }
    #expect(try await lanes.run(charge(flooder)) { 2 } == 2)
    for _ in 0..<3 { gate.signal() }
  }

  @Test func `A flood fills only its own share: it alone is refused`() async throws {
    let lanes = BuildLanes(threads: 1, jobsMax: 8)
    let gate = DispatchSemaphore(value: 0)
    let refused = Counter()
    for _ in 0..<8 {
      try lanes.submit(charge(flooder, heavy), { gate.wait() }) { result in
        if case .failure(let error) = result, error is BuildLanes.Full { refused.add() }
      }
    }
    await until { lanes.jobs(.heavy) == 8 }
    async let one = lanes.run(charge(honest, heavy)) { 1 }
    await until { refused.value == 1 }
    async let two = lanes.run(charge(honest, heavy)) { 2 }
    await until { refused.value == 2 }
    for _ in 0..<8 { gate.signal() }
    #expect(try await one + two == 3)
    #expect(refused.value == 2)
  }

  @Test func `Work that was taken back is not begun`() async throws {
    let lanes = BuildLanes(threads: 1, jobsMax: 8)
    let gate = DispatchSemaphore(value: 0)
    let first = try lanes.submit(charge(honest), { gate.wait() }, completion: { _ in })
    let second = try lanes.submit(charge(honest), { Issue.record("begun") }, completion: { _ in })
    #expect(lanes.withdraw(second) && !lanes.withdraw(second))
    gate.signal()
    #expect(try await lanes.run(charge(honest)) { 5 } == 5)
    #expect(!lanes.withdraw(first))
  }
}

struct GreedyClientTests {
  /// Lanes on which the flooder has had more than its share, and the honest client a little.
  private func lanes() -> BuildLanes {
    let lanes = BuildLanes(threads: 2, jobsMax: 64)
    lanes.count(1, of: honest)
    lanes.count(1000, of: flooder)
    return lanes
  }

  @Test func `Heavy work of one client goes on while a greedy one fills every thread that it may have`() async throws {
    let lanes = lanes()
    let gate = DispatchSemaphore(value: 0)
    for _ in 0..<8 { try lanes.submit(charge(flooder, heavy), { gate.wait() }, completion: { _ in }) }
    #expect(try await lanes.run(charge(honest, heavy)) { 3 } == 3)
    #expect(lanes.jobs(.heavy) == 8)
    for _ in 0..<8 { gate.signal() }
  }

  @Test func `Light work of a greedy client waits with heavy work`() async throws {
    let lanes = lanes()
    let gate = DispatchSemaphore(value: 0)
    for _ in 0..<8 { try lanes.submit(charge(flooder), { gate.wait() }, completion: { _ in }) }
    #expect(lanes.jobs(.light) == 0 && lanes.jobs(.heavy) == 8)
    #expect(try await lanes.run(charge(honest)) { 4 } == 4)
    for _ in 0..<8 { gate.signal() }
    #expect(try await lanes.run(charge(flooder, heavy)) { 5 } == 5, "it is served as well")
  }
}

struct AnswerCacheTests {
  private struct Setting {
    let lanes: BuildLanes
    let cache: AnswerCache<Int, Int>
    let gate = DispatchSemaphore(value: 0)

    init(jobsMax: Int = 64, waitingMax: Int = 1000) {
      lanes = BuildLanes(threads: 1, jobsMax: jobsMax)
      cache = AnswerCache(bytesMax: 1000, lanes: lanes, waitingMax: waitingMax) { _ in 1 }
    }

    /// Keeps the only thread busy until the gate is opened.
    func block(_ client: ClientKey = flooder) throws {
      try lanes.submit(charge(client), { gate.wait() }, completion: { _ in })
    }

    func answer(_ key: Int, _ client: ClientKey, _ build: @escaping @Sendable () throws -> Int) async throws -> Int {
      try await cache.answer(key, charge(client), cache.newWaiter(), build: build)
    }
  }

  @Test func `An answer is built once however many requests wait`() async throws {
    let (setting, built) = (Setting(), Counter())
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<200 {
        group.addTask {
          try await setting.answer(3, honest) {
            built.add()
            return 9
          }
        }
      }
      for try await answer in group { #expect(answer == 9) }
    }
    #expect(built.value == 1)
    #expect(setting.cache.cached(3) == 9)
    #expect(setting.cache.figures.waiting == 0)
  }

  @Test func `What nobody waits for any more is not begun`() async throws {
    let setting = Setting()
    try setting.block()
    let waiter = setting.cache.newWaiter()
    let answer = Task {
      try await setting.cache.answer(1, charge(honest), waiter) {
        Issue.record("begun")
        return 1
      }
    }
    await until { setting.cache.figures.waiting == 1 }
    setting.cache.leave(1, waiter)
    await #expect(throws: CancellationError.self) { try await answer.value }
    await until { !setting.cache.isUnderWay(1) && setting.lanes.jobs(.light) == 1 }
    setting.gate.signal()
    #expect(try await setting.answer(2, honest) { 2 } == 2)
  }

  @Test func `Who still waits gets what another asked for and left`() async throws {
    let setting = Setting()
    try setting.block()
    let waiter = setting.cache.newWaiter()
    let left = Task { try await setting.cache.answer(1, charge(flooder), waiter) { 7 } }
    await until { setting.cache.figures.waiting == 1 }
    async let stayed = setting.answer(1, honest) { 8 }
    await until { setting.cache.figures.waiting == 2 }
    setting.cache.leave(1, waiter)
    await #expect(throws: CancellationError.self) { try await left.value }
    setting.gate.signal()
    #expect(try await stayed == 7)
    #expect(!setting.cache.isUnderWay(1) && setting.cache.figures.waiting == 0)
  }

  @Test func `Who waits for an answer that a flooder asked for is not refused with it`() async throws {
    let setting = Setting(jobsMax: 3)
    try setting.block()
    async let flooded = setting.answer(1, flooder) { 1 }
    await until { setting.cache.figures.waiting == 1 && setting.lanes.jobs(.light) == 2 }
    let flooded2 = Task { try await setting.answer(2, flooder) { 2 } }
    await until { setting.cache.figures.waiting == 2 && setting.lanes.jobs(.light) == 3 }
    // Waits for the job that will have to make room.
    async let joined = setting.answer(2, honest) { 2 }
    await until { setting.cache.figures.waiting == 3 }
    let third = ClientKey(address: "10.0.0.3")
    async let other = setting.answer(4, third) { 4 }
    await #expect(throws: BuildLanes.Full.self) { try await flooded2.value }
    await until { setting.lanes.jobs(.light) == 3 }
    setting.gate.signal()
    #expect(try await joined == 2)
    #expect(try await other == 4)
    _ = try? await flooded
    #expect(setting.cache.figures.waiting == 0)
  }

  @Test func `Of requests that wait there are so many in all, and of one client a quarter`() async throws {
    let setting = Setting(waitingMax: 8)
    try setting.block()
    async let one = setting.answer(1, flooder) { 1 }
    async let two = setting.answer(1, flooder) { 1 }
    await until { setting.cache.figures.waiting == 2 }
    await #expect(throws: BuildLanes.Full.self) { try await setting.answer(1, flooder) { 1 } }
    async let other = setting.answer(1, honest) { 1 }
    await until { setting.cache.figures.waiting == 3 }
    setting.gate.signal()
    #expect(try await [one, two, other] == [1, 1, 1])
  }
}
