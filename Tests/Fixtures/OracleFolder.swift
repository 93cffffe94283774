import Foundation

/// A folder of files that a Python script of `Tests/Oracles` has made, removed when the test process ends.
public struct OracleFolder: Sendable {
  public let path: String

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// - Parameters:
  ///   - script: gets the folder as its first argument. It is run by the interpreter that `ND_PYTHON` names.
  ///   - seed: another one than 1 by the variable `ND_SEED`; `nil`: the script takes none.
  public init(_ script: String, seed: UInt64? = Self.seed) throws(Failure) {
    let environment = ProcessInfo.processInfo.environment
    // Suites of several targets run in one process, and may use the same script at once.
    path = FileManager.default.temporaryDirectory.appending(path: "nd-\(script)-\(UUID().uuidString)").path
    TemporaryFolders.shared.add(path)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      [environment["ND_PYTHON"] ?? "python3", Self.scripts.appending(path: script).path, path]
      + (seed.map { ["--seed", "\($0)"] } ?? [])
    let complaints = Pipe()
    process.standardError = complaints
    do { try process.run() } catch { throw Failure(description: "\(script): \(error)") }
    let words = complaints.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(script): \(String(decoding: words, as: UTF8.self).suffix(2000))")
    }
  }

  public static let seed = ProcessInfo.processInfo.environment["ND_SEED"].flatMap { UInt64($0) } ?? 1

  private static let scripts = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Oracles")
}

/// Removes the folders when the test process ends.
private final class TemporaryFolders: @unchecked Sendable {
  // Unchecked: the list is touched under the lock only.
  static let shared = TemporaryFolders()
  private let lock = NSLock()
  private var folders: [String] = []

  private init() {
    atexit { TemporaryFolders.shared.remove() }
  }

  func add(_ folder: String) { lock.withLock { folders.append(folder) } }

  private func remove() {
    for folder in lock.withLock({ folders }) { try? FileManager.default.removeItem(atPath: folder) }
  }
}
