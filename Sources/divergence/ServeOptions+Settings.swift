import Foundation
import TileServer

extension ServeOptions {
  /// These settings over those of `base`.
  func over(_ base: ServeOptions) -> ServeOptions {
    var result = base
    result.tiles = tiles ?? base.tiles
    result.web = web ?? base.web
    result.host = host ?? base.host
    result.port = port ?? base.port
    result.adminHost = adminHost ?? base.adminHost
    result.adminPort = adminPort ?? base.adminPort
    result.prefix = prefix ?? base.prefix
    result.origins = origins ?? base.origins
    result.tokens = tokens ?? base.tokens
    result.rate = rate ?? base.rate
    result.burst = burst ?? base.burst
    result.trustedProxies = trustedProxies ?? base.trustedProxies
    result.userHeader = userHeader ?? base.userHeader
    result.cacheMib = cacheMib ?? base.cacheMib
    result.buildThreads = buildThreads ?? base.buildThreads
    result.buildQueue = buildQueue ?? base.buildQueue
    result.connections = connections ?? base.connections
    result.connectionsPerAddress = connectionsPerAddress ?? base.connectionsPerAddress
    result.idleSeconds = idleSeconds ?? base.idleSeconds
    result.drainSeconds = drainSeconds ?? base.drainSeconds
    result.catalogueSharedSeconds = catalogueSharedSeconds ?? base.catalogueSharedSeconds
    result.catalogueStaleSeconds = catalogueStaleSeconds ?? base.catalogueStaleSeconds
    result.accessLog = accessLog ?? base.accessLog
    return result
  }

  /// The server's settings, checked.
  func settings() throws -> Settings {
    var settings = Settings()
    func take<Value>(_ value: Value?, _ path: WritableKeyPath<Settings, Value>) {
      if let value { settings[keyPath: path] = value }
    }
    func take(_ name: CodingKeys, _ value: Int?, _ range: ClosedRange<Int>, _ path: WritableKeyPath<Settings, Int>)
      throws
    {
      guard let value else { return }
      guard range.contains(value) else {
        throw Unusable(
          description: "\(name.rawValue) must lie between \(range.lowerBound) and \(range.upperBound), not be \(value)."
        )
      }
      settings[keyPath: path] = value
    }
    take(tiles, \.folder)
    take(host, \.host)
    take(adminHost, \.adminHost)
    take(origins, \.origins)
    // A data set without a token would be open to all.
    if let name = tokens?.filter({ $1.isEmpty || $1.contains("") }).keys.min() {
      throw Unusable(description: "tokens names no token for “\(name)”, or an empty one. Give it one, or leave it out.")
    }
    take(tokens, \.tokens)
    take(accessLog, \.accessLog)
    settings.web = web
    try take(.port, port, 0...65535, \.port)
    if let adminPort {
      guard (0...65535).contains(adminPort) else { throw Unusable(description: "admin_port is no port.") }
      settings.adminPort = adminPort
    }
    try take(.trustedProxies, trustedProxies, 0...16, \.trustedProxies)
    try take(.buildThreads, buildThreads, 1...1024, \.buildThreads)
    try take(.buildQueue, buildQueue, 1...1_000_000, \.buildQueueMax)
    try take(.connections, connections, 1...1_000_000, \.connectionsMax)
    try take(
      .connectionsPerAddress, connectionsPerAddress ?? defaultConnectionsPerAddress(host: settings.host), 0...1_000_000,
      \.connectionsPerAddressMax)
    try take(.catalogueSharedSeconds, catalogueSharedSeconds, 0...86_400, \.catalogueSharedSeconds)
    try take(.catalogueStaleSeconds, catalogueStaleSeconds, 0...86_400, \.catalogueStaleSeconds)
    settings.userHeader = try checkedUserHeader()
    try take(.idleSeconds, idleSeconds, 1...3600, \.idleSeconds)
    try take(.drainSeconds, drainSeconds, 0...3600, \.drainSeconds)
    if let cacheMib {
      guard (16...1 << 20).contains(cacheMib) else { throw Unusable(description: "cache_mib must be at least 16.") }
      settings.cacheBytes = cacheMib << 20
    }
    settings.rate = try checked(.rate, rate) ?? Self.defaultRate(host: settings.host)
    settings.burst = try checked(.burst, burst) ?? settings.burst
    if let prefix { settings.prefix = try Self.prefix(prefix) }
    return settings
  }

  private func checked(_ name: CodingKeys, _ value: Double?) throws -> Double? {
    guard let value else { return nil }
    guard value >= 0, value.isFinite else { throw Unusable(description: "\(name.rawValue) must be at least 0.") }
    return value
  }

  /// Whoever listens to the world has a limit even if nobody thought of it.
  private static func defaultRate(host: String) -> Double { isLocal(host) ? 0 : 500 }

  /// As `defaultRate`. It lets a classroom behind one address work, where each browser opens six. Behind a proxy every connection is the
  /// proxy's, and the limit is its business.
  private func defaultConnectionsPerAddress(host: String) -> Int {
    Self.isLocal(host) || (trustedProxies ?? 0) > 0 ? 0 : 512
  }

  private static func isLocal(_ host: String) -> Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }

  /// Without a proxy anybody could say who he is.
  private func checkedUserHeader() throws -> String? {
    guard let userHeader, !userHeader.isEmpty else { return nil }
    let allowed = CharacterSet(charactersIn: "-_0123456789").union(.init(charactersIn: "a"..."z"))
      .union(.init(charactersIn: "A"..."Z"))
    guard userHeader.unicodeScalars.allSatisfy(allowed.contains) else {
      throw Unusable(description: "user_header must be the name of a header, not “\(userHeader)”.")
    }
    guard (trustedProxies ?? 0) > 0 else {
      throw Unusable(
        description: "user_header needs a proxy that sets it and removes what clients send: set trusted_proxies too.")
    }
    return userHeader
  }

  private static func prefix(_ text: String) throws -> String {
    let parts = text.split(separator: "/")
    let allowed = CharacterSet(charactersIn: "-._~0123456789").union(.init(charactersIn: "a"..."z"))
      .union(.init(charactersIn: "A"..."Z"))
    guard parts.allSatisfy({ $0.unicodeScalars.allSatisfy(allowed.contains) }) else {
      throw Unusable(description: "prefix may hold letters, digits and -._~ only, not “\(text)”.")
    }
    return parts.map { "/\($0)" }.joined()
  }
}
