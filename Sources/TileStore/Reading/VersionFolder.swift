import Foundation
import Glibc
import Synchronization

/// The folder of one published version, held open: its files are reached from this descriptor, one folder at a time,
/// without ever following a symbolic link, and also after the folder was renamed.
final class VersionFolder: Sendable {
  /// Path as it was resolved at opening, for messages and for `isCurrent`.
  let path: String
  /// The last part of the path.
  let name: String
  /// Tells folders apart, also two openings of the same.
  let serial: UInt64
  private let descriptor: Int32

  private static let serials = Atomic<UInt64>(0)

  /// - Parameter path: the folder itself, not a symbolic link to it: what lies elsewhere is no part of a library.
  /// - Throws: `StoreError` of kind `notFound`, `corrupt` for a link, `unreadable` or `exhausted`.
  init(path: String) throws(StoreError) {
    name = path.split(separator: "/").last.map(String.init) ?? ""
    var status = stat()
    guard lstat(path, &status) == 0 else { throw .unreadable(path) }
    guard status.st_mode & S_IFMT != S_IFLNK else {
      throw .corrupt(path, "a version must be a folder, and it is a symbolic link")
    }
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path) }
    serial = Self.serials.add(1, ordering: .relaxed).newValue
    self.path = path
  }

  deinit { close(descriptor) }

  /// Whether the version still stands where it was opened, and is the one that `current` names. Others may be removed at any time, file by
  /// file.
  var isCurrent: Bool {
    var here = stat()
    var there = stat()
    let path = path as NSString
    return fstat(descriptor, &here) == 0 && stat(self.path, &there) == 0
      && here.st_ino == there.st_ino && here.st_dev == there.st_dev
      && Catalogue.currentVersion(ofDataset: path.deletingLastPathComponent) == path.lastPathComponent
  }

  /// Maps the file at `relative`, a path of the format's own making: its parts are neither empty nor dots.
  func map(_ relative: String) throws(StoreError) -> MappedFile {
    try withFile(relative) { file throws(StoreError) in try MappedFile(descriptor: file, name: relative) }
  }

  /// Calls `body` with a descriptor of the file at `relative`, open while it runs.
  func withFile<Value>(_ relative: String, _ body: (Int32) throws(StoreError) -> Value) throws(StoreError) -> Value {
    let file = try openFile(relative)
    defer { close(file) }
    return try body(file)
  }

  /// Copies the file at `relative`: a `zarr.json` or `MANIFEST`.
  /// - Throws: `StoreError`, of kind `corrupt` where it has more bytes than `StoreLimits` allows.
  func read(_ relative: String) throws(StoreError) -> Data {
    let file = try openFile(relative)
    defer { close(file) }
    let count = try Self.byteCount(file, relative)
    let most = StoreLimits.bytes(ofFile: relative)
    guard (1...most).contains(count) else {
      throw .corrupt(relative, "it has \(count) bytes, and 1 to \(most) are allowed")
    }
    var data = Data(count: count)
    let got = data.withUnsafeMutableBytes { bytes in
      var done = 0
      while done < bytes.count {
        let got = pread(file, bytes.baseAddress! + done, bytes.count - done, off_t(done))
        if got < 0, errno == EINTR { continue }
        if got <= 0 { return got < 0 ? -1 : done }
        done += got
      }
      return done
    }
    guard got >= 0 else { throw .unreadable(relative) }
    guard got == count else { throw .corrupt(relative, "it was cut off while it was read") }
    return data
  }

  /// Bytes of the regular file at `relative`, without opening it.
  func byteCount(of relative: String) throws(StoreError) -> Int {
    var status = stat()
    guard fstatat(descriptor, relative, &status, AT_SYMLINK_NOFOLLOW) == 0 else { throw .unreadable(relative) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .corrupt(relative, "it is not a regular file") }
    return Int(status.st_size)
  }

  private static func byteCount(_ file: Int32, _ name: String) throws(StoreError) -> Int {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .unreadable(name) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .corrupt(name, "it is not a regular file") }
    return Int(status.st_size)
  }

  private func openFile(_ relative: String) throws(StoreError) -> Int32 {
    let parts = relative.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
      throw .corrupt(relative, "this is no path inside a store")
    }
    var folder = descriptor
    defer { if folder != descriptor { close(folder) } }
    for part in parts.dropLast() {
      let next = openat(folder, String(part), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard next >= 0 else { throw .unreadable(relative) }
      if folder != descriptor { close(folder) }
      folder = next
    }
    // O_NONBLOCK: opening a named pipe put in place of a file must not wait for a writer.
    let file = openat(folder, String(parts[parts.count - 1]), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw .unreadable(relative) }
    return file
  }
}
