import HDF5

/// A dump understood: its layers, labels and instances.
public struct DumpContents: Sendable {
  public let dump: Dump
  public let rows: Int
  /// How the dump holds its rows.
  public let layout: RowLayout
  public let layers: [LayerSource]
  public let labels: LabelColumn?
  public let predictions: LabelColumn?
  public let classNames: ClassNames?
  public let instances: InstanceSet
  /// What the job names of its rows.
  public let table: RowTableSource
  /// What was understood, as a request that names everything.
  public let understood: DumpRequest
  /// Rows that are there, but do not count.
  public let filler: Int
  /// What was decided without being told.
  public internal(set) var evidence: Evidence
  /// What was found but not taken, and why; and what a user should know.
  public let skipped: [(path: String, why: String)]
  public let notes: [String]

  /// Of `skipped`, what is told nowhere else: the names of the classes are used, and what was left out has words of its own.
  public var skippedInWords: [(path: String, why: String)] {
    var told = Set(evidence.leftOut.map(\.path))
    if case .dataset(let path)? = classNames?.origin { told.insert(path) }
    return skipped.filter { !told.contains($0.path) }
  }
}

extension DumpContents {
  /// Finds out what a dump holds: labels, names of classes, the layout of the rows, then layers and instances by all these. Reads no
  /// values of layers.
  /// - Parameters:
  ///   - missing: what values that were never written mean.
  ///   - labelsFile: the file that the request's `labelsFrom` names.
  /// - Throws: `ActivationsError`, `HDF5Error`.
  public init(_ dump: Dump, _ request: DumpRequest, missing: MissingChunks = .refuse, labelsFile: DumpFile? = nil)
    throws
  {
    var evidence = Evidence()
    let (dump, sparseParts) = try (request.join.map(dump.joining) ?? dump).listingSparse(request.layers, &evidence)
    let file = dump.first
    try Self.checkReadable(dump, request)
    let instanceGroup =
      request.instances?.group ?? (InstanceSet.isGroup("/instances", of: file.catalogue) ? "/instances" : nil)
    let foreign = request.layers == nil ? ForeignObjects.note(file, &evidence) : []
    var candidates = LayerCandidates(
      file, instances: instanceGroup ?? "/instances/none", others: foreign.union(sparseParts),
      byName: request.layers == nil, &evidence)
    let possible = try request.layers?.map { try file.catalogue.dataset(named: $0.dataset) } ?? candidates.datasets
    if request.leavesAllOpen {
      try Self.refuseLabelsApart(dump)
      let columns = ColumnCandidate.all(in: file, instances: instanceGroup ?? "/instances/none").filter {
        !sparseParts.contains($0.path)
      }
      if let repetition = try Repetition(file, layers: possible, columns: columns, &evidence) {
        throw repetition.refusal(file)
      }
      try Self.refuseNumberedDatasets(file, possible, columns)
      try SplitDatasets.refuse(file, layers: possible.filter { $0.shape.count > 1 }, columns: columns)
    }
    try Self.refuseTokenLabels(file, request, possible)
    let columns = try RowColumns(
      request, dump, labelsFile: labelsFile, layers: possible, instances: instanceGroup, notColumns: sparseParts,
      &evidence)
    let found = try ClassNames.find(request.classNames, in: dump, columns: columns, &evidence)
    let namesPath: String? = if case .dataset(let path)? = found?.origin { path } else { nil }
    candidates.leaveStrangers(columns, request.layers, &evidence)
    candidates.remove(
      [columns.labels, columns.predictions, columns.countPath, namesPath, request.mask] + request.table.inputs,
      in: file.catalogue)
    let layout = try RowLayout(
      request, dump: dump, candidates: candidates.datasets,
      labels: columns.labels.flatMap { columns.home(dump).columnLength($0) },
      classNames: found)
    candidates.keep(for: layout)
    if request.layers == nil {
      try PandasFrame.refuseLabelsAmongNeurons(file, candidates.datasets)
      candidates.leaveClasses(file, hasLabels: columns.labels != nil, &evidence)
      candidates.leaveColumns(file, &evidence)
    }

    let counted = try CountedRows(
      columns, request, dump: dump, layout: layout, names: found.map { $0.names + ($0.labels ?? []) }
    ) { file in
      try Self.rowsHeld(by: file, request.layers, candidates, layout, missing, &evidence)
    }
    let rows = counted.perPart.reduce(0, +)
    guard rows > 0 else {
      throw ActivationsError(
        "\(file.path)\(columns.labels.map { ", dataset \($0)" } ?? ""): there are no rows. Make the dump again: its writer may have ended before it wrote any."
      )
    }
    let names = counted.labels == nil ? nil : found
    let place = "\(columns.home(dump).path)\(columns.labels.map { ", dataset \($0)" } ?? ", axis of categories")"
    let labels = try counted.labels.map {
      try LabelColumn($0, named: names, place: place, &evidence)
    }

    let open =
      request.layers
      ?? candidates.layers(
        in: dump, rows: (counted.perPart[0], columns.labels == nil ? "rows" : "labels"), layout: layout,
        hasFiller: counted.hasFiller, &evidence)
    let wanted = Axes.turningSquares(open, in: dump, rows: counted.perPart[0], layout: layout, &evidence)
    let layers = try wanted.map {
      try LayerSource(
        $0, dump: dump, rows: counted.perPart, layout: layout, hasFiller: counted.hasFiller, missing: missing,
        mask: request.mask)
    }
    guard !layers.isEmpty else {
      let ragged = labels.flatMap {
        ForeignObjects.ragged(file.catalogue, layers: candidates.datasets, labels: $0.classes.count, file)
          ?? ForeignObjects.chosen(columns, layers: candidates.datasets, labels: $0.classes.count, file)
      }
      throw LayerCandidates.none(file, candidates.skipped, evidence, ragged)
    }
    var seen = Set<String>()
    for layer in layers where !seen.insert(layer.name).inserted {
      throw ActivationsError("Two layers are called \"\(layer.name)\". Give each layer a name of its own.")
    }

    try Self.checkDimensions(of: layers, request, columns, dump, &evidence)
    let predictionsPath = try Self.checkRowKeys(dump, request, columns, counted, layers, &evidence)
    let predictions = try predictionsPath.flatMap { path in
      try LabelColumn.predictions(counted.column(path, of: dump, columns), path, like: labels, names: names, &evidence)
    }
    let wantedInstances = request.instances ?? instanceGroup.map { InstanceRequest(group: $0) }
    instances =
      try wantedInstances.map {
        try InstanceSet($0, dump: dump, layers: layers, labels: labels, predictions: predictions, rows: rows)
      } ?? .none

    table = try RowTableSource(
      request.table, dump,
      RowsOfParts(
        counts: counted.perPart, hasFiller: counted.hasFiller, isOneRow: layout == .files, missing: missing),
      &evidence)
    if request.layers == nil {
      candidates.offerSingleNeurons(file, rows: counted.perPart[0], hasLabels: labels != nil, &evidence)
    }
    let parts = columns.whole.map { [$0] } ?? dump.parts
    try Encodings.look(at: "labels", columns.labels, parts, labels?.texts ?? [], &evidence)
    try Encodings.look(at: "predictions", columns.predictions, parts, predictions?.texts ?? [], &evidence)
    try Encodings.look(
      at: "class_names", namesPath, [columns.home(dump)] + dump.files, names?.names ?? [], &evidence)
    if let mask = request.mask { try PositionMask.tell(mask, file, layers, &evidence) }
    try Self.look(at: dump, request, columns, counted, layers, &evidence)
    var understood = Self.understood(request, columns, names, layers, wantedInstances)
    if predictions == nil { understood.predictions = nil }
    self.understood = understood
    self.dump = dump
    self.rows = rows
    self.layout = layout
    self.layers = layers
    self.labels = labels
    self.predictions = predictions
    classNames = names
    filler = counted.filler
    skipped = candidates.skipped
    notes =
      Self.notes(dump, columns, counted, layout, names, layers)
      + dump.files.flatMap { file in file.catalogue.notes.map { "\(file.name): \($0)" } }
    evidence.withdraw(request.table.all.map(file.catalogue.canonicalPath))
    self.evidence = evidence
  }

