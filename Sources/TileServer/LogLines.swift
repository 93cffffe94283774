import Console
import DequeModule
import Foundation
import Logging
import Synchronization
import TileStore

/// Writes lines of JSON to a console from a thread of its own, so that a log that nobody reads never holds up a request.
public final class LineWriter: Sendable {
  /// Most lines that wait. Beyond, lines are dropped, and their number is written when there is room again.
  static let linesMax = 16_384

  private struct State {
    var lines: Deque<String> = []
    var dropped = 0
  }

  private let state = Mutex(State())
  private let ready = DispatchSemaphore(value: 0)
  private let console: Console

  public init(_ console: Console) {
    self.console = console
    let thread = Thread { [weak self] in
      while let writer = self {
        writer.ready.wait()
        writer.writeNext()
      }
    }
    thread.name = "log"
    thread.start()
  }

  func write(_ line: String) {
    let waits = state.withLock { state in
      guard state.lines.count < Self.linesMax else {
        state.dropped += 1
        return false
      }
      state.lines.append(line)
      return true
    }
    if waits { ready.signal() }
  }

  private func writeNext() {
    let (line, dropped) = state.withLock { state in
      defer { state.dropped = 0 }
      return (state.lines.popFirst(), state.dropped)
    }
    guard let line else { return }
    let lost = dropped > 0 ? "{\"message\":\"\(dropped) lines were dropped\"}\n" : ""
    try? console.write(json: lost + line)
  }
}

/// A log handler that writes one JSON object a line: time, level, label, message and the metadata's keys beside them.
public struct JSONLines: LogHandler {
  public var metadata: Logger.Metadata = [:]
  public var logLevel: Logger.Level = .info
  private let label: String
  private let writer: LineWriter

  public init(label: String, writer: LineWriter) {
    self.label = label
    self.writer = writer
  }

  public subscript(metadataKey key: String) -> Logger.MetadataValue? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var line: [String: JSONValue] = [
      "time": .string(Self.time()), "level": .string(event.level.rawValue), "log": .string(label),
      "message": .string("\(event.message)"),
    ]
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
      line[key] = Self.json(value)
    }
    writer.write(String(decoding: JSONValue.object(line).encoded(), as: UTF8.self))
  }

  /// Numbers stay numbers; everything else is text.
  private static func json(_ value: Logger.MetadataValue) -> JSONValue {
    switch value {
    case .stringConvertible(let number as Int): JSONValue(number)
    case .stringConvertible(let number as Double) where number.isFinite: .double(number)
    default: .string("\(value)")
    }
  }

  private static func time() -> String {
    Date().ISO8601Format(.iso8601(timeZone: .gmt, includingFractionalSeconds: true)) + "Z"
  }
}
