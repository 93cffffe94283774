import Foundation
import HDF5

/// Which columns of a file hold labels, predictions and the number of rows that count, and on what evidence.
struct RowColumns {
  /// As a job names them.
  var labels: String?
  var predictions: String?
  var count: CountOfRows?
  /// The file that holds the labels of all parts at once; `nil`: each part holds its own.
  private(set) var whole: DumpFile?
  /// Candidates of the first part, for whoever looks further.
  let candidates: [ColumnCandidate]

  /// Layers that have labels of their own, which are not those that were taken.
  private(set) var strangers: [(layer: String, own: String)] = []

  /// Path of the dataset that says how many rows count.
  var countPath: String? { if case .dataset(let path)? = count { path } else { nil } }

  /// The file, or the first part, that holds the labels.
  func home(_ dump: Dump) -> DumpFile { whole ?? dump.first }

  /// Exact names, the usual ones first.
  private static let labelNames = ["labels", "label", "all_labels", "y", "y_true", "targets", "target", "true_labels"]
  private static let predictionNames = ["predictions", "prediction", "all_predictions", "preds", "y_pred", "predicted"]
  private static let countNames = ["count"]

  /// What columns are called that a job does not name.
  static func usualNames(leftOpenBy request: DumpRequest) -> [String] {
    func isOpen(_ path: String?, _ column: DumpRequest.Column) -> Bool {
      path == nil && !request.absent.contains(column)
    }
    return (isOpen(request.labels, .labels) && request.classFrom == nil ? labelNames : [])
      + (isOpen(request.predictions, .predictions) ? predictionNames : [])
      + (request.count == nil && !request.absent.contains(.count) ? countNames : [])
      + (request.classNames == nil ? ClassNames.usual : [])
  }

  /// As the job says, else by place, form and name together.
  /// - Parameters:
  ///   - layers: datasets that may be layers, in the first part.
  ///   - notColumns: paths of what is known to be something else.
  ///   - evidence: takes what was assumed and what was left out.
  /// - Throws: `ActivationsError` where candidates contradict each other, or there seem to be labels, but out of reach: without them all
  ///   would be counted as one.
  init(
    _ request: DumpRequest, _ dump: Dump, labelsFile: DumpFile?, layers: [DatasetInfo], instances: String?,
    notColumns: Set<String>, _ evidence: inout Evidence
  ) throws {
    let first = dump.first
    candidates = ColumnCandidate.all(in: first, instances: instances ?? "/instances/none").filter {
      !notColumns.contains($0.path)
    }
    (labels, predictions, count) = (request.labels, request.predictions, request.count)
    whole = labelsFile
    // A column of the job may stand above the groups that are joined, with a value for each row of all of them.
    if labelsFile == nil, let path = labels, first.group != nil, dump.files.count == 1, !first.hasColumn(path),
      dump.files[0].hasColumn(path)
    {
      whole = dump.files[0]
    }
    let search = ColumnSearch(first, candidates, layers, isOnePerFile: dump.parts.count > 1)
    if let labelsFile, labels == nil {
      labels = try Self.onlyLabels(of: labelsFile, &evidence)
    } else if labels == nil, request.classFrom == nil, !request.absent.contains(.labels) {
      labels = try search.labels(named: Self.labelNames, &evidence)
      if labels == nil { (labels, whole) = try Self.labelsAbove(dump, layers, &evidence) }
      if let (path, why) = Self.outOfReach(first.catalogue), whole == nil, !search.isNearer(labels, than: path) {
        let advice =
          labels.map { "To take \($0) all the same, write in a job labels: \($0)" }
          ?? "Name others in the job, as in labels: PATH, or say that there are none: labels: false"
        throw ActivationsError(
          "\(first.path), dataset \(path): these seem to be the labels, but \(why.hasSuffix(".") ? String(why.dropLast()) : why). \(advice)."
        )
      }
    }
    if let labels, whole == nil { strangers = search.strangers(to: first.catalogue.canonicalPath(labels)) }
    if predictions == nil, !request.absent.contains(.predictions) {
      predictions = try search.predictions(named: Self.predictionNames, besides: labels, &evidence)
      if predictions == nil { predictions = Self.predictionsAbove(dump, layers, &evidence) }
      if let path = predictions, let why = try Self.whyNoClasses(path, first) {
        evidence.assume("\(path) is called like a column of predictions, but \(why): it is not taken for one.")
        predictions = nil
      }
    }
    if count == nil, !request.absent.contains(.count) {
      count = try CountOfRows.guess(dump, named: Self.countNames, labels: labels, layers: layers, &evidence)
    }
  }

