import Foundation

/// A short-lived child that hands back bytes on its standard output, under a deadline.
struct ChildProcess {
  enum End {
    case exited(code: Int32)
    case killed(signal: Int32)
    /// Killed by the system, which had no memory left.
    case starved
    case overdue
    case tooMuchOutput
    /// Ended here, because the caller was asked to stop.
    case stopped
  }

  /// How often a caller that waits looks whether it should stop, in milliseconds.
  private static let lookMs = 100
  /// A process that was killed may hang in the system until a disk answers. It is waited for no longer than this, in microseconds.
  private static let burialUs = 300_000

  /// Runs a program and waits for it. Blocks the calling thread, at most for the deadline.
  ///
  /// - Parameters:
  ///   - environment: Added to this process's own.
  ///   - limitBytes: Output beyond this ends the child.
  ///   - shouldStop: Ends the child when it turns true; asked ten times a second.
  /// - Returns: Also the most memory that the child had at once, in bytes.
  /// - Throws: `Fault` if it cannot be started.
  static func run(
    _ executable: String, _ arguments: [String], environment: [String: String],
    deadlineSeconds: Double, limitBytes: Int, shouldStop: () -> Bool = { false }
  ) throws(Fault) -> (output: [UInt8], end: End, peakBytes: Int) {
    let starvedBefore = starved()
    let (child, descriptor) = try spawn(executable, arguments, environment)
    defer { close(descriptor) }
    let deadlineNs = now() + Int(deadlineSeconds * 1e9)
    let (output, early) = collect(descriptor, deadlineNs, limitBytes, shouldStop)
    var (end, peakBytes) = bury(child, early, deadlineNs, shouldStop)
    if case .killed(SIGKILL) = end, starved() > starvedBefore { end = .starved }
    return (output, end, peakBytes)
  }

  /// How many processes the system has killed for want of memory since it started, anywhere and in control groups.
  private static func starved() -> Int {
    guard let descriptor = try? System.openForReading("/proc/vmstat") else { return 0 }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while case let got = read(descriptor, &buffer, buffer.count), got > 0 { text += buffer[..<got] }
    let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
    return line.flatMap { Int($0.dropFirst(9)) } ?? 0
  }

  /// One child at a time is started, so that none inherits the pipe of another: that would keep it
  /// open after its own child's end.
  private static let spawning = NSLock()

  /// - Returns: The child, and where to read its output.
  private static func spawn(
    _ executable: String, _ arguments: [String], _ environment: [String: String]
  ) throws(Fault) -> (pid_t, Int32) {
    spawning.lock()
    defer { spawning.unlock() }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw cannotStart(executable, errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    // What a dying child says of itself is of no use to the user.
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    // Threads of Dispatch hold back most signals, and so would their child: the one for its limit of processor time, too.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    var child: pid_t = 0
    let status = withCStrings([executable] + arguments) { argv in
      withCStrings(variables(adding: environment)) { envp in
        posix_spawn(&child, executable, &actions, &attributes, argv, envp)
      }
    }
    close(ends[1])
    guard status == 0 else {
      close(ends[0])
      throw cannotStart(executable, status)
    }
    return (child, ends[0])
  }

  /// Reads until the child closes its end, the deadline or the limit.
  /// - Returns: Also why the child is to be ended, where it did not come to that by itself.
  private static func collect(
    _ descriptor: Int32, _ deadlineNs: Int, _ limitBytes: Int, _ shouldStop: () -> Bool
  ) -> (output: [UInt8], early: End?) {
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let leftMs = (deadlineNs - now()) / 1_000_000
      if leftMs <= 0 { return (output, .overdue) }
      if shouldStop() { return (output, .stopped) }
      var events = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&events, 1, Int32(min(leftMs, lookMs)))
      if ready == 0 || (ready < 0 && errno == EINTR) { continue }
      let got = read(descriptor, &buffer, buffer.count)
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else { return (output, nil) }
      output.append(contentsOf: buffer[..<got])
      if output.count > limitBytes { return (output, .tooMuchOutput) }
    }
  }

  /// Waits for the child's end, which it is helped to where there is a reason or the deadline comes, so that no zombie stays.
  private static func bury(
    _ child: pid_t, _ reason: End?, _ deadlineNs: Int, _ shouldStop: () -> Bool
  ) -> (end: End, peakBytes: Int) {
    var early = reason
    var state: Int32 = 0
    var usage = rusage()
    var waitedUs = 0
    if early != nil { kill(child, SIGKILL) }
    while true {
      let waited = wait4(child, &state, WNOHANG, &usage)
      if waited == child || (waited < 0 && errno != EINTR) { break }
      if early == nil {
        // It has closed its output and is about to end.
        early = shouldStop() ? .stopped : now() > deadlineNs ? .overdue : nil
        if early != nil { kill(child, SIGKILL) }
      } else if waitedUs > burialUs {
        break
      } else {
        waitedUs += 200
      }
      usleep(200)
    }
    // Linux counts kibibytes.
    let peakBytes = Int(usage.ru_maxrss) << 10
    if let early { return (early, peakBytes) }
    let signal = state & 0x7f
    return (signal == 0 ? .exited(code: state >> 8 & 0xff) : .killed(signal: signal), peakBytes)
  }

  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
  }

  private static func variables(adding: [String: String]) -> [String] {
    var variables: [String] = []
    var at = environ
    while let entry = at.pointee {
      let text = String(cString: entry)
      if !adding.keys.contains(where: { text.hasPrefix($0 + "=") }) { variables.append(text) }
      at += 1
    }
    return variables + adding.map { "\($0)=\($1)" }.sorted()
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }

  private static func cannotStart(_ executable: String, _ code: Int32) -> Fault {
    Fault(
      .notReadable,
      "the process \(executable) that reads its structure cannot be started: \(System.message(code))"
    )
  }
}
