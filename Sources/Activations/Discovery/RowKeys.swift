import HDF5

/// Columns by which a row is known wherever it stands: its number in a data set, its file's name.
///
/// Layers, labels and predictions are joined by position. Where two of them stand apart and each has such a column beside it, the two
/// must say the same; where one alone has it, and it is no count from 0, that is told.
enum RowKeys {
  /// What rows are joined with: some of their values, and the group in which they stand.
  struct Side {
    /// As a sentence names it.
    let what: String
    /// Where its columns are: all parts of the dump, or one file for all of them.
    let homes: [DumpFile]
    let group: String
    /// Columns of the first home that stand in this group.
    let beside: [ColumnCandidate]
    /// Rows of each home that count.
    let rows: [Int]
    /// Whether columns may be longer, by rows that do not count.
    let hasFiller: Bool
    /// Columns that are no keys.
    let taken: Set<String>

    var total: Int { rows.reduce(0, +) }

    func holds(_ length: Int) -> Bool { length == rows[0] || hasFiller && length > rows[0] }

    fileprivate func candidates() -> [ColumnCandidate] {
      beside.filter { column in
        holds(column.length) && !column.isSingle && !column.isAttribute && column.isSmall
          && !taken.contains(column.path) && !column.name.readsLikeLabels && !column.name.readsLikePredictions
          && !column.name.holds(any: RowKeys.orderWords)
      }
    }

    /// The key of the same name as a column that stands elsewhere.
    func values(numbersLike column: ColumnCandidate) -> RawLabels? {
      let all = candidates().filter { RowKeys.isNumber($0.name) }
      return (all.first { $0.name.last == column.name.last } ?? all.first).flatMap { values($0.path) }
    }

    /// A column for all rows; `nil` where it is none, or not everywhere.
    func values(_ path: String) -> RawLabels? {
      var all: RawLabels?
      for (home, rows) in zip(homes, rows) where rows > 0 {
        guard let values = (try? home.classes(path)) ?? home.bits(path), values.count >= rows else { return nil }
        guard var both = all else {
          all = values.prefix(rows)
          continue
        }
        guard (try? both.append(values.prefix(rows), file: home.path)) != nil else { return nil }
        all = both
      }
      return all
    }
  }

  /// Two columns that should say the same of the rows, and do not.
  struct Conflict {
    let ours, theirs: String
    /// Whether each row is told by them, so that one can be put into the order of the other.
    let tellsRows: Bool
  }

  static let orderWords: Set<String> = [
    "perm", "permutation", "order", "argsort", "shuffle", "shuffled", "rank", "ranks", "sort", "sorted",
  ]
  static let idWords: Set<String> = ["id", "ids", "uid", "uids", "uuid", "guid"]
  static let numberWords: Set<String> = idWords.union(["index", "indices", "idx", "key", "keys"])
  /// What rows are called, alone or with a number: `sample`, `trial_num`. Others of the same name alone are compared.
  private static let rowWords: Set<String> = [
    "sample", "trial", "row", "rowid", "record", "example", "barcode", "barcodes",
  ]
  /// Names of real numbers that tell rows.
  private static let timeWords: Set<String> = ["time", "times", "timestamp", "timestamps", "stamp", "onset", "onsets"]
  /// What is numbered beside rows.
  private static let otherWords: Set<String> = [
    "neuron", "neurons", "unit", "units", "channel", "channels", "feature", "features", "pair", "pairs", "match",
    "nearest", "neighbor", "neighbors", "neighbour", "neighbours", "nn", "knn", "positive", "negative", "max", "argmax",
    "min", "argmin", "parent", "target", "token", "tokens", "layer", "expert", "experts", "head", "node", "cluster",
    "topk", "code", "codes", "query",
  ]
  /// How texts are called by which an input is known.
  private static let fileWords: Set<String> = [
    "file", "files", "filename", "filenames", "name", "names", "image", "images", "img", "path", "paths", "url", "uri",
    "fname", "fnames", "stimulus", "stimuli", "video", "clip",
  ]

  /// Whether it is called like a number of the row; pandas calls the index of a frame `axis1`.
  static func isNumber(_ name: DatasetName) -> Bool {
    (name.holds(any: numberWords) || name.last == "axis1") && !name.holds(any: orderWords)
      && !name.holds(any: otherWords) && !name.readsLikeLabels
  }

