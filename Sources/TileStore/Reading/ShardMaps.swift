import Synchronization

/// The mapped shards of one version: a bounded number, the longest unused given up first.
///
/// Giving a shard up only drops this table's hold on it; whoever is reading it keeps it mapped until the end.
final class ShardMaps: Sendable {
  fileprivate struct Entry {
    var shard: Shard
    var lastUse: UInt64
  }
  fileprivate struct Table {
    var entries: [String: Entry] = [:]
    var uses: UInt64 = 0
  }

  let folder: VersionFolder
  private let limit: Int
  private let table = Mutex(Table())

  init(folder: VersionFolder, limit: Int) {
    precondition(limit > 0)
    self.folder = folder
    self.limit = limit
  }

  /// Shards mapped now.
  var count: Int { table.withLock { $0.entries.count } }

  /// The shard at `path`, mapped and its index checked.
  func shard(at path: String, metadata: ArrayMetadata) throws(StoreError) -> Shard {
    if let shard = table.withLock({ $0.use(path) }) { return shard }
    // Outside the lock: two may map the same file, which is harmless, but nobody waits for the disk.
    let shard = try Shard(folder.map(path), path: path, metadata: metadata)
    table.withLock { $0.add(shard, at: path, limit: limit) }
    return shard
  }
}

extension ShardMaps.Table {
  fileprivate mutating func use(_ path: String) -> Shard? {
    uses += 1
    guard let place = entries.index(forKey: path) else { return nil }
    entries.values[place].lastUse = uses
    return entries.values[place].shard
  }

  /// Gives up the longest unused eighth at once, so that looking for it stays rare.
  fileprivate mutating func add(_ shard: Shard, at path: String, limit: Int) {
    if entries.count >= limit {
      let given = entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(max(1, limit / 8))
      for (path, _) in given { entries[path] = nil }
    }
    entries[path] = .init(shard: shard, lastUse: uses)
  }
}
