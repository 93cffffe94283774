import Testing

@testable import Views

struct SlabPoolTests {
  private let pool = SlabPool(bytesMax: 3 * SlabPool.slabBytes)

  /// Waits for the thread that nobody waits for.
  private func free(becomes slabs: Int) async throws {
    for _ in 0..<2000 where pool.freeBytes != slabs * SlabPool.slabBytes { try await Task.sleep(for: .milliseconds(5)) }
    #expect(pool.freeBytes == slabs * SlabPool.slabBytes)
  }

  @Test func `As many slabs lie ready as planes need, within the limit`() async throws {
    #expect(pool.freeBytes == 0)
    pool.prepare(slabs: 2, atOnce: 0)
    try await free(becomes: 2)
    pool.prepare(slabs: 1000, atOnce: 0)
    try await free(becomes: 3)
    pool.prepare(slabs: 1, atOnce: 0)
    #expect(pool.freeBytes == SlabPool.slabBytes)
  }

  @Test func `Slabs are used again, and given back to the system where there are too many`() async throws {
    pool.prepare(slabs: 2, atOnce: 0)
    try await free(becomes: 2)
    let slabs = (0..<5).map { _ in pool.take() }
    #expect(Set(slabs.map(\.words)).count == 5)
    #expect(pool.freeBytes == 0)
    slabs.forEach(pool.giveBack)
    #expect(pool.freeBytes == 2 * SlabPool.slabBytes)
    let again = pool.take()
    #expect(slabs.contains { $0.words == again.words })
    pool.giveBack(again)
  }

  @Test func `While a plane is decoded, nothing is touched`() async throws {
    pool.whileDecoding {
      pool.prepare(slabs: 2, atOnce: 0)
      #expect(pool.freeBytes == 0)
    }
    try await free(becomes: 2)
  }

  @Test func `Slabs that are wanted at once are there at once, within the limit`() {
    pool.whileDecoding {
      pool.prepare(slabs: 2, atOnce: 1)
      #expect(pool.freeBytes == SlabPool.slabBytes)
      pool.prepare(slabs: 1000, atOnce: 1000)
      #expect(pool.freeBytes == 3 * SlabPool.slabBytes)
    }
  }
}
