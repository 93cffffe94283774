import HDF5

/// Datasets of a file that may be layers, and what else there is, with the reason why it is none.
struct LayerCandidates {
  typealias Skipped = (path: String, why: String)
  /// Numeric, not empty, of one axis or more, outside the instances; by the order in which they were made, where the file keeps it.
  private(set) var datasets: [DatasetInfo] = []
  private(set) var skipped: [Skipped] = []

  /// - Parameters:
  ///   - instances: group that is left to the instances.
  ///   - others: paths of what is known to be something else.
  ///   - byName: whether what is called like inputs, masks or row numbers is none; a job that names layers knows better.
  init(
    _ file: DumpFile, instances: String, others: Set<String>, byName: Bool, _ evidence: inout Evidence
  ) {
    let catalogue = file.catalogue
    let root = catalogue.canonicalPath(instances)
    for info in catalogue.datasets where !info.path.hasPrefix(root + "/") && !info.isInternal {
      if others.contains(info.path) { continue }
      if let reason = Self.whyNot(info) {
        skipped.append((info.path, reason))
        let isMatrix = info.shape.count > 1 && !RawLabels.isColumn(info.shape)
        if byName,
          info.unsupportedReason != nil && (info.element.isNumeric || info.element.isText)
            || isMatrix && info.element.isOtherFloat || info.element == .sequence
        {
          evidence.leaveOut(info.path, reason)
        }
      } else if byName, let reason = Self.whyNotByName(info) {
        skipped.append((info.path, reason))
        let picture =
          reason.hasSuffix("input pictures") && RowPictures.mayBe(info, in: file)
          ? "to show what the rows are, write pictures: \(info.path); " : ""
        evidence.leaveOut(
          info.path, "\(reason); \(picture)if it is a layer, name it in a job: layers: [\(info.path), …]")
      } else {
        datasets.append(info)
      }
    }
    for (path, why) in catalogue.skipped.sorted(by: { $0.key < $1.key }) {
      skipped.append((path, why))
      if byName, !path.hasPrefix(root + "/"), !others.contains(path) { evidence.leaveOut(path, why) }
    }
    datasets.sort { catalogue.precedes($0.path, $1.path) }
  }

  private static func whyNot(_ info: DatasetInfo) -> String? {
    if let reason = info.unsupportedReason { return reason }
    if info.isNull { return "it holds nothing" }
    if info.isEmptyOfMATLAB { return "it is empty, as its attribute MATLAB_empty says" }
    if info.shape.isEmpty { return "it is a single value" }
    if info.count == 0, !(info.shape.first == 0 && info.shape.dropFirst().allSatisfy { $0 > 0 } && info.shape.count > 1)
    {
      return "it is empty, with the shape \(inWords(info.shape))"
    }
    if info.element == .opaque(bytes: 2) { return LayerSource.opaqueReason }
    if !info.element.isNumeric, info.enumeration == nil || RawLabels.isColumn(info.shape) {
      return LayerSource.whyNoNumbers(info)
    }
    if case .string("char")? = info.attributes["MATLAB_class"] { return "it is text, written by MATLAB" }
    return nil
  }

  /// Only of matrices: what has one axis is no layer anyhow.
  private static func whyNotByName(_ info: DatasetInfo) -> String? {
    guard info.shape.count > 1, RawLabels.isColumn(info.shape) == false else { return nil }
    if let why = SparseLayers.whyPairs(info.path, info.shape), info.isSparse || why.contains("AnnData") { return why }
    return DatasetName(info.path).notALayer(
      info.path, isWhole: info.element.isInteger, isByte: info.element == .uint8 && !info.isBoolean,
      isNarrow: info.elementBytes == 1, rank: info.shape.count)
  }

  /// Takes away what turned out to be something else, such as labels.
  mutating func remove(_ paths: [String?], in catalogue: Catalogue) {
    let taken = Set(paths.compactMap { $0.map(catalogue.canonicalPath) })
    datasets.removeAll { taken.contains($0.path) }
  }

  /// Takes away what is no layer, and says why.
  mutating func leave(_ path: String, _ why: String, _ evidence: inout Evidence) {
    skipped.append((path, why))
    evidence.leaveOut(path, why)
    datasets.removeAll { $0.path == path }
  }

