import Activations
import ArgumentParser
import Console
import Foundation
import HDF5
import Precompute

/// `divergence precompute`: from a job or a dump to a published store.
struct PrecomputeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "precompute",
    abstract: "Count the activations of a dump and publish them as a tile store.",
    discussion: """
      INPUT: job files (.yaml), done one after another, or HDF5 files that together are one dump. After an interruption, \
      run the same command again: it continues where it stopped.
      """)

  @Argument(help: "Job files (.yaml, .yml), or HDF5 dumps.") var input: [String]
  @OptionGroup var options: WorkOptions
  @Option(
    help: ArgumentHelp(
      "Do one part of the work, such as 3/16, and leave the result for merge; auto or auto/16 asks Slurm or Kubernetes.",
      valueName: "i/n"))
  var shard: String?
  @Option(help: "Seconds between two checkpoints inside a layer.") var checkpoint = 300.0
  @Flag(help: "Print what would be done, and stop.") var planOnly = false
  @Flag(help: "Start over, even if an earlier run left complete layers.") var restart = false

  @Flag(help: "Skip jobs whose published store was made from the same dump, job and program.") var ifChanged = false

  /// Eleven days. What is longer by far is no `Duration`.
  private static let checkpointMax = 1e6

  func validate() throws {
    guard (0...Self.checkpointMax).contains(checkpoint) else {
      throw ValidationError(
        "--checkpoint \(checkpoint): give a number of seconds from 0 to \(Int(Self.checkpointMax)), such as 300.")
    }
    if input.contains(where: Self.isJob), !input.allSatisfy(Self.isJob) {
      throw ValidationError("Give job files, or HDF5 files that together are one dump; not both at once.")
    }
  }

  func run() async throws {
    raiseFileLimit()
    var queue = JobQueue(stop: StopSignals(), form: options.progress.form)
    if Self.isJob(input[0]) {
      for file in input { queue.run(file) { try work($0) { try Job(file: file) } } }
    } else {
      queue.run(listed(input)) { try work($0) { try Self.job(dumps: input) } }
    }
    try queue.end()
  }

  /// Does one job.
  private func work(_ turn: JobTurn, _ read: () throws -> Job) throws {
    let shard = try self.shard.map { text throws(ShardNumber.Unusable) in
      try ShardNumber(text, environment: ProcessInfo.processInfo.environment)
    }
    let job = try read()
    try turn.begin(name: job.name)
    let planned = try options.prepare(job, stop: turn.stop)
    let output = options.output
    if ifChanged, !planOnly, shard == nil, !restart, let version = try planned.madeVersion(output: output) {
      turn.keep("\(output)/\(job.name)/\(version)", form: options.progress.form)
      return
    }
    let prepared = try turn.stop.outwaiting {
      var looked = planned
      try looked.lookForUnfilledRows()
      return looked
    }
    if planOnly {
      let notes = prepared.grouping.notes.map { "  Note: \($0)" }
      let part = shard.map { prepared.planInWords(of: $0) } ?? []
      try Console.output.write(lines: prepared.planInWords + notes + part)
      return
    }
    let display = ProgressDisplay(options.progress.form, prepared, output: output, shard: shard)
    turn.display = display
    display.begin()
    let observer = RunObserver(report: { display.show($0) }, shouldStop: { [stop = turn.stop] in stop.wasAsked })
    if let shard {
      let result = try prepared.run(
        shard: shard, output: output, restart: restart, checkpointSeconds: checkpoint, observer: observer)
      turn.published = result.path
      display.end(result)
      return
    }
    let result = try prepared.run(
      output: output, restart: restart, checkpointSeconds: checkpoint, observer: observer)
    turn.published = result.path
    try display.end(result)
  }

  static func isJob(_ path: String) -> Bool { path.hasSuffix(".yaml") || path.hasSuffix(".yml") }

  /// The job of a file, or of dumps.
  static func job(_ input: [String]) throws -> Job {
    try isJob(input[0]) ? Job(file: input[0]) : job(dumps: input)
  }

  private static func job(dumps: [String]) throws -> Job {
    try checkDumps(dumps)
    return try Job(dumps: dumps)
  }
}
