import Crypto
import Foundation

/// What `divergence verify` found in a version.
public struct Verification: Sendable {
  public enum Depth: Sendable, Equatable {
    /// That every file is there and shards have their size and a sound index. Reads little.
    case quick
    /// Every byte, and whether the arrays agree with each other.
    case full
  }

  /// Most problems that are kept; a store with more is no better known by reading them.
  public static let problemsMax = 100

  public internal(set) var version: String?
  public internal(set) var files = 0
  public internal(set) var bytes = 0
  /// Inner chunks decoded.
  public internal(set) var chunks = 0
  /// Rows of counts compared with their statistics.
  public internal(set) var histograms = 0
  /// In the order in which they were found, at most `problemsMax`.
  public internal(set) var problems: [StoreError] = []

  /// Verifies a version's folder, or the current one of a data set's folder.
  ///
  /// A damaged store is no error here, but a list of problems.
  /// - Parameters:
  ///   - path: as for `Store.open`.
  ///   - progress: called with the share done, between 0 and 1.
  /// - Throws: `StoreError` of kind `notFound` or `unreadable` where there is nothing to verify.
  public static func verify(
    _ path: String, depth: Depth, progress: (Double) -> Void = { _ in }
  ) throws(StoreError) -> Verification {
    let folder = try VersionFolder(path: Catalogue.resolveVersion(path))
    var verification = Verification()
    verification.checkFiles(folder, depth: depth, progress: progress)
    verification.attempt { verification throws(StoreError) in
      let store = try Store(folder, Manifest(folder), maps: .process)
      _ = try store.origin()
      verification.checkShards(of: store, depth: depth)
      if depth == .full {
        verification.checkRows(of: store)
        verification.checkContents(of: store, progress: progress)
        verification.checkCodes(of: store)
        verification.checkDivergences(of: store)
      }
    }
    progress(1)
    return verification
  }

  /// Runs a check and keeps its error as a problem, once.
  mutating func attempt(_ check: (inout Verification) throws(StoreError) -> Void) {
    do {
      try check(&self)
    } catch {
      report(error)
    }
  }

  mutating func report(_ problem: StoreError) {
    if problems.count < Self.problemsMax, !problems.contains(problem) { problems.append(problem) }
  }
}

extension Verification {
  /// `MANIFEST` against the version's name and every other file, and the folder against `MANIFEST`.
  private mutating func checkFiles(_ folder: VersionFolder, depth: Depth, progress: (Double) -> Void) {
    attempt { verification throws(StoreError) in
      let manifest = try Manifest(folder)
      verification.version = manifest.version
      guard folder.path.hasSuffix("/\(manifest.version)") else {
        throw .corrupt(Manifest.name, "its SHA-256 begins with \(manifest.version), unlike the folder's name")
      }
      for line in 0..<manifest.count {
        verification.attempt { verification throws(StoreError) in
          let path = manifest.path(line)
          try verification.checkFile(path, hash: manifest.hash(of: path), in: folder, depth: depth)
        }
        if depth == .full { progress(0.4 * Double(line) / Double(manifest.count)) }
      }
      verification.checkListing(folder, manifest)
    }
  }

  private mutating func checkFile(_ path: String, hash: String?, in folder: VersionFolder, depth: Depth)
    throws(StoreError)
  {
    files += 1
    switch depth {
    case .quick:
      bytes += try folder.byteCount(of: path)
    case .full:
      let file = try folder.map(path)
      bytes += file.byteCount
      guard file.withBytes({ hexadecimal(SHA256.hash(data: $0)) }) == hash else {
        throw .corrupt(path, "its SHA-256 is not the one in \(Manifest.name)")
      }
    }
  }

  /// Files that `MANIFEST` does not know, and symbolic links.
  private mutating func checkListing(_ folder: VersionFolder, _ manifest: Manifest) {
    let keys: [URLResourceKey] = [.isSymbolicLinkKey, .isDirectoryKey]
    let root = URL(fileURLWithPath: folder.path)
    guard let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: keys) else { return }
    for case let url as URL in walk {
      let path = String(url.path.dropFirst(root.path.count + 1))
      let values = try? url.resourceValues(forKeys: Set(keys))
      if values?.isSymbolicLink == true {
        report(.corrupt(path, "a store holds no symbolic links"))
      } else if values?.isDirectory != true, path != Manifest.name, manifest.hash(of: path) == nil {
        report(.corrupt(path, "\(Manifest.name) does not list it"))
      }
    }
  }

  /// Every shard of every array: its index, that its chunks follow each other without gaps to the end of the file, and
  /// with `full` each chunk's checksum.
  private mutating func checkShards(of store: Store, depth: Depth) {
    for array in store.arrays {
      for (plane, chunk) in array.firstsOfShards {
        attempt { _ throws(StoreError) in _ = try array.places(ofShardFrom: plane, chunk) }
      }
      guard depth == .full else { continue }
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: array.chunkBytes, alignment: 64)
      defer { scratch.deallocate() }
      for plane in 0..<array.planes {
        for chunk in 0..<array.chunks {
          attempt { verification throws(StoreError) in
            try array.decode(plane: plane, chunk: chunk, into: scratch)
            verification.chunks += 1
          }
        }
      }
    }
  }
}
