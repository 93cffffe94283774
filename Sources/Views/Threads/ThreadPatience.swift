import Foundation

/// Threads that do what can wait give way to those that answer at once.
package enum ThreadPatience {
  #if os(Linux)
    private static let thisThread = __priority_which_t(PRIO_PROCESS.rawValue)
    /// Of threads that give way. First asked for by one that does not yet.
    private static let niceness = min(19, getpriority(thisThread, 0) + 10)
  #endif

  /// Has this thread give way from now on: where all cores are taken, it gets about a tenth of what another gets.
  ///
  /// Only this thread: on Linux each has a niceness of its own (`setpriority(2)`). Where the system refuses, it stays as it was.
  package static func begin() {
    #if os(Linux)
      _ = setpriority(thisThread, 0, niceness)
    #endif
  }
}
