import HDF5

/// Sparse matrices as PyTorch writes them, and as lists of rows, columns and values: named for what they are, with what to do.
enum TripleLists {
  /// - Returns: paths of their parts, which are no layers.
  static func note(_ file: DumpFile, _ evidence: inout Evidence) -> Set<String> {
    var parts = Set<String>()
    for group in file.catalogue.groups {
      let own = group == "/" ? "" : group
      func info(_ names: String...) -> DatasetInfo? {
        names.lazy.map { "\(own)/\($0)" }.filter(file.catalogue.has).compactMap {
          try? file.catalogue.dataset(named: $0)
        }
        .first
      }
      func name(_ info: DatasetInfo) -> String { String(info.absolutePath.dropFirst()) }
      guard let values = info("values", "data"), values.shape.count == 1, let length = values.shape.first,
        !file.catalogue.datasets.contains(where: {
          $0.shape.count > 1 && $0.shape[0] == length && Places.group(of: $0.path) == group
        })
      else { continue }
      let made = own.isEmpty ? "matrix" : String(group.dropFirst()).replacing("/", with: "_")
      let shape = shape(of: group, info("size", "shape"), file)
      if let starts = info("crow_indices"), let columns = info("col_indices"), columns.shape == values.shape {
        let neurons = shape.map { "\($0[1])" } ?? "NUMBER"
        evidence.leaveOut(
          group,
          "it is a sparse matrix of PyTorch, by rows (crow_indices, col_indices, \(DatasetName(values.path).last)); to take it, write it as SciPy does, with h5py: f[\"\(made)_csr/indptr\"] = f[\"\(name(starts))\"][:]; f[\"\(made)_csr/indices\"] = f[\"\(name(columns))\"][:]; f[\"\(made)_csr/data\"] = f[\"\(name(values))\"][:], and in a job layers: [{ dataset: \(made)_csr, neurons: \(neurons) }]"
        )
        parts.formUnion([starts.path, columns.path, values.path])
        continue
      }
      var places: (row: String, column: String)?
      if let row = info("row", "rows"), let column = info("col", "cols", "column"), row.shape == values.shape,
        column.shape == values.shape, row.element.isInteger, column.element.isInteger
      {
        places = ("f[\"\(name(row))\"][:]", "f[\"\(name(column))\"][:]")
        parts.formUnion([row.path, column.path, values.path])
      } else if let both = info("indices"), both.shape == [2] + values.shape, both.element.isInteger {
        places = ("f[\"\(name(both))\"][0]", "f[\"\(name(both))\"][1]")
        parts.formUnion([both.path, values.path])
      }
      guard let places else { continue }
      let dense = shape.map { "(\($0[0]), \($0[1]))" } ?? "(ROWS, NEURONS)"
      evidence.leaveOut(
        group,
        "it is a sparse matrix, a row, a column and a value each; to take it, write it dense, with h5py and NumPy: dense = np.zeros(\(dense), np.float32); np.add.at(dense, (\(places.row), \(places.column)), f[\"\(name(values))\"][:]); f[\"\(made)_dense\"] = dense, and in a job layers: [\(made)_dense]"
      )
    }
    return parts
  }

  /// Rows and columns, as an attribute or a dataset says.
  private static func shape(of group: String, _ dataset: DatasetInfo?, _ file: DumpFile) -> [Int64]? {
    let attributes = group == "/" ? file.catalogue.rootAttributes : file.catalogue.groupAttributes[group] ?? [:]
    for name in ["shape", "size"] {
      if case .integers(let numbers)? = attributes[name], numbers.count == 2 { return numbers }
    }
    guard let dataset, dataset.count == 2, let numbers = try? file.column(dataset.path).integers() else { return nil }
    return numbers
  }
}
