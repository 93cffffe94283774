import HTTPTypes
import Hummingbird
import NIOCore

/// What is known of a request beside its head: who sent it.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// What the request is called in logs; set by `OutermostResponder`, before anything else sees it.
  var trace: RequestTrace?
  /// Tells when the client goes away.
  let connection: ConnectionWatch
  private let address: SocketAddress?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    address = source.channel.remoteAddress
    connection = ConnectionWatch(channel: source.channel)
  }

  /// The client's address: that of the connection, or what the outermost trusted proxy says.
  ///
  /// - Parameter proxies: how many entries of `X-Forwarded-For`, from the right, were written by proxies of ours. What
  ///   stands further left may be made up.
  func client(_ headers: HTTPFields, proxies: Int) -> String {
    if proxies > 0 {
      let entries = headers[values: .forwardedFor].joined(separator: ",").split(separator: ",")
      if entries.count >= proxies {
        let entry = entries[entries.count - proxies].trimmingPrefix { $0 == " " }
        return String(entry.prefix(64).filter { $0 != " " })
      }
    }
    return address?.ipAddress ?? "local"
  }
}

extension HTTPField.Name {
  // Forced: these are literals, and a name that is none would fail in the first test.
  static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
  static let contentTypeOptions = HTTPField.Name("X-Content-Type-Options")!
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
  static let resourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy")!
  static let openerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
  static let permissionsPolicy = HTTPField.Name("Permissions-Policy")!
  /// Of tiles and rows, see `TileHeader.checksum(of:)`.
  static let tileHeaderChecksum = HTTPField.Name("Tile-Header-CRC32C")!
  /// What comparisons with activations were taken as: a JSON list of texts.
  static let expressionMoved = HTTPField.Name("Expression-Moved")!
  /// How many rows stand for how many: a JSON object.
  static let expressionSample = HTTPField.Name("Expression-Sample")!
}
