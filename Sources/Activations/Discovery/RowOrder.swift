import HDF5

extension DumpContents {
  /// Holds what rows are joined with against each other by the columns that tell rows: layers, labels, predictions.
  /// - Returns: the predictions' path, or `nil` where they are of another order and nobody named them.
  /// - Throws: `ActivationsError` where labels or layers are in another order than the others, with the code that puts them right.
  static func checkRowKeys(
    _ dump: Dump, _ request: DumpRequest, _ columns: RowColumns, _ counted: CountedRows, _ layers: [LayerSource],
    _ evidence: inout Evidence
  ) throws -> String? {
    guard counted.perPart.reduce(0, +) > 1 else { return columns.predictions }
    let order = RowOrder(dump, columns, counted, layers)
    try NeuronNames(dump, layers, taken: order.taken).check(&evidence)
    try order.checkLayers(&evidence)
    try order.tell(request, &evidence)
    guard let path = columns.predictions, let error = order.conflict(ofPredictions: path, &evidence) else {
      return columns.predictions
    }
    guard request.predictions == nil else { throw error }
    evidence.retract(path)
    evidence.leaveOut(path, String(error.description.dropFirst(dump.first.path.count + 2)))
    return nil
  }
}

extension DumpContents {
  /// Holds the named dimension of the labels against that of each layer's rows, as netCDF names them.
  /// - Throws: `ActivationsError` where nobody named labels whose dimension is another than that of a layer.
  static func checkDimensions(
    of layers: [LayerSource], _ request: DumpRequest, _ columns: RowColumns, _ dump: Dump, _ evidence: inout Evidence
  ) throws {
    guard let path = columns.labels, columns.whole == nil,
      let labels = try? dump.first.catalogue.dataset(named: path), labels.shape.count == 1,
      let own = labels.dimensions.first, !own.isEmpty
    else { return }
    func dimension(_ layer: LayerSource) -> String? {
      guard let row = layer.geometry.axes.row, layer.info.dimensions.indices.contains(row) else { return nil }
      return layer.info.dimensions[row].isEmpty ? nil : layer.info.dimensions[row]
    }
    let others = layers.filter { dimension($0).map { $0 != own } ?? false }
    guard let first = others.first, let its = dimension(first) else { return }
    let said =
      "the rows of \(first.path) lie along the dimension \(its), and the labels \(path) along \(own), which is as long"
    let alike = layers.filter { layer in !others.contains { $0.path == layer.path } }.map(\.path)
    let column = columns.candidates.first { candidate in
      candidate.isDiscrete && candidate.path != path
        && (try? dump.first.catalogue.dataset(named: candidate.path))?.dimensions == [its]
        && candidate.name.last != its.lowercased()
    }
    // Names such as `dim_0` say nothing; and where nothing else lies along the layer's dimension, these are its labels after all.
    func isGeneric(_ name: String) -> Bool {
      DatasetName(name).words.contains {
        ["dim", "n", "batch", "row", "rows", "index", "obs", "phony"].contains($0)
      }
    }
    if request.labels != nil || isGeneric(own) || isGeneric(its) || alike.isEmpty && column == nil {
      evidence.assume("\(said); they are joined by position. If that is wrong, write labels: false in a job.")
      return
    }
    let lines =
      (alike.isEmpty ? [] : ["layers: [\(alike.joined(separator: ", "))], labels: \(path)"])
      + (column.map { column in
        [
          "layers: [\(others.filter { dimension($0) == its }.map(\.path).joined(separator: ", "))], labels: \(column.path)"
        ]
      } ?? []) + ["labels: \(path)", "labels: false"]
    throw ActivationsError(
      "\(dump.first.path): \(said). Say in a job what belongs together: \(lines.joined(separator: ", or "))."
    )
  }
}

/// The columns of each file by their group, listed once.
private final class ColumnsByGroup {
  private var known: [String: [String: [ColumnCandidate]]] = [:]

