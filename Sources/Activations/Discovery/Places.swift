/// Where things stand in the tree of groups.
enum Places {
  /// The group that holds a path: "/" or "/a/b".
  static func group(of path: String) -> String {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Groups below the root, down to this one: 0 for "/".
  static func depth(_ group: String) -> Int { group.split(separator: "/").count }

  /// Depth of the deepest group that holds both groups.
  static func commonDepth(_ a: String, _ b: String) -> Int {
    zip(a.split(separator: "/"), b.split(separator: "/")).prefix { $0 == $1 }.count
  }

  /// How near what stands in `group` is to things in `others`: the deeper their nearest common group and, among those of one, the fewer
  /// groups down from it, the nearer.
  static func nearness(of group: String, to others: some Sequence<String>) -> Nearness {
    others.map { Nearness(common: commonDepth(group, $0), down: depth(group) - commonDepth(group, $0)) }.max()
      ?? Nearness(common: 0, down: depth(group))
  }

  struct Nearness: Comparable {
    /// Depth of the nearest common group.
    var common: Int
    /// Groups down from it.
    var down: Int

    static func < (a: Nearness, b: Nearness) -> Bool { (a.common, -a.down) < (b.common, -b.down) }
  }

  /// Where something stands seen from things in `others`, as part of a sentence.
  static func inWords(_ group: String, seenFrom others: some Sequence<String>) -> String {
    let near = nearness(of: group, to: others)
    if near.down == 0, others.contains(group) { return "it stands beside the layers" }
    if near.down == 0 {
      return group == "/" ? "it stands at the root, above the layers" : "it stands in \(group), above the layers"
    }
    return "it stands in \(group)"
  }
}
