import HDF5

/// A dump understood: its layers, labels and instances.
public struct DumpContents: Sendable {
  public let dump: Dump
  public let rows: Int
  /// How the dump holds its rows.
  public let layout: RowLayout
  public let layers: [LayerSource]
  public private(set) var labels: LabelColumn?
  public private(set) var predictions: LabelColumn?
  public let classNames: ClassNames?
  public let instances: InstanceSet
  /// What was understood, as a request that names everything.
  public let understood: DumpRequest
  /// Rows that are there, but do not count.
  public let filler: Int
  /// What was found but not taken, and why; and what a user should know.
  public let skipped: [(path: String, why: String)]
  public let notes: [String]

  /// Lets go of the class of each row, once a `Grouping` knows it: memory that grows with the rows.
  public mutating func forgetRows() {
    labels?.classes = []
    predictions?.classes = []
  }
}

extension DumpContents {
  /// Finds out what a dump holds: labels, names of classes, the layout of the rows, then layers and instances by all these.
  /// - Parameter missing: what values that were never written mean.
  /// - Throws: `ActivationsError`, `HDF5Error`.
  public init(_ dump: Dump, _ request: DumpRequest, missing: MissingChunks = .refuse) throws {
    let file = dump.first
    try Self.checkReadable(dump, request)
    let columns = try RowColumns(request, dump)
    let found = try ClassNames.find(request.classNames, in: dump, labels: columns.labels)
    let namesPath: String? = if case .dataset(let path)? = found?.origin { path } else { nil }
    var candidates = LayerCandidates(
      file.catalogue, except: [columns.labels, columns.predictions, columns.count, namesPath],
      instances: request.instances?.group ?? "/instances")
    let layout = try RowLayout(
      request, dump: dump, candidates: candidates.datasets, hasLabels: columns.labels != nil, classNames: found)
    candidates.keep(for: layout)

    let counted = try CountedRows(columns, dump: dump, layout: layout) { file in
      try Self.rowsHeld(by: file, request.layers, candidates, layout, missing)
    }
    let rows = counted.perFile.reduce(0, +)
    guard rows > 0 else {
      throw ActivationsError(
        "\(file.path)\(columns.labels.map { ", dataset \($0)" } ?? ""): there are no rows. Make the dump again: its writer may have ended before it wrote any."
      )
    }
    let names = counted.labels == nil ? nil : found
    let labels = try counted.labels.map {
      try LabelColumn(
        $0, names: names?.names,
        place: "\(file.path)\(columns.labels.map { ", dataset \($0)" } ?? ", axis of categories")",
        origin: names.map { "\($0.origin)" })
    }

    let wanted =
      request.layers
      ?? candidates.layers(
        in: dump, rows: (counted.perFile[0], columns.labels == nil ? "rows" : "labels"), layout: layout,
        hasFiller: counted.hasFiller)
    let layers = try wanted.map {
      try LayerSource(
        $0, dump: dump, rows: counted.perFile, layout: layout, hasFiller: counted.hasFiller, missing: missing)
    }
    guard !layers.isEmpty else { throw LayerCandidates.none(file, candidates.skipped) }
    var seen = Set<String>()
    for layer in layers where !seen.insert(layer.name).inserted {
      throw ActivationsError("Two layers are called \"\(layer.name)\". Give each layer a name of its own.")
    }

    let predictions = try columns.predictions.map { LabelColumn(try counted.column($0, of: dump), like: labels) }
    let wantedInstances =
      request.instances ?? (file.catalogue.groups.contains("/instances") ? InstanceRequest(group: "/instances") : nil)
    instances =
      try wantedInstances.map {
        try InstanceSet($0, dump: dump, layers: layers, labels: labels, predictions: predictions, rows: rows)
      } ?? .none

    understood = Self.understood(request, columns, names, layers, wantedInstances)
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
      columns.notes + Self.notes(dump, columns, counted, layout, names, layers)
      + dump.files.flatMap { file in file.catalogue.notes.map { "\(file.name): \($0)" } }
  }

  /// Refuses a file of which something is damaged that may be meant: it would be missing in the store without a word. A job that names
  /// all layers leaves aside the rest, but for what is called like a column that it does not name.
  private static func checkReadable(_ dump: Dump, _ request: DumpRequest) throws {
    let root = request.instances?.group ?? "/instances"
    for file in dump.files {
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
    _ missing: MissingChunks
  ) throws -> Int {
    switch layout {
    case .files: return 1
    case .categories(let count, _):
      guard let path = wanted?.first?.dataset ?? candidates.datasets.first?.path else {
        throw LayerCandidates.none(file, candidates.skipped)
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
      guard let axes = first.axes ?? Axes.said(by: info) else { return info.shape.first ?? 0 }
      return axes.letters.count == info.shape.count ? axes.rows(of: info.shape) : 0
    }
    guard let rows = candidates.rowsOfMost,
      let usual = candidates.datasets.first(where: { $0.shape.first == rows || $0.shape.last == rows })
    else { throw LayerCandidates.none(file, candidates.skipped) }
    let info = try file.catalogue.dataset(named: usual.path)
    return usual.shape.first == rows ? info.shape.first ?? 0 : info.shape.last ?? 0
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
    understood.instances = instances
    switch names?.origin {
    case .dataset(let path): understood.classNames = .dataset(path)
    case .some: understood.classNames = names.map { .list($0.names) }
    case nil: break
    }
    understood.layers = layers.enumerated().map { number, layer in
      LayerRequest(
        name: layer.name, dataset: layer.path, axes: layer.geometry.axes, reduce: layer.geometry.reduce,
        bfloat16: request.layers?[number].bfloat16 ?? false)
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
      let rows = counted.perFile.reduce(0, +)
      notes.append(
        "\(columns.count ?? "count") says that the first \(grouped(rows)) of \(grouped(rows + counted.filler)) rows count; the others are filler and left out."
      )
    }
    if case .categories(let count, let each) = layout, layers.contains(where: { $0.axesOrigin == .guess }) {
      notes.append(
        "Rows are taken as stored by category, \(grouped(count)) categories with \(grouped(each)) rows each, because there are as many class names; if that is wrong, name the axes in the job."
      )
    }
    if let reversed = layers.first(where: { $0.axesOrigin == .guess && $0.geometry.axes.letters.last == "N" }) {
      notes.append(
        "\(reversed.path): the last axis is taken as that of the rows, as MATLAB writes them (axes: \(reversed.geometry.axes))."
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
