import Dispatch
import Foundation
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
