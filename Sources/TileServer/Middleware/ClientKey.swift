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
}

extension ClientKey: CustomStringConvertible {
  var description: String { name }
}

extension TileService {
  /// The client of a request.
  func client(_ request: Request, _ context: ServerContext) -> ClientKey {
    ClientKey(address: context.client(request.headers, proxies: settings.trustedProxies))
  }
}
