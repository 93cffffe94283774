import Fixtures
import Testing

@testable import TileServer
@testable import Views

struct FairQueueTests {
  private typealias Queue = FairQueue<String, Int>

  /// Pops a job that takes no time.
  private func pop(_ queue: inout FairQueue<String, Int>) -> (client: String, job: Int)? {
    let next = queue.pop()
    if let next { queue.finish(next.client) }
    return next
  }

  @Test func `Who asks for little does not wait behind who asks for much`() {
    var queue = Queue(jobsMax: 100)
    for job in 0..<50 { _ = queue.push(job, of: "much", cost: 50) }
    for _ in 0..<3 { #expect(pop(&queue)?.client == "much") }
    _ = queue.push(7, of: "little", cost: 5)
    #expect(pop(&queue).map { $0 == ("little", 7) } == true)
    #expect(pop(&queue)?.client == "much")
  }

  @Test func `A thread that is for some clients only passes over the others`() {
    var queue = Queue(jobsMax: 100)
    for job in 0..<3 { _ = queue.push(job, of: "much", cost: 1) }
    _ = queue.push(9, of: "little", cost: 50)
    #expect(queue.pop { $0 != "much" }.map { $0 == ("little", 9) } == true)
    #expect(queue.pop { $0 != "much" } == nil)
    #expect(queue.pop()?.client == "much")
    #expect(queue.count == 4)
  }

  @Test func `Jobs of a client keep their order`() {
    var queue = Queue(jobsMax: 100)
    for job in 0..<50 { _ = queue.push(job, of: "one", cost: Double(1 + job % 7)) }
    #expect((0..<50).map { _ in pop(&queue)?.job } == Array(0..<50))
    #expect(pop(&queue) == nil)
  }

  @Test func `Work is shared by what it costs, not by how many jobs it is`() {
    var queue = Queue(jobsMax: 10_000)
    let costs = ["small": 1.0, "large": 20, "larger": 60]
    for (client, cost) in costs { for job in 0..<3000 { _ = queue.push(job, of: client, cost: cost) } }
    var done: [String: Double] = [:]
    for _ in 0..<2500 {
      guard let client = pop(&queue)?.client else { break }
      done[client, default: 0] += costs[client] ?? 0
    }
    let most = done.values.max() ?? 0
    let least = done.values.min() ?? 0
    #expect(done.count == 3 && most - least <= 2 * 60, "\(done)")
  }

  @Test func `A full queue makes room for who has less in it, at the cost of who has most`() {
    var queue = Queue(jobsMax: 4)
    for job in 0..<4 { _ = queue.push(job, of: "much", cost: 1) }
    guard case .refused = queue.push(4, of: "much", cost: 1) else {
      Issue.record("more than there is room for")
      return
    }
    guard case .admittedInsteadOf(let given, _) = queue.push(10, of: "little", cost: 1) else {
      Issue.record("no room was made")
      return
    }
    #expect(given == 3, "its newest")
    guard case .admittedInsteadOf(2, _) = queue.push(11, of: "little", cost: 1) else {
      Issue.record("no room was made for its share")
      return
    }
    guard case .refused = queue.push(12, of: "little", cost: 1) else {
      Issue.record("more than its share")
      return
    }
    #expect(queue.count == 4 && queue.count(of: "much") == 2)
  }

  @Test func `What runs is not given up`() {
    var queue = Queue(jobsMax: 2)
    for job in 0..<2 { _ = queue.push(job, of: "much", cost: 1) }
    #expect(queue.pop()?.job == 0)
    guard case .admittedInsteadOf(1, _) = queue.push(2, of: "a", cost: 1) else {
      Issue.record("the one that waits makes room")
      return
    }
    guard case .refused = queue.push(3, of: "b", cost: 1) else {
      Issue.record("everybody has one")
      return
    }
  }

  @Test func `A job that is taken out is not done, and frees its place`() {
    var queue = Queue(jobsMax: 2)
    guard case .admitted(let ticket) = queue.push(0, of: "a", cost: 1), case .admitted = queue.push(1, of: "a", cost: 1)
    else {
      Issue.record("there is room")
      return
    }
    #expect(queue.remove(ticket) == 0)
    #expect(queue.remove(ticket) == nil)
    #expect(queue.count == 1)
    #expect(pop(&queue)?.job == 1)
    #expect(queue.count == 0)
  }

  @Test func `Ever new clients neither starve one that has had much, nor are they remembered`() {
    var queue = Queue(jobsMax: 64)
    _ = queue.push(0, of: "old", cost: 100)
    #expect(pop(&queue)?.client == "old")
    // Somebody always waits, so that what it had is not forgotten.
    for job in 0..<8 { _ = queue.push(job, of: "new \(job)", cost: 10) }
    _ = queue.push(1, of: "old", cost: 100)
    var waited = 0
    for job in 8..<2000 {
      guard let next = pop(&queue) else { break }
      if next.client == "old" { break }
      waited += 1
      _ = queue.push(job, of: "new \(job)", cost: 10)
    }
    #expect(waited < 200)
    for job in 2000..<12_000 {
      _ = pop(&queue)
      _ = queue.push(job, of: "new \(job)", cost: Double(1 + job % 50))
    }
    #expect(queue.clients < 200)
  }

  @Test func `Whatever is done, nobody is refused who has less than a fair share`() {
    var random = SplitMix(seed: 11)
    for _ in 0..<200 {
      let jobsMax = Int.random(in: 1...12, using: &random)
      var queue = FairQueue<Int, Int>(jobsMax: jobsMax)
      var waiting: [Int: Int] = [:]  // job: client
      var running: [Int] = []
      for job in 0..<200 {
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
          guard let (client, job) = queue.pop() else {
            #expect(waiting.isEmpty)
            break
          }
          #expect(waiting.removeValue(forKey: job) == client)
          running.append(client)
        case 1:
          if let client = running.popLast() { queue.finish(client) }
        default:
          // Most of it of one client.
          let client = max(0, Int.random(in: -6..<5, using: &random))
          func count(_ client: Int) -> Int {
            waiting.values.count { $0 == client } + running.count { $0 == client }
          }
          let waits = Set(waiting.values)
          switch queue.push(job, of: client, cost: Double.random(in: 1...60, using: &random)) {
          case .admitted: #expect(waiting.count + running.count < jobsMax)
          case .admittedInsteadOf(let given, _):
            let other = waiting.removeValue(forKey: given)
            #expect(other.map(count).map { $0 + 1 > count(client) + 1 } == true)
          case .refused:
            #expect(waiting.count + running.count == jobsMax)
            #expect(waits.allSatisfy { count($0) <= count(client) + 1 })
            continue
          }
          waiting[job] = client
        }
        #expect(queue.count == waiting.count + running.count && queue.count <= jobsMax)
      }
    }
  }
}
