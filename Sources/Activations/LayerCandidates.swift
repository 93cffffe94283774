import HDF5

/// Datasets of a file that may be layers, and what else there is, with the reason why it is none.
struct LayerCandidates {
  typealias Skipped = (path: String, why: String)
  /// Numeric, not empty, of one axis or more, outside the instances.
  private(set) var datasets: [DatasetInfo] = []
  private(set) var skipped: [Skipped] = []

  /// - Parameters:
  ///   - except: paths of datasets that are something else, such as labels.
  ///   - instances: group that is left to the instances.
  init(_ catalogue: Catalogue, except: [String?], instances: String) {
    let root = catalogue.canonicalPath(instances)
    let taken = except.compactMap { $0.map(catalogue.canonicalPath) }
    for info in catalogue.datasets where !info.path.hasPrefix(root + "/") && !taken.contains(info.path) {
      if let reason = Self.whyNot(info) { skipped.append((info.path, reason)) } else { datasets.append(info) }
    }
    for (path, why) in catalogue.skipped.sorted(by: { $0.key < $1.key }) { skipped.append((path, why)) }
  }

  private static func whyNot(_ info: DatasetInfo) -> String? {
    if let reason = info.unsupportedReason { return reason }
    if info.isNull { return "it holds nothing" }
    if info.shape.isEmpty { return "it is a single value" }
    if info.count == 0 { return "it is empty, with the shape \(inWords(info.shape))" }
    if info.element == .opaque(bytes: 2) { return LayerSource.opaqueReason }
    if !info.element.isNumeric { return "its values are \(info.element), not numbers" }
    if case .string("char")? = info.attributes["MATLAB_class"] { return "it is text, written by MATLAB" }
    return nil
  }

  /// Leaves only what has the axes that `layout` asks for.
  mutating func keep(for layout: RowLayout) {
    guard layout != .files else { return }
    for info in datasets where info.shape.count < 2 {
      skipped.append((info.path, "it has one axis; a layer has rows and neurons"))
    }
    datasets.removeAll { $0.shape.count < 2 }
  }

  /// The number of rows that most of them have, where no labels tell: the length of the first axis, in MATLAB's files of the last.
  var rowsOfMost: Int? {
    let extents = datasets.map { ($0.attributes["MATLAB_class"] == nil ? $0.shape.first : $0.shape.last) ?? 0 }
    let counts = Dictionary(extents.map { ($0, 1) }, uniquingKeysWith: +)
    return extents.max { counts[$0]! < counts[$1]! }
  }

  /// The layers among them: those with one row for each of the rows that count, in every file.
  /// - Parameter rows: rows that count in the first file, and what they are called: rows or labels.
  mutating func layers(in dump: Dump, rows: (count: Int, word: String), layout: RowLayout, hasFiller: Bool)
    -> [LayerRequest]
  {
    var layers: [LayerRequest] = []
    for info in datasets {
      guard let (axes, _) = Axes.find(info, rows: rows.count, layout: layout, hasFiller: hasFiller) else {
        skipped.append(
          (
            info.path,
            "it has \(info.shape.count) axes, whose meaning cannot be guessed; name them in the job, as in axes: NCHW"
          ))
        continue
      }
      let held = axes.rows(of: info.shape)
      guard held == rows.count || hasFiller && held > rows.count else {
        skipped.append(
          (
            info.path,
            "it has the shape \(inWords(info.shape)), not one row for each of the \(grouped(rows.count)) \(rows.word)"
          ))
        continue
      }
      guard dump.files.allSatisfy({ $0.has(info.path) }) else {
        skipped.append((info.path, "not every file of the dump has it"))
        continue
      }
      layers.append(LayerRequest(dataset: info.path))
    }
    return layers
  }

  /// The error where there is no layer.
  static func none(_ file: DumpFile, _ skipped: [Skipped]) -> ActivationsError {
    let reasons = skipped.prefix(5).map { path, why in "\(path): \(why.hasSuffix(".") ? String(why.dropLast()) : why)" }
    let more = skipped.count > 5 ? "; and \(grouped(skipped.count - 5)) more" : ""
    return ActivationsError(
      "\(file.path): no layer was found, that is a numeric dataset with one row per label and at least two axes. "
        + (skipped.isEmpty
          ? "The file has no datasets. Check that it is the right one."
          : "Seen and not taken: \(reasons.joined(separator: "; "))\(more). A job says what each dataset is, where that cannot be guessed (layers: [{dataset: PATH, axes: NU}], labels: PATH).")
    )
  }
}
