import Dispatch
import Foundation
import Synchronization

/// A limit of processor time from outside (`ulimit -t`): told some seconds before the system ends the program, so that a run can save.
enum ProcessorLimit {
  private static let action = Mutex<(@Sendable () -> Void)?>(nil)

  /// Has the end be told, and be followed by `Exit.stopped`, as long as what this returns is kept. Where there is no limit, nothing is done.
  static func watch() -> (any DispatchSourceSignal)? {
    let resource = __rlimit_resource_t(RLIMIT_CPU.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur != rlim_t.max else { return nil }
    let seconds = limit.rlim_cur
    // At the hard limit there is no warning.
    let last = limit.rlim_max == rlim_t.max ? seconds : limit.rlim_max - min(20, limit.rlim_max / 4)
    limit.rlim_cur = max(1, min(seconds, last))
    setrlimit(resource, &limit)
    signal(SIGXCPU, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGXCPU, queue: .global())
    source.setEventHandler {
      let stop = action.withLock { action in
        defer { action = {} }
        return action
      }
      guard let stop else {
        complain(words(seconds) + " Nothing was done by halves: raise the limit and run the same command again.")
        exit(Exit.stopped)
      }
      stop()
    }
    source.resume()
    return source
  }

  /// Has a run be stopped instead, so that it saves.
  static func atEnd(_ stop: @escaping @Sendable () -> Void) { action.withLock { $0 = stop } }

  /// What happens.
  static func words(_ seconds: rlim_t? = nil) -> String {
    "The processor time that the system allows\(seconds.map { " (ulimit -t \($0))" } ?? "") is used up."
  }
}