  func columns(of file: DumpFile, in group: String) -> [ColumnCandidate] {
    let all =
      known[file.path] ?? Dictionary(grouping: ColumnCandidate.all(in: file, instances: "/instances/none"), by: \.group)
    known[file.path] = all
    return all[group] ?? []
  }

  /// The index of the rows of a group, as AnnData keeps it: a column of its group `obs`.
  func index(of file: DumpFile, below group: String) -> [ColumnCandidate] {
    let rows = (group == "/" ? "" : group) + "/obs"
    let index =
      if case .string(let name)? = file.catalogue.groupAttributes[rows]?["_index"] { name } else { "_index" }
    return columns(of: file, in: rows).filter { $0.name.original == index }
  }
}

/// The order of rows in layers, labels and predictions, by the columns that tell rows.
private struct RowOrder {
  let dump: Dump
  let columns: RowColumns
  let counted: CountedRows
  let layers: [LayerSource]
  let groups: ColumnsByGroup
  /// What is something else than a key.
  let taken: Set<String>
  let labels: RowKeys.Side?
  /// Groups of the layers, in their order, and the first layer of each.
  let bodies: [(side: RowKeys.Side, layer: LayerSource)]

  init(_ dump: Dump, _ columns: RowColumns, _ counted: CountedRows, _ layers: [LayerSource]) {
    (self.dump, self.columns, self.counted, self.layers) = (dump, columns, counted, layers)
    let groups = ColumnsByGroup()
    self.groups = groups
    let taken = Set(
      [columns.labels, columns.predictions, columns.countPath].compactMap(\.self).flatMap {
        [Self.canonical($0, columns.home(dump)), Self.canonical($0, dump.first)]
      } + layers.map(\.path))
    self.taken = taken
    labels = columns.labels.map { Self.side($0, in: columns.whole, dump, counted, taken, groups) }
    var bodies: [(side: RowKeys.Side, layer: LayerSource)] = []
    var seen = Set<String>()
    for layer in layers
    where layer.geometry.axes.row != nil && layer.geometry.axes.category == nil
      && seen.insert(Places.group(of: Self.canonical(layer.path, dump.first))).inserted
    {
      let side = Self.side(layer.path, in: nil, dump, counted, taken, groups)
      bodies.append((side, layer))
    }
    self.bodies = bodies
  }

  private static func canonical(_ path: String, _ home: DumpFile) -> String {
    path.contains("@") ? path : home.catalogue.canonicalPath(path)
  }

  /// - Parameter whole: the file that holds it for all parts; `nil`: each part holds its own.
  private static func side(
    _ path: String, in whole: DumpFile?, _ dump: Dump, _ counted: CountedRows, _ taken: Set<String>,
    _ groups: ColumnsByGroup
  ) -> RowKeys.Side {
    let place =
      path.lastIndex(of: "@").map { String(path[..<$0]) }
      ?? Places.group(of: canonical(path, whole ?? dump.first))
    let (homes, group) = (whole.map { [$0] } ?? dump.parts, place.isEmpty ? "/" : place)
    return RowKeys.Side(
      what: path, homes: homes, group: group,
      beside: groups.columns(of: homes[0], in: group) + groups.index(of: homes[0], below: group),
      rows: whole == nil ? counted.perPart : [counted.perPart.reduce(0, +)], hasFiller: counted.hasFiller,
      taken: taken)
  }

  /// Refuses labels or layers that stand in another order than the rest.
  func checkLayers(_ evidence: inout Evidence) throws {
    guard let first = bodies.first else { return }
    guard let labels, let path = columns.labels else {
      for body in bodies.dropFirst() {
        guard let conflict = RowKeys.conflict(body.side, first.side, &evidence) else { continue }
        throw otherOrder(body.layer, conflict, besides: first.layer)
      }
      return
    }
    let conflicts = bodies.map { RowKeys.conflict($0.side, labels, &evidence) }
    // Where other layers are in the labels' order, it is the layer that stands apart.
    let agreed = zip(bodies, conflicts).first { $1 == nil }?.0 ?? first
    for (body, conflict) in zip(bodies, conflicts) {
      if let between = RowKeys.conflict(body.side, agreed.side, &evidence) {
        throw otherOrder(body.layer, between, besides: agreed.layer)
      }
      if let conflict { throw otherOrder(path, conflict, in: columns.whole, body.side, "labels") }
    }
  }

