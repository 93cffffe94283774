import ArgumentParser
import HDF5
import Precompute

/// `divergence merge`: from the results of all shards to a published store.
struct Merge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Join what shards have counted, and publish it as a tile store.",
    discussion: """
      INPUT and --output are those that precompute --shard was given. The store is the one that a single run makes, byte for \
      byte. Merging again is no error: the version is named again.
      """)

  @Argument(help: "A job file (.yaml, .yml), or HDF5 dumps.") var input: [String]
  @Option(help: "Folder of all stores.") var output = "Tiles"
  @Option(help: "Memory that may be used, such as 500MiB or 8GiB.") var memory = "8GiB"
  @Option(help: "Number of threads; all processors without it.") var threads: Int?
  @Option(help: "How progress is shown: auto, bar, json or none.") var progress = ProgressStyle.auto

  func validate() throws {
    guard let bytes = PrecomputeCommand.bytes(memory), bytes >= 256 << 20 else {
      throw ValidationError("--memory \(memory): give a size of at least 256MiB, such as 8GiB.")
    }
    if let threads, threads < 1 || threads > 1024 {
      throw ValidationError("--threads \(threads): give a number from 1 to 1024.")
    }
    if input.count > 1, input.contains(where: PrecomputeCommand.isJob) {
      throw ValidationError("Give one job file, or HDF5 dumps whose rows belong together; not both at once.")
    }
  }

  func run() async throws {
    let stop = StopSignals()
    try await reportingFailure {
      raiseFileLimit()
      let job = try PrecomputeCommand.job(input)
      let prepared = try PreparedJob(
        job, memory: PrecomputeCommand.bytes(memory)!, lanes: Lanes(count: threads ?? Lanes.available)
      ) {
        try catalogue(of: $0, follow: job.follow)
      }
      let display = ProgressDisplay(progress, prepared)
      display.begin()
      let result = try prepared.merge(
        output: output, observer: RunObserver(report: { display.show($0) }, shouldStop: { stop.wasAsked }))
      display.end(result)
    }
  }
}