  /// Leaves only what has the axes that `layout` asks for.
  mutating func keep(for layout: RowLayout) {
    guard layout != .files else { return }
    for info in datasets where info.shape.count < 2 {
      skipped.append((info.path, "it has one axis; a layer has rows and neurons"))
    }
    datasets.removeAll { $0.shape.count < 2 }
  }

  // MARK: Rows

  /// Rows that a dataset may have, by its shape alone, the likeliest first.
  static func rowsPossible(_ info: DatasetInfo) -> [Int] {
    if let axes = Axes.said(by: info) { return [axes.rows(of: info.shape)] }
    guard info.shape.count > 1 else { return [1] }
    var rows = [info.shape[0], info.shape[info.shape.count - 1]]
    if info.attributes["MATLAB_class"] != nil { rows.reverse() }
    if info.shape[0] == 1, info.shape.count > 2 { rows.insert(info.shape[1], at: 0) }
    return rows
  }

  /// The number of rows that all agree on, where no labels tell.
  /// - Throws: `ActivationsError` where they do not.
  func agreedRows(_ file: DumpFile, _ evidence: inout Evidence) throws -> Int? {
    func rows(_ info: DatasetInfo) -> Int { Self.rowsPossible(info)[0] }
    func byRows(_ some: [DatasetInfo]) -> [Int: [DatasetInfo]] { Dictionary(grouping: some, by: rows) }
    let all = byRows(datasets)
    guard all.count > 1 else { return all.keys.first }
    // Figures of a layer and parameters of a network have rows of their own, and so have distances of pairs.
    let others = datasets.filter { !DatasetName($0.path).readsLikeParameters && !DatasetName($0.path).readsLikePairs }
    if byRows(others).count == 1 { return rows(others[0]) }
    let words = datasets.map { DatasetName($0.path) }
    let inGroups = datasets.count { info in
      info.path.split(separator: "/").contains { ["vars", "optimizer", "model_weights"].contains($0) }
    }
    if others.isEmpty || inGroups * 2 > datasets.count || words.count(where: \.readsLikeParameters) * 2 > words.count {
      throw ActivationsError(
        "\(file.path): this looks like the weights of a network, not like activations: the datasets (\(Self.some(datasets))) have no common number of rows, and there are no labels. Run the network over the data set and dump what its layers put out; if these are activations after all, name them in a job: layers: [PATH], labels: PATH."
      )
    }
    let candidates = byRows(others).sorted { a, b in
      a.value.reduce(0) { $0 + $1.count } > b.value.reduce(0) { $0 + $1.count }
    }
    let listed = candidates.prefix(6).map { rows, infos in
      "\(grouped(rows)) rows: \(Self.some(infos)) (layers: [\(infos.prefix(4).map(\.path).joined(separator: ", "))])"
    }
    // Layers of one number of rows, with other numbers of neurons: the last axis may be theirs.
    let lasts = Set(others.map { $0.shape.last ?? 0 })
    let reversed =
      lasts.count == 1 && others.allSatisfy { $0.shape.count == 2 }
      ? "; or \(grouped(lasts.first!)) rows, if the last axis of all is that of the rows (layers: [\(others.prefix(4).map { "{ dataset: \($0.path), axes: UN }" }.joined(separator: ", "))\(others.count > 4 ? ", …" : "")])"
      : ""
    throw ActivationsError(
      "\(file.path): there are no labels, and the datasets do not agree on the number of rows. Say in a job which are the layers: \(listed.joined(separator: "; or "))\(candidates.count > 6 ? "; or …" : "")\(reversed)."
    )
  }

  /// `/train 500 x 25, /test 40 x 25, …`.
  private static func some(_ infos: [DatasetInfo]) -> String {
    infos.prefix(4).map { "\($0.path) \(inWords($0.shape))" }.joined(separator: ", ") + (infos.count > 4 ? ", …" : "")
  }

