import Foundation
import HTTPTypes
import Hummingbird

/// The web client's files, read into memory at the start: requests are answered from this table only.
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

  private var answers: [String: [ContentCoding: Answer]] = [:]
  /// Files by path, as they are on disk.
  private(set) var contents: [String: [UInt8]] = [:]

  /// No client: an interface for programs only.
  init() {}

  /// Reads all files of a folder; those whose name begins with a dot, `node_modules` and symbolic links are left out.
  init(folder: String) throws {
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
      guard bytes <= Self.bytesMax, answers.count < Self.filesMax else { throw LoadingError.tooLarge(folder) }
      let path = String(url.standardizedFileURL.path.dropFirst(root.path.count + 1))
      contents[path] = Array(content)
      for coding in ContentCoding.allCases {
        answers[path, default: [:]][coding] = Answer(
          Array(content), type: Self.type(url.pathExtension), coding: coding, lifetime: .revalidated)
      }
    }
    answers[""] = answers["index.html"]
  }

  var isEmpty: Bool { answers.isEmpty }

  /// The file at a path, which is looked up and not followed.
  func answer(_ path: String, _ coding: ContentCoding) -> Answer? { answers[path]?[coding] }

  private static func type(_ ending: String) -> String {
    switch ending.lowercased() {
    case "html": "text/html; charset=utf-8"
    case "js", "mjs": "text/javascript; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "json", "map": "application/json"
    case "svg": "image/svg+xml"
    case "png": "image/png"
    case "ico": "image/x-icon"
    case "webmanifest": "application/manifest+json"
    case "woff2": "font/woff2"
    case "wasm": "application/wasm"
    case "txt", "md": "text/plain; charset=utf-8"
    default: "application/octet-stream"
    }
  }
}
