import HDF5

/// One structure that a file repeats: batches, splits, classes or rows, each in a group of its own.
///
/// Taken for layers they would be wrong in silence, so they are named for what they are, with the line that joins them.
struct Repetition {
  enum Kind: Equatable {
    /// Groups whose rows follow each other: they bring labels of their own, or are called so.
    case batches
    /// The usual parts of a data set, such as train and test.
    case splits
    /// Groups of rows that have one label each.
    case labelled
    /// A group a class: no labels, and groups that are called like nothing else.
    case classes
    /// A group a row.
    case rows
  }

  let kind: Kind
  /// Paths of the groups.
  let groups: [String]
  /// What a job says to join them.
  let pattern: String
  /// Groups beside them that hold the rows of all of them once more.
  private let wholes: [String]
  /// What is said of groups elsewhere that repeat the same.
  private var beside = ""
  /// A column of each group, one value a row, that may hold its labels though it is not called so; counted from the group.
  private var column: String?

  /// Finds groups that repeat each other and are no layers.
  /// - Parameters:
  ///   - layers: datasets that may be layers.
  ///   - columns: of the file.
  ///   - evidence: takes what was assumed of groups that are layers after all.
  /// - Throws: never for a pattern that was made here.
  init?(_ file: DumpFile, layers: [DatasetInfo], columns: [ColumnCandidate], _ evidence: inout Evidence) throws {
    let catalogue = file.catalogue
    struct Member {
      var shapes: [String: DatasetInfo] = [:]
    }
    // Groups that hold datasets, by the group above them.
    var above: [String: [String: Member]] = [:]
    for info in layers {
      var group = Places.group(of: info.path)
      while group != "/" {
        let relative = String(Substring(info.path.utf8.dropFirst(group.utf8.count + 1)))
        above[Places.group(of: group), default: [:]][group, default: Member()].shapes[relative] = info
        group = Places.group(of: group)
      }
    }
    for (parent, members) in above.sorted(by: { ($0.key.utf8.count, $0.key) < ($1.key.utf8.count, $1.key) })
    where members.count > 1 {
      // The structure that most of them have.
      let structures = Dictionary(grouping: members.keys, by: { members[$0]!.shapes.keys.sorted() })
      guard
        let (names, groups) = structures.max(by: { ($0.value.count, $0.key.count) < ($1.value.count, $1.key.count) }),
        groups.count > 1
      else { continue }
      var sorted = groups.sorted(by: catalogue.precedes)
      let wholes = WholeGroups.among(sorted) { group in
        Self.labels(file, group, like: sorted[0], columns)
      } rows: { group in
        members[group]!.shapes.values.compactMap(\.shape.first).max() ?? 0
      }
      // Beside the only part that is known, the whole is what there is to take.
      if sorted.count - wholes.count > 1 { sorted.removeAll(where: wholes.contains) }
      let infos = names.map { name in sorted.map { members[$0]!.shapes[name]! } }
      // Beside matrices, vectors are columns.
      let isMatrix = infos.contains { $0[0].shape.count > 1 }
      guard
        infos.allSatisfy({ some in isMatrix && some[0].shape.count == 1 || some.allSatisfy { Self.isAlike($0, some[0]) }
        })
      else {
        continue
      }
      guard var kind = Self.kind(of: sorted, infos, columns) else { continue }
      var pattern = Self.pattern(for: sorted, in: parent, among: catalogue.places)
      if kind == .batches, !Self.areBatches(sorted), Self.haveSameLabels(file, sorted, columns) {
        evidence.assume(
          "The groups \(Self.some(sorted)) have the same labels, row for row: they are taken for the same rows in several layers, networks or epochs. If their rows follow each other, write in a job join: \(Self.quoted(pattern))."
        )
        continue
      }
      if kind == .batches || kind == .splits {
        if let inner = try Self.inside(file, sorted[0], names) {
          // Batches in parts: the rows of all follow each other.
          (kind, pattern) = (inner.kind == .splits ? .batches : inner.kind, "\(pattern)/\(inner.pattern)")
          sorted = try Self.groups(of: pattern, in: catalogue)
        } else if parent != "/" {
          let likewise = above.filter { other, members in
            other != parent && Places.group(of: other) == Places.group(of: parent)
              && members.values.contains { $0.shapes.keys.sorted() == names }
          }.keys
          let parents = ([parent] + likewise).sorted(by: catalogue.precedes)
          let own = pattern.split(separator: "/").last ?? "*"
          let joint = "\(Self.pattern(for: parents, in: Places.group(of: parent), among: catalogue.places))/\(own)"
          if parents.count > 1, parents.allSatisfy(Self.isPart) {
            pattern = joint
            sorted = try Self.groups(of: pattern, in: catalogue)
            if kind == .splits { kind = .batches }
          } else if parents.count > 1 {
            beside =
              " The same stands in \(Self.some(parents.filter { $0 != parent })), and would be left out; to join all, join: \(Self.quoted(joint))."
          }
        }
      }
      self.kind = kind
      self.groups = sorted
      self.pattern = pattern
      self.wholes = wholes
      if kind == .classes { column = Self.columnOfRows(file, sorted, columns) }
      return
    }
    return nil
  }

