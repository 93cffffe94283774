import Crypto
import Foundation
import Synchronization
import TileStore
import Views

/// The data sets that are served: a table, read at every request and replaced when a link `current` names another
/// version. A request keeps the version it began with.
///
/// The table holds names and summaries of all data sets, and open stores of those that were asked for last.
///
/// Invariant: names that come in with a request are only ever looked up in this table; no path is made of them.
public final class Library: Sendable {
  /// Versions of a data set that answer beside the current one although their folders are gone, from what of them is held, so that
  /// a page that was opened before a change still finds what its addresses name. All whose folders stand do, too.
  public static let olderVersionsMax = 2
  /// Most other versions of a data set.
  static let versionsMax = 1000
  /// Most stores that one refresh opens: others wait for the next, which follows at once.
  static let looksMax = 64
  /// Seconds after which a refresh leaves the others to the next, too.
  static let looksSecondsMax = 5
  /// Most bytes of stores that are held open, as `ServedVersion.byteCount` counts them: 256 stores at most.
  static let openBytesMax = 256 << 20

  fileprivate struct State {
    var datasets: [String: DatasetEntry] = [:] { didSet { revision = Version.newSerial() } }
    /// Tells tables apart in caches, as `Version.serial` does versions.
    var revision = Version.newSerial()
    /// Versions of the data sets that were there at the start and that nobody has looked at yet.
    var unseen: [String: String] = [:]
    var refused: [String: Refusal] = [:]
    /// `Catalogue.changeTime` when the versions of a data set were listed.
    var listed: [String: Int] = [:]
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
  /// Open stores by serial number.
  private let opened = SharedParts<UInt64, ServedVersion>(bytesMax: openBytesMax, size: \.byteCount)
  /// Called with the serial number of a version that is not served any more.
  private let retire: @Sendable (UInt64) -> Void

  /// - Parameters:
  ///   - path: a folder of data sets, such as `Tiles`, or one data set's folder.
  ///   - tokens: by data set; `*` stands for every data set.
  /// - Throws: `StoreError` of kind `notFound` or `unreadable` for the folder. Opens no store: see `refresh`.
  init(_ path: String, tokens: [String: [String]], retire: @escaping @Sendable (UInt64) -> Void)
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
    let entries = try entries()
    state.withLock { state in
      for entry in entries { state.unseen[entry.name] = entry.version }
    }
  }

  /// Whether the token of this digest opens any data set.
  func knows(_ token: SHA256Digest) -> Bool { digests.contains(token) }

  /// What `refresh` found.
  public struct Changes: Sendable {
    /// Versions that are current now and were not before, without those that the server found at its start.
    public var opened: [Catalogue.Entry] = []
    /// Data sets that were there at the start and have been looked at now.
    public var found: [Catalogue.Entry] = []
    public var removed: [String] = []
    /// Stores that cannot be served, each told once.
    public var refused: [(dataset: String, error: StoreError)] = []
    /// Whether some have not been looked at yet: the next refresh should follow at once.
    public var areMore = false
  }

  /// Compares the links on disk with the table, opens what is new, as far as one refresh goes, and swaps it in. What cannot be opened
  /// is left out, and the version before goes on being served.
  ///
  /// Blocks: only for build threads and for the start. Not to be called by two threads at a time.
  @discardableResult
  func refresh() throws(StoreError) -> Changes {
    let entries = try entries()
    var changes = Changes()
    let (before, refused, now) = state.withLock { state in
      state.refreshes += 1
      return (state.datasets, state.refused, state.refreshes)
    }
    let wanted = entries.filter { entry in
      guard before[entry.name]?.current.name != entry.version else { return false }
      return refused[entry.name].map { $0.version != entry.version || $0.nextTry <= now } ?? true
    }
    let start = ContinuousClock.now
    var looks = 0
    for entry in wanted {
      if looks == Self.looksMax || ContinuousClock.now - start > .seconds(Self.looksSecondsMax) {
        changes.areMore = true
        break
      }
      looks += 1
      let isKnown = refused[entry.name]?.version == entry.version
      let wasUnseen = state.withLock { $0.unseen[entry.name] != nil }
      do throws(StoreError) {
        try look(at: entry)
        if wasUnseen { changes.found.append(entry) } else { changes.opened.append(entry) }
      } catch {
        if !isKnown { changes.refused.append((entry.name, error)) }
      }
    }
    lookForVersions(entries.map(\.name), &changes)
    let names = Set(entries.map(\.name))
    let retired = state.withLock { state in
      state.unseen = state.unseen.filter { names.contains($0.key) }
      state.listed = state.listed.filter { names.contains($0.key) }
      return before.keys.sorted().filter { !names.contains($0) }.flatMap { name in
        changes.removed.append(name)
        return state.datasets.removeValue(forKey: name)?.all ?? []
      }
    }
    giveUp(retired)
    return changes
  }

