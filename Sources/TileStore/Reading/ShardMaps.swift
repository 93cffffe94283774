import CMapping
import Foundation
import Synchronization

/// Mapped shards: a bounded number, the longest unused given up first.
///
/// The system bounds the mappings of a process, not of a store, and so does this table: all stores share `process`.
/// Giving a shard up only drops this table's hold on it; whoever is reading it keeps it mapped until the end.
final class ShardMaps: Sendable {
  fileprivate struct Key: Hashable {
    var folder: UInt64
    var path: String
  }
  fileprivate struct Entry {
    var shard: Shard
    var lastUse: UInt64
  }
  fileprivate struct Table {
    var entries: [Key: Entry] = [:]
    var uses: UInt64 = 0
  }

  /// What stores use unless told otherwise: half of the mappings that are watched over against cut files, and at most a quarter
  /// of those that the system allows (`vm.max_map_count`), where the program's own memory takes some, too.
  static let process = ShardMaps(limit: max(64, min(Int(CM_WATCHES_MAX) / 2, systemMax / 4)))

  private static var systemMax: Int {
    let text = try? String(contentsOfFile: "/proc/sys/vm/max_map_count", encoding: .utf8)
    return text.flatMap { Int($0.prefix { $0.isNumber }) } ?? 65_530
  }

  private let limit: Int
  private let table = Mutex(Table())

  init(limit: Int) {
    precondition(limit > 0)
    self.limit = limit
  }

  /// Shards mapped now.
  var count: Int { table.withLock { $0.entries.count } }

  /// The shard at `path` of a version, mapped and its index checked.
  /// - Throws: `StoreError`, of kind `exhausted` where the system has no room even when all others are given up.
  func shard(at path: String, of folder: VersionFolder, metadata: ArrayMetadata) throws(StoreError) -> Shard {
    let key = Key(folder: folder.serial, path: path)
    if let shard = table.withLock({ $0.use(key) }) { return shard }
    // Outside the lock: two may map the same file, which is harmless, but nobody waits for the disk.
    let shard = try Shard(map(path, of: folder), path: path, metadata: metadata)
    table.withLock { $0.add(shard, at: key, limit: limit) }
    return shard
  }

  /// Maps a file; where there is no room for it, others make room.
  private func map(_ path: String, of folder: VersionFolder) throws(StoreError) -> MappedFile {
    try folder.withFile(path) { file throws(StoreError) in
      while true {
        do throws(StoreError) {
          return try MappedFile(descriptor: file, name: path)
        } catch {
          // What is given up is unmapped when `given` goes, outside the lock.
          let given = error.kind == .exhausted ? table.withLock { $0.giveUp(share: 2) } : []
          if given.isEmpty { throw error }
        }
      }
    }
  }

  /// Gives up all shards of a version that nobody needs any more.
  func giveUp(_ folder: VersionFolder) {
    let given = table.withLock { $0.giveUp(folder: folder.serial) }
    withExtendedLifetime(given) {}
  }
}

extension ShardMaps.Table {
  fileprivate mutating func use(_ key: ShardMaps.Key) -> Shard? {
    uses += 1
    guard let place = entries.index(forKey: key) else { return nil }
    entries.values[place].lastUse = uses
    return entries.values[place].shard
  }

  /// Gives up the longest unused eighth at once, so that looking for it stays rare.
  fileprivate mutating func add(_ shard: Shard, at key: ShardMaps.Key, limit: Int) {
    if entries.count >= limit { _ = giveUp(share: 8) }
    entries[key] = .init(shard: shard, lastUse: uses)
  }

  /// Gives up the longest unused one of `share` parts, and hands them over.
  fileprivate mutating func giveUp(share: Int) -> [Shard] {
    let oldest = entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix((entries.count + share - 1) / share)
    for (key, _) in oldest { entries[key] = nil }
    return oldest.map(\.value.shard)
  }

  fileprivate mutating func giveUp(folder: UInt64) -> [Shard] {
    let all = entries.filter { $0.key.folder == folder }
    for key in all.keys { entries[key] = nil }
    return all.values.map(\.shard)
  }
}
