import Glibc

extension FileIdentity {
  /// The identity of the file as it is now.
  ///
  /// - Throws: `Fault` if it is missing, not permitted, or not a regular file.
  init(path: String) throws(Fault) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw System.openFault(errno) }
    try self.init(path: path, status)
  }

  /// The identity of an open file.
  init(path: String, descriptor: Int32) throws(Fault) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw System.openFault(errno) }
    try self.init(path: path, status)
  }

  private init(path: String, _ status: stat) throws(Fault) {
    let kind = mode_t(status.st_mode) & mode_t(S_IFMT)
    guard kind != mode_t(S_IFDIR) else {
      throw Fault(.notFound, "this is a directory, not a file", advice: "Name the file in it.")
    }
    guard kind == mode_t(S_IFREG) else {
      throw Fault(
        .notReadable, "this is not a regular file",
        advice: "HDF5 files are read at any place, so a pipe or device will not do: save it first.")
    }
    let modified = status.st_mtim
    // Of a time beyond the year 2262 only that it differs matters.
    self.init(
      path: path, bytes: Int(status.st_size),
      modifiedNs: Int(modified.tv_sec) &* 1_000_000_000 &+ Int(modified.tv_nsec), inode: UInt64(status.st_ino),
      device: UInt64(status.st_dev))
  }

  /// Throws `.changed`, naming what differs, or `.notFound`, unless the file is still the same.
  func verifyUnchanged() throws(Fault) {
    let now: FileIdentity
    do {
      now = try FileIdentity(path: path)
    } catch {
      guard error.kind == .notFound else {
        throw Fault(.changed, "it was there before, and now: \(error.what)", advice: Self.advice)
      }
      throw Fault(
        .notFound, "it was there when the work began, and is gone now",
        advice: "Put it back, or correct the job, and start again.")
    }
    if now.inode != inode || now.device != device {
      throw Fault(.changed, "another file has taken its place", advice: Self.advice)
    }
    if now.bytes != bytes {
      throw Fault(
        .changed, "its size went from \(bytes) to \(now.bytes) bytes while it was being read",
        advice: Self.advice)
    }
    if now.modifiedNs != modifiedNs {
      throw Fault(.changed, "it was written to while it was being read", advice: Self.advice)
    }
  }

  private static let advice = "Wait until its writer has finished, then start again."
}
