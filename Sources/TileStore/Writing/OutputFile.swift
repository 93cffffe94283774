import CDurability
import Foundation
import Glibc

/// A file being written: descriptors are closed on every path out, every short write goes on, every error has its path.
struct OutputFile: ~Copyable {
  let path: String
  private let descriptor: Int32

  init(path: String, flags: Int32 = O_WRONLY | O_CREAT) throws(StoreWriteError) {
    self.path = path
    descriptor = retrying { open(path, flags | O_CLOEXEC, 0o644) }
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
    let descriptor = descriptor
    if retrying({ fsync(descriptor) }) != 0 { throw StoreWriteError("write", path) }
  }

  /// Cuts the file off behind its first `count` bytes.
  func truncate(to count: Int) throws(StoreWriteError) {
    let descriptor = descriptor
    if retrying({ ftruncate(descriptor, off_t(count)) }) != 0 { throw StoreWriteError("write", path) }
  }

  func write(_ bytes: some ContiguousBytes, at offset: Int) throws(StoreWriteError) {
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
    let written = retrying {
      pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
    }
    if written < 0 { throw StoreWriteError("write", path) }
    done += written
  }
}
