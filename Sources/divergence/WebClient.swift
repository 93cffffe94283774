import Foundation

/// Where the web client lies.
enum WebClient {
  /// The web client that came with the program: `web` beside the package, or `share/divergence/web`.
  static func folder() -> String? {
    guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
    var folders = [URL(fileURLWithPath: FileManager.default.currentDirectoryPath)]
    var folder = program
    for _ in 0..<5 {
      folder.deleteLastPathComponent()
      folders.append(folder)
    }
    return folders.flatMap { [$0.appendingPathComponent("web"), $0.appendingPathComponent("share/divergence/web")] }
      .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("index.html").path) }?.path
  }
}