  /// Numbered datasets that may be layers, at most: networks have some hundreds, texts many thousands.
  private static let numberedMax = 512

  /// Refuses thousands of numbered datasets without labels: one a text or a picture, no layers.
  private static func refuseNumberedDatasets(_ file: DumpFile, _ layers: [DatasetInfo], _ columns: [ColumnCandidate])
    throws
  {
    let numbered = layers.filter { DatasetName($0.path).words.allSatisfy { $0.allSatisfy(\.isNumber) } }
    guard numbered.count > numberedMax, numbered.count * 2 > layers.count, let first = numbered.first,
      let last = numbered.last,
      !columns.contains(where: { $0.name.readsLikeLabels && LayerCandidates.rowsPossible(first).contains($0.length) })
    else { return }
    let areNumbers = numbered.allSatisfy {
      Places.group(of: $0.path) == "/" && DatasetName($0.path).last.allSatisfy(\.isNumber)
    }
    let named = areNumbers ? "names = sorted((k for k in f if k.isdigit()), key=int); " : ""
    throw ActivationsError(
      "\(file.path): it holds \(grouped(numbered.count)) numbered datasets, \(first.path) to \(last.path), as one a text or a picture would be, and no labels. Write their rows behind one another into one dataset a layer, with h5py and NumPy: \(named)f[\"layer\"] = np.concatenate([f[k][:] for k in names]); or if they are layers, name them in a job: layers: [PATH, …]."
    )
  }

