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
  public var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted() }
  }

  public func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path + "/" + name) }
}
