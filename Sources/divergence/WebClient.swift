import Foundation

/// Where the web client lies.
enum WebClient {
  /// The web client that came with the program: `web` beside the package, or `share/divergence/web`. For a program that was copied
  /// out of its checkout, the one in the folder where it is started; never before, since any `web` may lie there.
  static func folder() -> String? {
    guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
    var folders: [URL] = []
    var folder = program
    for _ in 0..<5 {
      folder.deleteLastPathComponent()
      folders.append(folder)
    }
    folders.append(URL(fileURLWithPath: FileManager.default.currentDirectoryPath))
    return folders.flatMap { [$0.appendingPathComponent("web"), $0.appendingPathComponent("share/divergence/web")] }
      .first { FileManager.default.fileExists(atPath: $0.appendingPathComponent("index.html").path) }?.path
  }
}
