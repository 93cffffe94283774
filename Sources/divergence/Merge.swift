import ArgumentParser
import Console
import Foundation
import HDF5
import Precompute

/// `divergence merge`: from the results of all shards to a published store.
struct Merge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join what shards have counted, and publish it as a tile store.",
    discussion: """
      Give the same INPUT and --output as to precompute --shard. The store is the one that a single run makes, byte for \
      byte. Merging again is not an error: it prints the version again and makes it the current one.
      """)

  @Argument(help: "A job file (.yaml, .yml), or HDF5 dumps.") var input: [String]
  @OptionGroup var options: WorkOptions
  @Option(
    help: ArgumentHelp(
      "Print which of this many shards are incomplete, as a list for sbatch --array, and stop.",
      valueName: "n"))
  var missing: Int?

  func validate() throws {
    if let missing, !(1...ShardNumber.countMax).contains(missing) {
      throw ValidationError("--missing \(missing): give the number of shards, from 1 to \(ShardNumber.countMax).")
    }
    if input.count > 1, input.contains(where: PrecomputeCommand.isJob) {
      throw ValidationError("Give one job file, or HDF5 files that together are one dump; not both at once.")
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
