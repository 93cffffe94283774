import Crypto
import HTTPTypes
import Hummingbird
import TileStore
import Views

/// A representation, ready to be sent: its bytes in one content coding, and the headers that go with them.
struct Answer: Sendable {
  /// How long others may keep it.
  enum Lifetime: Sendable {
    /// The address names the version: it never changes.
    case immutable
    /// Ask again every time; the entity tag saves the transfer.
    case revalidated
    /// Caches that many share may keep it for some seconds, and give it for some more while they ask again.
    case shared(seconds: Int, stale: Int)
  }

  let body: ByteBuffer
  let tag: String
  private let headers: HTTPFields

  /// Compresses where that pays, and computes the strong entity tag of the bytes as they are sent.
  ///
  /// - Parameters:
  ///   - secret: only whoever holds a token may see it: shared caches must not keep it.
  ///   - told: what is said of groups of the moment beside it.
  init(
    _ bytes: [UInt8], type: String, coding: ContentCoding, lifetime: Lifetime, secret: Bool = false,
    told: MomentsTold? = nil
  ) {
    let compressed = Compression.compress(bytes, coding)
    let sent = compressed ?? bytes
    tag = "\"\(hexadecimal(SHA256.hash(data: sent).prefix(16)))\""
    body = ByteBuffer(bytes: sent)
    var headers: HTTPFields = [.contentType: type, .eTag: tag]
    if compressed != nil { headers[.contentEncoding] = coding.rawValue }
    let audience = secret ? "private" : "public"
    headers[.tileHeaderChecksum] = TileHeader.checksum(of: bytes)
    headers[.expressionMoved] = told?.values.moved.map { Self.field($0) }
    headers[.expressionSample] = told?.values.sample.map { Self.field($0) }
    headers[.cacheControl] =
      switch lifetime {
      case .immutable: "\(audience), max-age=31536000, immutable"
      case .revalidated: secret ? "private, no-cache" : "no-cache"
      case .shared(let seconds, let stale):
        "public, max-age=0, s-maxage=\(seconds)" + (stale > 0 ? ", stale-while-revalidate=\(stale)" : "")
      }
    headers[.vary] = secret ? "accept-encoding, authorization" : "accept-encoding"
    self.headers = headers
  }

  /// Bytes it takes in a cache: a buffer is a power of two of them.
  var byteCount: Int { body.storageCapacity + 1024 + headers.reduce(0) { $0 + $1.value.utf8.count } }

  /// Bytes of a list in a header, at most.
  private static let fieldBytesMax = 4096

  /// JSON in a header, in ASCII. Of a list as much as there is room for.
  private static func field(_ value: JSONValue) -> String {
    var list = value.array ?? []
    var text = escapedJSON(value)
    while text.utf8.count > fieldBytesMax, !list.isEmpty {
      list.removeLast(list.count / 2 + 1)
      text = escapedJSON(.array(list))
    }
    return text
  }

  private static func escapedJSON(_ value: JSONValue) -> String {
    String(decoding: value.encoded(), as: UTF8.self).utf16.reduce(into: "") { text, unit in
      if (0x20..<0x7F).contains(unit) {
        text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      } else {
        let digits = String(unit, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
  }

  /// 200 with the body, or 304 where the client holds it already.
  func response(to request: Request) -> Response {
    if Negotiation.matches(tag, request.headers[.ifNoneMatch]) {
      var headers = headers
      headers[.contentType] = nil
      headers[.contentEncoding] = nil
      return Response(status: .notModified, headers: headers)
    }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
  }
}
