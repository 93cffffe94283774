import Foundation
import Glibc

/// Builds a new version of a data set's store out of sight, and publishes it with one rename.
///
///     Tiles/NAME/.building           what is written now; one builder at a time holds the lock
///     Tiles/NAME/.building/.scratch  work that is not complete, and `fingerprint`: what all this is made from
///     Tiles/NAME/.scratch            the same, while the store is given its name
///     Tiles/NAME/.removing           on its way out
///     Tiles/NAME/VERSION             published
///     Tiles/NAME/current             the version that readers see
///     Tiles/NAME/.made-from          what that was made from
///
/// What vouches for a folder is taken away lastingly before the folder is touched, and written when the folder is lasting: `fingerprint`
/// for `.building`, its `zarr.json` for a layer. So a run may be killed, and the machine stop, at any moment.
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
    try removeTree(folder + "/.removing")
    let scratch = building + "/.scratch"
    try Self.bringBack(outside: folder + "/.scratch", to: scratch)
    let mark = scratch + "/fingerprint"
    let earlier = try contents(ofFile: mark).map { String(decoding: $0, as: UTF8.self) }
    let same = earlier == fingerprint && !restart
    replaced = restart || same ? nil : earlier
    if !same { try retire(building, through: folder + "/.removing") }
    try makeFolder(scratch)
    // Whole or not there, also after a power failure: what it vouches for is told by it alone.
    if !same { try replaceFile(mark, with: Data(fingerprint.utf8), outlasting: .powerLoss) }
  }

  /// The scratch folder of a builder that was stopped while it published goes back to its place, and vouches again for what is there:
  /// the whole store, or nothing where that has its name already.
  private static func bringBack(outside: String, to scratch: String) throws {
    guard exists(outside) else { return }
    if exists(scratch) { return try removeTree(outside) }
    try makeFolder(parentFolder(of: scratch))
    try renameFile(outside, to: scratch)
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

  /// The version that `current` names, if it was made from `fingerprint`.
  public static func version(root: String, name: String, madeFrom fingerprint: String) -> String? {
    let files = FileManager.default
    guard let data = files.contents(atPath: note("\(root)/\(name)")),
      let version = try? files.destinationOfSymbolicLink(atPath: "\(root)/\(name)/current"),
      data == Data("\(version)\n\(fingerprint)".utf8),
      // What readers would refuse is made again, not passed over night after night.
      let found = try? Verification.verify("\(root)/\(name)/\(version)", depth: .quick), found.problems.isEmpty
    else { return nil }
    return version
  }

  /// What the version that `current` names was made from, as its builder noted; `nil` where nothing is published.
  public static func madeFrom(root: String, name: String) -> String? {
    let files = FileManager.default
    guard let data = files.contents(atPath: note("\(root)/\(name)")), let text = String(data: data, encoding: .utf8),
      let version = try? files.destinationOfSymbolicLink(atPath: "\(root)/\(name)/current"),
      text.hasPrefix("\(version)\n")
    else { return nil }
    return String(text.dropFirst(version.count + 1))
  }

  /// Removes what builders left that were stopped while they made what is published, or made it again; nothing that a builder of another
  /// fingerprint may go on with.
  /// - Throws: `StoreWriteError`.
  public static func tidy(root: String, name: String, fingerprint: String) throws {
    let folder = root + "/" + name
    let building = folder + "/.building"
    let mark = try contents(ofFile: building + "/.scratch/fingerprint")
    // Without a mark nobody can go on with it.
    let isOwn = exists(building) && (mark == nil || mark == Array(fingerprint.utf8))
    var left = [".removing", ".current" + newSuffix, ".made-from" + newSuffix].map { folder + "/" + $0 }
    if isOwn || !exists(building) { left.append(folder + "/.scratch") }
    guard isOwn || left.contains(where: exists) else { return }
    do {
      let lock = try FolderLock(folder: folder)
      try withExtendedLifetime(lock) {
        if isOwn { try retire(building, through: folder + "/.removing") }
        for path in left { try removeTree(path) }
      }
    } catch is StoreBusy {}
  }

  private static func note(_ folder: String) -> String { folder + "/.made-from" }

  private var scratch: String { building + "/.scratch" }
  /// Where it is while the store is published.
  private var outside: String { folder + "/.scratch" }

  /// A folder beside the store's own files, for work that is not complete; gone before publishing.
  public var scratchFolder: String { scratch }

  /// Removes files of the scratch folder whose names begin so.
  public func removeScratch(_ prefix: String) throws {
    for name in try folderEntries(in: scratch) where name.hasPrefix(prefix) { try removeTree(scratch + "/" + name) }
  }

  /// A file beside the store's own, for figures on their way; gone before publishing.
  public func scratchFile(_ name: String) throws -> ScratchMatrixFile {
    try ScratchMatrixFile(path: scratch + "/" + name)
  }

  /// A layer that an earlier builder completed, if it is whole: its attributes are written when what it holds is lasting, and all of that
  /// is looked at once more.
  public func completedLayer(_ id: String, rows: Int, groups: Int, planes: GroupPlanes? = nil, instances: Int) -> Layer?
  {
    try? BuiltStore(path: building).layer(id, rows: rows, groups: groups, planes: planes, instances: instances)
  }

  /// A layer that was completed, to read it back.
  /// - Throws: `StoreError`.
  public func reader(of layer: Layer, rows: Int, groups: Int, planes: GroupPlanes? = nil, instances: Int) throws
    -> LayerReader
  {
    try BuiltStore(path: building).reader(of: layer, rows: rows, groups: groups, planes: planes, instances: instances)
  }

  /// Removes what an earlier builder left at `path`.
  public func remove(_ path: String) throws {
    try retire(building + "/" + path, through: folder + "/.removing")
  }

  public func makeGroup(_ path: String) throws { try makeGroup(path, attributes: JSONValue.object([:])) }

  public func makeGroup(_ path: String, attributes: some Encodable) throws {
    let folder = path.isEmpty ? building : building + "/" + path
    try makeFolder(folder)
    try writeJSON(
      GroupNode(attributes: attributes), to: folder + "/zarr.json",
      bytesMax: StoreLimits.bytes(ofFile: StorePath.metadata(of: path)))
  }

  /// Makes a group's attributes the sign that all below it is complete: they are written when that is lasting.
  public func completeGroup(_ path: String, attributes: some Encodable) throws {
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

  /// Calls a closure for every index below a count, several at once where there are lanes for it.
  public typealias ForEach = (_ count: Int, _ body: @Sendable (_ index: Int) throws -> Void) throws -> Void

  /// Names everything by its content when readers can read all of it, makes it lasting, and flips `current` to it.
  /// - Parameters:
  ///   - attributes: what the root says, as the plan knows it.
  ///   - madeFrom: what the version was made from, for a later run that has nothing to do.
  ///   - each: looks at the files of what was built, and hashes them.
  /// - Returns: the version.
  /// - Throws: `StoreWriteError`, `StoreNotWhole`, `MetadataTooLarge`, `StoreError` where the system refuses to open or to map a file; `current`
  ///   names what it did before, then.
  public func publish(_ attributes: Attributes, madeFrom: String, each: ForEach) throws -> String {
    try makeGroup("", attributes: attributes)
    let version: String
    do {
      version = try writeManifest(attributes, each)
    } catch let error as StoreError where error.kind == .corrupt || error.kind == .notFound {
      throw StoreNotWhole(folder: building, why: error)
    }
    try synchronizeFileSystem(of: building)
    // From here to the last rename nothing but names change: whoever is stopped goes on with the finished store.
    try removeTree(outside)
    try renameFile(scratch, to: outside)
    try synchronizeFolder(folder)
    let target = folder + "/" + version
    if (try? BuiltStore(path: target).check(against: attributes, each)) != nil {
      // The same content is there already.
      try retire(building, through: folder + "/.removing")
    } else {
      try retire(target, through: folder + "/.removing")
      try renameFile(building, to: target)
      try synchronizeFolder(folder)
    }
    try Self.flip(folder, to: version, madeFrom: madeFrom)
    try removeTree(outside)
    return version
  }

  /// Writes `MANIFEST`, the hash of every other file, when readers can read all of them.
  /// - Returns: the version that it names.
  private func writeManifest(_ attributes: Attributes, _ each: ForEach) throws -> String {
    // An earlier builder may have come as far as this, and no further.
    for name in [Manifest.name, Manifest.name + newSuffix] { try removeTree(building + "/" + name) }
    let hashes = try BuiltStore(path: building).hashes(checkedAgainst: attributes, each)
    let manifest = Data(hashes.map { "\($0.hash)  \($0.path)\n" }.joined().utf8)
    try writeMetadata(manifest, to: building + "/" + Manifest.name, bytesMax: StoreLimits.manifestBytes)
    return try Manifest(manifest).version
  }

  /// Makes a version that was published before the one that readers see, where it is not. Takes the store's lock for it.
  /// - Parameter madeFrom: what the version was made from, as when it was published.
  /// - Throws: `StoreWriteError`, `StoreBusy`.
  public static func makeCurrent(version: String, root: String, name: String, madeFrom: String) throws {
    let folder = root + "/" + name
    if Catalogue.currentVersion(ofDataset: folder) == version { return }
    let lock = try FolderLock(folder: folder)
    try withExtendedLifetime(lock) { try flip(folder, to: version, madeFrom: madeFrom) }
  }

  /// Has `current` of a data set's folder name a version, by one rename, and notes what that was made from. Only for who holds the
  /// folder's lock.
  private static func flip(_ folder: String, to version: String, madeFrom: String) throws {
    let link = folder + "/.current" + newSuffix
    try removeTree(link)
    guard retrying({ symlink(version, link) }) == 0 else { throw StoreWriteError("publish", folder + "/current") }
    try renameFile(link, to: folder + "/current")
    try synchronizeFolder(folder)
    try replaceFile(note(folder), with: Data("\(version)\n\(madeFrom)".utf8), outlasting: .powerLoss)
  }
}

/// The content of a group's `zarr.json`.
private struct GroupNode<Attributes: Encodable>: Encodable {
  let zarrFormat = 3
  let nodeType = "group"
  let attributes: Attributes

  enum CodingKeys: String, CodingKey {
    case zarrFormat = "zarr_format"
    case nodeType = "node_type"
    case attributes
  }
}

func writeJSON(_ value: some Encodable, to path: String, bytesMax: Int = StoreLimits.nodeBytes) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  var data = try encoder.encode(value)
  data.append(UInt8(ascii: "\n"))
  try writeMetadata(data, to: path, bytesMax: bytesMax)
}

/// Writes a file that readers read whole: none that they would refuse.
private func writeMetadata(_ data: Data, to path: String, bytesMax: Int) throws {
  guard data.count <= bytesMax else { throw MetadataTooLarge(path: path, bytes: data.count, bytesMax: bytesMax) }
  try replaceFile(path, with: data, outlasting: .kill)
}
