/// What was decided about a dump without being told, so that nothing is wrong in silence.
public struct Evidence: Sendable, Equatable {
  /// A dataset, group or attribute that may have been meant and was not taken.
  public struct LeftOut: Sendable, Equatable {
    public var path: String
    public var why: String
  }

  /// Guesses that could be wrong, a sentence each: what was taken for what, why, and what to write if that is wrong.
  public private(set) var assumed: [String] = []
  public private(set) var leftOut: [LeftOut] = []
  private var leftOutPaths: Set<String> = []
  /// Lines that a job may have besides, as comments of one that `inspect` writes.
  private(set) var offered: [String] = []
  /// Why each thing was taken for what it is: `labels`, with the words `/labels, for it stands beside the layers`.
  public private(set) var reasons: [(what: String, why: String)] = []

  public static func == (a: Evidence, b: Evidence) -> Bool { a.assumed == b.assumed && a.leftOut == b.leftOut }

  mutating func assume(_ words: String) { if !assumed.contains(words) { assumed.append(words) } }

  mutating func leaveOut(_ path: String, _ why: String) {
    if leftOutPaths.insert(path).inserted { leftOut.append(LeftOut(path: path, why: why)) }
  }

  /// What was taken after all.
  mutating func withdraw(_ paths: [String]) {
    let taken = Set(paths)
    leftOut.removeAll { taken.contains($0.path) }
  }

  /// Takes back what was assumed of a column that was left out after all.
  mutating func retract(_ path: String) { assumed.removeAll { $0.hasPrefix("\(path) holds the ") } }

  /// Says why something was left out, in place of what was said of it before.
  mutating func sayInstead(_ path: String, _ why: String) {
    guard let at = leftOut.firstIndex(where: { $0.path == path }) else { return leaveOut(path, why) }
    leftOut[at].why = why
  }

  /// Whether the files look as if each held a class.
  var areFilesClasses = false

  mutating func offer(_ line: String) { offered.append(line) }

  mutating func reason(_ what: String, _ why: String) { reasons.append((what, why)) }
}

extension Evidence {
  /// Lines of each kind that are told one by one.
  private static let linesMax = 50

  /// `Left out: PATH: why` and `Assumed: …`, a line each.
  public func words(indent: String) -> [String] {
    var lines = leftOut.prefix(Self.linesMax).map { "\(indent)Left out: \($0.path): \($0.why)" }
    if leftOut.count > Self.linesMax {
      lines.append("\(indent)Left out: \(grouped(leftOut.count - Self.linesMax)) more; inspect --json lists all")
    }
    lines += assumed.prefix(Self.linesMax).map { "\(indent)Assumed: \($0)" }
    if assumed.count > Self.linesMax {
      lines.append("\(indent)Assumed: \(grouped(assumed.count - Self.linesMax)) more; inspect --json lists all")
    }
    return lines
  }
}
