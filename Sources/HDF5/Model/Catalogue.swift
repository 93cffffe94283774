import Algorithms

/// A plain table of everything in a file, made once by ``File/catalogue(path:follow:)``; nothing
/// else of a file's structure needs to be parsed afterwards.
public struct Catalogue: Codable, Sendable {
  public var file: FileIdentity
  /// Other files that hold data of its datasets, by external links, external storage or as sources of
  /// virtual datasets (`follow` only).
  public var otherFiles: [FileIdentity]
  /// Every dataset once, in natural order of their paths (`dense_2` before `dense_10`).
  public var datasets: [DatasetInfo]
  /// Paths of all groups, "/" first, in natural order.
  public var groups: [String]
  /// Attributes of the root group.
  public var rootAttributes: [String: AttributeValue]
  /// Attributes of the other groups that have any, by path.
  public var groupAttributes: [String: [String: AttributeValue]]
  /// Further names of groups and datasets that are listed under another path: soft links, and hard
  /// links after the first.
  public var aliases: [String: String]
  /// When members of groups were made, where their group keeps that: numbers that ascend within a group, by path.
  public var creationOrder: [String: Int64]
  /// What is there by name but not in `datasets`, and why: by path.
  public var skipped: [String: String]
  /// Those of `skipped` that are there, but damaged or in a newer format.
  public var lost: [String]
  /// Dangling links, cycles, skipped objects, external links, in plain words.
  public var notes: [String]

  /// Whether external links, external storage and virtual datasets were allowed.
  public var follow: Bool

  /// The dataset of this name, with or without the leading slash, through any aliases.
  ///
  /// - Throws: ``HDF5Error`` `.notFound`, with the reason if the name is known but was skipped, and
  ///   otherwise with the names that come nearest.
  public func dataset(named name: String) throws(HDF5Error) -> DatasetInfo {
    let path = canonicalPath(name)
    if let found = listed(path) { return found }
    if let reason = skipped[path] {
      throw HDF5Error(
        .unsupported, file: file.path, dataset: path, what: "it cannot be read: \(reason)")
    }
    if groups.contains(path) {
      throw HDF5Error(
        .notFound, file: file.path, dataset: path, what: "this is a group, not a dataset")
    }
    let wanted = path.split(separator: "/").last ?? ""
    let near = datasets.map(\.path).filter {
      $0.split(separator: "/").last?.lowercased() == wanted.lowercased()
    }
    let offered = near.isEmpty ? datasets.map(\.path) : near
    let list = offered.prefix(8).joined(separator: ", ") + (offered.count > 8 ? ", …" : "")
    throw HDF5Error(
      .notFound, file: file.path, dataset: path, what: "there is no such dataset",
      advice: offered.isEmpty ? "The file has none." : "It has \(list).")
  }

  /// The dataset listed under a path: byte by byte the same, as names are in HDF5, else the same to Unicode, since a
  /// job may well spell an accent in the other way.
  private func listed(_ path: String) -> DatasetInfo? {
    // They stand in natural order, which is total.
    let place = datasets.partitioningIndex { !naturallyPrecedes($0.path, path) }
    if place < datasets.count, datasets[place].path.utf8.elementsEqual(path.utf8) { return datasets[place] }
    return path.utf8.allSatisfy { $0 < 0x80 } ? nil : datasets.first { $0.path == path }
  }

  /// What the file holds, but not so that it could be read, because it is damaged or in a newer format; and why.
  public var unreadable: [(path: String, why: String)] {
    lost.map { ($0, skipped[$0] ?? "it cannot be read") }
      + datasets.filter(\.isDamaged).map { ($0.path, $0.unsupportedReason ?? "it is damaged") }
  }

  /// Whether there is a dataset of this name.
  public func has(_ name: String) -> Bool { listed(canonicalPath(name)) != nil }

  /// The path under which a name is listed: slashes tidied, aliases replaced.
  public func canonicalPath(_ name: String) -> String {
    // By bytes: a slash before an accent that stands alone is a slash all the same.
    let parts = name.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    var path = "/" + parts.joined(separator: "/")
    // An alias leads to a listed path, but a name may pass through several of them.
    for _ in 0..<32 {
      if let target = aliases[path] { return target }
      var end = path.endIndex
      var replaced = false
      while let slash = path[..<end].lastIndex(of: "/"), slash > path.startIndex {
        if let target = aliases[String(path[..<slash])] {
          path = (target == "/" ? "" : target) + path[slash...]
          replaced = true
          break
        }
        end = slash
      }
      if !replaced { break }
    }
    return path
  }
}

extension Catalogue {
  /// What is below a group, with paths that count from there; what links leave is as it was.
  ///
  ///     try catalogue.below("/batch_0").dataset(named: "conv1").absolutePath   // "/batch_0/conv1"
  public func below(_ group: String) -> Catalogue {
    let root = canonicalPath(group)
    guard root != "/" else { return self }
    func relative(_ path: String) -> String? {
      guard path.utf8.starts(with: (root + "/").utf8) else { return path == root ? "/" : nil }
      return String(Substring(path.utf8.dropFirst(root.utf8.count)))
    }
    func moved<Value>(_ table: [String: Value]) -> [String: Value] {
      Dictionary(
        table.compactMap { path, value in relative(path).map { ($0, value) } }, uniquingKeysWith: { first, _ in first })
    }
    var part = self
    // A table has fields below it, and is itself none of them.
    part.datasets = datasets.filter { $0.path != root }.compactMap { info in
      relative(info.path).map {
        var info = info
        info.pathInFile = info.absolutePath
        info.path = $0
        return info
      }
    }
    part.groups = groups.compactMap(relative)
    part.rootAttributes = groupAttributes[root] ?? [:]
    part.groupAttributes = moved(groupAttributes)
    part.aliases = moved(aliases).compactMapValues(relative)
    part.creationOrder = moved(creationOrder)
    part.skipped = moved(skipped)
    part.lost = lost.compactMap(relative)
    part.notes = []
    return part
  }

  /// Paths of all groups, and of the tables whose fields are listed below them as datasets are below a group.
  public var places: [String] {
    let tables = datasets.compactMap { info -> String? in
      guard let field = info.field, field.dataset != info.absolutePath else { return nil }
      return String(info.path.dropLast(info.absolutePath.count - field.dataset.count))
    }
    return groups + Set(tables).sorted(by: naturallyPrecedes)
  }

  /// Whether one path comes before another: by the order in which they were made where their groups keep that, else naturally.
  public func precedes(_ first: String, _ second: String) -> Bool {
    let (a, b) = (first.split(separator: "/"), second.split(separator: "/"))
    if let place = zip(a, b).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset {
      let made = [a, b].map { creationOrder["/" + $0[...place].joined(separator: "/")] }
      if let earlier = made[0], let later = made[1], earlier != later { return earlier < later }
    }
    return naturallyPrecedes(first, second)
  }
}
