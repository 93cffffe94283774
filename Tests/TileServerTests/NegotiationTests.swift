import Fixtures
import Foundation
import Testing

@testable import TileServer

struct NegotiationTests {
  @Test(
    arguments: [
      (nil, ContentCoding.identity), ("", .identity), ("gzip", .gzip), ("gzip, deflate, br, zstd", .zstd),
      ("gzip;q=1, zstd;q=0.5", .gzip), ("zstd;q=0, gzip", .gzip), ("br", .identity), ("*", .zstd),
      ("*;q=0, gzip;q=0.1", .gzip),
      ("identity;q=1, gzip;q=0.5", .identity), ("GZIP ; Q=0.3", .gzip), ("x-gzip", .gzip), ("identity;q=0", nil),
      ("*;q=0", nil), ("gzip;q=nonsense", .identity), (";;,,;q=", .identity),
    ] as [(String?, ContentCoding?)])
  func `The best coding that a client accepts`(header: String?, coding: ContentCoding?) {
    #expect(Negotiation.coding(header) == coding)
  }

  @Test(
    arguments: [
      (nil, true), ("*/*", true), ("application/json", true), ("application/*;q=0.1", true), ("text/html", false),
      ("text/html, */*;q=0.1", true), ("application/json;q=0, */*", false), ("", false), ("Application/JSON", true),
    ] as [(String?, Bool)])
  func `Whether a client accepts JSON`(header: String?, accepted: Bool) {
    #expect(Negotiation.accepts("application/json", header) == accepted)
  }

  @Test(
    arguments: [
      (nil, false), ("*", true), ("\"a\"", true), ("\"b\", \"a\"", true), ("W/\"a\"", true), ("\"b\"", false),
      ("a", false),
    ] as [(String?, Bool)])
  func `Whether a client holds it already`(header: String?, matches: Bool) {
    #expect(Negotiation.matches("\"a\"", header) == matches)
  }

  @Test func `Compressed bytes are the bytes`() throws {
    let bytes = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 / 7 % 13) }
    for coding in [ContentCoding.gzip, .zstd] {
      let compressed = try #require(Compression.compress(bytes, coding))
      #expect(compressed.count < bytes.count / 10)
      #expect(compressed.prefix(2) == (coding == .gzip ? [0x1F, 0x8B] : [0x28, 0xB5]))
    }
    var random = SplitMix(seed: 1)
    let incompressible = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) }
    #expect(Compression.compress(incompressible, .gzip) == nil, "incompressible: identity")
    #expect(Compression.compress([1, 2, 3], .zstd) == nil)
  }
}

struct QueryTests {
  @Test func `Parameters are decoded once`() throws {
    let query = try Query("order=a%2Cb%25&neuron=12", allowing: ["order", "neuron"])
    #expect(query["order"] == "a,b%")
    #expect(try query.count("neuron") == 12)
    #expect(try query.count("rank") == nil)
  }

  @Test(arguments: [
    "x=1", "neuron=1&neuron=1", "neuron=%ff", "neuron=%", "neuron", "=", "neuron=-1", "neuron=1.0", "neuron=１",
  ])
  func `Others are refused`(text: String) {
    #expect(throws: Problem.self) {
      try Query(text, allowing: ["neuron"]).count("neuron") ?? { throw Problem.badRequest("") }()
    }
  }
}