  /// Refuses labels that are one a token, where a layer has as many rows and tokens.
  private static func refuseTokenLabels(_ file: DumpFile, _ request: DumpRequest, _ layers: [DatasetInfo]) throws {
    guard !request.absent.contains(.labels), request.classFrom == nil else { return }
    let matrices = file.catalogue.datasets.filter { info in
      info.shape.count == 2 && info.element.isInteger && !RawLabels.isColumn(info.shape)
        && (request.labels.map(file.catalogue.canonicalPath) ?? info.path) == info.path
        && DatasetName(info.path).readsLikeLabels
    }
    for labels in matrices {
      guard let layer = layers.first(where: { $0.shape.count > 2 && Array($0.shape.prefix(2)) == labels.shape }) else {
        continue
      }
      // Numbers such as −100 stand for no label: their tokens are left out.
      let values = labels.count <= file.columnBytesMax / 16 ? try? file.column(labels.path).integers() : nil
      let keep = values?.contains { $0 < 0 } == true ? "[keep]" : ""
      let before = keep.isEmpty ? "" : "keep = f[\"\(labels.path.dropFirst())\"][:].reshape(-1) >= 0; "
      throw ActivationsError(
        "\(file.path), dataset \(labels.path): there is one label for each token (\(inWords(labels.shape))) of \(layer.path) (\(inWords(layer.shape))), and labels belong to rows. Make every token a row, with h5py: \(before)f[\"tokens\"] = f[\"\(layer.path.dropFirst())\"][:].reshape(-1, \(layer.shape.last ?? 0))\(keep); f[\"token_labels\"] = f[\"\(labels.path.dropFirst())\"][:].reshape(-1)\(keep), and write in a job layers: [tokens], labels: token_labels."
      )
    }
  }

