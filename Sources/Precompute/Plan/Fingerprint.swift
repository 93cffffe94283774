import Activations
import Foundation
import HDF5
import TileStore

/// What a half-done store was made from. Work goes on only where all of it is the same, byte for byte; where it is not, the
/// difference is named.
struct Fingerprint {
  /// The program's name and version.
  let tool: String
  /// The job as it was understood.
  let job: String
  /// The dump's files, each followed by the others that hold data of it: a list of `InputFile`.
  let files: String

  /// What tells one state of a file from another. Not its device: that number may be another after a restart of the machine, or on
  /// another node of a cluster.
  struct InputFile: Codable {
    var path: String
    var bytes: Int
    var modifiedNs: Int
    var inode: UInt64
  }

  init(_ job: Job, _ contents: DumpContents, tool: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let files = contents.dump.files.flatMap { [$0.catalogue.file] + $0.catalogue.otherFiles }.map {
      InputFile(path: $0.path, bytes: $0.bytes, modifiedNs: $0.modifiedNs, inode: $0.inode)
    }
    self.tool = tool
    self.job = String(decoding: try encoder.encode(job.json(contents)), as: UTF8.self)
    self.files = String(decoding: try encoder.encode(files), as: UTF8.self)
  }

  /// Reads what `text` of an earlier run says; `nil` where it is none.
  init?(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard lines.count >= 3 else { return nil }
    (tool, job, files) = (lines[0], lines[1], lines[2])
  }

  /// JSON holds no line breaks of its own, so three lines are three things.
  var text: String { "\(tool)\n\(job)\n\(files)\n" }

  /// What is not as it was when `earlier` was written.
  func changes(since earlier: String) -> [InputChange] {
    guard let earlier = Fingerprint(earlier) else {
      return [InputChange(.program, "what the earlier run left is not of this version of the program")]
    }
    var changes: [InputChange] = []
    if tool != earlier.tool {
      changes.append(InputChange(.program, "the program was \(earlier.tool) and is \(tool)"))
    }
    if job != earlier.job { changes.append(InputChange(.job, Self.jobChange(earlier.job, job))) }
    if files != earlier.files { changes.append(InputChange(.input, Self.filesChange(earlier.files, files))) }
    return changes
  }

  /// Files of `earlier`, where they are another dump: none of them is a file of this one, under any name.
  func otherFiles(_ earlier: String) -> [String] {
    func read(_ text: String) -> [InputFile] {
      (try? JSONDecoder().decode([InputFile].self, from: Data(text.utf8))) ?? []
    }
    guard let earlier = Fingerprint(earlier) else { return [] }
    let (was, isNow) = (read(earlier.files), read(files))
    let isSame = was.contains { old in
      isNow.contains { $0.path == old.path || $0.bytes == old.bytes && $0.modifiedNs == old.modifiedNs }
    }
    return isSame ? [] : was.map(\.path)
  }

  private static func jobChange(_ earlier: String, _ now: String) -> String {
    func keys(_ text: String) -> [String: JSONValue]? {
      try? JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8))
    }
    guard let earlier = keys(earlier), let now = keys(now) else { return "the job is another" }
    let names = Set(earlier.keys).union(now.keys).filter { earlier[$0] != now[$0] }.sorted()
    return "the job differs in \(names.joined(separator: ", "))"
  }

  private static func filesChange(_ earlier: String, _ now: String) -> String {
    func files(_ text: String) -> [InputFile]? {
      try? JSONDecoder().decode([InputFile].self, from: Data(text.utf8))
    }
    guard let earlier = files(earlier), let now = files(now) else { return "the dump is another" }
    if earlier.map(\.path) != now.map(\.path) {
      if earlier.count != now.count { return "the dump had \(earlier.count) files and has \(now.count)" }
      let (was, isNow) = zip(earlier, now).first { $0.path != $1.path }!
      return "\(isNow.path) has taken the place of \(was.path)"
    }
    let differing = zip(earlier, now).filter {
      $0.bytes != $1.bytes || $0.modifiedNs != $1.modifiedNs || $0.inode != $1.inode
    }
    guard let (was, isNow) = differing.first else { return "the dump is another" }
    let how =
      was.bytes != isNow.bytes
      ? "had \(grouped(was.bytes)) bytes and has \(grouped(isNow.bytes))"
      : was.inode != isNow.inode ? "was replaced" : "was written to"
    let more = differing.count > 1 ? ", and \(differing.count - 1) more files changed" : ""
    return "\(isNow.path) \(how)\(more)"
  }
}

/// One thing that is not as it was when an earlier run was stopped, so that what it left cannot be used.
public struct InputChange: Sendable, Equatable {
  public enum Kind: String, Sendable { case program, job, input }
  public let kind: Kind
  /// As the part of a sentence.
  public let words: String

  init(_ kind: Kind, _ words: String) {
    self.kind = kind
    self.words = words
  }
}
