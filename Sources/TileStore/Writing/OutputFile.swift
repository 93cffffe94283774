import CDurability
import Glibc

/// A file being written: descriptors are closed on every path out, every short write goes on, every error has its path.
struct OutputFile: ~Copyable {
  let path: String
  private let descriptor: Int32

  init(path: String, flags: Int32 = O_WRONLY | O_CREAT) throws(StoreWriteError) {
    self.path = path
    descriptor = open(path, flags | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw StoreWriteError("create", path) }
  }

  deinit { close(descriptor) }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StoreWriteError) {
    try writeAll(bytes, to: descriptor, at: offset, path: path)
  }

  /// Has the disk begin on a file that is complete, so that the flush of all files has less to wait for.
  func startWriteback() { nd_start_writeback(descriptor) }

  /// Makes what was written lasting.
  func synchronize() throws(StoreWriteError) {
    if fsync(descriptor) != 0 { throw StoreWriteError("write", path) }
  }

  func write(_ bytes: [UInt8], at offset: Int) throws(StoreWriteError) {
    let result = bytes.withUnsafeBytes { bytes in
      Result<Void, StoreWriteError> { () throws(StoreWriteError) in try write(bytes, at: offset) }
    }
    try result.get()
  }
}

/// Writes all of `bytes`, however little each call takes.
func writeAll(
  _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int, path: String
) throws(StoreWriteError) {
  var done = 0
  while done < bytes.count {
    let written = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
    if written < 0 {
      if errno == EINTR { continue }
      throw StoreWriteError("write", path)
    }
    done += written
  }
}

/// Makes a folder and those above it.
func makeFolder(_ path: String) throws(StoreWriteError) {
  if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
  guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
    throw StoreWriteError("make the folder", path)
  }
  try makeFolder(String(path[..<slash]))
  if mkdir(path, 0o755) != 0, errno != EEXIST { throw StoreWriteError("make the folder", path) }
}

/// Makes everything written to the file system of a folder lasting: one flush for hundreds of files, which would each wait for a
/// commit of the journal.
func synchronizeFileSystem(of path: String) throws(StoreWriteError) {
  let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw StoreWriteError("open", path) }
  defer { close(descriptor) }
  if nd_syncfs(descriptor) != 0 { throw StoreWriteError("write", path) }
}

/// Makes the names in a folder lasting.
func synchronizeFolder(_ path: String) throws(StoreWriteError) {
  let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw StoreWriteError("open", path) }
  defer { close(descriptor) }
  if fsync(descriptor) != 0 { throw StoreWriteError("write", path) }
}