  /// Why predictions are in another order than the labels or, where there are none, the first layer.
  func conflict(ofPredictions path: String, _ evidence: inout Evidence) -> ActivationsError? {
    let whole = columns.whole.flatMap { !dump.first.hasColumn(path) && $0.hasColumn(path) ? $0 : nil }
    let predictions = Self.side(path, in: whole, dump, counted, taken, groups)
    for other in [labels, bodies.first?.side].compactMap(\.self) {
      guard let conflict = RowKeys.conflict(other, predictions, &evidence) else { continue }
      return otherOrder(path, conflict, in: whole, other, "predictions")
    }
    return nil
  }

  /// Tells of columns that number the rows in another order than that in which they stand, of those that number some twice, and of labels
  /// above joined groups that are not as many as the rows.
  /// - Throws: `ActivationsError` where labels that nobody named stand apart from rows that number themselves.
  func tell(_ request: DumpRequest, _ evidence: inout Evidence) throws {
    let groups = bodies.map(\.side.group)
    let isApart = labels.map { columns.whole != nil || !groups.contains($0.group) } ?? false
    for column in columns.candidates
    where !column.isSingle && !column.isAttribute && column.isSmall && column.isDiscrete
      && !taken.contains(column.path) && RowKeys.isNumber(column.name) && column.name.last != "axis1"
    {
      let side = Self.side(column.path, in: nil, dump, counted, taken, self.groups)
      guard side.holds(column.length), !isOfOneTable(column.path), let values = side.values(column.path) else {
        continue
      }
      let repeated = values.count - values.distinctCount
      // Each part may number its own rows.
      if repeated > 0, column.name.holds(any: RowKeys.idWords), !isCountInParts(values) {
        evidence.leaveOut(
          column.path,
          "\(grouped(repeated)) of its \(grouped(values.count)) values occur more than once: the same inputs may be counted several times"
        )
      }
      // Labels of each part are as many as its rows: they cannot be in an order of all.
      guard let path = columns.labels, dump.parts.count == 1 || columns.whole != nil,
        groups.contains(column.group) || column.group == labels?.group, values.isPermutation
      else { continue }
      // Where numbers beside the labels are the same, all was checked.
      if isApart, let labels, labels.values(numbersLike: column) == values { continue }
      if isApart, groups.contains(column.group), request.labels == nil {
        throw numbersOtherOrder(column.path, path, shift: values.startsAtOne ? " - 1" : "")
      }
      let shift = values.startsAtOne ? " - 1" : ""
      let own = ofItsOwn(columns.whole)
      let source = own.map { "h5py.File(\"\($0.name)\")" } ?? "f"
      let group = dump.first.group
      // In a single group that a job joins, paths count from it.
      let place = columns.whole == nil ? group.map { plain($0) + "/" } ?? "" : ""
      let key =
        group != nil && columns.whole != nil
        ? ofAllGroups(column.path) : "f[\"\(place)\(inCode(column.path))\"][:]"
      evidence.leaveOut(
        column.path,
        "it holds every row number once, in another order; rows of layers and of labels are taken to belong together as they stand. If the labels are in the order of these numbers, write them anew, with h5py: f[\"\(place)labels_ordered\"] = \(source)[\"\(place)\(inCode(path, of: columns.whole))\"][:][\(key)\(shift)], and in a job labels: labels_ordered\(own == nil ? "" : ", without labels_from")"
      )
    }
    if columns.labels == nil, request.classFrom == nil, !request.absent.contains(.labels) { tellLabelsAbove(&evidence) }
  }

