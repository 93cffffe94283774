import ArgumentParser
import Console
import Foundation
import Logging
import TileServer
import TileStore

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve tile stores to browsers.",
    discussion: """
      Settings are taken from flags, then from variables such as DIVERGENCE_PORT, then from the file named with \
      --config, then from the defaults. Tokens for data sets are not taken from flags, which others on the machine can \
      see. The server only reads, picks up new versions by itself, and on SIGTERM finishes what it began, then stops.
      """)

  @Argument(help: "A folder of data sets, or one data set's. (default: Tiles)")
  var tiles: String?

  @Option(help: "Address to listen on. (default: 127.0.0.1)")
  var host: String?

  @Option(help: "Port; 0 for any that is free. (default: 8080)")
  var port: Int?

  @Option(help: "Port for /metrics, /healthz and /readyz. (default: none)")
  var adminPort: Int?

  @Option(help: "A YAML file of settings.")
  var config: String?

  @Option(help: "Folder of the web client. (default: the one that came with the program)")
  var web: String?

  @Option(help: "Prefix of every path, such as /demo.")
  var prefix: String?

  @Option(name: .customLong("origin"), help: "An origin whose pages may read from here (CORS); * for all.")
  var origins: [String] = []

  @Option(help: "Cost units a client may use in a second; 0: no limit. (default: 0, 500 unless on this machine only)")
  var rate: Double?

  @Option(help: "How many of your own proxies add to X-Forwarded-For. (default: 0)")
  var trustedProxies: Int?

  @Option(help: "Memory for cached answers, in MiB; three eighths may be taken at the start. (default: 1024)")
  var cacheMib: Int?

  @Flag(help: "Log every request to standard output, one JSON object a line.")
  var accessLog = false

  func run() async throws {
    try await reportingFailure {
      let settings = Self.fitted(try self.settings(), descriptors: raiseFileLimit())
      try AddressLimit.check(beside: settings.privateBytesMax)
      try ThreadLimit.check(settings.threadCount)
      let errors = LineWriter(.error)
      let requests = LineWriter(.output)
      var log = Logger(label: "divergence") { JSONLines(label: $0, writer: errors) }
      log.logLevel = .notice
      let access = Logger(label: "access") { JSONLines(label: $0, writer: requests) }

      let server = try Server(settings, log: log, access: access)
      let refused = try server.open().refused
      for (dataset, error) in refused { complain("\(dataset) is not served. \(error)") }
      guard !server.datasets.isEmpty else {
        guard let first = refused.first else {
          throw StoreError(
            .notFound, file: "data set in \(settings.folder)",
            "precompute one first, with `divergence precompute JOB.yaml --output \(settings.folder)`.")
        }
        // A file that a published store lacks is damage, not a store that is not there.
        throw ExitCode(first.error.kind == .notFound ? Exit.badData : Exit.code(of: first.error))
      }
      for name in ServeOptions.unknown(ProcessInfo.processInfo.environment) {
        complain("The variable \(name) is not a setting.")
      }
      for name in Set(settings.tokens.keys).subtracting(server.datasets + ["*"]).sorted() {
        complain("The tokens of “\(name)” protect nothing: there is no data set of that name.")
      }
      let named = server.datasets.count <= Self.namesMax
      let names = named ? server.datasets.joined(separator: ", ") : "\(server.datasets.count) data sets"
      try await server.run { port in
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        // Whoever does not read it may still be served.
        try? Console.output.write(line: "Serving \(names) at http://\(host):\(port)\(settings.prefix)/")
      }
    }
  }

  /// Fewer connections where there are not enough descriptors: what is left over is for stores, which must open whoever is connected.
  private static func fitted(_ settings: Settings, descriptors: Int) -> Settings {
    let most = descriptors - Settings.descriptorsKept(of: descriptors)
    guard settings.connectionsMax > most else { return settings }
    complain("The system allows \(descriptors) open files: at most \(most) connections are taken at a time.")
    var settings = settings
    settings.connectionsMax = most
    return settings
  }

  private func settings() throws -> Settings {
    var flags = ServeOptions()
    flags.tiles = tiles
    flags.host = host
    flags.port = port
    flags.adminPort = adminPort
    flags.web = web
    flags.prefix = prefix
    flags.origins = origins.isEmpty ? nil : origins
    flags.rate = rate
    flags.trustedProxies = trustedProxies
    flags.cacheMib = cacheMib
    flags.accessLog = accessLog ? true : nil
    let environment = try ServeOptions.environment(ProcessInfo.processInfo.environment)
    let file = try config.map { try ServeOptions.file($0) } ?? ServeOptions()
    var options = flags.over(environment).over(file)
    options.web = options.web ?? WebClient.folder()
    return try options.settings()
  }

  /// Most data sets that are named when serving begins.
  private static let namesMax = 100
}
