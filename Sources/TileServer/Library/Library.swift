import Crypto
import Foundation
import Synchronization
import TileStore

/// The data sets that are served: a table, read at every request and replaced when a link `current` names another
/// version. A request keeps the version it began with.
///
/// Invariant: names that come in with a request are only ever looked up in this table; no path is made of them.
public final class Library: Sendable {
  /// Versions of a data set that answer beside the current one, so that a page that was opened before a change still
  /// finds what its addresses name.
  public static let olderVersionsMax = 2

  struct DatasetEntry: Sendable {
    /// Newest first; the first is current.
    var versions: [ServedVersion]
    /// Digests of the tokens that open it; empty: open to all.
    var tokens: [SHA256Digest]

    var current: ServedVersion { versions[0] }
  }

  fileprivate struct State {
    var datasets: [String: DatasetEntry] = [:]
    var refused: [String: Refusal] = [:]
    var refreshes = 0
  }

  /// A version that could not be opened. It is tried again from time to time: a copy may still have been under way.
  fileprivate struct Refusal {
    var version: String
    var nextTry: Int
  }

  private static let refreshesBetweenTries = 30

  private let folder: String
  /// The one data set that is served, where the folder of one was named.
  private let only: String?
  private let tokens: [String: [SHA256Digest]]
  /// All of them.
  private let digests: Set<SHA256Digest>
  private let state = Mutex(State())
  /// Called with a version that is not served any more.
  private let retire: @Sendable (ServedVersion) -> Void

  /// - Parameters:
  ///   - path: a folder of data sets, such as `Tiles`, or one data set's folder.
  ///   - tokens: by data set; `*` stands for every data set.
  /// - Throws: `StoreError` of kind `notFound` or `unreadable` for the folder. Opens no store: see `refresh`.
  init(_ path: String, tokens: [String: [String]], retire: @escaping @Sendable (ServedVersion) -> Void)
    throws(StoreError)
  {
    if Catalogue.currentVersion(ofDataset: path) != nil {
      let url = URL(fileURLWithPath: path).standardizedFileURL
      folder = url.deletingLastPathComponent().path
      only = url.lastPathComponent
    } else {
      folder = path
      only = nil
    }
    self.tokens = tokens.mapValues { $0.map { SHA256.hash(data: Data($0.utf8)) } }
    digests = Set(self.tokens.values.joined())
    self.retire = retire
    _ = try Catalogue.scan(folder)
  }

  /// Whether the token of this digest opens any data set.
  func knows(_ token: SHA256Digest) -> Bool { digests.contains(token) }

  /// What `refresh` found.
  public struct Changes: Sendable {
    /// Versions that are current now and were not before.
    public var opened: [Catalogue.Entry] = []
    public var removed: [String] = []
    /// Stores that cannot be served, each told once.
    public var refused: [(dataset: String, error: StoreError)] = []
  }

  /// Compares the links on disk with the table, opens what is new, and swaps it in. What cannot be opened is left out,
  /// and the version before goes on being served.
  ///
  /// Blocks: only for build threads and for the start. Not to be called by two threads at a time.
  @discardableResult
  func refresh() throws(StoreError) -> Changes {
    let entries = try Catalogue.scan(folder).entries.filter { only == nil || $0.name == only }
    var changes = Changes()
    var retired: [ServedVersion] = []
    let (before, refused, now) = state.withLock { state in
      state.refreshes += 1
      return (state.datasets, state.refused, state.refreshes)
    }
    for entry in entries where before[entry.name]?.current.store.version != entry.version {
      let known = refused[entry.name]?.version == entry.version
      if known, let next = refused[entry.name]?.nextTry, now < next { continue }
      do throws(StoreError) {
        let version = ServedVersion(try Store.open("\(folder)/\(entry.name)/\(entry.version)"))
        retired += state.withLock { $0.add(version, named: entry.name, tokens: tokens) }
        changes.opened.append(entry)
      } catch {
        let refusal = Refusal(version: entry.version, nextTry: now + Self.refreshesBetweenTries)
        state.withLock { $0.refused[entry.name] = refusal }
        if !known { changes.refused.append((entry.name, error)) }
      }
    }
    let names = Set(entries.map(\.name))
    for name in before.keys.sorted() where !names.contains(name) {
      retired += state.withLock { $0.datasets.removeValue(forKey: name)?.versions ?? [] }
      changes.removed.append(name)
    }
    retired.forEach(retire)
    return changes
  }

  /// All data sets, by name.
  var datasets: [String: DatasetEntry] { state.withLock { $0.datasets } }

  /// Slabs that planes of all layers and groups take about, once decoded on one axis.
  var slabsUsual: Int { datasets.values.reduce(0) { $0 + Self.slabs(of: $1, groupsMax: .max).reduce(0, +) } }

  /// Slabs that a first look takes about: at some groups of the largest layer.
  var slabsAtFirst: Int { datasets.values.flatMap { Self.slabs(of: $0, groupsMax: 4) }.max() ?? 0 }

  /// Slabs that planes of each layer take about, of as many groups as there are or are counted.
  private static func slabs(of entry: DatasetEntry, groupsMax: Int) -> [Int] {
    let store = entry.current.store
    let groups = min(store.attributes.groups.count, groupsMax)
    return store.layers.map { groups * DecodedPlane.slabsUsual(rows: $0.layer.neurons, bins: .full) }
  }

  /// A data set of the table.
  func dataset(_ name: String) -> DatasetEntry? { state.withLock { $0.datasets[name] } }
}

extension Library.State {
  /// Makes a version current and returns those that are too old now.
  fileprivate mutating func add(_ version: ServedVersion, named name: String, tokens: [String: [SHA256Digest]])
    -> [ServedVersion]
  {
    refused[name] = nil
    let older = datasets[name]?.versions ?? []
    // A version that comes back was opened anew: what of it was held may have been removed meanwhile.
    let same = older.filter { $0.store.version == version.store.version }
    let others = older.filter { $0.store.version != version.store.version }
    let kept = others.prefix(Library.olderVersionsMax)
    datasets[name] = .init(versions: [version] + kept, tokens: (tokens[name] ?? []) + (tokens["*"] ?? []))
    return same + others.dropFirst(Library.olderVersionsMax)
  }
}

extension Library.DatasetEntry {
  /// Whether the token of this digest opens the data set. Digests are compared, in constant time, and all of them every time.
  func opens(_ token: SHA256Digest?) -> Bool {
    if tokens.isEmpty { return true }
    guard let token else { return false }
    return tokens.reduce(false) { ($1 == token) || $0 }
  }
}