  private static func isRow(_ name: DatasetName) -> Bool {
    name.holds(any: rowWords)
      && name.words.allSatisfy { rowWords.contains($0) || numberWords.contains($0) || ["number", "num"].contains($0) }
  }

  private enum Kind { case text, whole, real, other }

  /// What the values of a column are: looked up once, and not for each pair.
  private static func kind(of column: ColumnCandidate, _ file: DumpFile) -> Kind {
    guard let element = (try? file.catalogue.dataset(named: column.path))?.element else { return .other }
    if element.isText { return .text }
    return element.isInteger ? .whole : element.isNumeric ? .real : .other
  }

  /// The first two columns of two sides that contradict each other; those of one name before others.
  /// - Parameter evidence: takes what was found to have nothing in common.
  static func conflict(_ ours: Side, _ theirs: Side, _ evidence: inout Evidence) -> Conflict? {
    guard ours.group != theirs.group || ours.homes[0].path != theirs.homes[0].path, ours.total == theirs.total,
      ours.total > 1
    else { return nil }
    let (mine, yours) = (ours.candidates(), theirs.candidates())
    let kinds = yours.map { kind(of: $0, theirs.homes[0]) }
    var values: [String: RawLabels?] = [:]
    func read(_ side: Side, _ path: String, _ key: String) -> RawLabels? {
      if let known = values[key + path] { return known }
      let found = side.values(path)
      values[key + path] = .some(found)
      return found
    }
    let shared = Set(mine.map(\.name.last)).intersection(yours.map(\.name.last))
    // Pairs that are not called alike.
    var left = 16
    for a in mine {
      let kind = kind(of: a, ours.homes[0])
      for (b, other) in zip(yours, kinds) {
        let isNamesake = a.name.last == b.name.last
        // What has a namesake is held against that alone.
        guard isNamesake || !shared.contains(a.name.last) && !shared.contains(b.name.last) else { continue }
        let areNumbers = isNumber(a.name) && isNumber(b.name)
        let areTexts = kind == .text && other == .text
        func tells(_ name: DatasetName) -> Bool {
          name.holds(any: fileWords) || isNumber(name) || isNamesake && isRow(name)
        }
        let areReal = kind == .real || other == .real
        if areReal, !isNamesake || !a.name.words.allSatisfy(timeWords.contains) { continue }
        guard isNamesake || areNumbers || areTexts && tells(a.name) && tells(b.name),
          isNamesake || left > 0
        else { continue }
        if !isNamesake { left -= 1 }
        guard let x = read(ours, a.path, "a"), let y = read(theirs, b.path, "b"), x.count == y.count, !x.isSame(as: y)
        else { continue }
        let relation = x.relation(to: y)
        // Of times measured twice, a few may be the same.
        if areReal, relation != .reordered { continue }
        switch relation {
        // Numbers that are called like something else may number that: which row is the nearest.
        case .reordered where !areNumbers && !areTexts && !tells(a.name) && x.isOfAllRows: continue
        case .reordered: return Conflict(ours: a.path, theirs: b.path, tellsRows: true)
        case .reorderedOtherwise where isNamesake || tells(a.name) && tells(b.name):
          return Conflict(ours: a.path, theirs: b.path, tellsRows: false)
        case .overlapping where isNamesake && (areNumbers || areTexts):
          return Conflict(ours: a.path, theirs: b.path, tellsRows: false)
        case .reorderedWithRepeats where isNamesake && areNumbers:
          return Conflict(ours: a.path, theirs: b.path, tellsRows: false)
        case .reorderedWithRepeats where isNamesake:
          evidence.assume(
            "\(a.path) and \(b.path) hold the same values in different orders, and rows are joined by their position: \(ours.what) with \(theirs.what). If these are not the same rows in the same order, write them so."
          )
        case .apart where isNamesake && (areNumbers || areTexts && tells(a.name)):
          evidence.assume(
            "\(a.path) and \(b.path) have no value in common, and rows are joined by their position: \(ours.what) with \(theirs.what). If these are not the same rows in the same order, write them so."
          )
        default: continue
        }
      }
    }
    return nil
  }
}

