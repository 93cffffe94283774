import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The folder of one published version, held open: its files are reached from this descriptor, one folder at a time,
/// without ever following a symbolic link, and also after the folder was renamed.
final class VersionFolder: Sendable {
  /// Path as it was resolved at opening, for messages and for `isCurrent`.
  let path: String
  /// What it is called, or is to be when it is published.
  let name: String
  private let descriptor: Int32

  /// - Throws: `StoreError` of kind `notFound` or `unreadable`.
  init(path: String, name: String? = nil) throws(StoreError) {
    self.name = name ?? path.split(separator: "/").last.map(String.init) ?? ""
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path) }
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
    let file = try openFile(relative)
    defer { close(file) }
    return try MappedFile(descriptor: file, name: relative)
  }

  /// Copies the file at `relative`: a `zarr.json` or `MANIFEST`.
  func read(_ relative: String) throws(StoreError) -> Data {
    let file = try map(relative)
    guard file.byteCount <= Store.metadataBytesMax else {
      throw .corrupt(relative, "it has \(file.byteCount) bytes, more than \(Store.metadataBytesMax)")
    }
    return file.withBytes { Data($0) }
  }

  /// Bytes of the file at `relative`, without reading it.
  func byteCount(of relative: String) throws(StoreError) -> Int {
    let file = try openFile(relative)
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .unreadable(relative) }
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