  /// The labels of a file that holds nothing else of the dump.
  private static func onlyLabels(of file: DumpFile, _ evidence: inout Evidence) throws -> String {
    let all = ColumnCandidate.all(in: file, instances: "/instances/none").filter { !$0.isSingle && $0.isDiscrete }
    let called = all.filter { labelNames.contains($0.name.last) || $0.name.readsLikeLabels }
    guard
      let best = called.first(where: { labelNames.contains($0.name.last) }) ?? called.first
        ?? (all.count == 1 ? all.first : nil)
    else {
      throw ActivationsError(
        "\(file.path): no labels were found in the file that the job names with labels_from. Name their dataset, as in labels: PATH. Its columns are \(all.prefix(8).map(\.path).joined(separator: ", "))."
      )
    }
    if called.count != 1, all.count > 1 {
      evidence.assume(
        "\(best.path) of \(file.name) holds the labels. If that is wrong, name another of its columns: labels: PATH.")
    }
    return best.path
  }

  /// Labels that stand in the file above the groups that are joined, one for each row of all of them.
  private static func labelsAbove(_ dump: Dump, _ layers: [DatasetInfo], _ evidence: inout Evidence) throws -> (
    String?, DumpFile?
  ) {
    guard dump.files.count == 1, dump.parts.count > 1, let path = layers.first?.path else { return (nil, nil) }
    let rows = dump.parts.reduce(0) { $0 + ((try? $1.catalogue.dataset(named: path))?.shape.first ?? 0) }
    let groups = dump.parts.compactMap(\.group)
    let all = ColumnCandidate.all(in: dump.files[0], instances: "/instances/none").filter { column in
      column.length == rows && column.isDiscrete && column.name.readsLikeLabels
        && !groups.contains { column.group == $0 || column.group.hasPrefix($0 + "/") }
    }
    guard let best = all.first(where: { labelNames.contains($0.name.last) }) ?? all.first else { return (nil, nil) }
    evidence.assume(
      "\(best.path) holds the labels of all groups that are joined, in their order (\(groups.prefix(3).joined(separator: ", "))\(groups.count > 3 ? ", …" : "")). If that is wrong, name another column: labels: PATH."
    )
    return (best.path, dump.files[0])
  }

  /// Predictions that stand in the file above the groups that are joined, one for each row of all of them.
  private static func predictionsAbove(_ dump: Dump, _ layers: [DatasetInfo], _ evidence: inout Evidence) -> String? {
    guard dump.files.count == 1, dump.parts.count > 1, let path = layers.first?.path else { return nil }
    let rows = dump.parts.reduce(0) { $0 + ((try? $1.catalogue.dataset(named: path))?.shape.first ?? 0) }
    let groups = dump.parts.compactMap(\.group)
    let all = ColumnCandidate.all(in: dump.files[0], instances: "/instances/none").filter { column in
      column.length == rows && column.isDiscrete && !column.isAttribute
        && (predictionNames.contains(column.name.last) || column.name.readsLikePredictions)
        && !groups.contains { column.group == $0 || column.group.hasPrefix($0 + "/") }
    }
    guard let best = all.first(where: { predictionNames.contains($0.name.last) }) ?? all.first else { return nil }
    evidence.assume(
      "\(best.path) holds the predictions of all groups that are joined, in their order (\(groups.prefix(3).joined(separator: ", "))\(groups.count > 3 ? ", …" : "")). If that is wrong, write predictions: false."
    )
    return best.path
  }

  /// Why what is called like predictions is not the class of each row: a network's output may be called so, such as a probability.
  private static func whyNoClasses(_ path: String, _ file: DumpFile) throws -> String? {
    guard file.has(path) else { return nil }
    let dataset = try file.column(path)
    guard dataset.element.isNumeric, !dataset.element.isInteger,
      case .failure(let error) = try dataset.wholeNumbers()
    else { return nil }
    return error.what
  }