  /// What repeats itself within a group, where all layers lie deeper.
  private static func inside(_ file: DumpFile, _ group: String, _ names: [String]) throws -> Repetition? {
    guard names.allSatisfy({ $0.contains("/") }) else { return nil }
    let part = DumpFile(file, group: group)
    var ignored = Evidence()
    let found = try Repetition(
      part, layers: names.compactMap { try? part.catalogue.dataset(named: $0) },
      columns: ColumnCandidate.all(in: part, instances: "/instances/none"), &ignored)
    return found?.kind == .classes ? nil : found
  }

  private static func groups(of pattern: String, in catalogue: Catalogue) throws -> [String] {
    let parsed = try GroupPattern(pattern)
    return catalogue.places.filter(parsed.matches).sorted(by: catalogue.precedes)
  }

  /// Whether a group is called like a part of a data set, or of a run over it.
  private static func isPart(_ group: String) -> Bool {
    let name = DatasetName(group)
    return name.holds(any: DatasetName.splits) || name.holds(any: DatasetName.batchWords)
      || name.holds(any: ["loader", "dataloader", "run", "session"])
  }

  /// Labels of a group in the column that another has; `nil` where it has none.
  private static func labels(_ file: DumpFile, _ group: String, like first: String, _ columns: [ColumnCandidate])
    -> RawLabels?
  {
    let column = columns.first { column in
      column.path.hasPrefix(first + "/") && column.name.readsLikeLabels && !column.isSingle && !column.isAttribute
        && column.isSmall
    }
    return column.flatMap { try? file.classes(group + $0.path.dropFirst(first.count)) }
  }

  /// Whether two datasets are the same but for their rows.
  private static func isAlike(_ a: DatasetInfo, _ b: DatasetInfo) -> Bool {
    a.shape.count == b.shape.count && a.element == b.element
      && (a.shape.count == 1 ? a.shape == b.shape : a.shape.dropFirst() == b.shape.dropFirst())
  }

