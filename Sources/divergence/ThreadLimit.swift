import Foundation

/// Whether the system lets this process have the threads that it will need. The libraries that start them end the program, or wait for
/// ever, where one cannot be had.
enum ThreadLimit {
  /// What cannot be had.
  struct Reached: Error, CustomStringConvertible {
    let needed: Int
    let had: Int

    var description: String {
      "This takes \(needed) more threads, and the system allows only \(had). Raise the limit of processes of this user or container "
        + "(ulimit -u, TasksMax of a systemd unit, pids.max of a cgroup, --pids-limit of a container), or set build_threads lower."
    }
  }

  /// Threads that any command needs beside the first: those of the language and of the parallel loops.
  static let least = 4

  /// Starts as many threads at once, and ends them.
  /// - Throws: `Reached`.
  static func check(_ count: Int) throws(Reached) {
    let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    defer { gate.deallocate() }
    pthread_mutex_init(gate, nil)
    pthread_mutex_lock(gate)
    var threads: [pthread_t] = []
    for _ in 0..<count {
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { gate in
          let gate = gate?.assumingMemoryBound(to: pthread_mutex_t.self)
          if let gate {
            pthread_mutex_lock(gate)
            pthread_mutex_unlock(gate)
          }
          return nil
        }, gate)
      guard code == 0 else { break }
      threads.append(thread)
    }
    pthread_mutex_unlock(gate)
    for thread in threads { pthread_join(thread, nil) }
    pthread_mutex_destroy(gate)
    if threads.count < count { throw Reached(needed: count, had: threads.count) }
  }
}