  /// What is called like labels, but could not be opened.
  private static func outOfReach(_ catalogue: Catalogue) -> (path: String, why: String)? {
    for name in labelNames {
      let found = catalogue.skipped.filter { path, _ in
        path.split(separator: "/").last?.lowercased() == name && !path.hasPrefix("/instances/")
      }
      if let first = found.min(by: { $0.key < $1.key }) { return (first.key, first.value) }
    }
    // Those that are columns by their form, and stored in a way that is not read here.
    let undecoded = catalogue.datasets.filter { info in
      let isText = info.element.isText
      return info.unsupportedReason != nil && labelNames.contains(DatasetName(info.path).last)
        && !info.path.hasPrefix("/instances/") && (isText || info.element.isNumeric) && RawLabels.isColumn(info.shape)
    }
    if let first = undecoded.min(by: {
      Places.depth(Places.group(of: $0.path)) < Places.depth(Places.group(of: $1.path))
    }),
      let why = first.unsupportedReason
    {
      return (first.path, why)
    }
    let objects = [("", catalogue.rootAttributes)] + catalogue.datasets.map { ($0.path, $0.attributes) }
    for (path, attributes) in objects {
      for name in labelNames {
        if case .unreadable(let why)? = attributes[name] { return ("\(path)@\(name)", why) }
      }
    }
    return nil
  }
}

/// Looks for the columns of a file: those beside the layers before those elsewhere, usual names before others.
struct ColumnSearch {
  let file: DumpFile
  let candidates: [ColumnCandidate]
  let layers: [DatasetInfo]
  /// Whether there are several files or groups, in which one value may stand for all rows.
  private let isOnePerFile: Bool
  /// Groups of the layers.
  let groups: Places.Groups
  /// Groups of the layers that may have so many rows.
  private let groupsByRows: [Int: Places.Groups]

  init(_ file: DumpFile, _ candidates: [ColumnCandidate], _ layers: [DatasetInfo], isOnePerFile: Bool) {
    self.file = file
    self.candidates = candidates
    // Beside matrices, what has one value a row is a column, and no layer that others could stand beside.
    let matrices = layers.filter { !RawLabels.isColumn($0.shape) }
    self.layers = matrices.isEmpty ? layers : matrices
    self.isOnePerFile = isOnePerFile
    groups = Places.Groups(self.layers.map { Places.group(of: $0.path) })
    var byRows: [Int: [String]] = [:]
    for layer in self.layers {
      for rows in Set(LayerCandidates.rowsPossible(layer)) {
        byRows[rows, default: []].append(Places.group(of: layer.path))
      }
    }
    groupsByRows = byRows.mapValues { Places.Groups($0) }
  }

  /// Whether there is a layer with one row for each value of a column.
  func isColumnOfRows(_ column: ColumnCandidate) -> Bool { groupsByRows[column.length] != nil }

  private struct Ranked {
    let column: ColumnCandidate
    let isExact: Bool
    let nearness: Places.Nearness
    let rank: Int
  }

  /// Columns with a value a row, best first.
  private func ranked(_ some: [ColumnCandidate], _ names: [String], near place: Places.Groups? = nil) -> [Ranked] {
    some.map { column in
      let at = names.firstIndex(of: column.name.last)
      return Ranked(
        column: column, isExact: at != nil && !column.isAttribute,
        nearness: (place ?? groupsByRows[column.length] ?? groups).nearness(of: column.group), rank: at ?? names.count)
    }.sorted { a, b in
      if a.nearness != b.nearness { return a.nearness > b.nearness }
      if a.isExact != b.isExact { return a.isExact }
      if a.column.isAttribute != b.column.isAttribute { return !a.column.isAttribute }
      return a.rank < b.rank
    }
  }

  /// The column of labels; `nil` where there is none.
  func labels(named names: [String], _ evidence: inout Evidence) throws -> String? {
    var called = candidates.filter { names.contains($0.name.last) || $0.name.readsLikeLabels }
    for column in called where isCoordinate(column) && column.name.last == "y" {
      evidence.leaveOut(
        column.path,
        "beside \(column.group == "/" ? "" : column.group)/x, it reads like a coordinate; if it holds labels, write labels: \(column.path)"
      )
    }
    called.removeAll(where: isCoordinate)
    var matching = called.filter { !$0.isSingle && isColumnOfRows($0) }
    if matching.isEmpty { matching = candidates.filter { isNumberedLabels($0) && isColumnOfRows($0) } }
    let best = ranked(matching, names)
    if let first = best.first {
      let rivals = best.dropFirst().filter { $0.nearness == first.nearness && $0.isExact == first.isExact }
      try refuseIfTheyDiffer(first.column, rivals.map(\.column), "labels")
      tell(first, others: Array(best.dropFirst()), "labels", &evidence)
      // An unusual name nearer to the layers, or as near where none stands beside them, may be what was meant.
      offer(besides: first, &evidence)
      return first.column.path
    }
    // One value for all rows of a file, where there are several.
    if isOnePerFile, let single = ranked(called.filter(\.isSingle), names).first {
      if layers.contains(where: { $0.shape.count > 1 && LayerCandidates.rowsPossible($0) != [1] }) {
        evidence.assume(
          "\(single.column.path) holds one label a file: all rows of a file have it. If that is wrong, name another column in a job: labels: PATH."
        )
      }
      return single.column.path
    }
    // Labels of another form than a column are refused where they are read, with the reason; so are those of another length.
    let exact = candidates.filter {
      names.contains($0.name.last) && !$0.isSingle && !$0.isAttribute && !isCoordinate($0)
    }
    if let other = ranked(exact, names).first { return other.column.path }
    if let path = file.catalogue.path(named: names, where: isOfAnotherForm) { return path }
    if let other = ranked(called.filter { !$0.isSingle && !$0.isAttribute }, names).first, !layers.isEmpty {
      evidence.leaveOut(
        other.column.path,
        "it is called like labels, but has \(grouped(other.column.length)) values, and no layer so many rows")
    }
    tellOfOneText(called.filter(\.isSingle), &evidence)
    offer(besides: nil, &evidence)
    return nil
  }

