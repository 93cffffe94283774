import Crypto
import Foundation
import Glibc
import Synchronization

/// Builds a new version of a data set's store out of sight, and publishes it with one rename.
///
///     Tiles/NAME/.building    what is written now; one builder at a time holds its lock
///     Tiles/NAME/VERSION      published
///     Tiles/NAME/current      the version that readers see
public final class StoreBuilder: Sendable {
  public let name: String
  /// `Tiles/NAME`.
  public let folder: String
  let building: String
  /// The fingerprint of what an earlier builder left, which was another and so was removed.
  public let replaced: String?
  private let lock: FolderLock

  /// Goes on where an earlier builder of the same fingerprint was stopped; removes what any other left.
  /// - Parameters:
  ///   - root: the folder of all stores, made where it is missing.
  ///   - fingerprint: names the input and the job.
  ///   - restart: whether to begin anew in any case.
  /// - Throws: `StoreWriteError`, `StoreBusy`.
  public init(root: String, name: String, fingerprint: String, restart: Bool) throws {
    precondition(Self.isValid(name: name))
    self.name = name
    folder = root + "/" + name
    building = folder + "/.building"
    try makeFolder(folder)
    lock = try FolderLock(folder: folder)
    let mark = building + "/.scratch/fingerprint"
    let earlier = FileManager.default.contents(atPath: mark).map { String(decoding: $0, as: UTF8.self) }
    let same = earlier == fingerprint
    replaced = restart || same ? nil : earlier
    if access(building, F_OK) == 0, restart || !same { try FileManager.default.removeItem(atPath: building) }
    try makeFolder(scratch)
    if restart || !same { try write(fingerprint, to: mark) }
  }

  /// Whether a data set may be called so: letters, digits, `.`, `_` and `-`, at most 100, the first a letter or digit.
  public static func isValid(name: String) -> Bool {
    let bytes = Array(name.utf8)
    func plain(_ byte: UInt8) -> Bool {
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
    guard let first = bytes.first, plain(first), bytes.count <= 100 else { return false }
    return bytes.allSatisfy { plain($0) || $0 == 46 || $0 == 95 || $0 == 45 }
  }

  /// Notes what the published version was made from, for a later run that has nothing to do.
  public func noteMade(version: String, from fingerprint: String) throws {
    let note = Self.note(root: (folder as NSString).deletingLastPathComponent, name: name)
    unlink(note + "-new")
    try write("\(version)\n\(fingerprint)", to: note + "-new")
    guard rename(note + "-new", note) == 0 else { throw StoreWriteError("write", note) }
  }

  /// The version that `current` names, if it was made from `fingerprint`.
  public static func version(root: String, name: String, madeFrom fingerprint: String) -> String? {
    let files = FileManager.default
    guard let data = files.contents(atPath: note(root: root, name: name)),
      let version = try? files.destinationOfSymbolicLink(atPath: "\(root)/\(name)/current"),
      data == Data("\(version)\n\(fingerprint)".utf8),
      files.fileExists(atPath: "\(root)/\(name)/\(version)/\(Manifest.name)")
    else { return nil }
    return version
  }

  private static func note(root: String, name: String) -> String { "\(root)/\(name)/.made-from" }

  private var scratch: String { building + "/.scratch" }

  /// A folder beside the store's own files, for work that is not complete; gone before publishing.
  public var scratchFolder: String { scratch }

  /// Removes files of the scratch folder whose names begin so.
  public func removeScratch(_ prefix: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: scratch) where name.hasPrefix(prefix) {
      try FileManager.default.removeItem(atPath: scratch + "/" + name)
    }
  }

  /// A file beside the store's own, for figures on their way; gone before publishing.
  public func scratchFile(_ name: String) throws -> ScratchMatrixFile {
    try ScratchMatrixFile(path: scratch + "/" + name)
  }

  /// The attributes of the group at `path`, if an earlier builder wrote them; a group's attributes are written when what it holds is complete.
  public func completed<Attributes: Decodable>(_ path: String, as type: Attributes.Type) -> Attributes? {
    guard let data = FileManager.default.contents(atPath: "\(building)/\(path)/zarr.json") else { return nil }
    return try? JSONDecoder().decode(GroupNode<Attributes>.self, from: data).attributes
  }

  /// Removes what an earlier builder left incomplete at `path`.
  public func remove(_ path: String) throws {
    guard access(building + "/" + path, F_OK) == 0 else { return }
    try FileManager.default.removeItem(atPath: building + "/" + path)
  }

