import ArgumentParser
import Foundation
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
  @Option(help: "Memory that may be used, such as 500MiB. (default: 8GiB, or what Slurm or the control group allows)")
  var memory: String?
  @Option(help: "Number of threads; all processors without it.") var threads: Int?
  @Option(help: "How progress is shown: auto, bar, json or none.") var progress = ProgressStyle.auto

  @Option(
    help: ArgumentHelp(
      "Print the shards of so many that are not complete, as sbatch --array takes them, and do nothing.",
      valueName: "n"))
  var missing: Int?

  func validate() throws {
    if let memory, PrecomputeCommand.bytes(memory).map({ $0 < PrecomputeCommand.memoryMin }) ?? true {
      throw ValidationError("--memory \(memory): give a size of at least 256MiB, such as 8GiB.")
    }
    if let missing, !(1...ShardNumber.countMax).contains(missing) {
      throw ValidationError("--missing \(missing): give the number of shards, from 1 to \(ShardNumber.countMax).")
    }
    if let threads, threads < 1 || threads > 1024 {
      throw ValidationError("--threads \(threads): give a number from 1 to 1024.")
    }
    if input.count > 1, input.contains(where: PrecomputeCommand.isJob) {
      throw ValidationError("Give one job file, or HDF5 dumps whose rows belong together; not both at once.")
    }
  }

  func run() async throws {
    raiseFileLimit()
    var queue = JobQueue(stop: StopSignals(), form: progress.form)
    queue.run(listed(input)) { turn in
      let job = try PrecomputeCommand.job(input)
      try turn.begin(name: job.name)
      let prepared = try PreparedJob(
        job, memory: PrecomputeCommand.budget(memory), lanes: Lanes(count: threads ?? Lanes.available)
      ) { try catalogue(of: $0, follow: job.follow) }
      if let missing {
        print(ShardNumber.list(try prepared.missingShards(output: output, count: missing)))
        return
      }
      let display = ProgressDisplay(progress.form, prepared, output: output)
      turn.display = display
      display.begin()
      let observer = RunObserver(report: { display.show($0) }, shouldStop: { [stop = turn.stop] in stop.wasAsked })
      let result = try prepared.merge(output: output, observer: observer)
      turn.published = result.path
      try display.end(result)
    }
    try queue.end()
  }
}