  /// Says of a single text that is called like labels and holds a list of them.
  private func tellOfOneText(_ called: [ColumnCandidate], _ evidence: inout Evidence) {
    for column in called {
      guard case .texts(let texts)? = try? file.classes(column.path), texts.count == 1,
        let count = (try? JSONDecoder().decode([String].self, from: Data(texts[0].utf8)))?.count
          ?? (try? JSONDecoder().decode([Int64].self, from: Data(texts[0].utf8)))?.count, count > 1,
        groupsByRows[count] != nil
      else { continue }
      let parts = column.path.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
      let object = "f[\"\(parts[0].isEmpty ? "/" : parts[0])\"]"
      let code = parts.count > 1 ? "\(object).attrs[\"\(parts[1])\"]" : "\(object)[()]"
      evidence.leaveOut(
        column.path,
        "it is called like labels, and holds \(grouped(count)) of them in one text; to take them, write one a row, with h5py: f[\"labels_of_rows\"] = json.loads(\(code)), and in a job labels: labels_of_rows"
      )
    }
  }

  /// Whether it is no column of numbers or texts, by its shape or type. Cells of MATLAB are told of as what they are.
  private func isOfAnotherForm(_ info: DatasetInfo) -> Bool {
    guard !info.isNull, !info.shape.isEmpty else { return false }
    guard RawLabels.isColumn(info.shape) else { return true }
    let isText = info.element.isText
    return info.count > 1 && !isText && !info.element.isNumeric && info.enumeration == nil
      && info.attributes["MATLAB_class"] == nil
  }

  /// Says which columns might be labels though they are not called so.
  /// - Parameter labels: those that were found.
  private func offer(besides labels: Ranked?, _ evidence: inout Evidence) {
    let isBeside = labels.map { groups.contains($0.column.group) } ?? false
    let told = Set(evidence.leftOut.map(\.path))
    for column in candidates
    where column.path != labels?.column.path && !column.isSingle && column.isDiscrete && column.isSmall
      && !column.name.readsLikePredictions
    {
      guard isColumnOfRows(column), !isCoordinate(column),
        !told.contains(column.path),
        let values = try? file.classes(column.path)
      else { continue }
      let distinct = values.distinctCount
      if let nearness = labels?.nearness, let own = ranked([column], []).first?.nearness,
        nearness > own || isBeside && nearness == own
      {
        continue
      }
      guard distinct > 1, distinct <= 1000, distinct * 2 <= column.length else { continue }
      evidence.leaveOut(
        column.path,
        "it has one value a row and \(grouped(distinct)) distinct ones: if these are labels, write labels: \(column.path)"
      )
    }
  }

