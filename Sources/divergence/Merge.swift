import ArgumentParser
import Console
import Foundation
import HDF5
import Precompute

/// `divergence merge`: from the results of all shards to a published store.
struct Merge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Join what shards have counted, and publish it as a tile store.",
    discussion: """
      INPUT and --output are those that precompute --shard was given. The store is the one that a single run makes, byte for \
      byte. Merging again is no error: the version is named again, and is the one that readers see.
      """)

  @Argument(help: "A job file (.yaml, .yml), or HDF5 dumps.") var input: [String]
  @OptionGroup var options: WorkOptions
  @Option(
    help: ArgumentHelp(
      "Print the shards of so many that are not complete, as sbatch --array takes them, and do nothing.",
      valueName: "n"))
  var missing: Int?

  func validate() throws {
    if let missing, !(1...ShardNumber.countMax).contains(missing) {
      throw ValidationError("--missing \(missing): give the number of shards, from 1 to \(ShardNumber.countMax).")
    }
    if input.count > 1, input.contains(where: PrecomputeCommand.isJob) {
      throw ValidationError("Give one job file, or HDF5 dumps whose rows belong together; not both at once.")
    }
  }

  func run() async throws {
    raiseFileLimit()
    var queue = JobQueue(stop: StopSignals(), form: options.progress.form)
    queue.run(listed(input)) { turn in
      let job = try PrecomputeCommand.job(input)
      try turn.begin(name: job.name)
      let prepared = try options.prepare(job, stop: turn.stop)
      let output = options.output
      if let missing {
        let shards = try prepared.missingShards(output: output, count: missing)
        try Console.output.write(line: ShardNumber.list(shards))
        return
      }
      let display = ProgressDisplay(options.progress.form, prepared, output: output)
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
