import Crypto
import Synchronization
import TileStore
import Views

extension Library {
  /// A version of a data set, open or not.
  struct Version: Sendable, Equatable {
    let name: String
    /// Tells versions apart in caches. The same while the version is in the table, however often its store is opened.
    let serial: UInt64

    private static let serials = Atomic<UInt64>(0)

    init(name: String) {
      self.name = name
      serial = Self.newSerial()
    }

    static func newSerial() -> UInt64 { serials.add(1, ordering: .relaxed).newValue }
  }

  /// A data set of the table.
  struct DatasetEntry: Sendable {
    let name: String
    let current: Version
    /// What the current version holds.
    let summary: StoreSummary
    /// Other versions that answer: first those that were current, newest first.
    let others: [Version]
    /// Digests of the tokens that open it; empty: open to all.
    let tokens: [SHA256Digest]

    var all: [Version] { [current] + others }

    func version(_ name: String) -> Version? { all.first { $0.name == name } }

    /// Whether the token of this digest opens the data set. Digests are compared, in constant time, and all of them every time.
    func opens(_ token: SHA256Digest?) -> Bool {
      if tokens.isEmpty { return true }
      guard let token else { return false }
      return tokens.reduce(false) { ($1 == token) || $0 }
    }
  }
}

extension Library.DatasetEntry {
  /// An entry in which another version is current, and the versions that do not answer any more.
  ///
  /// - Parameters:
  ///   - standing: versions whose folders are there.
  ///   - before: the entry so far.
  static func with(
    _ current: Library.Version, _ summary: StoreSummary, standing: [String], tokens: [SHA256Digest],
    name: String, after before: Self?
  ) -> (entry: Self, retired: [Library.Version]) {
    // A version that comes back was opened anew: what of it was held may have been removed meanwhile.
    let was = (before?.all ?? []).filter { $0.name != current.name }
    let others = arranged(was, current, standing)
    let entry = Self(name: name, current: current, summary: summary, others: others, tokens: tokens)
    return (entry, (before?.all ?? []).filter { !entry.has($0) })
  }

  /// The entry after other versions' folders have come or gone, and the versions that do not answer any more.
  func looked(standing: [String]) -> (entry: Self, retired: [Library.Version]) {
    let entry = Self(
      name: name, current: current, summary: summary, others: Self.arranged(others, current, standing), tokens: tokens)
    return (entry, all.filter { !entry.has($0) })
  }

  private func has(_ version: Library.Version) -> Bool { all.contains { $0.serial == version.serial } }

  /// The versions that answer beside the current one.
  /// - Parameter was: those that have answered so far, those that were current first, newest first.
  private static func arranged(
    _ was: [Library.Version], _ current: Library.Version, _ standing: [String]
  ) -> [Library.Version] {
    let stands = Set(standing)
    let kept = was.enumerated().filter { $0.offset < Library.olderVersionsMax || stands.contains($0.element.name) }
      .map(\.element)
    let known = Set(kept.map(\.name) + [current.name])
    let others = kept + standing.filter { !known.contains($0) }.map(Library.Version.init(name:))
    return Array(others.prefix(Library.versionsMax))
  }
}
