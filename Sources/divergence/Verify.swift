import ArgumentParser
import Console
import Foundation
import TileStore

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that a tile store is whole.",
    discussion: """
      Reads every byte: the hashes of all files, the checksum of every inner chunk, and whether counts, statistics and \
      orderings agree. Ends with 0 if all is well, 65 if something is damaged, 74 if something cannot be read.
      """)

  @Argument(help: .store)
  var store: String

  @Flag(help: "Check only that all files are there, their sizes, and the indices of shards.")
  var quick = false

  func run() throws {
    try reportingFailure {
      let verification = try Verification.verify(store, depth: quick ? .quick : .full)
      guard verification.problems.isEmpty else {
        complain(Self.paragraph(verification.problems, of: store))
        throw ExitCode(Self.isUnreadable(verification.problems) ? Exit.cannotRead : Exit.badData)
      }
      let read = "\(verification.files) files, \(verification.bytes) bytes"
      let checked = quick ? "" : ", \(verification.chunks) inner chunks, \(verification.histograms) histograms"
      try Console.output.write(line: "\(verification.version ?? store) is whole: \(read)\(checked).")
    }
  }

  /// Whether nothing is known to be damaged: what could be read is whole.
  private static func isUnreadable(_ problems: [StoreError]) -> Bool { problems.allSatisfy { $0.kind == .unreadable } }

  /// All that was found, in one paragraph.
  private static func paragraph(_ problems: [StoreError], of store: String) -> String {
    if problems.count == 1 || isUnreadable(problems) { return "\(problems[0])" }
    let shown = problems.prefix(8).map { "\($0.place): \($0.detail)" }.joined(separator: "; ")
    let many = problems.count == Verification.problemsMax ? "at least \(problems.count)" : "\(problems.count)"
    let more = problems.count > 8 ? "; …" : ""
    return
      "The store \(store) is damaged in \(many) places. \(shown)\(more). Run `divergence precompute` again, or copy the store again."
  }
}
