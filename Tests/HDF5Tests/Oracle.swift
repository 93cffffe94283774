import Foundation
import Testing

@testable import HDF5

/// Files made by the Python scripts of `Tests/Oracles`, once a test run, in a folder of its own that
/// is removed at the end.
struct Oracle {
  /// The folder the files are in.
  let folder: String

  struct Case: Decodable, Sendable {
    let file: String
    let dataset: String
    let shape: [Int]
    let element: String
    /// Where its elements lie in `expected.bin`: little-endian, row-major.
    let offset: Int
    let bytes: Int
    let reinterpret: String?
    let missing: MissingChunks?
    let follow: Bool?
  }

  /// What `make_hdf5.py` makes; another seed than 1 by the variable `ND_SEED`.
  static let grid: Result<Oracle, Failure> = make(
    "make_hdf5.py", ["--seed", ProcessInfo.processInfo.environment["ND_SEED"] ?? "1"])
  /// What `odd.py` makes.
  static let odd: Result<Oracle, Failure> = make("odd.py", [])

  struct Failure: Error, CustomStringConvertible { let description: String }

  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Oracles")

  private static func make(_ script: String, _ arguments: [String]) -> Result<Oracle, Failure> {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "nd-\(script)-\(ProcessInfo.processInfo.processIdentifier)").path
    TemporaryFolders.shared.add(folder)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      [ProcessInfo.processInfo.environment["ND_PYTHON"] ?? "python3"]
      + [root.appending(path: script).path, folder] + arguments
    let complaints = Pipe()
    process.standardError = complaints
    do { try process.run() } catch { return .failure(Failure(description: "\(error)")) }
    let words = complaints.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      return .failure(
        Failure(description: "\(script): \(String(decoding: words, as: UTF8.self).suffix(2000))"))
    }
    return .success(Oracle(folder: folder))
  }

  func path(_ name: String) -> String { folder + "/" + name }

  func cases() throws -> [Case] {
    try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(filePath: path("cases.json"))))
  }

  func expected() throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path("expected.bin"))))
  }
}

/// Removes the folders when the test process ends.
final class TemporaryFolders: @unchecked Sendable {
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

/// The program that tests start as the child of `File.catalogueInChild`: built beside the tests.
let catalogueChild: String = {
  var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
  while folder.path != "/" {
    let candidate = folder.appending(path: "catalogue-child").path
    if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    folder.deleteLastPathComponent()
  }
  return "catalogue-child is not built"
}()

extension Dataset {
  /// The box as bytes, read piece by piece in an order of its own.
  func read(_ box: [Range<Int>], reversed: Bool = false) throws -> [UInt8] {
    let count = info.isNull ? 0 : box.reduce(info.elementBytes) { $0 * $1.count }
    // A value that no piece writes would show.
    var bytes = [UInt8](repeating: 0xa5, count: count + 16)
    let scratch = Scratch()
    let pieces = pieces(of: box)
    try bytes.withUnsafeMutableBytes { buffer in
      for piece in reversed ? pieces.reversed() : pieces {
        try read(piece, of: box, into: buffer.baseAddress!, scratch: scratch)
      }
    }
    #expect(scratch.bytes <= scratchBytes, "more scratch than announced")
    #expect(bytes[count...].allSatisfy { $0 == 0xa5 }, "wrote beyond the box")
    return Array(bytes[..<count])
  }
}
