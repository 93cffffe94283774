import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing
import TileStore

@testable import TileServer
@testable import Views

/// HTTP as people expect it.
struct HTTPTests {
  @Test func `Tiles are immutable, revalidated by a strong tag, and compressed`() async throws {
    try await GoldenServer.with { client, version in
      let path = "\(version)/layers/wide/tiles/0/0/0"
      let plain = try await client.execute(uri: path, method: .get)
      #expect(plain.headers[.cacheControl] == "public, max-age=31536000, immutable")
      #expect(plain.headers[.contentType] == "application/octet-stream")
      #expect(plain.headers[.vary] == "accept-encoding")
      #expect(plain.headers[.contentTypeOptions] == "nosniff")
      #expect(plain.bytes.count == 32 + 256 * 257)
      let tag = try #require(plain.headers[.eTag])
      #expect(tag.hasPrefix("\""))

      for coding in ["gzip", "zstd"] {
        let packed = try await client.execute(uri: path, method: .get, headers: [.acceptEncoding: coding])
        #expect(packed.headers[.contentEncoding] == coding)
        #expect(packed.bytes.count < plain.bytes.count / 2)
        #expect(packed.headers[.eTag] != tag)
      }
      let same = try await client.execute(uri: path, method: .get, headers: [.ifNoneMatch: tag])
      #expect(same.status == .notModified)
      #expect(same.bytes.isEmpty)
      #expect(same.headers[.eTag] == tag)
      let head = try await client.execute(uri: path, method: .head)
      #expect(head.status == .ok)
      #expect(head.bytes.isEmpty)
      #expect(head.headers[.contentLength] == "\(plain.bytes.count)")
      #expect(head.headers[.eTag] == tag)
    }
  }

