import Activations
import ArgumentParser
import Foundation
import HDF5
import Precompute

/// `divergence precompute`: from a job or a dump to a published store.
struct PrecomputeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "precompute",
    abstract: "Count the activations of a dump and publish them as a tile store.",
    discussion: """
      INPUT is one job file (.yaml), or HDF5 files whose rows belong together. Run again after an interruption, the same \
      command goes on with the layers that are missing.
      """)

  @Argument(help: "A job file (.yaml, .yml), or HDF5 dumps.") var input: [String]
  @Option(help: "Folder of all stores.") var output = "Tiles"
  @Option(help: "Memory that may be used, such as 500MiB or 8GiB.") var memory = "8GiB"
  @Option(help: "Number of threads; all processors without it.") var threads: Int?
  @Option(help: "How progress is shown: auto, bar, json or none.") var progress = ProgressStyle.auto
  @Flag(help: "Print what would be done, and do nothing.") var planOnly = false
  @Flag(help: "Begin anew, even where an earlier run left complete layers.") var restart = false

  func validate() throws {
    guard let bytes = Self.bytes(memory), bytes >= 256 << 20 else {
      throw ValidationError("--memory \(memory): give a size of at least 256MiB, such as 8GiB.")
    }
    if let threads, threads < 1 || threads > 1024 {
      throw ValidationError("--threads \(threads): give a number from 1 to 1024.")
    }
    if input.count > 1, input.contains(where: Self.isJob) {
      throw ValidationError("Give one job file, or HDF5 dumps whose rows belong together; not both at once.")
    }
  }

  func run() async throws {
    let stop = StopSignals()
    try await reportingFailure {
      raiseFileLimit()
      let job = try Self.isJob(input[0]) ? Job(file: input[0]) : Self.job(dumps: input)
      let lanes = Lanes(count: threads ?? Lanes.available)
      let prepared = try PreparedJob(job, memory: Self.bytes(memory)!, lanes: lanes) {
        try catalogue(of: $0, follow: job.follow)
      }
      if planOnly {
        print(prepared.planInWords)
        return
      }
      let display = ProgressDisplay(progress, prepared)
      display.begin()
      let result = try prepared.run(
        output: output, restart: restart,
        observer: RunObserver(report: { display.show($0) }, shouldStop: { stop.wasAsked }))
      display.end(result)
    }
  }

  private static func isJob(_ path: String) -> Bool { path.hasSuffix(".yaml") || path.hasSuffix(".yml") }

  private static func job(dumps: [String]) throws -> Job {
    try Job.checkExistence(dumps, advice: "Look for a typing error in the path.")
    return try Job(dumps: dumps)
  }

  /// `8GiB`, `500 MB`, `1073741824`; `nil` where it is no size.
  static func bytes(_ text: String) -> Int? {
    let trimmed = text.filter { !$0.isWhitespace }
    let digits = trimmed.prefix { $0.isNumber || $0 == "." }
    guard let number = Double(digits), number > 0 else { return nil }
    let units: [String: Double] = [
      "": 1, "b": 1, "k": 1024, "kib": 1024, "m": 0x1p20, "mib": 0x1p20, "g": 0x1p30, "gib": 0x1p30, "t": 0x1p40,
      "tib": 0x1p40,
      "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
    ]
    guard let unit = units[trimmed.dropFirst(digits.count).lowercased()], number * unit < 0x1p60 else { return nil }
    return Int(number * unit)
  }
}
