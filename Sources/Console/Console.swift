import Glibc

/// The one way to standard output and standard error: what leaves here cannot command a terminal or forge a line of a log,
/// whatever names it quotes.
public struct Console: Sendable {
  public static let output = Console(descriptor: STDOUT_FILENO, name: "standard output")
  public static let error = Console(descriptor: STDERR_FILENO, name: "standard error")

  /// Why nothing more can be written: a full disk, a reader that went away.
  public struct Lost: Error, CustomStringConvertible {
    public let description: String
  }

  private let descriptor: Int32
  private let name: String

  public var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Writes lines for people; a line break inside one is escaped like everything else that is no text.
  public func write(lines: [String]) throws(Lost) {
    try write(lines.map { escaped($0) + "\n" }.joined())
  }

  public func write(line: String) throws(Lost) { try write(lines: [line]) }

  /// Writes a JSON text and a line break; the values in it stay what they are.
  public func write(json: String) throws(Lost) { try write(escapedJSON(json) + "\n") }

  /// Writes lines of a table in which names must stay exact: as they are to a file or another program, escaped to a terminal.
  public func write(exact lines: [String]) throws(Lost) {
    if isTerminal { return try write(lines: lines) }
    try write(lines.map { $0 + "\n" }.joined())
  }

  /// Puts a line in place of the terminal's last one, which nothing has ended yet.
  public func replace(with line: String) throws(Lost) { try write("\r\u{1B}[K" + escaped(line)) }

  /// Whole, or not at all as far as the system allows: no other thread's text comes between.
  private func write(_ text: String) throws(Lost) {
    var text = text
    let failure = text.withUTF8 { bytes -> Int32? in
      var done = 0
      while done < bytes.count {
        let written = Self.write(descriptor, UnsafeRawBufferPointer(bytes)[done...])
        if written >= 0 {
          done += written
        } else if errno == EAGAIN {
          var writable = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&writable, 1, -1)
        } else if errno != EINTR {
          return errno
        }
      }
      return nil
    }
    if let failure {
      let advice = failure == EFBIG ? " The system or the file system allows no larger file (ulimit -f)." : ""
      throw Lost(description: "Writing to \(name) failed: \(String(cString: strerror(failure))).\(advice)")
    }
  }

  private static func write(_ descriptor: Int32, _ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
    let rest = UnsafeRawBufferPointer(rebasing: bytes)
    return Glibc.write(descriptor, rest.baseAddress, rest.count)
  }
}
