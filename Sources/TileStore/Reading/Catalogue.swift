import Foundation
import Glibc

/// The data sets in a folder such as `Tiles/`, and which version of each is current.
public struct Catalogue: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public var name: String
    /// What `current` says: the version's name.
    public var version: String

    public init(name: String, version: String) {
      self.name = name
      self.version = version
    }
  }

  /// Most data sets of a folder. Others are left out, in the order of their names.
  public static let entriesMax = 65_536

  /// The folder, links resolved.
  public let folder: String
  /// Sorted by name.
  public let entries: [Entry]

  /// Lists the sub-folders that hold a link `current`. Opens no store.
  ///
  /// - Throws: `StoreError` of kind `notFound` or `unreadable` for the folder itself.
  public static func scan(_ directory: String) throws(StoreError) -> Catalogue {
    let folder = try resolve(directory)
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw StoreError(.unreadable, file: directory, "it is not a folder that can be listed.")
    }
    let entries = names.filter(isDatasetName).sorted().prefix(entriesMax).compactMap { name in
      currentVersion(ofDataset: "\(folder)/\(name)").map { Entry(name: name, version: $0) }
    }
    return Catalogue(folder: folder, entries: entries)
  }

  /// The version that the link `current` of a data set's folder names; `nil` where there is no such link.
  public static func currentVersion(ofDataset folder: String) -> String? {
    // A byte more than a version has: longer targets are none.
    var target = [CChar](repeating: 0, count: versionBytes + 1)
    guard readlink("\(folder)/current", &target, target.count) == versionBytes else { return nil }
    let text = String(decoding: target.prefix(versionBytes).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return isVersion(text) ? text : nil
  }

  /// Versions whose folders stand in a data set's folder, the newest first. Links are none.
  public static func versions(ofDataset folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let found = names.filter(isVersion).compactMap { name -> (name: String, made: Int)? in
      var status = stat()
      guard lstat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
      return (name, status.st_mtim.tv_sec)
    }
    return found.sorted { ($1.made, $0.name) < ($0.made, $1.name) }.map(\.name)
  }

  /// When something was last added to a data set's folder or removed from it, in nanoseconds of the file system's clock; `nil` where there
  /// is none.
  public static func changeTime(ofDataset folder: String) -> Int? {
    var status = stat()
    guard stat(folder, &status) == 0 else { return nil }
    return status.st_mtim.tv_sec &* 1_000_000_000 &+ status.st_mtim.tv_nsec
  }

  /// The version's folder that `path` means: itself, or what `current` in it names. Links are resolved, but the version itself must
  /// be a folder (`VersionFolder`).
  static func resolveVersion(_ path: String) throws(StoreError) -> String {
    let folder = try resolve(path)
    if FileManager.default.fileExists(atPath: "\(folder)/\(Manifest.name)") { return folder }
    if let version = currentVersion(ofDataset: folder) { return "\(folder)/\(version)" }
    throw StoreError(
      .notFound, file: path,
      "it holds neither a \(Manifest.name) nor a link `current`. Name a store, such as Tiles/NAME.")
  }

  static func resolve(_ path: String) throws(StoreError) -> String {
    guard let resolved = realpath(path, nil) else { throw .unreadable(path) }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

private let versionBytes = 16

/// Whether a text may be a version: 16 lowercase hexadecimal digits.
public func isVersion(_ text: String) -> Bool {
  text.utf8.count == versionBytes && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
}