  /// The layers among them: those with one row for each of the rows that count, in every file.
  /// - Parameter rows: rows that count in the first file, and what they are called: rows or labels.
  mutating func layers(
    in dump: Dump, rows: (count: Int, word: String), layout: RowLayout, hasFiller: Bool, _ evidence: inout Evidence
  ) -> [LayerRequest] {
    var layers: [LayerRequest] = []
    var left: [Skipped] = []
    func leave(_ path: String, _ why: String) { left.append((path, why)) }
    let others = datasets.contains { info in
      DatasetName(info.path).besidesLayers(info.path, info.shape) == nil
        && Axes.find(info, rows: rows.count, layout: layout, hasFiller: hasFiller)?.0.rows(of: info.shape) == rows.count
    }
    for info in datasets {
      guard let (axes, _) = Axes.find(info, rows: rows.count, layout: layout, hasFiller: hasFiller) else {
        leave(
          info.path,
          "it has \(info.shape.count) axes, whose meaning cannot be guessed; name them in the job, as in axes: NCHW")
        continue
      }
      let held = axes.rows(of: info.shape)
      guard held == rows.count || hasFiller && held > rows.count else {
        // As recurrent networks have it: time before rows.
        let isTimeFirst = info.shape.count == 3 && info.shape[1] == rows.count
        leave(
          info.path,
          "it \(info.count == 0 ? "is empty and " : "")has the shape \(inWords(info.shape)), not one row for each of the \(grouped(rows.count)) \(rows.word)"
            + (isTimeFirst
              ? "; if its second axis is that of the rows, write in a job layers: [{ dataset: \(info.path), axes: TND }]"
              : "")
        )
        continue
      }
      guard dump.parts.allSatisfy({ $0.has(info.path) }) else {
        leave(info.path, "not every \(dump.parts.count > dump.files.count ? "group" : "file") of the dump has it")
        continue
      }
      if let what = DatasetName(info.path).besidesLayers(info.path, info.shape), others {
        leave(
          info.path,
          "by its name it holds \(what), no activations; if it is a layer, name it in a job: layers: [\(info.path), …]")
        continue
      }
      layers.append(LayerRequest(dataset: info.path))
    }
    for (path, why) in left {
      skipped.append((path, why))
      evidence.leaveOut(path, why)
    }
    return layers
  }

  /// Says which datasets of one axis may be layers of one neuron.
  func offerSingleNeurons(_ file: DumpFile, rows: Int, hasLabels: Bool, _ evidence: inout Evidence) {
    // Columns of which all values are read.
    var left = 64
    for info in file.catalogue.datasets
    where info.shape == [rows] && info.element.isNumeric && !info.element.isInteger && info.unsupportedReason == nil
      && !info.isInternal && !info.isDimensionScale && skipped.contains(where: { $0.path == info.path })
    {
      let distinct = hasLabels || left == 0 ? nil : file.wholeDistinct(info)
      left = max(0, left - 1)
      let labels = distinct.map {
        " and \(grouped($0)) distinct ones, all whole: if these are labels, write labels: \(info.path)"
      }
      evidence.leaveOut(
        info.path,
        "it has one value a row\(labels ?? ""); if it is a layer of one neuron, name it in a job: { dataset: \(info.path), axes: N }"
      )
    }
  }

  /// The error where there is no layer.
  /// - Parameter ragged: what was found on rows of different lengths.
  static func none(_ file: DumpFile, _ skipped: [Skipped], _ evidence: Evidence, _ ragged: String?) -> ActivationsError
  {
    if let ragged {
      return ActivationsError("\(file.path): no layer was found with one row for each label: \(ragged).")
    }
    // What may have been meant goes first.
    var seen = evidence.leftOut.map { ($0.path, $0.why) }
    let told = Set(seen.map(\.0))
    seen += skipped.filter { !told.contains($0.path) }
    let reasons = seen.prefix(5).map { path, why in "\(path): \(why.hasSuffix(".") ? String(why.dropLast()) : why)" }
    let more = seen.count > 5 ? "; and \(grouped(seen.count - 5)) more" : ""
    return ActivationsError(
      "\(file.path): no layer was found, that is a numeric dataset with one row per label and at least two axes. "
        + (seen.isEmpty
          ? "The file has no datasets. Check that it is the right one."
          : "Seen and not taken: \(reasons.joined(separator: "; "))\(more). A job says what each dataset is, where that cannot be guessed (layers: [{dataset: PATH, axes: NU}], labels: PATH).")
    )
  }
}
