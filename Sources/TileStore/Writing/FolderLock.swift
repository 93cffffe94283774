import Glibc

/// Keeps a data set's folder to one builder at a time, through a lock on `NAME/.lock`.
///
/// The system gives the lock up with the process, however that ends, so none is ever stale; the file stays.
final class FolderLock: Sendable {
  private let descriptor: Int32

  /// - Throws: `StoreBusy` where another process has it.
  init(folder: String) throws {
    let path = folder + "/.lock"
    let descriptor = retrying { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
    self.descriptor = descriptor
    guard descriptor >= 0 else { throw StoreWriteError("create", path) }
    guard retrying({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 else {
      guard errno == EWOULDBLOCK else { throw StoreWriteError("lock", path) }
      let holder = try contents(ofFile: path).map { String(decoding: $0, as: UTF8.self) }
      throw StoreBusy(folder: folder, holder: holder)
    }
    try sign(path)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Writes into the lock who holds it, for whoever finds it taken.
  private func sign(_ path: String) throws(StoreWriteError) {
    var name = [UInt8](repeating: 0, count: 256)
    let known = name.withUnsafeMutableBytes { gethostname($0.baseAddress!, $0.count - 1) } == 0
    let host = known ? String(decoding: name.prefix { $0 != 0 }, as: UTF8.self) : "this machine"
    let words = Array("process \(getpid()) on \(host)".utf8)
    guard retrying({ ftruncate(descriptor, 0) }) == 0 else { throw StoreWriteError("write", path) }
    let written = words.withUnsafeBytes { bytes in
      Result<Void, StoreWriteError> { () throws(StoreWriteError) in
        try writeAll(bytes, to: descriptor, at: 0, path: path)
      }
    }
    try written.get()
  }
}

/// Another run is writing this store.
public struct StoreBusy: Error, CustomStringConvertible, Sendable {
  public let folder: String
  /// Who, as the lock tells.
  public let holder: String?

  public var description: String {
    let who = holder.flatMap { $0.isEmpty ? nil : " (\($0))" } ?? ""
    return "Another run\(who) is writing \(folder). Wait for it to end, or choose another --output."
  }
}