  private static func kind(
    of groups: [String], _ infos: [[DatasetInfo]], _ columns: [ColumnCandidate]
  ) -> Kind? {
    let isSplit = groups.map { DatasetName($0) }.allSatisfy { $0.holds(any: DatasetName.splits) }
    let isBatch = areBatches(groups)
    let matrices = infos.filter { $0[0].shape.count > 1 }
    // A column of their own in every group, with a value a row.
    func allHave(_ isCalled: (DatasetName) -> Bool) -> Bool {
      var lengths: [String: Set<Int>] = [:]
      for column in columns where isCalled(column.name) {
        for group in Places.upwards(from: column.group) { lengths[group, default: []].insert(column.length) }
      }
      return groups.enumerated().allSatisfy { number, group in
        guard let own = lengths[group] else { return false }
        return matrices.contains { $0[number].shape.first.map(own.contains) == true }
      }
    }
    let areLabelled = allHave(\.readsLikeLabels)
    if matrices.isEmpty {
      // Vectors: each group one row; or layers of a file that is one row.
      return groups.allSatisfy(isLayer) || groups.count < 3 ? nil : .rows
    }
    if isBatch || isSplit || areLabelled { return isSplit ? .splits : .batches }
    let rows = matrices[0].compactMap(\.shape.first)
    let isLabelledFromOutside = columns.contains { column in
      column.name.readsLikeLabels && !groups.contains { column.group == $0 || column.group.hasPrefix($0 + "/") }
        && column.length == rows[0]
    }
    // Of several networks that saw the same rows, each has predictions of its own.
    if isLabelledFromOutside, Set(rows).count == 1 { return nil }
    if allHave(\.readsLikePredictions) { return .batches }
    if isLabelledFromOutside || groups.allSatisfy({ DatasetName($0).holds(any: DatasetName.layerWords) }) { return nil }
    if Set(rows).count == 1, groups.allSatisfy(isLayer) { return nil }
    if groups.allSatisfy({ group in columns.contains { $0.isSingle && $0.group == group && $0.name.readsLikeLabels } })
    {
      return .labelled
    }
    // Without labels and with rows of their own they cannot be layers.
    let isOfOneWidth = matrices.allSatisfy { $0.count == groups.count }
    return isOfOneWidth ? .classes : nil
  }

  /// Whether a group is called like a layer, or by a number alone in one that is called so: `layers/0`, `transformer/h.0`.
  private static func isLayer(_ group: String) -> Bool {
    let name = DatasetName(group)
    if name.holds(any: DatasetName.layerWords) { return true }
    let letters = name.words.filter { !$0.allSatisfy(\.isNumber) }
    guard name.words.count > letters.count, letters.isEmpty || letters == ["h"] || letters == ["l"] else {
      return false
    }
    return letters == ["h"] && name.words.count == 2
      || Places.upwards(from: Places.group(of: group)).contains { DatasetName($0).holds(any: DatasetName.stackWords) }
  }

  static func areBatches(_ groups: [String]) -> Bool {
    groups.allSatisfy { DatasetName($0).holds(any: DatasetName.batchWords) }
  }

  /// Columns that stand in every group under the same path, which counts from the group.
  private static func inAll(_ groups: [String], _ columns: [ColumnCandidate]) -> [ColumnCandidate] {
    let paths = Set(columns.map(\.path))
    return columns.filter { column in
      column.path.hasPrefix(groups[0] + "/")
        && groups.allSatisfy { paths.contains($0 + column.path.dropFirst(groups[0].count)) }
    }
  }

  /// Values of a column of the first group in each of them; `nil` where one cannot be read.
  private static func values(_ file: DumpFile, _ groups: [String], _ column: ColumnCandidate) -> [RawLabels]? {
    let all = groups.compactMap { try? file.classes($0 + column.path.dropFirst(groups[0].count)) }
    return all.count == groups.count ? all : nil
  }

  /// Whether the labels of all groups are the same, row for row.
  private static func haveSameLabels(_ file: DumpFile, _ groups: [String], _ columns: [ColumnCandidate]) -> Bool {
    let labels = inAll(groups, columns).first { $0.name.readsLikeLabels && !$0.isSingle && !$0.isAttribute }
    guard let labels, let first = try? file.classes(labels.path), first.distinctCount > 1 else { return false }
    return groups.dropFirst().allSatisfy { group in
      (try? file.classes(group + labels.path.dropFirst(groups[0].count))) == first
    }
  }

  /// Groups of which columns are read.
  private static let readMax = 1000

  /// A column of whole numbers or texts, few for its rows, that every group has, counted from the group.
  private static func columnOfRows(_ file: DumpFile, _ groups: [String], _ columns: [ColumnCandidate]) -> String? {
    guard groups.count <= readMax else { return nil }
    let found = inAll(groups, columns).first { column in
      guard column.isDiscrete, !column.isSingle, column.isSmall, !column.isAttribute,
        let values = values(file, groups, column)
      else { return false }
      let distinct = Set(values.flatMap(\.asTexts)).count
      return distinct > 1 && distinct <= 1000 && distinct * 2 <= values.reduce(0) { $0 + $1.count }
    }
    return found.map { String($0.path.dropFirst(groups[0].count + 1)) }
  }

