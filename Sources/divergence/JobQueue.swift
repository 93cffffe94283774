import ArgumentParser
import Foundation
import HDF5
import Precompute

/// Jobs of one call, one after another: one that fails does not keep the others from being done.
struct JobQueue {
  private struct Outcome {
    let input: String
    let code: Int32
    /// Where the store is, or what went wrong.
    let words: String
    let published: String?
  }

  private let stop: StopSignals
  private let form: ProgressStyle.Form
  private var outcomes: [Outcome] = []
  private var names: [String: String] = [:]

  init(stop: StopSignals, form: ProgressStyle.Form) {
    self.stop = stop
    self.form = form
  }

  /// Does a job, unless a signal has asked to stop.
  /// - Parameter input: names it to the user.
  mutating func run(_ input: String, _ work: (JobTurn) throws -> Void) {
    guard !stop.wasAsked || outcomes.isEmpty else {
      outcomes.append(Outcome(input: input, code: Exit.stopped, words: "not begun", published: nil))
      return
    }
    let turn = JobTurn(input: input, stop: stop, taken: names)
    do {
      try work(turn)
      outcomes.append(Outcome(input: input, code: 0, words: turn.done, published: turn.published))
    } catch {
      turn.display?.leave()
      let code = Exit.code(of: error)
      let words = "\(error)\(turn.kept(error))"
      if form == .json {
        tellJSON(
          code == Exit.stopped ? "stopped" : "failed",
          [
            "job": turn.name ?? input, "exit_code": Int(code), "message": words,
            "layers_kept": turn.display?.meter.completed ?? [],
          ])
      }
      complain(words)
      outcomes.append(Outcome(input: input, code: code, words: words, published: turn.published))
    }
    if let name = turn.name { names[name] = names[name] ?? input }
  }

  /// Sums up several jobs, and ends with 75 where a signal stopped the work, so that whoever started it does so again; else with
  /// the code of the first job that failed.
  func end() throws {
    if outcomes.count > 1 { sumUp() }
    let codes = outcomes.map(\.code)
    if let code = codes.first(where: { $0 == Exit.stopped }) ?? codes.first(where: { $0 != 0 }) { throw ExitCode(code) }
  }

  private func sumUp() {
    switch form {
    case .none: break
    case .json:
      let jobs = outcomes.map { outcome -> [String: Any] in
        [
          "input": outcome.input, "exit_code": Int(outcome.code), "path": outcome.published ?? NSNull(),
          "message": outcome.code == 0 ? NSNull() : outcome.words,
        ]
      }
      tellJSON("summary", ["jobs": jobs])
    case .bar, .lines:
      let done = outcomes.count { $0.code == 0 }
      tell("\(count(outcomes.count, "job")): \(done) done, \(outcomes.count - done) not")
      for outcome in outcomes {
        tell("  \(outcome.input): \(outcome.code == 0 ? "" : "exit \(outcome.code): ")\(outcome.words)")
      }
    }
  }
}

/// One job's turn, as far as it has come.
final class JobTurn {
  let stop: StopSignals
  private let input: String
  private let taken: [String: String]
  private(set) var name: String?
  var display: ProgressDisplay?
  var published: String?
  private var isUnchanged = false

  fileprivate init(input: String, stop: StopSignals, taken: [String: String]) {
    self.input = input
    self.stop = stop
    self.taken = taken
  }

  /// Two jobs of one call may not make the same store: the second would put its own in the first one's place, unseen.
  func begin(name: String) throws {
    if let other = taken[name] {
      throw PrecomputeError(
        .job, "\(input): its store would be called \"\(name)\", as that of \(other). Give one of them another name.")
    }
    self.name = name
  }

  /// Notes that nothing is to be done, for the store at `path` is up to date.
  func keep(_ path: String, form: ProgressStyle.Form) {
    published = path
    isUnchanged = true
    switch form {
    case .none: break
    case .json: tellJSON("unchanged", ["job": name ?? input, "path": path])
    case .bar, .lines: tell("\(name ?? input): \(done)")
    }
  }

  /// What came of it, where it went well.
  var done: String {
    guard let published else { return "planned" }
    return isUnchanged ? "unchanged since \(published) was made of it" : "published \(published)"
  }

  /// What an error leaves standing, as a sentence to follow it.
  func kept(_ error: any Error) -> String {
    guard published == nil, let meter = display?.meter, meter.number > 0 || !meter.completed.isEmpty else { return "" }
    if let error = error as? HDF5Error, error.kind == .changed {
      return " What was done so far is of the dump as it was, and will be done anew."
    }
    guard !meter.completed.isEmpty else { return " No layer is complete yet; what its last checkpoint holds is kept." }
    let layers = "\(meter.completed.count) of \(count(meter.layers, "layer"))"
    return " Kept: \(layers), \(listed(meter.completed)). The same command goes on from there."
  }
}
