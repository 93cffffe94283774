import Testing

@testable import TileServer

struct ReadingTurnTests {
  /// A minute in which 100,000 bytes waited at first, of 300,000 written.
  private func wasEnough(written: Int = 300_000, waiting: Int) -> Bool {
    ReadingTurn(written: 300_000, waiting: 100_000).wasEnough(written: written, waiting: waiting, seconds: 60)
  }

  @Test func `Whoever takes nothing, or a byte now and then, is too slow`() {
    #expect(!wasEnough(waiting: 100_000))
    #expect(!wasEnough(waiting: 99_000))
    #expect(!wasEnough(waiting: 100_000 - 60 * 1024 + 1))
  }

  @Test func `A kibibyte a second is enough, however much still waits`() {
    #expect(wasEnough(waiting: 100_000 - 60 * 1024))
    #expect(wasEnough(written: 10_300_000, waiting: 10_000_000))
  }

  @Test func `What is asked for meanwhile does not count as taken`() {
    #expect(!wasEnough(written: 10_300_000, waiting: 10_100_000))
  }

  @Test func `Where little waited, little is enough`() {
    let turn = ReadingTurn(written: 300_000, waiting: 500)
    #expect(turn.wasEnough(written: 301_000, waiting: 1000, seconds: 60))
    #expect(!turn.wasEnough(written: 301_000, waiting: 1001, seconds: 60))
  }
}