  private static func some(_ groups: [String]) -> String {
    groups.prefix(5).joined(separator: ", ") + (groups.count > 5 ? ", … (\(grouped(groups.count)) in all)" : "")
  }

  private static func quoted(_ pattern: String) -> String {
    pattern.contains { "*{?".contains($0) } ? "'\(pattern)'" : pattern
  }

  /// The shortest pattern that names these groups and no others: `batch_*`, else `{train,val}`.
  private static func pattern(for groups: [String], in parent: String, among all: [String]) -> String {
    let prefix = parent == "/" ? "" : String(parent.dropFirst()) + "/"
    let names = groups.map { String($0.split(separator: "/").last ?? "") }
    var common = names[0]
    for name in names.dropFirst() { common = String(zip(common, name).prefix { $0 == $1 }.map(\.0)) }
    while common.last?.isNumber == true { common.removeLast() }
    for pattern in [common.isEmpty ? nil : "\(prefix)\(common)*", "\(prefix)*"].compactMap(\.self) {
      if let parsed = try? GroupPattern(pattern), Set(all.filter(parsed.matches)) == Set(groups) { return pattern }
    }
    return "\(prefix){\(names.joined(separator: ","))}"
  }

  /// The refusal, with the lines to write.
  func refusal(_ file: DumpFile) -> ActivationsError {
    let (some, quoted) = (Self.some(groups), Self.quoted(pattern))
    let each = String(groups[0].dropFirst())
    if let whole = wholes.first {
      let alone = String(whole.dropFirst())
      let parts = groups.filter { !wholes.contains($0) }
      let others =
        parts.count > 1
        ? "; or to have the rows of the others follow each other without it, join: \(quoted)\(kind == .classes ? " and class_from: group" : "")"
        : "; or to take \(parts[0]) alone, join: \(parts[0].dropFirst())"
      return ActivationsError(
        "\(file.path): \(whole) holds the rows of \(Self.some(parts)) once more, by its name or its labels. To take it alone, write in a job join: \(alone)\(others); paths then count from the group.",
        advised: .init { request in
          request.join = parts.count > 1 ? pattern : alone
          request.classFrom = kind == .classes && parts.count > 1 ? .group : nil
        })
    }
    let advised = ActivationsError.Advised { request in
      request.join = pattern
      request.classFrom = kind == .classes && column == nil ? .group : nil
    }
    switch kind {
    case .batches:
      return ActivationsError(
        "\(file.path): its rows lie in batches, a group each: \(some). To have them follow each other, write in a job join: \(quoted); paths then count from the group.\(beside)",
        advised: advised)
    case .splits:
      return ActivationsError(
        "\(file.path): it holds parts of a data set, a group each: \(some). To have their rows follow each other, write in a job join: \(quoted); to take one alone, join: \(each); paths then count from the group.\(beside)",
        advised: advised)
    case .labelled:
      return ActivationsError(
        "\(file.path): its rows lie in groups, each with one label: \(some). To have them follow each other, each with the label of its group, write in a job join: \(quoted); paths then count from the group.",
        advised: advised)
    case .classes:
      if let column {
        return ActivationsError(
          "\(file.path): its rows lie in groups without labels that are called so: \(some). Write in a job join: \(quoted) to have them follow each other, and labels: \(column) if \(groups[0])/\(column) and the like hold the labels, or class_from: group if each group is a class; if the groups are layers, name them: layers: [PATH, …].",
          advised: advised)
      }
      return ActivationsError(
        "\(file.path): its groups look like classes, a group each and no labels: \(some). If they are, write in a job join: \(quoted) and class_from: group; if they are layers, name them: layers: [PATH, …].",
        advised: advised)
    case .rows:
      return ActivationsError(
        "\(file.path): its rows lie in groups of their own, one vector each: \(some). To have them follow each other, write in a job join: \(quoted); paths then count from the group.",
        advised: advised)
    }
  }
}
