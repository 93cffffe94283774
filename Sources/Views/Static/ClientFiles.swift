import Foundation

/// The web client's files, in memory.
public struct ClientFiles: Sendable {
  /// Most bytes of all files together.
  static let bytesMax = 32 << 20
  static let filesMax = 2000

  public enum LoadingError: Error, CustomStringConvertible {
    case missing(String)
    case tooLarge(String)
    /// A file that is there.
    case unreadable(String)

    public var description: String {
      switch self {
      case .missing(let folder):
        "There is no web client at \(folder): it has no index.html. Name its folder with --web."
      case .tooLarge(let folder):
        "\(folder) holds more than a web client should (\(bytesMax >> 20) MiB, \(filesMax) files)."
      case .unreadable(let file): "\(file) of the web client cannot be read. Give this user the right to read it."
      }
    }
  }

  /// Files by path, as they are on disk.
  package private(set) var contents: [String: [UInt8]] = [:]

  /// Reads all files of a folder; those whose name begins with a dot, `node_modules` and symbolic links are left out.
  package init(folder: String) throws {
    let root = URL(fileURLWithPath: folder).standardizedFileURL
    let keys: Set<URLResourceKey> = [.isRegularFileKey, .isSymbolicLinkKey, .fileSizeKey]
    guard FileManager.default.fileExists(atPath: root.appendingPathComponent("index.html").path),
      let walk = FileManager.default.enumerator(
        at: root, includingPropertiesForKeys: Array(keys), options: .skipsHiddenFiles)
    else { throw LoadingError.missing(folder) }
    var bytes = 0
    for case let url as URL in walk {
      if url.lastPathComponent == "node_modules" { walk.skipDescendants() }
      let values = try url.resourceValues(forKeys: keys)
      guard values.isRegularFile == true, values.isSymbolicLink != true else { continue }
      guard let content = try? Data(contentsOf: url) else { throw LoadingError.unreadable(url.path) }
      bytes += content.count
      guard bytes <= Self.bytesMax, contents.count < Self.filesMax else { throw LoadingError.tooLarge(folder) }
      let path = String(url.standardizedFileURL.path.dropFirst(root.path.count + 1))
      contents[path] = Array(content)
    }
  }
}
