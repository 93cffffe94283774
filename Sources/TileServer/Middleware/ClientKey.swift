import Crypto
import Foundation
import HTTPTypes
import Hummingbird

/// Who a request is counted for, in limits and in queues: one place, so that all of them agree.
struct ClientKey: Hashable, Sendable {
  private let name: String

  /// By its address, or the first 64 bits of an IPv6 address, which one subscriber owns.
  init(address: String) {
    guard address.contains(":"), !address.contains(".") else {
      name = address
      return
    }
    let halves = address.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
    let head = halves[0].split(separator: ":")
    let tail = halves.count > 1 ? halves[1].split(separator: ":") : []
    let zeros = Array(repeating: "0"[...], count: max(0, 8 - head.count - tail.count))
    name = (head + zeros + tail).prefix(4).joined(separator: ":") + "::/64"
  }

  /// By the name of who is signed in, from wherever.
  init(user: String) { name = "user \(user)" }

  private init(name: String) { self.name = name }

  /// The same address with a token.
  func with(_ token: SHA256Digest) -> ClientKey {
    ClientKey(name: "\(name) \(token.prefix(8).map { String($0, radix: 16) }.joined(separator: "-"))")
  }
}

extension ClientKey: CustomStringConvertible {
  var description: String { name }
}

extension TileService {
  /// The client of a request: the user whom the proxy signed in; else the address, and beside it the token where it opens a data set.
  ///
  /// So a classroom behind one address is as many clients as it has tokens or users. Tokens that open nothing make no clients.
  func client(_ request: Request, _ context: ServerContext) -> ClientKey {
    if let user = user(request) { return ClientKey(user: user) }
    let key = ClientKey(address: context.client(request.headers, proxies: settings.trustedProxies))
    guard !settings.tokens.isEmpty, let token = request.tokenDigest, library.knows(token) else { return key }
    return key.with(token)
  }

  /// Who is signed in, as the proxy says in the header of the settings.
  func user(_ request: Request) -> String? {
    guard let name = settings.userHeader.flatMap({ HTTPField.Name($0) }) else { return nil }
    let values = request.headers[values: name]
    guard values.count == 1, !values[0].isEmpty else { return nil }
    return String(values[0].prefix(128))
  }
}

extension Request {
  /// The digest of the bearer token, RFC 6750.
  var tokenDigest: SHA256Digest? {
    guard let header = headers[.authorization], header.prefix(7).lowercased() == "bearer " else { return nil }
    return SHA256.hash(data: Data(header.dropFirst(7).utf8))
  }
}