  /// Refuses files of which one holds labels alone and another layers alone, with the line that joins them.
  private static func refuseLabelsApart(_ dump: Dump) throws {
    guard (2...16).contains(dump.files.count) else { return }
    func isOnlyLabels(_ file: DumpFile) -> Bool {
      !file.catalogue.datasets.isEmpty
        && file.catalogue.datasets.allSatisfy { RawLabels.isColumn($0.shape) && !$0.shape.isEmpty }
        && file.catalogue.datasets.contains { DatasetName($0.path).readsLikeLabels }
    }
    func hasNone(_ file: DumpFile) -> Bool {
      !file.catalogue.datasets.contains { DatasetName($0.path).readsLikeLabels }
    }
    let apart = dump.files.filter(isOnlyLabels)
    guard apart.count == 1, let labels = apart.first else { return }
    let others = dump.files.filter { $0.path != labels.path }
    guard others.allSatisfy(hasNone) else { return }
    let columns = labels.catalogue.datasets.filter { DatasetName($0.path).readsLikeLabels }
    let lengths = columns.map(\.count)
    // The rows of a shape that all others have in some dataset, summed.
    let rows = (others[0].catalogue.datasets.filter { $0.shape.count > 1 }).compactMap { info -> Int? in
      let each = others.compactMap { try? $0.catalogue.dataset(named: info.path).shape.first }
      return each.count == others.count ? each.reduce(0) { $0 &+ $1 } : nil
    }
    let lasts = others[0].catalogue.datasets.filter { $0.shape.count > 1 }.compactMap(\.shape.last)
    if let first = rows.first, Set(rows + lasts).isDisjoint(with: lengths) {
      throw ActivationsError(
        "\(labels.path): it holds labels alone, \(grouped(lengths[0])) of them, and \(others.map(\.name).joined(separator: ", ")) none, but \(grouped(first)) rows: they do not belong together row for row. Write a label for each of these rows into a file of its own, and join them in a job: dumps: [\(others.map(\.name).joined(separator: ", "))], labels_from: FILE."
      )
    }
    throw ActivationsError(
      "\(labels.path): it holds labels alone, and \(others.map(\.name).joined(separator: ", ")) none. Join them in a job: dumps: [\(others.map(\.name).joined(separator: ", "))], labels_from: \(labels.name).",
      advised: .init(labelsFile: labels.path) { $0.labelsFrom = labels.path })
  }

  /// Refuses a file of which something is damaged that may be meant: it would be missing in the store without a word. A job that names
  /// all layers leaves aside the rest, but for what is called like a column that it does not name.
  private static func checkReadable(_ dump: Dump, _ request: DumpRequest) throws {
    let root = request.instances?.group ?? "/instances"
    for file in dump.parts {
      let instances = file.catalogue.canonicalPath(root)
      for (path, why) in file.catalogue.unreadable where !(path + "/").hasPrefix(instances + "/") {
        let name = path.split(separator: "/").last?.lowercased() ?? ""
        guard request.layers == nil || RowColumns.usualNames(leftOpenBy: request).contains(name) else { continue }
        throw ActivationsError(
          "\(file.path), dataset \(path): \(sentence(why)) To do without it, name in a job all that is to be taken (layers: [PATH, …], labels: PATH)."
        )
      }
    }
  }

