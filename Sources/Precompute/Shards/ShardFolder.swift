import Activations
import Foundation
import HDF5
import TileStore

/// What tells one piece of work from another, on whichever machine: the program, the job with everything filled in, and the input.
///
/// Of files only what is the same wherever they are mounted: names, sizes, times and what is in them.
struct WorkFingerprint: Codable, Equatable, Sendable {
  var tool: String
  var job: String
  var input: String

  var digest: String { contentHash("\(tool)\n\(job)\n\(input)\n") }

  /// What differs, in words.
  func difference(from other: WorkFingerprint) -> String {
    if tool != other.tool { return "another version of the program (\(other.tool))" }
    if job != other.job { return "another job, or an earlier state of this one" }
    return "another state of the dump"
  }
}

extension PreparedJob {
  var workFingerprint: WorkFingerprint {
    get throws {
      struct Input: Encodable {
        var name: String
        var bytes: Int
        var modifiedNs: Int
        var others: [Input]
        var datasets: [DatasetInfo]
        init(_ file: FileIdentity, others: [FileIdentity] = [], datasets: [DatasetInfo] = []) {
          name = file.path.split(separator: "/").last.map(String.init) ?? ""
          bytes = file.bytes
          modifiedNs = file.modifiedNs
          self.others = others.map { Input($0) }
          self.datasets = datasets.map {
            var info = $0
            info.viaLink = nil
            info.storageFile = nil
            return info
          }
        }
      }
      let encoder = JSONEncoder.forCatalogues
      encoder.outputFormatting = .sortedKeys
      let inputs = contents.dump.files.map {
        Input($0.catalogue.file, others: $0.catalogue.otherFiles, datasets: $0.catalogue.datasets)
      }
      return WorkFingerprint(
        tool: Self.tool, job: contentHash(String(decoding: try encoder.encode(job.json(contents)), as: UTF8.self)),
        input: contentHash(String(decoding: try encoder.encode(inputs), as: UTF8.self)))
    }
  }
}

/// Where the results of shards wait for being merged.
///
///     Tiles/NAME/.shards/FINGERPRINT/3-of-16/          one shard
///     Tiles/NAME/.shards/FINGERPRINT/3-of-16/*.counts  what it has counted
///     Tiles/NAME/.shards/FINGERPRINT/3-of-16/complete  all of it is there
///     Tiles/NAME/.shards/FINGERPRINT/merged            the version that they were merged into
struct ShardFolder {
  /// The mark of a complete shard.
  struct Complete: Codable, Equatable, Sendable {
    static let formatNow = "divergence shard 2"
    var format = Self.formatNow
    var fingerprint: WorkFingerprint
    var shard: ShardNumber
    /// Names of its files of counts.
    var files: [String]
    /// What it found in the dump, so that merging need not look there.
    var unfilledRows: UnfilledRows
  }
  /// The mark that all shards were merged.
  struct Merged: Codable {
    var fingerprint: WorkFingerprint
    /// What a first visit shows (`PreparedJob.startInWords`).
    var start: String
    var version: String
    /// What the shards found in the dump.
    var unfilledRows: UnfilledRows
  }
  static let completeName = "complete"

  let fingerprint: WorkFingerprint
  private let start: String
  /// `Tiles/NAME`.
  let store: String
  /// `Tiles/NAME/.shards`.
  var all: String { store + "/.shards" }
  let path: String

  init(output: String, job: PreparedJob) throws {
    fingerprint = try job.workFingerprint
    start = job.startInWords
    store = output + "/" + job.job.name
    path = store + "/.shards/" + fingerprint.digest.prefix(16)
  }

  func name(of shard: ShardNumber) -> String { "\(shard.index)-of-\(shard.count)" }
  func path(of shard: ShardNumber) -> String { path + "/" + name(of: shard) }

  /// The mark of the published version that the shards were merged into, if that is still there.
  var merged: Merged? {
    guard let reader = try? RecordReader(path: path + "/merged"), let mark = try? reader.header(as: Merged.self),
      mark.fingerprint == fingerprint, mark.start == start,
      FileManager.default.fileExists(atPath: "\(store)/\(mark.version)/MANIFEST")
    else { return nil }
    return mark
  }

  /// Why the mark that all shards were merged cannot be read; `nil` where it can, or there is none.
  var mergedMarkDamage: String? {
    let mark = path + "/merged"
    guard FileManager.default.fileExists(atPath: mark) else { return nil }
    do throws(RecordFileError) {
      _ = try RecordReader(path: mark).header(as: Merged.self)
      return nil
    } catch { return error.description }
  }

  func markMerged(version: String, _ unfilledRows: UnfilledRows) throws {
    let mark = Merged(fingerprint: fingerprint, start: start, version: version, unfilledRows: unfilledRows)
    try RecordWriter(path: path + "/merged", header: mark).finish()
  }

  func removeMergedMark() throws { try WorkFolder.removeMark(path + "/merged") }

  func markComplete(_ shard: ShardNumber, files: [String], _ unfilledRows: UnfilledRows) throws {
    let mark = Complete(fingerprint: fingerprint, shard: shard, files: files, unfilledRows: unfilledRows)
    try RecordWriter(path: path(of: shard) + "/" + Self.completeName, header: mark).finish()
  }

  /// Takes the mark away from a shard that is begun anew, or turned out to be damaged; to run it brings it back.
  func removeMark(of shard: ShardNumber) throws { try WorkFolder.removeMark(path(of: shard) + "/" + Self.completeName) }

  /// The mark of a folder; `nil` where it is not complete.
  static func complete(at path: String) throws(RecordFileError) -> Complete? {
    let mark = path + "/" + completeName
    guard FileManager.default.fileExists(atPath: mark) else { return nil }
    let complete = try RecordReader(path: mark).header(as: Complete.self)
    guard complete.format == Complete.formatNow else { throw RecordFileError(mark, "it is no mark of a shard") }
    return complete
  }

  /// Removes the results of all shards once they are merged, but for one that somebody is counting again. A merge that was killed at this
  /// is made up for by whatever is run next of the job.
  func removeShards() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: path) where name != "merged" {
      try WorkFolder.removeUnlessBusy(path + "/" + name)
    }
  }
}
