import Glibc

/// A matrix on disk, written in parts and read back by rows: figures of one kind of all bands, until a layer is complete.
public final class ScratchMatrixFile: Sendable {
  private let path: String
  private let descriptor: Int32

  init(path: String) throws(StoreWriteError) {
    self.path = path
    descriptor = retrying { open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
    if descriptor < 0 { throw StoreWriteError("create", path) }
  }

  deinit {
    close(descriptor)
    _ = retrying { unlink(path) }
  }

  /// Writes elements from element number `offset` on.
  public func write<Element: BitwiseCopyable>(
    _ elements: UnsafeBufferPointer<Element>, at offset: Int
  ) throws(StoreWriteError) {
    try writeAll(
      UnsafeRawBufferPointer(elements), to: descriptor, at: offset * MemoryLayout<Element>.stride, path: path)
  }

  /// Reads elements from element number `offset` on; those never written are 0.
  public func read<Element: BitwiseCopyable>(
    into elements: UnsafeMutableBufferPointer<Element>, at offset: Int
  ) throws(StoreWriteError) {
    let bytes = UnsafeMutableRawBufferPointer(elements)
    var done = 0
    while done < bytes.count {
      let start = offset * MemoryLayout<Element>.stride + done
      let got = retrying { pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(start)) }
      if got < 0 { throw StoreWriteError("read", path) }
      if got == 0 {
        memset(bytes.baseAddress! + done, 0, bytes.count - done)
        return
      }
      done += got
    }
  }
}
