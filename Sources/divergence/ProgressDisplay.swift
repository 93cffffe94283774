import Activations
import ArgumentParser
import Foundation
import Precompute
import Synchronization

enum ProgressStyle: String, ExpressibleByArgument, CaseIterable {
  case auto, bar, json, none
}

/// Shows how far a run is: a bar on a terminal, lines in a log, JSON for programs; always on standard error.
final class ProgressDisplay: Sendable {
  private enum Form { case bar, lines, json, none }
  private struct State {
    var done = 0
    var layer = ""
    var layerNumber = 0
    var shown = Date.distantPast
    var barIsOpen = false
  }
  private let form: Form
  private let total: Int
  private let layers: Int
  private let job: String
  private let started = Date()
  private let state = Mutex(State())

  init(_ style: ProgressStyle, _ job: PreparedJob) {
    form =
      switch style {
      case .bar: .bar
      case .json: .json
      case .none: .none
      case .auto: isatty(2) == 1 ? .bar : .lines
      }
    total = max(1, job.countedBytes)
    layers = job.plans.count
    self.job = job.planInWords
  }

  func begin() {
    switch form {
    case .bar, .lines: write(job + "\n")
    case .json, .none: break
    }
  }

  func show(_ event: ProgressEvent) {
    state.withLock { state in
      switch event {
      case .layerBegins(let name, let number, _, _):
        state.layer = name
        state.layerNumber = number + 1
        if form == .lines { write("\(clock)  layer \(number + 1) of \(layers), \(name)\n") }
        if form == .json { writeJSON(["event": "layer", "layer": name, "number": number + 1, "of": layers]) }
      case .counted(let bytes):
        state.done += bytes
        draw(&state, every: form == .bar ? 0.1 : form == .json ? 1 : 30)
      case .writing: break
      case .layerEnds(let name):
        if form == .json { writeJSON(["event": "layer done", "layer": name]) }
      case .layerKept(let name, let bytes):
        state.done += bytes
        if form == .bar || form == .lines { write("\(clear)\(name) is complete since an earlier run\n") }
        if form == .json { writeJSON(["event": "layer kept", "layer": name]) }
      }
    }
  }

  func end(_ result: RunResult) {
    let seconds = Date().timeIntervalSince(started)
    let counted = result.attributes.layers.compactMap(\.counted)
    let odd = counted.reduce(0) { $0 + $1.nan + $1.infinite }
    switch form {
    case .none: break
    case .json:
      writeJSON([
        "event": "published", "path": result.path, "version": result.version, "seconds": round(seconds * 1000) / 1000,
        "nan": counted.reduce(0) { $0 + $1.nan }, "infinite": counted.reduce(0) { $0 + $1.infinite },
      ])
    case .bar, .lines:
      write(
        "\(clear)Published \(result.path) in \(inWords(seconds)), \(bytesInWords(Int(Double(total) / max(seconds, 0.001)))) a second."
          + (odd > 0 ? " \(grouped(odd)) values are not finite; they are counted apart." : "") + "\n")
    }
  }

  private func draw(_ state: inout State, every seconds: Double) {
    let now = Date()
    guard form != .none, now.timeIntervalSince(state.shown) >= seconds else { return }
    if form == .lines, state.shown == .distantPast {
      state.shown = now
      return
    }
    state.shown = now
    let share = min(1, Double(state.done) / Double(total))
    let elapsed = now.timeIntervalSince(started)
    let rate = Double(state.done) / max(elapsed, 0.001)
    let left = share > 0.01 ? elapsed / share * (1 - share) : nil
    switch form {
    case .bar:
      let width = 30
      let full = Int(share * Double(width))
      let bar = String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
      let tail = left.map { ", \(inWords($0)) left" } ?? ""
      write(
        "\(clear)\(bar) \(percent(share))  \(state.layer) (\(state.layerNumber) of \(layers))  \(bytesInWords(Int(rate)))/s\(tail)"
      )
    case .lines:
      write("\(clock)  \(percent(share)), \(bytesInWords(Int(rate)))/s\(left.map { ", \(inWords($0)) left" } ?? "")\n")
    case .json:
      writeJSON([
        "event": "progress", "layer": state.layer, "number": state.layerNumber, "of": layers,
        "share": round(share * 10000) / 10000,
        "bytes_per_second": Int(rate), "seconds_left": left.map { round($0) } ?? NSNull(), "memory": residentBytes,
      ])
    case .none: break
    }
  }

  private var clear: String { form == .bar ? "\r\u{1B}[K" : "" }
  private var clock: String { Date().formatted(.iso8601) }

  private func percent(_ share: Double) -> String { "\(Int(share * 100)) %" }

  private func inWords(_ seconds: Double) -> String {
    if seconds < 10 { return "\((seconds * 10).rounded() / 10) s" }
    if seconds < 120 { return "\(Int(seconds.rounded())) s" }
    let minutes = Int(seconds / 60)
    return minutes < 120 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
  }

  private var residentBytes: Int {
    guard let statm = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let pages = statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(getpagesize())
  }

  private func writeJSON(_ object: [String: Any]) {
    guard
      let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    else { return }
    FileHandle.standardError.write(data + Data("\n".utf8))
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
