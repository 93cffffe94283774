import HDF5

/// What other software writes that is no dense matrix: named for what it is, with what to do.
enum ForeignObjects {
  /// Notes what was found.
  /// - Returns: paths of datasets that are parts of such objects, and so no layers.
  static func note(_ catalogue: Catalogue, _ evidence: inout Evidence) -> Set<String> {
    var parts = Set<String>()
    let byPath = Dictionary(catalogue.datasets.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    for group in catalogue.groups where group != "/" {
      let attributes = catalogue.groupAttributes[group] ?? [:]
      if attributes["MATLAB_sparse"] != nil {
        evidence.leaveOut(group, "it is a sparse matrix of MATLAB (data, ir, jc): save full(X) instead")
        parts.formUnion(["data", "ir", "jc"].map { "\(group)/\($0)" })
      } else if byPath["\(group)/indptr"] != nil, byPath["\(group)/indices"] != nil, byPath["\(group)/data"] != nil {
        let form =
          if case .string(let text)? = attributes["encoding-type"] { text } else { "CSR or CSC: data, indices, indptr" }
        evidence.leaveOut(
          group, "it is a sparse matrix (\(form)): write it dense, with h5py: f[\"dense\"] = matrix.toarray()")
        parts.formUnion(["data", "indices", "indptr"].map { "\(group)/\($0)" })
      }
      if case .string(let kind)? = attributes["pandas_type"] {
        notePandas(kind, group, byPath, &evidence, &parts)
      }
    }
    noteTopK(catalogue, &evidence, &parts)
    for info in catalogue.datasets
    where info.attributes["MATLAB_class"] == .string("cell") && !info.absolutePath.hasPrefix("/#refs#/") {
      evidence.leaveOut(
        info.path,
        "it is a cell array of MATLAB, which refers to its texts: save whole numbers instead, as in [names, ~, labels] = unique(labels)"
      )
    }
    for info in catalogue.datasets where info.shape.count == 1 && info.count > 0 && !info.path.contains("/_i_") {
      let name = info.path.dropFirst()
      switch info.element {
      case .other("compound"):
        evidence.leaveOut(
          info.path,
          "it is a table, a record a row, whose fields are not read: write each as a dataset of its own, with h5py: f[\"labels\"] = f[\"\(name)\"][FIELD]"
        )
      case .other("array"):
        evidence.leaveOut(
          info.path,
          "each of its values is an array: write them as a matrix, with h5py: f[\"matrix\"] = f[\"\(name)\"][:]")
      default: break
      }
    }
    return parts
  }

  private static func notePandas(
    _ kind: String, _ group: String, _ byPath: [String: DatasetInfo], _ evidence: inout Evidence,
    _ parts: inout Set<String>
  ) {
    if kind == "frame_table", let table = byPath["\(group)/table"], !table.element.isNumeric {
      evidence.leaveOut(
        table.path,
        "it is a table of pandas, a record a row: write columns instead, with h5py: f[\"features\"] = frame[columns].to_numpy(); f[\"labels\"] = frame[\"label\"].to_numpy()"
      )
    }
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

  /// Values of the strongest neurons beside their numbers, as sparse autoencoders keep them.
  private static func noteTopK(_ catalogue: Catalogue, _ evidence: inout Evidence, _ parts: inout Set<String>) {
    let indexWords: Set<String> = ["indices", "index", "idx", "ids", "inds"]
    let valueWords: Set<String> = [
      "acts", "act", "activations", "values", "vals", "val", "scores", "strengths", "topk", "top",
    ]
    for numbers in catalogue.datasets where numbers.shape.count >= 2 && numbers.element.isInteger {
      guard DatasetName(numbers.path).holds(any: indexWords) else { continue }
      let group = Places.group(of: numbers.path)
      for values in catalogue.datasets
      where values.shape == numbers.shape && values.element.isNumeric && !values.element.isInteger
        && Places.group(of: values.path) == group && DatasetName(values.path).holds(any: valueWords)
      {
        evidence.leaveOut(
          values.path,
          "it holds the values of the neurons that \(numbers.path) names, some of many (top-k), no dense layer: write it dense, with a column for every neuron and 0 where none is named"
        )
        parts.formUnion([values.path, numbers.path])
      }
    }
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
