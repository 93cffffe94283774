import HTTPTypes
import Testing

@testable import TileServer

struct RequestTraceTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let parent = "00-\(trace)-00f067aa0ba902b7-01"

  @Test func `A trace is carried on, with a part of this server's own`() {
    let request = RequestTrace(parents: [Self.parent])
    #expect(request.traceID == Self.trace)
    #expect(request.requestID == Self.trace)
    let fields = request.traceparent.split(separator: "-")
    #expect(fields.count == 4 && fields[0] == "00" && fields[1] == Self.trace && fields[3] == "01")
    #expect(fields[2].count == 16 && fields[2] != "00f067aa0ba902b7")
  }

  @Test func `Of a later version the first four fields are taken`() {
    let request = RequestTrace(parents: ["cc-\(Self.trace)-00f067aa0ba902b7-01-what-the-future-brings"])
    #expect(request.traceID == Self.trace)
    #expect(request.traceparent.hasPrefix("00-"))
  }

  @Test(arguments: [
    "", "00", "00-\(trace)-00f067aa0ba902b7", "00-\(trace)-00f067aa0ba902b7-01-more", "ff-\(trace)-00f067aa0ba902b7-01",
    "00-\(String(repeating: "0", count: 32))-00f067aa0ba902b7-01", "00-\(trace)-0000000000000000-01",
    "00-\(trace.uppercased())-00f067aa0ba902b7-01", "00-\(trace)-00f067aa0ba902b7-1", "00-\(trace)-00f067aa0ba902b7-0x",
    " 00-\(trace)-00f067aa0ba902b7-01", "00-\(trace)x-00f067aa0ba902b7-01", "00_\(trace)_00f067aa0ba902b7_01",
    "00-\(trace.dropLast())é-00f067aa0ba902b7-01",
    "cc-\(trace)-00f067aa0ba902b7-01-\(String(repeating: "a", count: 1000))",
  ])
  func `What is no traceparent begins a trace of its own`(text: String) {
    let request = RequestTrace(parents: [text])
    #expect(request.traceID != Self.trace)
    #expect(request.traceparent.wholeMatch(of: /00-[0-9a-f]{32}-[0-9a-f]{16}-00/) != nil)
  }

  @Test func `Two of a kind are none`() {
    #expect(RequestTrace(parents: [Self.parent, Self.parent]).traceID != Self.trace)
    #expect(RequestTrace(ids: ["a", "a"]).requestID != "a")
  }

  @Test func `An id is taken as it is`() {
    for id in ["a", "0b4c-7.f_Z", String(repeating: "x", count: 128)] {
      #expect(RequestTrace(ids: [id], parents: [Self.parent]).requestID == id)
    }
  }

  @Test(arguments: [
    "", " a", "a b", "a\"b", "a\nb", "a,b", "é", "a\u{0}", String(repeating: "x", count: 129), "../a", "a=b;c",
  ])
  func `What is no id is never repeated`(text: String) {
    let request = RequestTrace(ids: [text])
    #expect(request.requestID == request.traceID)
    #expect(request.requestID.wholeMatch(of: /[0-9a-f]{32}/) != nil)
  }

  @Test func `No two are the same`() {
    let requests = (0..<1000).map { _ in RequestTrace() }
    #expect(Set(requests.map(\.traceID)).count == 1000)
    #expect(Set(requests.map(\.traceparent)).count == 1000)
  }
}

struct ConnectionCountsTests {
  private let client = ClientKey(address: "10.0.0.1")

  @Test func `A client has so many connections, and another its own`() {
    let counts = ConnectionCounts(most: 2)
    #expect(counts.enter(client) && counts.enter(client) && !counts.enter(client))
    #expect(counts.enter(ClientKey(address: "10.0.0.2")))
    counts.leave(client)
    #expect(counts.enter(client) && !counts.enter(client))
  }

  @Test func `The addresses that one subscriber owns are one client`() {
    let counts = ConnectionCounts(most: 1)
    #expect(counts.enter(ClientKey(address: "2001:db8::1")))
    #expect(!counts.enter(ClientKey(address: "2001:db8::2")))
    #expect(counts.enter(ClientKey(address: "2001:db8:0:1::1")))
  }

  @Test func `Without a limit nobody is counted`() {
    let counts = ConnectionCounts(most: 0)
    for _ in 0..<10_000 { #expect(counts.enter(client)) }
    counts.leave(client)
    #expect(counts.enter(client))
  }
}
