import Activations
import ArgumentParser
import Console
import Foundation
import Precompute
import Synchronization

enum ProgressStyle: String, ExpressibleByArgument, CaseIterable {
  case auto, bar, json, none

  enum Form { case bar, lines, json, none }

  /// `auto` is a bar where somebody looks at it, and lines in a log.
  var form: Form {
    switch self {
    case .bar: .bar
    case .json: .json
    case .none: .none
    case .auto: Console.error.isTerminal ? .bar : .lines
    }
  }
}

/// Shows how far a run is: a bar on a terminal, lines in a log, JSON for programs; always on standard error.
final class ProgressDisplay: Sendable {
  private struct State {
    var meter: ProgressMeter
    var shown: ContinuousClock.Instant?
  }
  let form: ProgressStyle.Form
  private let job: PreparedJob
  private let output: String
  private let shard: ShardNumber?
  private let state: Mutex<State>

  /// - Parameters:
  ///   - output: the folder of all stores.
  ///   - shard: the part that is done, where that is not all of the job.
  init(_ form: ProgressStyle.Form, _ job: PreparedJob, output: String, shard: ShardNumber? = nil) {
    self.form = form
    self.job = job
    self.output = output
    self.shard = shard
    let bytes = shard.map { job.decodedBytes(of: $0) } ?? job.countedBytes
    state = Mutex(State(meter: ProgressMeter(total: bytes, layers: job.plans.count)))
  }

  var meter: ProgressMeter { state.withLock { $0.meter } }

  func begin() {
    switch form {
    case .bar, .lines:
      let plan = shard.map { job.planInWords(of: $0) } ?? job.planInWords
      for line in plan + job.grouping.notes.map({ "  Note: \($0)" }) { tell(line) }
    case .json:
      json(
        "plan",
        [
          "rows": job.contents.rows, "layers": job.plans.map(\.source.name), "bytes": meter.total,
          "memory_budget": job.memory, "lanes": job.lanes.count, "output": "\(output)/\(job.job.name)",
          "shard": shard?.description ?? NSNull(), "notes": job.contents.notes + job.grouping.notes,
        ])
    case .none: break
    }
  }

  func show(_ event: ProgressEvent) {
    state.withLock { state in
      let layerTotal = state.meter.layerTotal
      state.meter.note(event)
      let meter = state.meter
      switch event {
      case .begunAnew(let changes):
        let words = changes.map(\.words).joined(separator: "; ")
        say("What an interrupted run left cannot be used, and all is done anew: \(words).")
        if form == .json { json("anew", ["because": changes.map(\.kind.rawValue), "words": words]) }
      case .layerBegins(let name, let number, let count, let bytes):
        if form == .lines { say("\(clock)  layer \(number + 1) of \(count), \(name), \(bytesInWords(bytes))") }
        if form == .json { json("layer", ["layer": name, "number": number + 1, "of": count, "bytes": bytes]) }
      case .resumed: break
      case .counted:
        if let bytes = state.meter.takeResumed() {
          let all = meter.layerTotal
          say("\(meter.layer): \(bytesInWords(bytes)) of \(bytesInWords(all)) are kept from an earlier run")
          if form == .json { json("layer resumed", ["layer": meter.layer, "bytes": bytes, "of_bytes": all]) }
        }
        let interval: Duration = form == .bar ? .milliseconds(100) : form == .json ? .seconds(1) : .seconds(30)
        // A log begins with the layer's line; a bar and a program want to see the first piece.
        if let shown = state.shown, shown.duration(to: .now) < interval { return }
        let isFirst = state.shown == nil
        state.shown = .now
        if !(isFirst && form == .lines) { draw(meter) }
      case .writing(let layer):
        if form == .json { json("writing", ["layer": layer, "number": meter.number, "of": meter.layers]) }
      case .layerEnds(let name):
        let seconds = meter.layerSeconds
        if form == .lines {
          let rate = bytesInWords(Int(Double(layerTotal) / max(seconds, 0.001)))
          say("\(clock)  \(name) done in \(inWords(seconds)), \(rate)/s")
        }
        if form == .json {
          json("layer done", ["layer": name, "number": meter.number, "of": meter.layers, "seconds": rounded(seconds)])
        }
      case .layerKept(let name, let bytes):
        say("\(name) is complete since an earlier run")
        if form == .json { json("layer kept", ["layer": name, "bytes": bytes, "of": meter.layers]) }
      }
    }
  }

