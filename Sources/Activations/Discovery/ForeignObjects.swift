import HDF5

/// What other software writes that is no dense matrix: named for what it is, with what to do.
enum ForeignObjects {
  /// Notes what was found.
  /// - Returns: paths of datasets that are parts of such objects, and so no layers.
  static func note(_ file: DumpFile, _ evidence: inout Evidence) -> Set<String> {
    let catalogue = file.catalogue
    var parts = TripleLists.note(file, &evidence)
    let byPath = Dictionary(catalogue.datasets.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    for group in catalogue.groups where group != "/" {
      let attributes = catalogue.groupAttributes[group] ?? [:]
      if attributes["MATLAB_sparse"] != nil {
        evidence.leaveOut(group, "it is a sparse matrix of MATLAB (data, ir, jc): save full(X) instead")
        parts.formUnion(["data", "ir", "jc"].map { "\(group)/\($0)" })
      }
      if case .string(let kind)? = attributes["pandas_type"] {
        notePandas(kind, group, byPath, &evidence, &parts)
      }
    }
    noteTables(catalogue, &evidence)
    for info in catalogue.datasets
    where info.attributes["MATLAB_class"] == .string("cell") && !info.absolutePath.hasPrefix("/#refs#/") {
      evidence.leaveOut(
        info.path,
        "it is a cell array of MATLAB, which refers to its texts: save whole numbers instead, as in [names, ~, labels] = unique(labels)"
      )
    }
    for info in catalogue.datasets {
      guard info.attributes["MATLAB_object_decode"] != nil else { continue }
      let kind = if case .string(let text)? = info.attributes["MATLAB_class"] { text } else { "object" }
      evidence.leaveOut(
        info.path,
        "it is an object of MATLAB (\(kind)), of which the file holds a number alone where it should stand: save plain values instead, as in labels = double(labels) and names = categories(labels)"
      )
      parts.insert(info.path)
    }
    return parts
  }

  /// Tables of which no field is a matrix: each of their columns could be a neuron, or none.
  private static func noteTables(_ catalogue: Catalogue, _ evidence: inout Evidence) {
    let fields = Dictionary(grouping: catalogue.datasets.filter { $0.field != nil }, by: { $0.field!.dataset })
    for table in catalogue.datasets where table.element == .other("compound") && !table.isInternal {
      let own = fields[table.absolutePath] ?? []
      guard !own.contains(where: { !$0.field!.extents.isEmpty && $0.element.isNumeric && $0.field!.count > 1 }) else {
        continue
      }
      let columns = own.filter { $0.element.isNumeric && !$0.element.isInteger }
      guard columns.count > 1, let first = columns.first else { continue }
      let name = table.path.dropFirst()
      evidence.leaveOut(
        table.path,
        "it is a table, a record a row, and \(grouped(columns.count)) of its columns hold real numbers (\(columns.prefix(3).map(\.path).joined(separator: ", "))\(columns.count > 3 ? ", …" : "")): if they are neurons, write them as a matrix, with h5py and NumPy: t = f[\"\(name)\"][:]; f[\"features\"] = np.stack([t[n] for n in NAMES], 1); a single one can be named in a job: { dataset: \(first.path), axes: N }"
      )
    }
  }

  private static func notePandas(
    _ kind: String, _ group: String, _ byPath: [String: DatasetInfo], _ evidence: inout Evidence,
    _ parts: inout Set<String>
  ) {
    guard kind == "frame" else { return }
    for number in 0..<64 {
      guard let block = byPath["\(group)/block\(number)_values"] else { break }
      if !block.element.isNumeric {
        evidence.leaveOut(
          block.path,
          "it is a column of objects that pandas has pickled, such as texts: write it with h5py as whole numbers or texts, f[\"labels\"] = frame[\"label\"].astype(str).to_numpy(object), or convert it to codes"
        )
        parts.insert(block.path)
      }
    }
    for name in ["axis0", "axis1"] { parts.insert("\(group)/\(name)") }
  }

  /// Rows that are some of those that have labels, as their numbers beside them tell; what that means for a layer.
  static func chosen(_ columns: RowColumns, layers: [DatasetInfo], labels: Int, _ file: DumpFile) -> String? {
    guard let path = columns.labels, !path.contains("@"), file.has(path) else { return nil }
    for column in columns.candidates
    where column.isDiscrete && column.length < labels && column.isSmall && !column.isAttribute
      && column.name.holds(any: ["index", "indices", "idx", "ids", "id", "subset", "rows", "selected", "sample"])
    {
      guard let layer = layers.first(where: { $0.shape.first == column.length }),
        case .integers(let rows)? = try? file.classes(column.path), Set(rows).count == rows.count,
        rows.allSatisfy({ (0..<Int64(labels)).contains($0) })
      else { continue }
      let name = file.catalogue.canonicalPath(path).dropFirst()
      return
        "\(layer.path) has a row for each of the \(grouped(column.length)) numbers in \(column.path), and there are \(grouped(labels)) labels. If these are the numbers of its rows, give every row its label, with h5py: f[\"labels_of_rows\"] = f[\"\(name)\"][:][f[\"\(column.path.dropFirst())\"][:]], and write in a job labels: labels_of_rows"
    }
    return nil
  }

  /// Rows of different lengths behind one another, as offsets or lengths beside them tell; what that means for a layer.
  static func ragged(_ catalogue: Catalogue, layers: [DatasetInfo], labels: Int, _ file: DumpFile) -> String? {
    for info in catalogue.datasets
    where info.shape.count == 1 && info.element.isInteger && [labels, labels + 1].contains(info.count) {
      guard let values = try? file.column(info.path).integers(), !values.isEmpty else { continue }
      let isOffsets =
        values.count == labels + 1 && values.first == 0 && zip(values, values.dropFirst()).allSatisfy { $0 <= $1 }
      let (total, overflow) = values.reduce((Int64(0), false)) { sum, value in
        let (next, overflow) = sum.0.addingReportingOverflow(value)
        return (next, sum.1 || overflow)
      }
      let isLengths = values.count == labels && values.allSatisfy { $0 >= 0 } && !overflow
      let rows = isOffsets ? values.last : isLengths ? total : nil
      guard let rows,
        let layer = layers.first(where: { Int64($0.shape.first ?? 0) == rows && $0.shape.first != labels })
      else { continue }
      return
        "\(layer.path) holds rows of different lengths behind one another, as \(info.path) tells, and there is one label for each of the \(grouped(labels)). Give every row its label, with h5py and NumPy: f[\"labels_each\"] = np.repeat(labels, \(isOffsets ? "np.diff(offsets)" : "lengths")), and write in a job labels: labels_each"
    }
    return nil
  }
}

extension DatasetInfo {
  /// What other software keeps for itself, and nobody means: contents of MATLAB's cell arrays, indexes of PyTables, and netCDF's dimensions
  /// without a variable, which have no values.
  var isInternal: Bool {
    absolutePath.hasPrefix("/#refs#/") || absolutePath.contains("/_i_") || isBareDimension
  }

  private var isBareDimension: Bool {
    guard isDimensionScale, case .string(let name)? = attributes["NAME"] else { return false }
    return name.hasPrefix("This is a netCDF dimension but not a netCDF variable")
  }

  /// Whether MATLAB wrote the lengths of an empty matrix in its place.
  var isEmptyOfMATLAB: Bool {
    switch attributes["MATLAB_empty"] {
    case .integer(let flag)?: flag != 0
    case .integers(let flags)?: flags.first ?? 0 != 0
    default: false
    }
  }

  /// Whether it holds the coordinates of an axis.
  ///
  /// Source: HDF5 Dimension Scales specification.
  var isDimensionScale: Bool { attributes["CLASS"] == .string("DIMENSION_SCALE") }
}
