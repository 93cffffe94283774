import Fixtures
import Foundation
import Synchronization
import Testing

@testable import TileServer
@testable import Views

struct ByteCacheTests {
  @Test func `The longest unused is given up first`() {
    var cache = ByteCache<String, Int>(bytesMax: 10)
    for (value, key) in ["a", "b", "c"].enumerated() { cache.insert(value, for: key, bytes: 3) }
    #expect(cache.value(for: "a") == 0)
    cache.insert(3, for: "d", bytes: 3)
    #expect(cache.value(for: "b") == nil)
    #expect(cache.value(for: "a") == 0)
    #expect(cache.bytes == 9)
    cache.insert(4, for: "e", bytes: 6)
    #expect(cache.value(for: "e") == nil, "more than half of the cache is not kept")
    #expect(cache.count == 3)
  }

  @Test func `What is looked at all the time is not pushed out by what is asked for once`() {
    var cache = ByteCache<Int, Int>(bytesMax: 100)
    for key in 0..<7 { cache.insert(key, for: key, bytes: 10) }
    for key in 0..<7 { #expect(cache.value(for: key) == key) }
    for key in 100..<1000 { cache.insert(key, for: key, bytes: 10) }
    #expect((0..<7).allSatisfy { cache.contains($0) })
    #expect(cache.contains(999) && cache.contains(998) && cache.contains(997), "the rest of the room")
    #expect(cache.count == 10)
  }

  @Test func `What was used again and then no more makes room`() {
    var cache = ByteCache<Int, Int>(bytesMax: 100)
    for key in 0..<100 {
      cache.insert(key, for: key, bytes: 10)
      #expect(cache.value(for: key) == key)
    }
    #expect(cache.contains(99) && !cache.contains(0) && cache.count == 10)
    // To look is no use.
    for key in 100..<104 {
      cache.insert(key, for: key, bytes: 10)
      for other in 0..<200 { _ = cache.contains(other) }
    }
    #expect(!cache.contains(90) && cache.contains(99))
  }

  @Test func `It stays within its bytes, whatever is done`() {
    var cache = ByteCache<Int, Int>(bytesMax: 1000)
    var sizes: [Int: Int] = [:]
    var random = SplitMix(seed: 1)
    for _ in 0..<5000 {
      let key = Int.random(in: 0..<50, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0: cache.remove(key)
      case 1: cache.removeAll { other, _ in other % 7 == key % 7 }
      case 2...5: #expect(cache.value(for: key).map { $0 == sizes[key] } ?? true)
      default:
        let bytes = Int.random(in: 1...600, using: &random)
        sizes[key] = bytes
        cache.insert(bytes, for: key, bytes: bytes)
      }
      #expect(cache.bytes <= 1000)
      #expect((0..<50).reduce(0) { $0 + (cache.value(for: $1) ?? 0) } == cache.bytes)
    }
  }
}

final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func add() { count.withLock { $0 += 1 } }
}

struct SingleFlightTests {
  @Test func `A part is made once however many threads ask`() {
    let made = Counter()
    let parts = SharedParts<Int, Int>(bytesMax: 1000) { _ in 1 }
    DispatchQueue.concurrentPerform(iterations: 64) { _ in
      let part = try? parts.part(7) {
        made.add()
        return 49
      }
      #expect(part == 49)
    }
    #expect(made.value == 1)
  }

  @Test func `An error reaches all who wait and is not kept`() throws {
    struct Broken: Error {}
    let parts = SharedParts<Int, Int>(bytesMax: 1000) { _ in 1 }
    #expect(throws: Broken.self) { try parts.part(1) { throw Broken() } }
    #expect(try parts.part(1) { 5 } == 5)
  }
}

struct RateLimiterTests {
  @Test func `A bucket fills at its rate`() throws {
    let limiter = RateLimiter(rate: 10, burst: 20)
    let start = ContinuousClock.now
    for _ in 0..<20 { try limiter.charge(ClientKey(address: "a"), 1, now: start) }
    #expect(throws: Problem.self) { try limiter.charge(ClientKey(address: "a"), 1, now: start) }
    try limiter.charge(ClientKey(address: "b"), 1, now: start)
    try limiter.charge(ClientKey(address: "a"), 1, now: start + .milliseconds(100))
    #expect(throws: Problem.self) { try limiter.charge(ClientKey(address: "a"), 1, now: start + .milliseconds(150)) }
  }

  @Test func `What costs more than a bucket holds leaves a debt`() throws {
    let limiter = RateLimiter(rate: 10, burst: 20)
    let start = ContinuousClock.now
    try limiter.charge(ClientKey(address: "a"), 50, now: start)
    #expect(throws: Problem.self) { try limiter.charge(ClientKey(address: "a"), 1, now: start + .seconds(3)) }
    try limiter.charge(ClientKey(address: "a"), 1, now: start + .seconds(4))
  }
}

struct ClientKeyTests {
  @Test(arguments: [
    ("10.0.0.7", "10.0.0.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8::1", "2001:db8:0:0::/64"),
    ("::1", "0:0:0:0::/64"),
  ])
  func `Subscribers are told apart, not addresses`(address: String, key: String) {
    #expect(ClientKey(address: address).description == key)
  }
}
