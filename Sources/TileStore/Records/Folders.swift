import Crypto
import Foundation

/// SHA-256 of a text, in hexadecimal digits.
public func contentHash(_ text: String) -> String { hexadecimal(SHA256.hash(data: Data(text.utf8))) }

/// A folder that one process at a time works in.
public final class WorkFolder {
  public let path: String
  private let lock: FolderLock

  /// Makes the folder where it is missing, and takes its lock.
  /// - Throws: `StoreWriteError`, `StoreBusy`.
  public init(path: String) throws {
    self.path = path
    try makeFolder(path)
    lock = try FolderLock(folder: path)
  }

  /// Names of the files in the folder, sorted, but for hidden ones.
  public var files: [String] { get throws { try names(in: path).filter { !$0.hasPrefix(".") }.sorted() } }

  public func remove(_ name: String) throws { try removeTree(path + "/" + name) }

  /// Removes a file that vouches for others, lastingly, before these are touched.
  public static func removeMark(_ path: String) throws {
    guard exists(path) else { return }
    try removeTree(path)
    try synchronizeFolder(parent(of: path))
  }

  /// Removes work that is no longer needed, a file or a folder, unless a run works in it now.
  public static func removeUnlessBusy(_ path: String) throws {
    guard isFolder(path) else { return try removeTree(path) }
    do {
      let folder = try WorkFolder(path: path)
      try withExtendedLifetime(folder) { try retire(path, through: parent(of: path) + "/.removing") }
    } catch is StoreBusy {}
  }
}