  public func makeGroup(_ path: String, attributes: JSONValue = .object([:])) throws {
    let folder = path.isEmpty ? building : building + "/" + path
    try makeFolder(folder)
    try writeJSON(
      ["zarr_format": 3, "node_type": "group", "attributes": attributes],
      to: folder + "/zarr.json")
  }

  /// Makes a group's attributes the sign that all below it is complete: they are written when that is lasting.
  public func completeGroup(_ path: String, attributes: JSONValue) throws {
    try synchronizeFileSystem(of: building)
    try makeGroup(path, attributes: attributes)
  }

  public func makeArray(_ path: String, _ metadata: ArrayMetadata) throws -> ArrayWriter {
    try ArrayWriter(folder: building + "/" + path, metadata: metadata)
  }

  /// Opens an array that was written, to read it back.
  public func reader(of writer: ArrayWriter) throws -> ArrayReader {
    let path = String(writer.folder.dropFirst(building.count + 1))
    return try ArrayReader(
      path: path, metadata: writer.metadata, folder: VersionFolder(path: building), maps: ShardMaps(limit: 2))
  }

  /// Makes everything lasting, names it by its content, and flips `current` to it.
  /// - Parameter each: calls its closure for every index below a count, several at once where there are lanes for it.
  /// - Returns: the version.
  public func publish(
    hashing each: (_ count: Int, _ body: @Sendable (_ index: Int) throws -> Void) throws -> Void
  ) throws -> String {
    let files = FileManager.default
    // An earlier builder may have come as far as this, and no further.
    try remove(Manifest.name)
    let paths = try files.subpathsOfDirectory(atPath: building).filter { path in
      var isFolder: ObjCBool = false
      return !path.hasPrefix(".scratch") && files.fileExists(atPath: building + "/" + path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let lines = Mutex([String](repeating: "", count: paths.count))
    try each(paths.count) { [building] index in
      let line = "\(try sha256(file: building + "/" + paths[index]))  \(paths[index])\n"
      lines.withLock { $0[index] = line }
    }
    let manifest = lines.withLock { $0.joined() }
    try write(manifest, to: building + "/" + Manifest.name)
    try synchronizeFileSystem(of: building)
    let version = String(hexadecimal(SHA256.hash(data: Data(manifest.utf8))).prefix(16))
    // Hashing a large store takes minutes; whoever is stopped in them can still go on.
    try files.removeItem(atPath: scratch)
    let target = folder + "/" + version
    if access(target, F_OK) == 0 {
      // The same content is there already.
      try files.removeItem(atPath: building)
    } else if rename(building, target) != 0 {
      throw StoreWriteError("publish", target)
    }
    try synchronizeFolder(folder)
    try Self.flipCurrent(in: folder, to: version)
    return version
  }

  /// Makes a version that was published before the one that readers see, where it is not. Takes the store's lock for it.
  /// - Throws: `StoreWriteError`, `StoreBusy`.
  public static func makeCurrent(version: String, root: String, name: String) throws {
    let folder = root + "/" + name
    if Catalogue.currentVersion(ofDataset: folder) == version { return }
    let lock = try FolderLock(folder: folder)
    try withExtendedLifetime(lock) { try flipCurrent(in: folder, to: version) }
  }

  /// Has `current` of a data set's folder name a version, by one rename. Only for who holds the folder's lock.
  private static func flipCurrent(in folder: String, to version: String) throws {
    let link = folder + "/.current-new"
    unlink(link)
    guard symlink(version, link) == 0, rename(link, folder + "/current") == 0 else {
      throw StoreWriteError("publish", folder + "/current")
    }
    try synchronizeFolder(folder)
  }
}

private struct GroupNode<Attributes: Decodable>: Decodable { var attributes: Attributes }

extension JSONValue {
  /// The JSON that a value encodes to.
  public init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
  }
}

func writeJSON(_ value: JSONValue, to path: String) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  try write(String(decoding: encoder.encode(value), as: UTF8.self) + "\n", to: path)
}

private func write(_ text: String, to path: String) throws(StoreWriteError) {
  let file = try OutputFile(path: path)
  try file.write(Array(text.utf8), at: 0)
}

private func sha256(file path: String) throws -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw StoreWriteError("read", path) }
  defer { close(descriptor) }
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
  defer { buffer.deallocate() }
  var hash = SHA256()
  while true {
    let count = read(descriptor, buffer.baseAddress, buffer.count)
    if count == 0 { return hexadecimal(hash.finalize()) }
    if count > 0 {
      hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    } else if errno != EINTR {
      throw StoreWriteError("read", path)
    }
  }
}