  /// Lists the versions of the data sets whose folders have changed: one that was copied in beside the current one answers from now on,
  /// without a look at the disk by whoever asks for it.
  private func lookForVersions(_ names: [String], _ changes: inout Changes) {
    let listed = state.withLock { $0.listed }
    // Clocks of file systems are coarse: two changes at the same time look like one.
    let settled = Int(Date().timeIntervalSince1970 * 1e9) - 2_000_000_000
    var looks = 0
    for name in names {
      guard let before = listed[name] else { continue }
      let path = "\(folder)/\(name)"
      guard let time = Catalogue.changeTime(ofDataset: path), time != before || time > settled else { continue }
      guard looks < Self.looksMax else {
        if time != before { return changes.areMore = true }
        continue
      }
      looks += 1
      let standing = Catalogue.versions(ofDataset: path)
      let retired = state.withLock { state -> [Version] in
        state.listed[name] = time
        guard let before = state.datasets[name] else { return [] }
        let looked = before.looked(standing: standing)
        if looked.entry.others == before.others { return [] }
        state.datasets[name] = looked.entry
        return looked.retired
      }
      giveUp(retired)
    }
  }

  /// Looks at a data set that was there at the start, ahead of its turn. Blocks: only for build threads.
  /// - Returns: why it cannot be served, where that is so and was not known.
  func lookAhead(at name: String) -> StoreError? {
    guard let version = state.withLock({ $0.unseen[name] }) else { return nil }
    do throws(StoreError) {
      try look(at: .init(name: name, version: version))
      return nil
    } catch {
      return error
    }
  }

  private func entries() throws(StoreError) -> [Catalogue.Entry] {
    try Catalogue.scan(folder).entries.filter { only == nil || $0.name == only }
  }

  /// Opens a version and makes it current, or notes that it cannot be.
  private func look(at entry: Catalogue.Entry) throws(StoreError) {
    let path = "\(folder)/\(entry.name)"
    // Before they are listed: what comes meanwhile is seen at the next look.
    let time = Catalogue.changeTime(ofDataset: path)
    let standing = Catalogue.versions(ofDataset: path)
    state.withLock { $0.listed[entry.name] = time }
    do throws(StoreError) {
      try take(entry.version, of: entry.name, standing: standing)
      state.withLock { $0.refused[entry.name] = nil }
    } catch {
      // Where none was served before, as at the start, one that stands beside it is better than none, and the others answer.
      if dataset(entry.name) == nil {
        for other in standing where other != entry.version {
          if (try? take(other, of: entry.name, standing: standing)) != nil { break }
        }
      }
      state.withLock { state in
        state.unseen[entry.name] = nil
        state.refused[entry.name] = Refusal(
          version: entry.version, nextTry: state.refreshes + Self.refreshesBetweenTries)
      }
      throw error
    }
  }

  /// Opens a version and makes it the one that is current for readers.
  private func take(_ name: String, of dataset: String, standing: [String]) throws(StoreError) {
    let version = Version(name: name)
    let served = try open(version, of: dataset)
    let tokens = (tokens[dataset] ?? []) + (tokens["*"] ?? [])
    let retired = state.withLock { state in
      state.unseen[dataset] = nil
      let (entry, retired) = DatasetEntry.with(
        version, StoreSummary(served.store), standing: standing, tokens: tokens, name: dataset,
        after: state.datasets[dataset])
      state.datasets[dataset] = entry
      return retired
    }
    giveUp(retired)
  }

  private func giveUp(_ versions: [Version]) {
    for version in versions {
      opened.removeAll { $0 == version.serial }
      retire(version.serial)
    }
  }

  /// A version's store, where it is open.
  func atHand(_ version: Version) -> ServedVersion? { opened.partAtHand(version.serial) }

  /// A version's store. Blocks where it is not open: only for build threads.
  /// - Parameter dataset: a name of the table.
  func open(_ version: Version, of dataset: String) throws(StoreError) -> ServedVersion {
    do {
      return try opened.part(version.serial) {
        ServedVersion(
          try Store.open(dataset: "\(folder)/\(dataset)", version: version.name), serial: version.serial)
      }
    } catch let error as StoreError {
      throw error
    } catch {
      preconditionFailure("only stores are opened: \(error)")
    }
  }

  /// The current version of a data set. Blocks.
  func current(_ name: String) throws(StoreError) -> ServedVersion? {
    guard let dataset = dataset(name) else { return nil }
    return try open(dataset.current, of: name)
  }

  /// The number of the table that there is now; no other table has it, nor any version.
  var revision: UInt64 { state.withLock { $0.revision } }

  /// All data sets that were looked at and are sound, by name.
  var datasets: [String: DatasetEntry] { state.withLock { $0.datasets } }

  /// Names of all data sets, also of those that nobody has looked at yet.
  var names: [String] { state.withLock { Array($0.datasets.keys) + $0.unseen.keys }.sorted() }

  /// Whether every data set that was there at the start has been looked at.
  var isComplete: Bool { state.withLock { $0.unseen.isEmpty } }

  /// Whether nobody has looked at a data set yet.
  func isUnseen(_ name: String) -> Bool { state.withLock { $0.unseen[name] != nil } }

  /// Stores that are held open.
  var openCount: Int { opened.count }

  /// Slabs that planes of all layers and groups take about, once decoded on one axis.
  var slabsUsual: Int { datasets.values.reduce(0) { $0 + $1.summary.slabsUsual } }

  /// Slabs that a first look takes about: at some groups of the largest layer.
  var slabsAtFirst: Int { datasets.values.map(\.summary.slabsAtFirst).max() ?? 0 }

  /// A data set of the table.
  func dataset(_ name: String) -> DatasetEntry? { state.withLock { $0.datasets[name] } }
}
