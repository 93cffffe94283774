import HDF5

/// One file of a dump, or a group of one whose rows are joined with those of others.
public struct DumpFile: Sendable {
  /// What errors call it: the file's path, and the group's.
  public let path: String
  /// What is in it, with paths that count from the group.
  public private(set) var catalogue: Catalogue
  public let file: File
  /// Bytes that a column of it may take, which is read as a whole.
  let columnBytesMax: Int
  /// The group's path; `nil`: the whole file.
  public let group: String?
  /// Name of the file, without its folders.
  public var name: String { file.identity.path.split(separator: "/").last.map(String.init) ?? path }

  /// Opens the file that a catalogue was made of.
  /// - Parameter columnBytesMax: what may be taken to read a whole column, such as labels, in bytes: a file of a few MiB can claim
  ///   billions of them.
  public init(_ catalogue: Catalogue, columnBytesMax: Int) throws {
    path = catalogue.file.path
    self.columnBytesMax = columnBytesMax
    self.catalogue = catalogue
    file = try File(catalogue)
    group = nil
  }

  /// A group of an open file.
  init(_ whole: DumpFile, group: String) {
    path = "\(whole.path), group \(group)"
    catalogue = whole.catalogue.below(group)
    file = whole.file
    columnBytesMax = whole.columnBytesMax
    self.group = group
  }

  /// The file with further datasets in its catalogue, or others in the place of those of their paths.
  func listing(_ infos: [DatasetInfo]) -> DumpFile {
    var file = self
    let paths = Set(infos.map(\.path))
    file.catalogue.datasets.removeAll { paths.contains($0.path) }
    file.catalogue.datasets += infos
    file.catalogue.datasets.sort { naturallyPrecedes($0.path, $1.path) }
    return file
  }

  /// Opens a dataset of the file by path to read all of it; an enumeration as the numbers it is stored as.
  /// - Throws: `ActivationsError` where it does not fit in memory, before anything is taken for it.
  func column(_ path: String) throws -> HDF5.Dataset {
    let info = try catalogue.dataset(named: path)
    let dataset = try file.dataset(info, reinterpret: info.enumeration?.element)
    do throws(HDF5Error) { try dataset.verifyComplete() } catch {
      guard error.isOfUnwritten else { throw error }
      let name = String(info.absolutePath.dropFirst())
      throw ActivationsError(
        "\(self.path), dataset \(info.path): some of its chunks were never written, so that their values are unknown; missing: skip and missing: fill are for layers alone. To take them as \(info.fillValue ?? "0"), write them, with h5py: f[\"\(name)_filled\"] = f[\"\(name)\"][:], and name \(name)_filled in a job, as in labels: \(name)_filled; to leave rows out at the end, add count: NUMBER."
      )
    }
    guard dataset.wholeBytes <= columnBytesMax else {
      throw ActivationsError(
        "\(self.path), dataset \(info.path): reading its \(grouped(info.count)) elements at once takes \(grouped(dataset.wholeBytes)) bytes of memory, and \(grouped(columnBytesMax)) may be used. Raise --memory, or name another dataset in the job.",
        kind: .memory)
    }
    return dataset
  }

  /// Whether a sparse layer is listed at `path`.
  fileprivate func hasSparse(_ path: String) -> Bool { (try? catalogue.dataset(named: path))?.isSparse == true }

  /// Whether the file has a dataset at `path`.
  func has(_ path: String) -> Bool { catalogue.has(path) }
}

/// Files whose rows concatenate, in order.
public struct Dump: Sendable {
  public let files: [DumpFile]
  /// Where rows are, in their order: the files, or the groups of each that a job joins.
  public let parts: [DumpFile]

  /// - Precondition: at least one file.
  public init(files: [DumpFile]) {
    precondition(!files.isEmpty)
    self.files = files
    parts = files
  }

  /// The same files with the rows of the groups that a pattern names.
  /// - Throws: `ActivationsError` where a file has no such group.
  func joining(_ pattern: String) throws -> Dump {
    let pattern = try GroupPattern(pattern)
    let parts = try files.flatMap { file in
      let groups = file.catalogue.places.filter(pattern.matches).sorted(by: file.catalogue.precedes)
      if groups.isEmpty {
        let some = file.catalogue.groups.filter { $0 != "/" }.prefix(8).joined(separator: ", ")
        throw ActivationsError(
          "\(file.path): no group matches the job's join: \(pattern.text). \(some.isEmpty ? "The file has no groups." : "Its groups are \(some).")"
        )
      }
      return groups.map { DumpFile(file, group: $0) }
    }
    return Dump(files: files, parts: parts)
  }

  private init(files: [DumpFile], parts: [DumpFile]) {
    self.files = files
    self.parts = parts
  }

