import Foundation
import TileServer
import Yams

/// Settings of `divergence serve` as they are written: in a YAML file or in the environment, where `adminPort` is
/// `DIVERGENCE_ADMIN_PORT`. What is not written is `nil`.
struct ServeOptions: Decodable, Equatable {
  var tiles: String?
  var web: String?
  var host: String?
  var port: Int?
  var adminHost: String?
  var adminPort: Int?
  var prefix: String?
  var origins: [String]?
  /// By data set; `*` opens all.
  var tokens: [String: [String]]?
  var rate: Double?
  var burst: Double?
  var trustedProxies: Int?
  var userHeader: String?
  var cacheMib: Int?
  var buildThreads: Int?
  var buildQueue: Int?
  var connections: Int?
  var connectionsPerAddress: Int?
  var idleSeconds: Int?
  var drainSeconds: Int?
  var catalogueSharedSeconds: Int?
  var catalogueStaleSeconds: Int?
  var accessLog: Bool?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case tiles, web, host, port, prefix, origins, tokens, rate, burst, connections
    case adminHost = "admin_host"
    case adminPort = "admin_port"
    case trustedProxies = "trusted_proxies"
    case userHeader = "user_header"
    case cacheMib = "cache_mib"
    case buildThreads = "build_threads"
    case buildQueue = "build_queue"
    case connectionsPerAddress = "connections_per_address"
    case idleSeconds = "idle_seconds"
    case drainSeconds = "drain_seconds"
    case catalogueSharedSeconds = "catalogue_shared_seconds"
    case catalogueStaleSeconds = "catalogue_stale_seconds"
    case accessLog = "access_log"

    /// The variable of the environment.
    var variable: String { "DIVERGENCE_\(rawValue.uppercased())" }
  }

  init() {}

  /// What is wrong with a setting.
  struct Unusable: Error, CustomStringConvertible {
    let description: String
  }

  /// A file of settings that cannot be had.
  struct Unreadable: Error, CustomStringConvertible {
    let path: String
    let isMissing: Bool

    var description: String {
      isMissing
        ? "\(path): there is no such file of settings. Check the path."
        : "\(path): the file of settings cannot be read. Give this user the right to read it."
    }
  }

  /// Reads a YAML file.
  static func file(_ path: String) throws -> ServeOptions {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Unreadable(path: path, isMissing: access(path, F_OK) != 0)
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw Unusable(description: "\(path) is not a file of settings: it is not UTF-8 text.")
    }
    do {
      guard let node = try Yams.compose(yaml: text) else { return ServeOptions() }
      for key in node.mapping?.keys.map({ $0.string ?? "" }) ?? [] where CodingKeys(rawValue: key) == nil {
        let known = CodingKeys.allCases.map(\.rawValue).joined(separator: ", ")
        throw Unusable(description: "\(path) sets “\(key)”, which is no setting. Known: \(known).")
      }
      return try YAMLDecoder().decode(ServeOptions.self, from: node)
    } catch let error as Unusable {
      throw error
    } catch {
      throw Unusable(description: "\(path) is not a file of settings: \(explain(error))")
    }
  }

  /// Variables that look like settings, and are none.
  static func unknown(_ variables: [String: String]) -> [String] {
    let known = Set(CodingKeys.allCases.map(\.variable))
    return variables.keys.filter { $0.hasPrefix("DIVERGENCE_") && !known.contains($0) }.sorted()
  }

  /// Reads the variables that begin with `DIVERGENCE_`. Lists are comma-separated; tokens are `NAME=TOKEN` pairs.
  static func environment(_ variables: [String: String]) throws -> ServeOptions {
    var pairs: [(Node, Node)] = []
    for key in CodingKeys.allCases {
      guard let text = variables[key.variable] else { continue }
      let parts = text.split(separator: ",").map(String.init)
      let node: Node
      switch key {
      case .origins: node = Node(parts.map { Node($0) })
      case .tokens:
        let tokens = parts.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        guard !tokens.isEmpty, tokens.allSatisfy({ $0.count == 2 }) else {
          throw Unusable(
            description:
              "DIVERGENCE_TOKENS must hold NAME=TOKEN pairs, comma-separated. Where there are none, unset it.")
        }
        node = Node(Dictionary(grouping: tokens) { $0[0] }.map { (Node($0), Node($1.map { Node($0[1]) })) })
      default: node = Node(text)
      }
      pairs.append((Node(key.rawValue), node))
    }
    do {
      return try YAMLDecoder().decode(ServeOptions.self, from: Node(pairs))
    } catch {
      throw Unusable(description: "The environment holds an unusable setting: \(explain(error))")
    }
  }

  private static func explain(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    return switch error {
    case .typeMismatch(_, let context), .dataCorrupted(let context), .valueNotFound(_, let context),
      .keyNotFound(_, let context):
      "“\(context.codingPath.map(\.stringValue).joined(separator: "."))” has a value of the wrong kind."
    @unknown default: "\(error)"
    }
  }
}