  /// Tells what was done, what is odd, and where to look.
  func end(_ result: RunResult) throws {
    guard form != .none else { return }
    let meter = meter
    let findings = try result.findings()
    let summary = RunSummary(job: job, result: result, meter: meter, findings: findings, output: output)
    if form == .json { json("published", summary.json) } else { summary.words.forEach(say) }
  }

  /// Tells that a shard is done.
  func end(_ result: ShardResult) {
    let seconds = meter.seconds
    let words =
      switch result.outcome {
      case .counted where result.layers == 0:
        "Shard \(result.shard) has nothing to do: there are more shards than pieces of work"
      case .counted: "Shard \(result.shard) is complete after \(inWords(seconds)): \(result.path)"
      case .wasComplete: "Shard \(result.shard) was complete already: \(result.path)"
      case .wasMerged(let version): "The shards were merged already, into version \(version); nothing is left to do"
      }
    say(words + ".")
    if form == .json {
      json(
        "shard done",
        [
          "shard": result.shard.index, "of": result.shard.count, "path": result.path, "layers": result.layers,
          "bytes_decoded": meter.decoded, "seconds": rounded(seconds), "memory_peak": ProcessMemory.peak,
        ])
    }
  }

  /// Leaves the terminal clean for what is said next.
  func leave() {
    if form == .bar { try? Console.error.replace(with: "") }
  }

  private func draw(_ meter: ProgressMeter) {
    let percent = "\(Int(meter.share * 100)) %"
    let place = "\(meter.layer) (\(meter.number) of \(meter.layers))"
    let rate = "\(bytesInWords(Int(meter.rate)))/s"
    let left = meter.secondsLeft.map { ", \(inWords($0)) left" } ?? ""
    switch form {
    case .bar:
      let width = 30
      let full = Int(meter.share * Double(width))
      let bar = String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
      try? Console.error.replace(with: "\(bar) \(percent)  \(place)  \(rate)\(left)")
    case .lines:
      let layer = meter.layerTotal > 0 ? Int(Double(meter.layerDone) / Double(meter.layerTotal) * 100) : 0
      let memory = bytesInWords(ProcessMemory.resident)
      tell("\(clock)  \(percent), \(place) \(layer) %, \(rate)\(left), \(memory) of memory")
    case .json:
      json(
        "progress",
        [
          "layer": meter.layer, "number": meter.number, "of": meter.layers, "layer_bytes": meter.layerTotal,
          "layer_bytes_done": meter.layerDone, "bytes": meter.total, "bytes_done": meter.done,
          "share": (meter.share * 10000).rounded() / 10000, "bytes_per_second": Int(meter.rate),
          "seconds_left": meter.secondsLeft.map { $0.rounded() } ?? NSNull(), "memory": ProcessMemory.resident,
          "memory_peak": ProcessMemory.peak,
        ])
    case .none: break
    }
  }

  /// A line for people, whether they sit at a terminal or read a log.
  private func say(_ line: String) {
    guard form == .bar || form == .lines else { return }
    leave()
    tell(line)
  }

  private func json(_ event: String, _ fields: [String: Any]) {
    tellJSON(event, ["job": job.job.name].merging(fields) { _, field in field })
  }
}

/// For readers only: nothing is computed from it.
var clock: String { Date().formatted(.iso8601) }

func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }

/// `3.2 s`, `95 s`, `12 min`, `7 h 40 min`.
func inWords(_ seconds: Double) -> String {
  if seconds < 10 { return "\((seconds * 10).rounded() / 10) s" }
  if seconds < 120 { return "\(Int(seconds.rounded())) s" }
  let minutes = Int(seconds / 60)
  return minutes < 120 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
}
