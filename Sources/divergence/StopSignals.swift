import Dispatch
import Foundation
import Precompute
import Synchronization

/// SIGINT, SIGTERM, SIGUSR1 and, unless `nohup` had it ignored, SIGHUP ask a run to stop after the piece it works on, and so does the
/// end of the processor time that the system allows; a second SIGINT ends it at once. A reader of standard error that went away is no reason to stop.
final class StopSignals: @unchecked Sendable {
  // Unchecked: the sources are made here and only kept alive.
  private final class Flag: Sendable {
    let asked = Atomic(false)
  }
  private let flag = Flag()
  private let sources: [any DispatchSourceSignal]

  var wasAsked: Bool { flag.asked.load(ordering: .relaxed) }

  /// How often work that is waited for is looked after, and how long it may go on once a signal asks to stop, in seconds.
  private static let lookSeconds = 0.05
  private static let graceSeconds = 0.5

  /// Does work that changes nothing on disk, such as planning. Once a signal asks to stop it is left to itself, should it not come to an end
  /// of its own at once: a disk may not answer for hours.
  /// - Throws: besides what the work throws, `PrecomputeError` of kind `stopped`.
  func outwaiting<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) throws -> Result {
    let errand = Errand<Result>()
    let thread = Thread { errand.end(Swift.Result { try work() }) }
    thread.stackSize = StackLimit.bytes
    thread.start()
    var waitedSeconds = 0.0
    while true {
      if let result = errand.result(within: Self.lookSeconds) { return try result.get() }
      guard wasAsked else { continue }
      waitedSeconds += Self.lookSeconds
      guard waitedSeconds < Self.graceSeconds else {
        throw PrecomputeError(
          .stopped, "Stopped by a signal while the work was planned; nothing was begun. Run the same command again.")
      }
    }
  }

  init() {
    signal(SIGPIPE, SIG_IGN)
    var now = sigaction()
    sigaction(SIGHUP, nil, &now)
    let hangsUp = now.__sigaction_handler.sa_handler == nil  // SIG_DFL
    ProcessorLimit.atEnd { [flag] in
      complain(ProcessorLimit.words() + " Raise the limit (ulimit -t), or continue later.")
      flag.asked.store(true, ordering: .relaxed)
    }
    sources = ([SIGINT, SIGTERM, SIGUSR1] + (hangsUp ? [SIGHUP] : [])).map { [flag] number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if flag.asked.exchange(true, ordering: .relaxed), number == SIGINT { exit(Exit.stopped) }
      }
      source.resume()
      return source
    }
  }
}

/// Work on another thread, whose result somebody waits for.
private final class Errand<Value: Sendable>: @unchecked Sendable {
  // Unchecked: what came of it is only touched by who holds the lock of the condition.
  private let condition = NSCondition()
  private var outcome: Result<Value, any Error>?

  func end(_ result: Result<Value, any Error>) {
    condition.withLock {
      outcome = result
      condition.signal()
    }
  }

  /// What came of it; `nil`: nothing yet.
  func result(within seconds: Double) -> Result<Value, any Error>? {
    condition.withLock {
      if outcome == nil { _ = condition.wait(until: Date(timeIntervalSinceNow: seconds)) }
      return outcome
    }
  }
}