  private func tellLabelsAbove(_ evidence: inout Evidence) {
    guard dump.files.count == 1, dump.first.group != nil else { return }
    let rows = counted.perPart.reduce(0, +)
    let groups = dump.parts.compactMap(\.group)
    for column in ColumnCandidate.all(in: dump.files[0], instances: "/instances/none")
    where column.name.readsLikeLabels && column.isDiscrete && !column.isSingle && !column.isAttribute
      && column.length != rows && !groups.contains(where: { column.group == $0 || column.group.hasPrefix($0 + "/") })
    {
      let key = columns.candidates.first { key in
        guard RowKeys.isNumber(key.name), key.length == counted.perPart[0],
          case .integers(let values)? = try? dump.first.classes(key.path)
        else { return false }
        return values.allSatisfy { (0..<Int64(column.length)).contains($0) }
      }
      let code = key.map {
        ". If \($0.path) of each group says which of them are its own, write these, with h5py: [f.create_dataset(g + \"/labels_by_key\", data=f[\"\(inCode(column.path, of: dump.files[0]))\"][:][f[g + \"/\(inCode($0.path))\"][:]]) for g in \(dump.groupsInPython)], and in the job labels: labels_by_key"
      }
      evidence.leaveOut(
        column.path,
        "it is called like labels, but has \(grouped(column.length)) values for the \(grouped(rows)) rows of the groups\(code ?? "")"
      )
    }
  }

  /// Whether the numbers begin anew in each part.
  private func isCountInParts(_ values: RawLabels) -> Bool {
    guard dump.parts.count > 1, case .integers(let numbers) = values, let first = numbers.first else { return false }
    var row = 0
    return counted.perPart.allSatisfy { rows in
      defer { row += rows }
      return numbers[row..<row + rows].enumerated().allSatisfy { $1 == first &+ Int64($0) }
    }
  }

  /// Whether it is a field of a table of which all that is taken are fields too: a row of a table is one row.
  private func isOfOneTable(_ path: String) -> Bool {
    func table(_ path: String) -> String? { (try? dump.first.catalogue.dataset(named: path))?.field?.dataset }
    guard let own = table(path) else { return false }
    return taken.allSatisfy { !dump.first.has($0) || table($0) == own }
  }

  // MARK: Words

  /// A path as jobs write it.
  private func plain(_ path: String) -> String { path.hasPrefix("/") ? String(path.dropFirst()) : path }

  /// What stands between `["` and `"]` in h5py: a field is taken from its table.
  private func inCode(_ path: String, of file: DumpFile? = nil) -> String {
    guard let info = try? (file ?? dump.first).catalogue.dataset(named: path), let table = info.field?.dataset,
      table != info.absolutePath
    else { return plain(path) }
    let field = info.absolutePath.dropFirst(table.count + 1)
    return plain(String(info.path.dropLast(field.count + 1))) + "\"][\"" + field
  }

  /// What a column of each of the joined groups holds, one after another, in h5py and NumPy.
  private func ofAllGroups(_ path: String) -> String {
    "np.concatenate([f[g + \"/\(inCode(path))\"][:] for g in \(dump.groupsInPython)])"
  }

  /// A group as the beginning of a path in it.
  private func beginning(_ group: String) -> String { group == "/" ? "" : plain(group) + "/" }

  /// The file that holds labels for all parts, where it is none of the dump's.
  private func ofItsOwn(_ whole: DumpFile?) -> DumpFile? {
    whole.flatMap { $0.file.identity.path == dump.first.file.identity.path ? nil : $0 }
  }

