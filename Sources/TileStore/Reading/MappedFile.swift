import CMapping
import Glibc

/// A whole file, mapped read-only.
///
/// The mapping holds the file itself and not its name: it stays whole when the file is replaced or deleted while it is
/// in use, which is what publishing a new version and removing an old one do. Where it is cut off instead, its bytes read
/// as zeros (`CMapping`), which fail every checksum.
public final class MappedFile: @unchecked Sendable {
  // Unchecked: the memory is never written through this mapping and is unmapped only by `deinit`, when nobody can be reading.
  private let bytes: UnsafeRawBufferPointer
  private let ticket: Int32

  /// Bytes of the file.
  public var byteCount: Int { bytes.count }

  /// Calls `body` with the file's bytes, which are mapped only while it runs.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// Maps the file behind an open descriptor, which may be closed afterwards.
  /// - Parameter name: what error messages call the file.
  /// - Throws: `StoreError` of kind `corrupt` where the file is empty or no regular file, `exhausted` where there is no
  ///   room for another mapping or nobody would watch over it, `unreadable` where the system refuses.
  public init(descriptor: Int32, name: String) throws(StoreError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(name) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .corrupt(name, "it is not a regular file") }
    guard status.st_size > 0 else { throw .corrupt(name, "the file is empty") }
    let count = Int(status.st_size)
    guard let base = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
      throw .unreadable(name)
    }
    bytes = UnsafeRawBufferPointer(start: base, count: count)
    ticket = cm_watch(base, count)
    // Unwatched, a file that is cut off would end the program.
    guard ticket >= 0 else {
      munmap(base, count)
      throw StoreError(.exhausted, file: name, "\(CM_WATCHES_MAX) mappings are watched already.")
    }
  }

  deinit {
    cm_forget(ticket)
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }
}

extension StoreError {
  /// The error that the system call before left in `errno`.
  static func unreadable(_ name: String) -> StoreError {
    let code = errno
    let kind: Kind =
      switch code {
      case ENOENT, ENOTDIR: .notFound
      case ENOMEM, EMFILE, ENFILE: .exhausted
      default: .unreadable
      }
    return StoreError(kind, file: name, "\(String(cString: strerror(code))).")
  }
}
