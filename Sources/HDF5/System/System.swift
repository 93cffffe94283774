import Glibc

/// The few system calls of this module, with errors as values.
enum System {
  /// The system's own words for an error number.
  static func message(_ code: Int32 = errno) -> String {
    String(cString: strerror(code))
  }

  /// Opens a file for reading, never inherited by child processes.
  static func openForReading(_ path: String) throws(Fault) -> Int32 {
    // O_NONBLOCK: opening a FIFO that nobody writes to would otherwise wait for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor >= 0 { return descriptor }
    throw openFault(errno)
  }

  static func openFault(_ code: Int32) -> Fault {
    switch code {
    case ENOENT, ENOTDIR:
      Fault(.notFound, "there is no such file", advice: "Check the path.")
    case EACCES, EPERM:
      Fault(
        .notReadable, "reading it is not permitted",
        advice: "Give this user the right to read it.")
    default:
      Fault(.notReadable, "it cannot be opened: \(message(code))")
    }
  }

  /// Memory on a cache line's boundary, to be given back by ``release(_:)``; `nil` if refused.
  static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
    var new: UnsafeMutableRawPointer?
    return posix_memalign(&new, 64, bytes) == 0 ? new : nil
  }

  static func release(_ memory: UnsafeMutableRawPointer?) { free(memory) }

  /// Reads exactly `count` bytes at `offset`, or throws: an end of file here means that the file
  /// shrank after its size was checked.
  static func read(
    _ descriptor: Int32, at offset: Int, count: Int, into destination: UnsafeMutableRawPointer
  ) throws(Fault) {
    var done = 0
    while done < count {
      let got = pread(descriptor, destination + done, count - done, off_t(offset + done))
      if got > 0 {
        done += got
      } else if got == 0 {
        throw Fault(
          .changed, "it ends at byte \(offset + done), in the middle of its data",
          advice: "The file was cut while it was being read: copy it again, then start again.")
      } else if errno != EINTR {
        throw Fault(.notReadable, "reading at byte \(offset + done) failed: \(message())")
      }
    }
  }

  /// The same into a new array.
  static func bytes(_ descriptor: Int32, at offset: Int, count: Int) throws(Fault) -> [UInt8] {
    try [UInt8](count: count) { start throws(Fault) in
      try read(descriptor, at: offset, count: count, into: start)
    }
  }
}

extension [UInt8] {
  /// As many bytes as `write` writes, all or none of them. The initializer of the standard library knows no typed errors.
  init<Failure>(
    count: Int, _ write: (_ start: UnsafeMutablePointer<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    var failure: Failure?
    self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(Failure) {
        if let start = buffer.baseAddress, count > 0 { try write(start) }
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
