import HTTPTypes
import NIOHTTP1
import Synchronization

/// What a request is called in logs and answers here, before us and behind us: its id, and its place in a trace (W3C Trace Context).
///
/// Both are taken from the request where they are well-formed and given once, and made otherwise. What is not well-formed is never
/// repeated, in no log and no answer.
/// Source: https://www.w3.org/TR/trace-context/.
struct RequestTrace: Sendable, Equatable {
  /// `X-Request-Id`; where the request has none, the trace's id.
  let requestID: String
  /// 32 hexadecimal digits.
  let traceID: String
  /// What is answered: the trace with this server's own part of it.
  let traceparent: String

  /// - Parameters:
  ///   - ids: all values of `X-Request-Id`.
  ///   - parents: all values of `traceparent`.
  init(ids: [String] = [], parents: [String] = []) {
    let serial = Self.serials.wrappingAdd(1, ordering: .relaxed).newValue
    let own = Self.digits(serial)
    let parent = parents.count == 1 ? Self.parent(parents[0]) : nil
    traceID = parent?.trace ?? Self.start + own
    traceparent = "00-\(traceID)-\(own)-\(parent?.flags ?? "00")"
    requestID = ids.count == 1 && Self.isID(ids[0]) ? ids[0] : traceID
  }

  init(_ headers: HTTPFields) {
    self.init(ids: headers[values: .requestID], parents: headers[values: .traceparent])
  }

  init(_ headers: HTTPHeaders) {
    self.init(ids: headers["x-request-id"], parents: headers["traceparent"])
  }

  func add(to headers: inout HTTPFields) {
    headers[.requestID] = requestID
    headers[.traceparent] = traceparent
  }

  /// Ids made here are unique, not secret: a random number of this process, and a count.
  private static let start = digits(UInt64.random(in: 1 ... .max))
  private static let serials = Atomic(UInt64.random(in: 1...UInt64.max / 2))

  private static func digits(_ number: UInt64) -> String {
    String(unsafeUninitializedCapacity: 16) { text in
      for place in 0..<16 {
        let digit = UInt8((number >> UInt64(4 * place)) & 15)
        text[15 - place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      }
      return 16
    }
  }

  /// 1 to 128 letters, digits and `-._`: nothing that could end a line or a field.
  private static func isID(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  /// `version-trace-parent-flags`. Later versions may have more fields behind; version ff, and ids of only zeros, are invalid.
  private static func parent(_ text: String) -> (trace: String, flags: String)? {
    let fields = text.split(separator: "-", omittingEmptySubsequences: false)
    guard fields.count >= 4, text.utf8.count <= 512, zip(fields, [2, 32, 16, 2]).allSatisfy({ isHex($0, $1) }),
      fields[0] != "ff", fields.count == 4 || fields[0] != "00",
      fields[1].contains(where: { $0 != "0" }), fields[2].contains(where: { $0 != "0" })
    else { return nil }
    return (String(fields[1]), String(fields[3]))
  }

  private static func isHex(_ text: Substring, _ count: Int) -> Bool {
    text.utf8.count == count
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }
}

extension HTTPField.Name {
  // Forced: these are literals, and a name that is none would fail in the first test.
  static let requestID = HTTPField.Name("X-Request-Id")!
}
