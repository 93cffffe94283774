/// Where things stand in the tree of groups.
enum Places {
  /// The group that holds a path: "/" or "/a/b".
  static func group(of path: String) -> String {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Groups below the root, down to this one: 0 for "/".
  static func depth(_ group: String) -> Int { group.split(separator: "/").count }

  /// A group and those above it, the deepest first; "/" is the last.
  static func upwards(from group: String) -> some Sequence<String> {
    sequence(first: group) { $0 == "/" ? nil : Self.group(of: $0) }
  }

  /// Groups in which some things stand, so that each question is as long as a path is deep, however many there are.
  struct Groups {
    private let own: Set<String>
    /// These and all above them.
    private var held: Set<String> = []

    init(_ groups: some Sequence<String>) {
      own = Set(groups)
      for group in own {
        for above in Places.upwards(from: group) where !held.insert(above).inserted { break }
      }
    }

    func contains(_ group: String) -> Bool { own.contains(group) }

    /// How near what stands in `group` is to the things: the deeper their nearest common group and, among those of one, the fewer
    /// groups down from it, the nearer.
    func nearness(of group: String) -> Nearness {
      let common = Places.upwards(from: group).first(where: held.contains).map(Places.depth) ?? 0
      return Nearness(common: common, down: Places.depth(group) - common)
    }
  }

  struct Nearness: Comparable {
    /// Depth of the nearest common group.
    var common: Int
    /// Groups down from it.
    var down: Int

    static func < (a: Nearness, b: Nearness) -> Bool { (a.common, -a.down) < (b.common, -b.down) }
  }

  /// Where something stands seen from things in `others`, as part of a sentence.
  static func inWords(_ group: String, seenFrom others: Groups) -> String {
    let near = others.nearness(of: group)
    if near.down == 0, others.contains(group) { return "it stands beside the layers" }
    if near.down == 0 {
      return group == "/" ? "it stands at the root, above the layers" : "it stands in \(group), above the layers"
    }
    return "it stands in \(group)"
  }
}