  /// The same with the sparse layers of each part listed.
  /// - Returns: also the paths of what those of the first part are made of.
  func listingSparse(_ requests: [LayerRequest]?, _ evidence: inout Evidence) throws -> (dump: Dump, parts: Set<String>)
  {
    var made = Set<String>()
    var known: [DatasetInfo] = []
    func listed(_ file: DumpFile, isFirst: Bool) throws -> DumpFile {
      var ignored = Evidence()
      if !isFirst {
        let own = try SparseLayers.listed(in: file, requests, &ignored).file
        // What only the first says of a layer, such as its width, holds for all.
        let open = requests == nil ? known.filter { $0.isSparse && !own.hasSparse($0.path) } : []
        let again = open.compactMap { SparseLayers.request(for: $0, in: own) }
        return again.isEmpty ? own : try SparseLayers.listed(in: own, again, &ignored).file
      }
      let (file, parts) = try SparseLayers.listed(in: file, requests, &evidence)
      made = parts
      known = file.catalogue.datasets.filter(\.isSparse)
      return file
    }
    let some = try parts.enumerated().map { try listed($1, isFirst: $0 == 0) }
    // Instances have the paths of the whole file.
    let isJoined = parts.contains { $0.group != nil }
    return (Dump(files: isJoined ? files : some, parts: some), made)
  }

  /// The first part: what the others are held against.
  public var first: DumpFile { parts[0] }

  /// Refuses a dump that has changed since it was opened.
  public func verifyUnchanged() throws {
    for file in files { try file.file.verifyUnchanged() }
  }
}

/// Groups of a file by a pattern: `batch_*`, `db/*`, `{train,val}`. A `*` stands for anything within one name, `?` for one character, and
/// braces for one of several patterns.
struct GroupPattern {
  let text: String
  private let alternatives: [[String]]

  /// Most patterns that braces may make of one.
  private static let alternativesMax = 1000

  /// - Throws: `ActivationsError` where braces do not close, or make too many.
  init(_ text: String) throws {
    self.text = text
    var open = [text]
    var closed: [String] = []
    while let next = open.popLast() {
      guard let end = next.firstIndex(of: "}") else {
        guard !next.contains("{") else {
          throw ActivationsError("The job's join: \(text) has a brace that does not close.")
        }
        closed.append(next)
        continue
      }
      guard let begin = next[..<end].lastIndex(of: "{") else {
        throw ActivationsError("The job's join: \(text) has a brace that does not open.")
      }
      for choice in next[next.index(after: begin)..<end].split(separator: ",", omittingEmptySubsequences: false) {
        open.append(next[..<begin] + String(choice) + next[next.index(after: end)...])
      }
      guard open.count + closed.count <= Self.alternativesMax else {
        throw ActivationsError(
          "The job's join: \(text) stands for more than \(grouped(Self.alternativesMax)) patterns.")
      }
    }
    alternatives = closed.map { $0.split(separator: "/").map(String.init) }
  }

  func matches(_ group: String) -> Bool {
    let names = group.split(separator: "/").map(String.init)
    return !names.isEmpty
      && alternatives.contains { parts in
        parts.count == names.count && zip(parts, names).allSatisfy { Self.matches(Array($0), Array($1)) }
      }
  }

  /// - Complexity: O(pattern · name).
  private static func matches(_ pattern: [Character], _ name: [Character]) -> Bool {
    var (p, n) = (0, 0)
    var star: (p: Int, n: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == "*" {
        star = (p, n)
        p += 1
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == name[n] {
        p += 1
        n += 1
      } else if let last = star {
        star = (last.p, last.n + 1)
        p = last.p + 1
        n = last.n + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }
}

extension Dump {
  /// The groups that are joined, as a list in Python.
  var groupsInPython: String {
    let groups = parts.compactMap(\.group)
    func prefix(_ group: String) -> Substring {
      group[..<(group.lastIndex { !$0.isNumber }.map(group.index(after:)) ?? group.startIndex)]
    }
    let (begin, digits) = (prefix(groups[0]), groups[0].dropFirst(prefix(groups[0]).count))
    // Numbered one after another: said in short.
    if groups.count > 8, let first = Int(digits), !begin.contains(where: { "{}\"\\".contains($0) }) {
      for width in [0, digits.count] {
        let numbered = (first..<first + groups.count).map { number in
          begin + String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
        }
        if numbered == groups.map({ $0[...] }) {
          return "[f\"\(begin){i\(width == 0 ? "" : ":0\(width)")}\" for i in range(\(first), \(first + groups.count))]"
        }
      }
    }
    return "[\(groups.map { "\"\($0)\"" }.joined(separator: ", "))]"
  }
}