  /// Labels or predictions that stand in another order than what they belong to.
  private func otherOrder(
    _ path: String, _ conflict: RowKeys.Conflict, in whole: DumpFile?, _ other: RowKeys.Side, _ what: String
  ) -> ActivationsError {
    let own = ofItsOwn(whole)
    let theirs = own.map { " of \($0.name)" } ?? (whole == nil ? "" : " above them")
    let said =
      "\(dump.first.path): \(conflict.ours)\(whole == nil || own != nil ? "" : " of the groups") and \(conflict.theirs)\(theirs) number the rows differently, so that \(path) cannot be joined to \(other.what) by position."
    guard conflict.tellsRows else {
      return ActivationsError(
        "\(said) Write the \(what) in the order of \(conflict.ours), and in the job \(what): PATH.")
    }
    let name = "\(what)_by_key"
    let source = own == nil ? "f" : "l"
    let table =
      "\(own.map { "l = h5py.File(\"\($0.name)\"); " } ?? "")by = dict(zip(\(source)[\"\(inCode(conflict.theirs, of: whole))\"][:], \(source)[\"\(inCode(path, of: whole))\"][:]))"
    if dump.first.group != nil {
      return ActivationsError(
        "\(said) Write the \(what) in the order of the groups, with h5py: \(table); [f.create_dataset(g + \"/\(name)\", data=[by[k] for k in f[g + \"/\(inCode(conflict.ours))\"][:]]) for g in \(dump.groupsInPython)], and in the job \(what): \(name)."
      )
    }
    let place = beginning(other.group)
    return ActivationsError(
      "\(said) Write the \(what) in the order of \(conflict.ours), with h5py\(dump.files.count > 1 ? ", in each file" : ""): \(table); f[\"\(place)\(name)\"] = [by[k] for k in f[\"\(inCode(conflict.ours))\"][:]], and in the job \(what): \(place)\(name)\(own == nil ? "" : ", without labels_from")."
    )
  }

  /// A layer whose rows stand in another order than those of another.
  private func otherOrder(_ layer: LayerSource, _ conflict: RowKeys.Conflict, besides other: LayerSource)
    -> ActivationsError
  {
    let group = Places.group(of: layer.path)
    let name = beginning(Places.group(of: other.path)) + plain(layer.path).replacing("/", with: "_") + "_by_key"
    let others = layers.filter { Places.group(of: $0.path) != group }.map { plain($0.path) }
    let said =
      "\(dump.first.path): \(conflict.ours) and \(conflict.theirs) number the rows differently, so that the rows of \(layer.path) cannot be joined to those of \(other.path) by position."
    guard conflict.tellsRows else {
      return ActivationsError(
        "\(said) Take layers of one order in a job: layers: [\(others.joined(separator: ", "))].")
    }
    return ActivationsError(
      "\(said) Write them in the order of \(conflict.theirs), with h5py: at = {k: row for row, k in enumerate(f[\"\(inCode(conflict.ours))\"][:])}; f[\"\(name)\"] = f[\"\(inCode(layer.path))\"][:][[at[k] for k in f[\"\(inCode(conflict.theirs))\"][:]]], and in the job layers: [\((others + [name]).joined(separator: ", "))]."
    )
  }

  /// Rows that number themselves, in another order than that of labels which stand apart.
  private func numbersOtherOrder(_ key: String, _ labels: String, shift: String) -> ActivationsError {
    guard dump.first.group == nil else {
      return ActivationsError(
        "\(dump.first.path): \(key) numbers the rows of all groups, and in another order than that of the groups, so that \(labels) cannot be joined to them by position. Write the labels in the order of the groups, with h5py: f[\"labels_joined\"] = f[\"\(inCode(labels, of: columns.whole))\"][:][\(ofAllGroups(key))\(shift)], and in the job labels: labels_joined. If they are in the order of the groups, write labels: \(labels)."
      )
    }
    let own = ofItsOwn(columns.whole)
    let source = own.map { "h5py.File(\"\($0.name)\")" } ?? "f"
    return ActivationsError(
      "\(dump.first.path): \(key) numbers the rows in another order than that in which they stand, and \(labels) stands apart from them, so that it cannot be joined by position. If the labels are in the order of these numbers, write with h5py: f[\"labels_by_key\"] = \(source)[\"\(inCode(labels, of: columns.whole))\"][:][f[\"\(inCode(key))\"][:]\(shift)], and in the job labels: labels_by_key\(own == nil ? "" : ", without labels_from"). If they are in the order of the rows, write labels: \(plain(labels))."
    )
  }
}