  /// Rows of a file without labels.
  private static func rowsHeld(
    by file: DumpFile, _ wanted: [LayerRequest]?, _ candidates: LayerCandidates, _ layout: RowLayout,
    _ missing: MissingChunks, _ evidence: inout Evidence
  ) throws -> Int {
    switch layout {
    case .files: return 1
    case .categories(let count, _):
      guard let path = wanted?.first?.dataset ?? candidates.datasets.first?.path else {
        throw LayerCandidates.none(file, candidates.skipped, evidence, nil)
      }
      let info = try file.catalogue.dataset(named: path)
      let axes = wanted?.first?.axes ?? Axes.find(info, rows: 0, layout: layout, hasFiller: false)?.0
      guard let axes, let category = axes.category, axes.letters.count == info.shape.count,
        info.shape[category] == count
      else {
        throw ActivationsError(
          "\(file.path), dataset \(info.path): it has the shape \(inWords(info.shape)), where rows stored by \(grouped(count)) categories are due. Name the axes of every layer in the job, as in axes: KNU, alike in all files."
        )
      }
      // Rows without labels get those of their categories: before that, whether they are there.
      try file.file.dataset(info, missing: missing).verifyComplete()
      return axes.rows(of: info.shape)
    case .rows: break
    }
    if let first = wanted?.first {
      let info = try file.catalogue.dataset(named: first.dataset)
      guard let axes = first.axes ?? Axes.said(by: info) else {
        return info.shape.count == 1 ? info.shape[0] : LayerCandidates.rowsPossible(info)[0]
      }
      return axes.letters.count == info.shape.count ? axes.rows(of: info.shape) : 0
    }
    guard let agreed = try candidates.agreedRows(file, &evidence),
      let usual = candidates.datasets.first(where: { LayerCandidates.rowsPossible($0)[0] == agreed })
    else { throw LayerCandidates.none(file, candidates.skipped, evidence, nil) }
    return LayerCandidates.rowsPossible(try file.catalogue.dataset(named: usual.path))[0]
  }

  /// The request that names all that was found.
  private static func understood(
    _ request: DumpRequest, _ columns: RowColumns, _ names: ClassNames?, _ layers: [LayerSource],
    _ instances: InstanceRequest?
  ) -> DumpRequest {
    var understood = request
    understood.labels = columns.labels
    understood.predictions = columns.predictions
    understood.count = columns.count
    understood.labelsFrom = request.labelsFrom
    understood.instances = instances
    switch names?.origin {
    case .dataset(let path) where names?.labels == nil: understood.classNames = .dataset(path)
    case .some:
      understood.classNames = names.map { names in
        names.labels.map { .byLabel(labels: $0, names: names.names) } ?? .list(names.names)
      }
    case nil: break
    }
    understood.layers = layers.enumerated().map { number, layer in
      var one = LayerRequest(
        name: layer.name, dataset: layer.path, axes: layer.geometry.axes, reduce: layer.geometry.reduce,
        bfloat16: request.layers?[number].bfloat16 ?? false)
      one.numbers = layer.numbers
      if case .sparse(let form) = layer.info.layout {
        one.neurons = layer.info.shape.last
        switch form.kind {
        case .lines(let axis, _): one.sparse = axis == 0 ? .csr : .csc
        case .listed: one.indices = form.indices.path
        }
      }
      return one
    }
    return understood
  }

  /// What was done without being asked.
  private static func notes(
    _ dump: Dump, _ columns: RowColumns, _ counted: CountedRows, _ layout: RowLayout, _ names: ClassNames?,
    _ layers: [LayerSource]
  ) -> [String] {
    var notes: [String] = []
    if counted.labels == nil {
      notes.append(
        "There are no labels: all rows form one group. Name their dataset in the job (labels: PATH) to compare classes."
      )
    }
    if counted.filler > 0 {
      let rows = counted.perPart.reduce(0, +)
      notes.append(
        "\(columns.countPath ?? "The job") says that the first \(grouped(rows)) of \(grouped(rows + counted.filler)) rows count; the others are filler and left out."
      )
    }
    if case .categories(let count, let each) = layout, layers.contains(where: { $0.axesOrigin == .guess }) {
      notes.append(
        "Rows are taken as stored by category, \(grouped(count)) categories with \(grouped(each)) rows each, because there are as many class names; if that is wrong, name the axes in the job."
      )
    }
    var seen = Set<String>()
    for file in dump.files where !seen.insert(file.path).inserted {
      notes.append("\(file.path) is named twice; its rows count each time.")
    }
    if case .sidecar(let path)? = names?.origin {
      notes.append("The classes are named by \(path), which lies beside the dump.")
    }
    return notes
  }
}

/// Words with a full stop behind them.
func sentence(_ words: String) -> String { words.hasSuffix(".") ? words : words + "." }