  /// The column of predictions; `nil` where there is none, or where it cannot be told which.
  func predictions(named names: [String], besides labels: String?, _ evidence: inout Evidence) throws -> String? {
    var called = candidates.filter {
      (names.contains($0.name.last) || $0.name.readsLikePredictions) && $0.path != labels
    }
    // What has as many values as there are labels belongs to them; of others only a usual name is taken at its word.
    if let path = labels, let rows = candidates.first(where: { $0.path == path && !$0.isSingle })?.length {
      called.removeAll { $0.length != rows && !($0.isSingle && isOnePerFile) && !names.contains($0.name.last) }
    }
    let place = labels.flatMap { path in candidates.first { $0.path == path }?.group }.map { Places.Groups([$0]) }
    let best = ranked(
      called.filter { $0.isSingle == (isOnePerFile && !isColumnOfRows($0)) }.filter { column in
        column.isSingle || layers.isEmpty || isColumnOfRows(column)
      }, names, near: place)
    guard let first = best.first else {
      for column in candidates
      where column.isDiscrete && isColumnOfRows(column) && column.name.readsLikeLabels
        && DatasetName(column.group).readsLikePredictions && column.path != labels
      {
        evidence.leaveOut(
          column.path, "it may be what the network predicts; if so, write predictions: \(column.path)")
      }
      // Of another length: refused where it is read, if its name is a usual one.
      return ranked(
        called.filter { names.contains($0.name.last) && !$0.isSingle && !$0.isAttribute }, names, near: place
      ).first?.column.path
    }
    let rivals = best.dropFirst().filter { $0.nearness == first.nearness && $0.isExact == first.isExact }
    let others = rivals.map(\.column).filter { !isSame(first.column, $0) }
    if !others.isEmpty {
      for column in [first.column] + others {
        evidence.leaveOut(
          column.path, "there are several columns of predictions, and they differ: write predictions: \(column.path)")
      }
      return nil
    }
    tell(first, others: Array(best.dropFirst()), "predictions", &evidence)
    return first.column.path
  }

  /// A `y` beside an `x` that is a column too: a place, no class.
  private func isCoordinate(_ column: ColumnCandidate) -> Bool {
    guard let other = ["x": "y", "y": "x", "X": "Y", "Y": "X"][column.name.original] else { return false }
    return candidates.contains { $0.name.original == other && $0.group == column.group && $0.length == column.length }
  }

  /// Notes why a column was taken, and what else there is.
  private func tell(_ first: Ranked, others: [Ranked], _ what: String, _ evidence: inout Evidence) {
    let column = first.column
    let also = others.map(\.column.path)
    evidence.reason(
      what,
      "\(column.path), for \(Places.inWords(column.group, seenFrom: groups))"
        + (also.isEmpty ? "" : "; also possible: \(also.prefix(5).joined(separator: ", "))"))
    let otherwise =
      "If that is wrong, name another column in a job, as in \(what): PATH; \(what): false says that there are none."
    if !first.isExact {
      evidence.assume("\(column.path) holds the \(what), by its name and its length. \(otherwise)")
    } else if first.nearness.down > 0 {
      evidence.assume(
        "\(column.path) holds the \(what), by its name, though it stands in a group apart from the layers. \(otherwise)"
      )
    }
    for other in others where !isSame(column, other.column) {
      evidence.leaveOut(
        other.column.path,
        "\(column.path) is taken for the \(what), being nearer to the layers or named more plainly; to take this one, write \(what): \(other.column.path)"
      )
    }
  }

  private func refuseIfTheyDiffer(_ first: ColumnCandidate, _ rivals: [ColumnCandidate], _ what: String) throws {
    let others = rivals.filter { !isSame(first, $0) && isReadable($0) }
    guard !others.isEmpty, isReadable(first) else { return }
    let all = [first] + others
    let lines = linesWithLayers(all) ?? all.map { "\(what): \($0.path)" }
    throw ActivationsError(
      "\(file.path): several columns may be the \(what), and they differ: \(all.map(\.path).joined(separator: ", ")). Say in a job which it is: \(lines.joined(separator: ", or "))."
    )
  }

  private func isReadable(_ column: ColumnCandidate) -> Bool { (try? file.classes(column.path)) != nil }

  /// Whether two columns part the rows into the same classes, numbered in the same order.
  func isSame(_ a: ColumnCandidate, _ b: ColumnCandidate) -> Bool {
    guard a.path != b.path else { return true }
    guard let x = try? file.classes(a.path), let y = try? file.classes(b.path) else { return false }
    if case .integers(let these) = x, case .integers(let those) = y, these.count == those.count, let first = these.first
    {
      return zip(these, those).allSatisfy {
        $0.subtractingReportingOverflow($1) == first.subtractingReportingOverflow(those[0])
      }
    }
    return x.partsRows(like: y)
  }
}

extension RawLabels {
  var asTexts: [String] {
    switch self {
    case .integers(let values): values.map(String.init)
    case .texts(let values): values
    }
  }

  /// Different values among them.
  var distinctCount: Int {
    switch self {
    case .integers(let values): Set(values).count
    case .texts(let values): Set(values).count
    }
  }

  /// Whether rows that are alike here are alike there, and the other way round.
  func partsRows(like other: RawLabels) -> Bool {
    guard count == other.count else { return false }
    if self == other { return true }
    let pairs = Set(zip(asTexts, other.asTexts).map { [$0, $1] })
    return pairs.count == distinctCount && pairs.count == other.distinctCount
  }
}
