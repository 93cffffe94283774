import CHDF5
import Foundation

/// The one door to libhdf5: everything that calls it does so inside `enter`.
///
/// libhdf5 keeps global state, and even its thread-safe build only takes one thread at a time. One
/// lock for the whole process makes every build of it safe, and a pair of calls one step.
enum Library {
  /// Recursive, because the last reference to a dataset may be dropped, and so its handle be closed, by a thread that is inside already.
  private static let lock = NSRecursiveLock()

  /// Done once, before anything else.
  private static let prepared: Void = {
    // Threads may still be inside the library when the process ends: it must not tidy up then.
    H5dont_atexit()
    H5open()
    // No code is ever loaded because a file, or the environment, names it.
    nd_forbid_plugins()
  }()

  /// Runs `body` with the library to itself.
  static func enter<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lock.lock()
    defer { lock.unlock() }
    _ = prepared
    nd_silence()
    return try body()
  }

  /// What to do about formats that libhdf5 1.10 does not read.
  static let adviceForNewer =
    "Write it with libver=('earliest', 'v110') in h5py, or convert it with h5repack --high=v110."

  /// Why the last call failed, from the library's own error stack: call inside `enter`.
  ///
  /// - Parameter doing: What was attempted, as in "reading the list of links".
  static func failure(_ doing: String) -> Fault {
    let trace = errorTrace()
    let cause = trace.first?.words ?? "no reason given"
    if trace.contains(where: { $0.words.contains("bad version number") })
      || trace.contains(where: { $0.words.contains("unknown version") })
    {
      return .unsupported(
        "\(doing) failed: \(cause). It is stored in a format newer than libhdf5 1.10",
        advice: adviceForNewer)
    }
    if trace.contains(where: { $0.words.contains("unable to lock file") }) {
      return Fault(
        .notReadable, "another process has it open for writing",
        advice: "Wait until its writer has closed it.")
    }
    if let code = trace.lazy.compactMap({ systemError($0.words) }).first {
      return Fault(
        .notReadable, "\(doing) failed: \(System.message(code))",
        advice: "The disk or its connection is at fault, not the file's contents.")
    }
    return .damaged(
      "\(doing) failed: \(cause)")
  }

  /// The system's error number in words of the library such as `…, errno = 5, error message = …`, where it says that reading
  /// failed; a damaged file leads to others, such as `EINVAL` for an offset that is none.
  private static func systemError(_ words: String) -> Int32? {
    guard let range = words.firstRange(of: "errno = ") else { return nil }
    guard let code = Int32(words[range.upperBound...].prefix { $0.isNumber }) else { return nil }
    return [EIO, EACCES, EPERM, ESTALE, ETIMEDOUT, ENXIO, ENODEV].contains(code) ? code : nil
  }

  /// The error stack, the innermost call first.
  static func errorTrace() -> [(function: String, words: String)] {
    final class Trace { var entries: [(function: String, words: String)] = [] }
    let trace = Trace()
    nd_walk_errors(
      { _, entry, context in
        guard let entry, let context else { return 0 }
        let function = entry.pointee.func_name.map { String(cString: $0) } ?? ""
        let words = entry.pointee.desc.map { String(cString: $0) } ?? ""
        Unmanaged<Trace>.fromOpaque(context).takeUnretainedValue()
          .entries.append((function, words))
        return 0
      }, Unmanaged.passUnretained(trace).toOpaque())
    return trace.entries
  }
}

/// An identifier of libhdf5 that is given back when it goes out of scope. Use inside
/// ``Library/enter(_:)-swift.method`` only.
struct Handle: ~Copyable {
  let id: hid_t

  /// Takes over what a call returned, or throws the library's reason.
  init(_ id: hid_t, _ doing: @autoclosure () -> String) throws(Fault) {
    guard id >= 0 else { throw Library.failure(doing()) }
    self.id = id
  }

  /// Gives the identifier away: somebody else closes it.
  consuming func release() -> hid_t {
    let id = self.id
    discard self
    return id
  }

  deinit { H5Idec_ref(id) }
}