extension RawLabels {
  fileprivate enum Relation {
    /// The same values, each once, in another order.
    case reordered
    /// The same, where numbers are written as texts, or files with their folders, here or there.
    case reorderedOtherwise
    /// Each once here and there, but only some are the same.
    case overlapping
    /// The same values as often, in another order.
    case reorderedWithRepeats
    case apart
    case other
  }

  /// Whether they are equal, or whole numbers that count from another beginning.
  fileprivate func isSame(as other: RawLabels) -> Bool {
    if self == other { return true }
    if case .texts(let these) = self, case .texts(let those) = other {
      return these.count == those.count && zip(these, those).allSatisfy { Self.stem($0) == Self.stem($1) }
    }
    guard case .integers(let these) = self, case .integers(let those) = other, these.count == those.count,
      let first = these.first
    else { return asNumbers.map { $0 == other.asNumbers } ?? (asTexts == other.asTexts) }
    let (offset, isTooFar) = first.subtractingReportingOverflow(those[0])
    return !isTooFar && zip(these, those).allSatisfy { $0.subtractingReportingOverflow($1) == (offset, false) }
  }

  /// The name of a file without folders and kind.
  private static func stem(_ text: String) -> Substring {
    let name = text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    return name.lastIndex(of: ".").map { name[..<$0] } ?? name
  }

  fileprivate func relation(to other: RawLabels) -> Relation {
    switch (self, other) {
    case (.integers(let these), .integers(let those)): Self.relation(these, those)
    case (.texts(let these), .texts(let those)):
      switch Self.relation(these, those) {
      case .apart: Self.otherwise(Self.relation(these.map(Self.stem), those.map(Self.stem)))
      case let relation: relation
      }
    default:
      if let these = asNumbers, let those = other.asNumbers {
        Self.otherwise(Self.relation(these, those))
      } else {
        Self.otherwise(Self.relation(asTexts, other.asTexts))
      }
    }
  }

  /// The numbers that they are, or that texts such as `0007` and `img_7` end in; `nil` where one has none.
  private var asNumbers: [Int64]? {
    guard case .texts(let texts) = self else {
      if case .integers(let values) = self { return values }
      return nil
    }
    var numbers: [Int64] = []
    for text in texts {
      guard let number = Int64(String(Self.stem(text).reversed().prefix { $0.isASCII && $0.isNumber }.reversed()))
      else {
        return nil
      }
      numbers.append(number)
    }
    return numbers
  }

  private static func otherwise(_ relation: Relation) -> Relation {
    relation == .reordered ? .reorderedOtherwise : relation == .reorderedWithRepeats ? .other : relation
  }

  private static func relation<Value: Hashable & Comparable>(_ these: [Value], _ those: [Value]) -> Relation {
    let (a, b) = (Set(these), Set(those))
    let common = a.count <= b.count ? a.count(where: b.contains) : b.count(where: a.contains)
    if common == 0 { return .apart }
    guard a.count == these.count, b.count == those.count else {
      return a.count > 1 && these.sorted() == those.sorted() ? .reorderedWithRepeats : .other
    }
    return common == these.count ? .reordered : .overlapping
  }

  /// Whether the least of some numbers is 1.
  var startsAtOne: Bool { if case .integers(let values) = self { values.min() == 1 } else { false } }

  /// Whether they are all numbers from 0, or from 1, to the last row, in whatever order.
  fileprivate var isOfAllRows: Bool {
    guard case .integers(let values) = self, let low = values.min(), low == 0 || low == 1 else { return false }
    return Set(values) == Set(low..<low + Int64(values.count))
  }

  /// Whether they are all numbers from 0, or from 1, to the last row, but not in this order.
  var isPermutation: Bool {
    guard isOfAllRows, case .integers(let values) = self else { return false }
    return !zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
  }
}

extension DumpFile {
  /// Real numbers of a column as the whole numbers of their bits, by which they can be compared; `nil` where it is none.
  fileprivate func bits(_ path: String) -> RawLabels? {
    guard has(path), let dataset = try? column(path), dataset.info.shape.count == 1, dataset.element.isNumeric,
      let bytes = try? dataset.bytes(of: [0..<dataset.info.count])
    else { return nil }
    var values = [Double](repeating: 0, count: dataset.info.count)
    bytes.withUnsafeBytes { convert($0.baseAddress!, dataset.element, count: values.count, to: &values) }
    return .integers(values.map { Int64(bitPattern: $0.bitPattern) })
  }
}
