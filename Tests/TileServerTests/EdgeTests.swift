import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing

@testable import TileServer
@testable import Views

/// What every answer has, whatever was asked for.
struct EdgeTests {
  @Test func `Answers say what the request was called`() async throws {
    try await GoldenServer.with { client, version in
      let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
      for path in [version, version, "\(version)/nowhere", "/healthz"] {
        let known = try await client.execute(
          uri: path, method: .get,
          headers: [.requestID: "from-the-proxy", .traceparent: "00-\(trace)-00f067aa0ba902b7-01"])
        #expect(known.headers[.requestID] == "from-the-proxy")
        #expect(known.headers[.traceparent]?.contains(trace) == true)
        let made = try await client.execute(uri: path, method: .get, headers: [.requestID: "a b"])
        #expect(made.headers[.requestID]?.count == 32)
        #expect(made.headers[.traceparent]?.contains(trace) == false)
      }
    }
  }

  @Test func `What names current versions is kept by nobody, unless the settings say so`() async throws {
    func lifetimes(_ change: @escaping (inout Settings) -> Void) async throws -> [String?] {
      let found = Mutexed<[String?]>([])
      try await GoldenServer.with(change) { client, version in
        for path in ["/api/v1/datasets", "/api/v1/datasets/golden", version] {
          let answer = try await client.execute(uri: path, method: .get, headers: [.authorization: "Bearer one"])
          found.append(answer.headers[.cacheControl])
        }
      }
      return found.value
    }
    let immutable = "public, max-age=31536000, immutable"
    let usual = try await lifetimes { _ in }
    #expect(usual == ["no-cache", "no-cache", immutable])
    let shared = "public, max-age=0, s-maxage=10, stale-while-revalidate=60"
    let stale = try await lifetimes {
      $0.catalogueSharedSeconds = 10
      $0.catalogueStaleSeconds = 60
    }
    #expect(stale == [shared, shared, immutable])
    let brief = try await lifetimes { $0.catalogueSharedSeconds = 10 }
    #expect(brief == ["public, max-age=0, s-maxage=10", "public, max-age=0, s-maxage=10", immutable])
    // What a token protects is nobody's to share.
    let secret = try await lifetimes {
      $0.catalogueSharedSeconds = 10
      $0.tokens = ["golden": ["one"]]
    }
    #expect(secret == ["private, no-cache", "private, no-cache", "private, max-age=31536000, immutable"])
  }

  @Test func `A classroom behind one address is as many clients as it has tokens`() async throws {
    try await GoldenServer.with({
      $0.rate = 0.001
      $0.burst = 3
      $0.tokens = ["golden": ["one", "two"]]
    }) { client, _ in
      func statuses(_ token: String?, _ count: Int) async throws -> [Int] {
        var found: [Int] = []
        for _ in 0..<count {
          let headers: HTTPFields = token.map { [.authorization: "Bearer \($0)"] } ?? [:]
          found.append(try await client.execute(uri: "/api/v1/datasets", method: .get, headers: headers).status.code)
        }
        return found
      }
      var found: [[Int]] = []
      for token in ["one", "two"] { found.append(try await statuses(token, 4)) }
      #expect(found == [[200, 200, 200, 429], [200, 200, 200, 429]])
      // Tokens that open nothing do not: whoever makes up a new one every time stays one client.
      found = []
      for token in ["a", "b", "c", "d", nil] { found.append(try await statuses(token, 1)) }
      #expect(found == [[200], [200], [200], [429], [429]])
    }
  }

  @Test func `Clients that a proxy has signed in are told apart by name`() async throws {
    let name = try #require(HTTPField.Name("X-Auth-Request-User"))
    try await GoldenServer.with({
      $0.rate = 0.001
      $0.burst = 2
      $0.trustedProxies = 1
      $0.userHeader = "X-Auth-Request-User"
    }) { client, _ in
      func status(_ user: String?, from address: String) async throws -> Int {
        var headers: HTTPFields = [.forwardedFor: address]
        if let user { headers[name] = user }
        return try await client.execute(uri: "/api/v1/datasets", method: .get, headers: headers).status.code
      }
      var found: [Int] = []
      for (user, address) in [
        ("ann", "10.0.0.1"), ("ann", "10.0.0.2"), ("ann", "10.0.0.3"), ("bob", "10.0.0.1"),
      ] {
        found.append(try await status(user, from: address))
      }
      #expect(found == [200, 200, 429, 200])
      // Without a name it is the address again.
      found = []
      for user in ["", nil, nil] { found.append(try await status(user, from: "10.0.0.1")) }
      #expect(found == [200, 200, 429])
    }
  }
}

/// Values that a test collects.
private final class Mutexed<Value: Sendable>: Sendable {
  private let state: Mutex<Value>
  init(_ value: Value) { state = Mutex(value) }
  var value: Value { state.withLock { $0 } }
  func append<Element>(_ element: Element) where Value == [Element], Element: Sendable {
    state.withLock { $0.append(element) }
  }
}
