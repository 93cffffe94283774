import Testing

@testable import TileServer

struct WorkSharesTests {
  private let start = ContinuousClock.now

  @Test func `Who keeps threads busy while others ask for little had more than a share`() {
    var shares = WorkShares<String>()
    for tenth in 0..<50 {
      let now = start + .milliseconds(100 * tenth)
      shares.add(0.08, to: "flood", now: now)
      shares.add(0.002, to: "one", now: now)
      shares.add(0.03, to: "other", now: now)
    }
    #expect(shares.isGreedy("flood") && !shares.isGreedy("one") && !shares.isGreedy("stranger"))
    #expect(shares.greedy == ["flood"])
  }

  @Test func `Who is alone has no more than a share, nor have two who ask for the same`() {
    var shares = WorkShares<String>()
    for tenth in 0..<100 { shares.add(0.1, to: "one", now: start + .milliseconds(100 * tenth)) }
    #expect(shares.greedy.isEmpty)
    for tenth in 100..<200 {
      shares.add(0.1, to: "one", now: start + .milliseconds(100 * tenth))
      shares.add(0.1, to: "two", now: start + .milliseconds(100 * tenth))
    }
    #expect(shares.greedy.isEmpty)
  }

  @Test func `What was long ago is forgotten, and so is who had it`() {
    var shares = WorkShares<Int>()
    for client in 0..<1000 { shares.add(0.01, to: client, now: start) }
    shares.add(60, to: 7, now: start)
    #expect(shares.greedy == [7])
    for second in 1..<300 { shares.add(0.01, to: -1, now: start + .seconds(second)) }
    #expect(!shares.isGreedy(7) && shares.count == 1)
  }

  @Test func `Bursts of a reader are no more than a share`() {
    var shares = WorkShares<Int>()
    for client in 0..<40 { shares.add(0.01, to: client, now: start) }
    shares.add(0.12, to: 3, now: start)
    #expect(!shares.isGreedy(3))
  }
}
