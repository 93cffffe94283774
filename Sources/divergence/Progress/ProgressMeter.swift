import Foundation
import Precompute

/// How far a run is: bytes of the layer and of the whole, rate, time left.
///
/// Time is the monotonic clock's: setting the system's clock, forward or back, changes none of these figures.
struct ProgressMeter {
  /// Bytes to decode and count, all layers together.
  let total: Int
  /// That are worked on: of a shard, those that it has a part in.
  private(set) var layers: Int
  let started = ContinuousClock.now

  private(set) var layer = ""
  /// Of the layer, from 1; 0 before the first.
  private(set) var number = 0
  private(set) var layerTotal = 0
  private(set) var layerDone = 0
  /// Names of layers that are complete, those of an earlier run first.
  private(set) var completed: [String] = []
  /// Of them, those of an earlier run.
  private(set) var kept: [String] = []
  private var layerStarted = ContinuousClock.now
  /// Bytes of complete layers.
  private var before = 0
  /// Bytes that were decoded: chunks as often as they were.
  private(set) var decoded = 0
  /// Bytes that this run need not count.
  private var spared = 0
  /// Of the layer, not told yet.
  private var resumed = 0

  init(total: Int, layers: Int) {
    self.total = max(1, total)
    self.layers = layers
  }

  mutating func note(_ event: ProgressEvent) {
    switch event {
    case .layerBegins(let name, let number, let count, let bytes):
      layers = count
      (layer, self.number, layerTotal, layerDone, resumed) = (name, number + 1, bytes, 0, 0)
      layerStarted = .now
    case .counted(let bytes, let bytesDecoded):
      decoded += bytesDecoded
      layerDone = min(layerTotal, layerDone + bytes)
    case .resumed(let bytes):
      let some = min(layerTotal - layerDone, bytes)
      layerDone += some
      spared += some
      resumed += some
    case .layerEnds(let name):
      completed.append(name)
      before += layerTotal
      // What need not be read a second time counts as done.
      (layerTotal, layerDone) = (0, 0)
    case .layerKept(let name, let bytes):
      completed.append(name)
      kept.append(name)
      before += bytes
      spared += bytes
    case .begunAnew, .writing: break
    }
  }

  /// Bytes of the layer that an earlier run had counted; `nil` where there are none, or it was told already.
  mutating func takeResumed() -> Int? {
    defer { resumed = 0 }
    return resumed > 0 ? resumed : nil
  }

  var done: Int { min(total, before + layerDone) }
  var share: Double { Double(done) / Double(total) }
  /// Seconds since the run began.
  var seconds: Double { Self.seconds(since: started) }
  /// Seconds since the layer began.
  var layerSeconds: Double { Self.seconds(since: layerStarted) }
  /// Bytes counted in this run a second.
  var rate: Double { Double(done - spared) / max(seconds, 0.001) }
  /// Seconds to go at the rate so far; `nil` before that says anything.
  var secondsLeft: Double? {
    let counted = done - spared
    guard counted > 0, seconds >= 0.5, share > 0.001 else { return nil }
    return Double(total - done) / rate
  }

  private static func seconds(since instant: ContinuousClock.Instant) -> Double {
    let duration = instant.duration(to: .now).components
    return Double(duration.seconds) + Double(duration.attoseconds) / 1e18
  }
}

/// Memory of this process, in bytes.
enum ProcessMemory {
  static var resident: Int { field("VmRSS:") }
  static var peak: Int { field("VmHWM:") }

  private static func field(_ name: String) -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) })
    else { return 0 }
    return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }
}
