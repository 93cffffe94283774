#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A short-lived child that hands back bytes on its standard output, under a deadline.
struct ChildProcess {
  enum End {
    case exited(code: Int32)
    case killed(signal: Int32)
    case overdue
    case tooMuchOutput
  }

  /// Runs a program and waits for it. Blocks the calling thread, at most for the deadline.
  ///
  /// - Parameters:
  ///   - environment: Added to this process's own.
  ///   - limitBytes: Output beyond this ends the child.
  /// - Throws: `Fault` if it cannot be started.
  static func run(
    _ executable: String, _ arguments: [String], environment: [String: String],
    deadlineSeconds: Double, limitBytes: Int
  ) throws(Fault) -> (output: [UInt8], end: End) {
    let (child, descriptor) = try spawn(executable, arguments, environment)
    defer { close(descriptor) }
    return collect(child, descriptor, deadlineSeconds, limitBytes)
  }

  /// One child at a time is started, so that none inherits the pipe of another: that would keep it
  /// open after its own child's end.
  private static let spawning = RecursiveLock()

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

    var child: pid_t = 0
    let status = withCStrings([executable] + arguments) { argv in
      withCStrings(variables(adding: environment)) { envp in
        posix_spawn(&child, executable, &actions, nil, argv, envp)
      }
    }
    close(ends[1])
    guard status == 0 else {
      close(ends[0])
      throw cannotStart(executable, status)
    }
    return (child, ends[0])
  }

  /// Reads until the child closes its end, the deadline or the limit; then buries the child.
  private static func collect(
    _ child: pid_t, _ descriptor: Int32, _ deadlineSeconds: Double, _ limitBytes: Int
  ) -> (output: [UInt8], end: End) {
    let deadlineNs = now() + Int(deadlineSeconds * 1e9)
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var early: End?
    reading: while true {
      let leftMs = (deadlineNs - now()) / 1_000_000
      guard leftMs > 0 else {
        early = .overdue
        break
      }
      var events = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&events, 1, Int32(min(leftMs, 1000)))
      if ready == 0 || (ready < 0 && errno == EINTR) { continue }
      let got = read(descriptor, &buffer, buffer.count)
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else { break reading }
      output.append(contentsOf: buffer[..<got])
      if output.count > limitBytes {
        early = .tooMuchOutput
        break
      }
    }
    if early != nil { kill(child, SIGKILL) }
    // The child has closed its output and is about to end; give it what is left of the deadline.
    var state: Int32 = 0
    while true {
      let waited = waitpid(child, &state, early == nil ? WNOHANG : 0)
      if waited == child || (waited < 0 && errno != EINTR) { break }
      if early == nil, now() > deadlineNs {
        early = .overdue
        kill(child, SIGKILL)
      } else if early == nil {
        usleep(200)
      }
    }
    if let early { return (output, early) }
    let signal = state & 0x7f
    return (output, signal == 0 ? .exited(code: state >> 8 & 0xff) : .killed(signal: signal))
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
