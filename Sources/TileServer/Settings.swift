import Foundation
import NIOCore
import Views

/// How a server is run. Every field has a default that suits one person on one machine.
public struct Settings: Sendable, Equatable {
  /// A folder of data sets, or one data set's.
  public var folder = "Tiles"
  /// The web client's folder; `nil`: only the interface for programs.
  public var web: String?

  public var host = "127.0.0.1"
  /// 0: any free port.
  public var port = 8080
  /// Port for metrics and probes; `nil`: none.
  public var adminPort: Int?
  public var adminHost = "127.0.0.1"
  /// Before every path, such as `/demo`; empty: nothing.
  public var prefix = ""

  /// Origins that may read from other sites' pages; `*` for all; empty: none.
  public var origins: [String] = []
  /// Bearer tokens by data set; under `*` those that open every data set. Data sets without any are open to all.
  public var tokens: [String: [String]] = [:]
  /// Cost units that a client may use in a second; 0: no limit. A cached answer costs 1, see `Cost`.
  public var rate = 0.0
  /// Cost units that a client may use at once before `rate` holds.
  public var burst = 2000.0
  /// Proxies in front whose `X-Forwarded-For` entry is believed, counted from the right; 0: none is.
  public var trustedProxies = 0
  /// The header in which a proxy names who is signed in; clients are told apart by it. `nil`: none is believed.
  public var userHeader: String?

  /// Bytes of finished answers and of their parts that are kept.
  public var cacheBytes = 1 << 30
  /// Threads that build answers.
  public var buildThreads = max(2, ProcessInfo.processInfo.activeProcessorCount)
  /// Most answers that wait to be built or are being built, light and heavy each. Beyond: 503.
  public var buildQueueMax = 256
  /// Most connections at a time. Beyond: they wait to be accepted.
  public var connectionsMax = 4096
  /// Most connections of one address at a time; 0: no limit. Beyond: they are closed at once.
  public var connectionsPerAddressMax = 0
  /// Seconds after which a connection is closed that sends no whole request, or does not read what it asked for.
  public var idleSeconds = 60
  /// Seconds for which a cache that many share (a CDN) may keep the catalogue and the name of the current version of a data set that is
  /// open to all; 0: it asks every time.
  public var catalogueSharedSeconds = 0
  /// Seconds for which it may then give them once more while it asks.
  public var catalogueStaleSeconds = 0
  /// Seconds that requests under way may take after SIGTERM.
  public var drainSeconds = 20
  /// Whether every request is logged, one JSON object a line.
  public var accessLog = false

  public init() {}
}

extension Settings {
  /// How long the answers that name the current versions may be kept.
  var catalogueLifetime: Answer.Lifetime {
    catalogueSharedSeconds == 0
      ? .revalidated : .shared(seconds: catalogueSharedSeconds, stale: catalogueStaleSeconds)
  }

  /// Threads that a server with these settings starts, the language's own and some to spare included.
  public var threadCount: Int {
    let pools = BuildLanes.threadCount(buildThreads) + min(buildThreads - 1, HelperThreads.countMax) + 1
    let shared = NIOSingletons.groupLoopCountSuggestion + NIOSingletons.blockingPoolThreadCountSuggestion
    return pools + shared + ProcessInfo.processInfo.activeProcessorCount + Self.otherThreads
  }

  /// Two writers of logs, the watch for signals, and some to spare.
  private static let otherThreads = 6

  /// Bytes of private memory that a server takes at most: for the caches, and for all that it does.
  public var privateBytesMax: Int { cacheBytes + Self.besideCachesBytes }

  /// For answers under way, connections, threads, and what the allocator cannot use.
  private static let besideCachesBytes = 160 << 20

  /// Descriptors that stores, logs and event loops need beside the connections, where so many may be open at once.
  public static func descriptorsKept(of most: Int) -> Int { min(512, most / 2) }
}