  @Test(arguments: [
    ("layers/wide/tiles/0/0/0?order=nonsense", 400), ("layers/wide/tiles/0/0/0?order=median(nobody)", 404),
    ("layers/wide/tiles/0/0/0?order=median(", 400), ("layers/wide/tiles/0/0/0?axis=both", 400),
    ("layers/wide/tiles/0/0/0?bins=255", 400), ("layers/wide/tiles/0/0/0?colour=red", 400),
    ("layers/wide/tiles/0/0/0?axis=own&axis=own", 400), ("layers/wide/tiles/0/0/0?order=%ff", 400),
    ("layers/wide/tiles/3/0/0", 404), ("layers/wide/tiles/0/2/0", 404), ("layers/wide/tiles/0/0/2", 404),
    ("layers/wide/tiles/0/0/-1", 404), ("layers/wide/tiles/0/0/00000000000000000000", 404),
    ("layers/wide/tiles/0/0/99999999999999999999999", 404), ("layers/wide/tiles/0/0/x", 404),
    ("layers/Wide/tiles/0/0/0", 404), ("layers/%2e%2e/tiles/0/0/0", 404), ("layers/wide/tiles/0/0", 404),
    ("layers/wide/rows/0/0?instances=2", 404), ("layers/wide/rows/0/0?instances=a", 400),
    ("layers/wide/rows/0/0?instances=0,,1", 400), ("layers/wide/find?neuron=270", 404),
    ("layers/wide/neurons/270", 404), ("layers/wide/neurons/1?groups=3", 404), ("images/2", 404), ("images/x", 404),
    ("nothing", 404), ("layers/wide/compare", 400), ("layers/wide/compare?a=1", 400),
    ("layers/wide/compare?a=1&b=3", 404),
    ("layers/wide/compare?a=1&b=cat", 400), ("layers/wide/compare?a=1&b=where:label", 400),
    ("layers/wide/compare?a=1&b=where:label==0", 404), ("layers/wide/compare?a=1&b=2&order=mean", 400),
    ("layers/wide/compare?a=1&b=2&from=270", 404), ("layers/wide/compare?a=1&b=2&count=0", 400),
    ("layers/wide/compare?a=1&b=2&count=65537", 400), ("layers/wide/compare?a=1&b=2&format=xml", 400),
    ("layers/wide/compare?a=1&b=2&with=golden", 400), ("layers/wide/compare?a=1&b=2&with=silver/0123456789abcdef", 404),
    ("layers/wide/compare?a=1&b=2&with=golden/0123456789abcdef", 404),
    ("layers/wide/compare?a=1&b=2&with=golden/x", 404),
    ("layers/wide/neurons/1?a=9", 404), ("layers/wide/neurons/1?b=where:label%20==", 400),
    ("layers/wide/neurons/1?with=golden/0123456789abcdef", 404),
    ("layers/wide/similar", 400), ("layers/wide/similar?a=9", 404), ("separation?a=0", 400),
    ("separation?a=0&b=3", 404),
    ("layers/wide/find?of=golden", 400), ("layers/wide/tiles/0/0/0?order=auroc(all)", 400),
    ("layers/wide/tiles/0/0/0?order=auroc(all,nobody)", 404),
  ])
  func `What is not there, and what cannot be understood`(path: String, status: Int) async throws {
    try await GoldenServer.with { client, version in
      try await client.execute(uri: "\(version)/\(path)", method: .get) { response in
        #expect(response.status.code == status)
        #expect(response.headers[.contentType] == "application/problem+json")
        let problem = try response.json
        #expect(problem["status"]?.int == status)
        for key in ["type", "title", "detail", "instance"] { #expect(problem[key]?.string?.isEmpty == false) }
      }
    }
  }

  @Test(arguments: [
    "/..", "/../Package.swift", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/%252e%252e/etc", "/.git/config",
    "//etc/passwd", "/etc/passwd%00.html", "/api/v1/datasets/..", "/api/v1/datasets/%2e%2e%2f",
    "/api/v1/datasets/golden/current",
    "/api/v1/datasets/golden/../golden", "/api/v1/datasets/golden%2Fcurrent", "/api/v1/datasets/.",
    "/api/v1/datasets/%ff",
    "/api/v1/datasets/%", "/%", "/%zz", "/\\..\\..", "/api/v1/datasets/" + String(repeating: "a", count: 3000),
  ])
  func `Hostile names find nothing`(path: String) async throws {
    try await GoldenServer.with { client, _ in
      try await client.execute(uri: path, method: .get) { response in
        #expect(response.status == .notFound)
      }
    }
  }

  @Test func `Only reading is allowed`() async throws {
    try await GoldenServer.with { client, version in
      for method in [HTTPRequest.Method.post, .put, .delete, .patch, .options, .trace, .init("BREW")!] {
        try await client.execute(uri: version, method: method) { response in
          #expect(response.status == .methodNotAllowed)
          #expect(response.headers[.allow] == "GET, HEAD")
        }
      }
    }
  }

  @Test func `Representations that are not there`() async throws {
    try await GoldenServer.with { client, version in
      for headers in [[.accept: "text/html"], [.acceptEncoding: "identity;q=0"]] as [HTTPFields] {
        try await client.execute(uri: version, method: .get, headers: headers) {
          #expect($0.status == .notAcceptable)
        }
      }
      try await client.execute(uri: "/" + String(repeating: "a", count: 70_000), method: .get) {
        #expect($0.status == .uriTooLong)
      }
    }
  }

  @Test func `Catalogue, current version and metadata lead to each other`() async throws {
    try await GoldenServer.with({ $0.prefix = "/demo" }) { client, version in
      let catalogue = try await client.execute(uri: "/demo/api/v1/datasets", method: .get)
      #expect(catalogue.headers[.cacheControl] == "no-cache")
      let entry = try #require(try catalogue.json["datasets"]?.array?.first)
      #expect(entry["url"]?.string == version)
      let current = try await client.execute(uri: "/demo/api/v1/datasets/golden", method: .get)
      #expect(try current.json["url"]?.string == version)
      let tag = try #require(current.headers[.eTag])
      let again = try await client.execute(
        uri: "/demo/api/v1/datasets/golden", method: .get, headers: [.ifNoneMatch: tag])
      #expect(again.status == .notModified)
      let metadata = try await client.execute(uri: version, method: .get).json
      #expect(metadata["layers"]?.array?.count == 2)
      #expect(metadata["instances"]?.array?[1]["image"]?.string == "images/1")
      #expect(metadata["groups"]?.array?[2]["label"] == 1)
      try await client.execute(uri: "/api/v1/datasets", method: .get) { #expect($0.status == .notFound) }
      try await client.execute(uri: "\(version.dropLast())0", method: .get) { response in
        #expect(response.status == .notFound)
        let problem = try response.json
        #expect(problem["type"]?.string == "/demo/problems/gone")
      }
    }
  }

  @Test func `Pictures are PNG`() async throws {
    try await GoldenServer.with { client, version in
      for (index, type) in [(0, UInt8(0)), (1, 2)] {
        let picture = try await client.execute(uri: "\(version)/images/\(index)", method: .get)
        #expect(picture.headers[.contentType] == "image/png")
        #expect(picture.bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        #expect(picture.bytes[16..<26] == [0, 0, 0, 4, 0, 0, 0, 5, 8, type])
      }
    }
  }

  @Test func `A neuron and a layer at a glance`() async throws {
    let wanted = try #require(GoldenServer.expected()["wide_neurons"]?["7"])
    try await GoldenServer.with { client, version in
      let neuron = try await client.execute(uri: "\(version)/layers/wide/neurons/7", method: .get).json
      for (group, entry) in try #require(neuron["groups"]?.array).enumerated() {
        for name in ["count", "zeros", "infinite", "minimum", "maximum", "mean", "median", "upper_quartile"] {
          #expect(entry[name]?.double == wanted["statistics/\(name)"]?.array?[group].double, "\(name) \(group)")
        }
        #expect(entry["counts"]?.ints?.reduce(0, +) == entry["count"]?.int)
      }
      #expect(neuron["grid"]?["exponent"] == wanted["grid/exponent"]?.array?[0])
      let strange = try await client.execute(
        uri: "\(version)/layers/wide/neurons/21?groups=1&instances=1", method: .get
      ).json
      #expect(strange["instances"]?.array?[0]["value"] == .null)
      #expect(strange["instances"]?.array?[0]["value_text"] == "inf")
      let summary = try await client.execute(uri: "\(version)/layers/wide/summary", method: .get).json
      #expect(summary["dead"]?.ints == [1, 1, 1])
      #expect(summary["infinite"]?.array?[0] == 1)
      #expect(summary["distribution"]?["counts"]?.array?[0].ints?.reduce(0, +) == 220 * 269 - 2)
    }
  }

  @Test func `Other origins read only where they are named`() async throws {
    try await GoldenServer.with { client, version in
      let response = try await client.execute(uri: version, method: .get, headers: [.origin: "https://a.example"])
      #expect(response.headers[.accessControlAllowOrigin] == nil)
    }
    try await GoldenServer.with({ $0.origins = ["https://a.example"] }) { client, version in
      let named = try await client.execute(uri: version, method: .get, headers: [.origin: "https://a.example"])
      #expect(named.headers[.accessControlAllowOrigin] == "https://a.example")
      #expect(named.headers[.vary]?.contains("origin") == true)
      let other = try await client.execute(uri: version, method: .get, headers: [.origin: "https://b.example"])
      #expect(other.headers[.accessControlAllowOrigin] == nil)
      let asked = try await client.execute(uri: version, method: .options, headers: [.origin: "https://a.example"])
      #expect(asked.status == .noContent)
      #expect(asked.headers[.accessControlAllowMethods] == "GET, HEAD")
    }
  }

  @Test func `Tokens are asked for before any cache`() async throws {
    try await GoldenServer.with({ $0.tokens = ["golden": ["one", "two"]] }) { client, version in
      let tile = "\(version)/layers/wide/tiles/0/0/0"
      for headers in [[:], [.authorization: "Bearer three"], [.authorization: "Basic one"]] as [HTTPFields] {
        for path in [tile, version, "/api/v1/datasets/golden", "\(version)/images/0"] {
          try await client.execute(uri: path, method: .get, headers: headers) { response in
            #expect(response.status == .unauthorized)
            #expect(response.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
          }
        }
        let catalogue = try await client.execute(uri: "/api/v1/datasets", method: .get, headers: headers)
        #expect(try catalogue.json["datasets"]?.array?.isEmpty == true)
      }
      for token in ["one", "two"] {
        let answer = try await client.execute(uri: tile, method: .get, headers: [.authorization: "Bearer \(token)"])
        #expect(answer.status == .ok)
        #expect(answer.headers[.cacheControl]?.hasPrefix("private") == true)
        #expect(answer.headers[.vary]?.contains("authorization") == true)
      }
      try await client.execute(uri: tile, method: .get) { #expect($0.status == .unauthorized) }
    }
  }

  @Test func `A client that asks for too much is told when to come back`() async throws {
    try await GoldenServer.with({
      $0.rate = 0.001
      $0.burst = 10
      $0.trustedProxies = 1
    }) { client, version in
      func status(_ address: String, _ path: String) async throws -> Int {
        try await client.execute(uri: version + path, method: .get, headers: [.forwardedFor: "6.6.6.6, \(address)"]) {
          $0.status.code
        }
      }
      let tile = "/layers/wide/tiles/0/0/0?order="
      let answers = [
        try await status("10.0.0.1", tile + "mean(all)"), try await status("10.0.0.1", tile + "mean(all)"),
        try await status("10.0.0.1", tile + "median(all)"), try await status("10.0.0.2", tile + "median(all)"),
      ]
      #expect(answers == [200, 200, 429, 200], "new, cached, a second new ordering, another client")
    }
  }

  @Test func `The document of the interface names every route, and every answer it gives`() async throws {
    try await GoldenServer.with { client, version in
      let document = try await client.execute(uri: "/openapi.json", method: .get).json
      let paths = try #require(document["paths"]?.object)
      let examples = [
        "dataset": "golden", "layer": "spread", "group": "1", "level": "0", "index": "0", "neuron": "3",
        "instance": "1", "row": "1",
        "version": String(version.suffix(16)),
      ]
      for (pattern, item) in paths {
        var path = pattern
        for (name, value) in examples { path = path.replacingOccurrences(of: "{\(name)}", with: value) }
        // What a route cannot do without.
        path += pattern.hasSuffix("compare") || pattern.hasSuffix("separation") ? "?a=1&b=2" : ""
        path += pattern.hasSuffix("similar") ? "?a=1" : ""
        path += pattern.hasSuffix("neurons") ? "?neurons=0,3" : ""
        let response = try await client.execute(uri: path, method: .get)
        // A store of version 1 has no table of rows and no extremes; what one answers is tested with stores that have them.
        let below = pattern.dropFirst("/api/v1/datasets/{dataset}/{version}".count)
        let isOfRows = ["/rows", "/confusion", "/divergences", "/layers/{layer}/neurons/{neuron}/rows"].contains {
          below.hasPrefix($0)
        }
        let status = isOfRows ? "404" : "200"
        #expect(response.status.code == Int(status), "\(path)")
        let type = response.headers[.contentType]?.split(separator: ";").first.map(String.init) ?? ""
        let answers = item["get"]?["responses"]
        let answer = isOfRows ? document["components"]?["responses"]?[status] : answers?[status]
        #expect(answers?[status] != nil && answer?["content"]?[type] != nil, "\(path) gave \(type)")
      }
    }
  }
}
