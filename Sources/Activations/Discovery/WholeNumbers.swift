import HDF5

/// Matrices and columns whose values tell that they are classes, whatever they are called.
extension LayerCandidates {
  /// Leaves out matrices whose every row is one 1 among zeros where there are no other labels, and tables of 0 and 1 that are called like properties; says of other whole
  /// numbers 0 and 1 that they are taken for neurons.
  mutating func leaveClasses(_ file: DumpFile, hasLabels: Bool, _ evidence: inout Evidence) {
    var marked: [String] = []
    for info in datasets {
      guard let marks = file.marks(info) else { continue }
      let name = DatasetName(info.path)
      if marks == .onePerRow, datasets.count > 1, !hasLabels || name.readsLikeLabels {
        let why =
          "each of its rows is one 1 among zeros, so it holds labels, one column a class; to take them, write, with h5py: f[\"labels_of_columns\"] = np.argmax(f[\"\(info.absolutePath.dropFirst())\"][:], 1), and in a job labels: labels_of_columns; if it is a layer, name it in a job: layers: [\(info.path), …]"
        leave(info.path, why, &evidence)
      } else if marks != .onePerRow, name.holds(any: Self.propertyWords), !name.holds(any: DatasetName.layerWords),
        datasets.count > 1
      {
        leave(
          info.path,
          "by its name and its values 0 and 1 it holds properties of each row; if it is a layer, name it in a job: layers: [\(info.path), …]",
          &evidence)
      } else if info.element.isInteger || info.enumeration != nil {
        marked.append(info.path)
      }
    }
    guard let first = marked.first else { return }
    let more = marked.count > 1 ? " and of \(grouped(marked.count - 1)) more" : ""
    evidence.assume(
      "\(first): its whole numbers\(more), all 0 or 1, are taken for neurons. If they mark something else, name the layers in a job: layers: [PATH, …]."
    )
  }

  private static let propertyWords: Set<String> = [
    "attribute", "attributes", "attrs", "attr", "tags", "tag", "properties", "concepts", "multilabel", "multihot",
    "labels", "label", "targets", "target", "flags",
  ]
}

extension DumpFile {
  enum Marks { case onePerRow, any }

  /// Values that are looked at, at most.
  private static let marksMax = 1 << 20

  /// Whether a matrix holds nothing but 0 and 1, both of them; `nil` where it does not, or is too large to be looked at.
  ///
  /// - Complexity: reads one row, and all only where that row is such.
  func marks(_ info: DatasetInfo) -> Marks? {
    guard info.shape.count == 2, !info.isSparse, info.unsupportedReason == nil, info.shape[0] > 1,
      info.shape[1] > 1, info.count <= Self.marksMax,
      let dataset = try? file.dataset(info, reinterpret: info.enumeration?.element, missing: .fill),
      dataset.element.isNumeric,
      let first = try? dataset.bytes(of: [0..<1, 0..<info.shape[1]])
    else { return nil }
    var values = [Double](repeating: 0, count: info.shape[1])
    first.withUnsafeBytes { convert($0.baseAddress!, dataset.element, count: values.count, to: &values) }
    guard values.allSatisfy({ $0 == 0 || $0 == 1 }), case .success(let all)? = try? dataset.wholeNumbers(),
      all.allSatisfy({ $0 == 0 || $0 == 1 }), all.contains(1), all.contains(0)
    else { return nil }
    let width = info.shape[1]
    let places = stride(from: 0, to: all.count, by: width).map { row in
      all[row..<row + width].reduce(0, +) == 1 ? all[row..<row + width].firstIndex(of: 1)! - row : -1
    }
    return !places.contains(-1) && Set(places).count > 1 ? .onePerRow : .any
  }

  /// How many distinct values a column of real numbers has, if they are all whole and few for its rows.
  func wholeDistinct(_ info: DatasetInfo) -> Int? {
    guard info.count <= Self.marksMax, case .success(let values)? = try? column(info.path).wholeNumbers() else {
      return nil
    }
    let distinct = Set(values).count
    return distinct > 1 && distinct <= 1000 && distinct * 2 <= values.count ? distinct : nil
  }
}

extension LayerCandidates {
  /// Leaves out blocks of whole numbers of a frame of pandas beside layers of real numbers: what is known of the rows, by its columns' names.
  mutating func leaveColumns(_ file: DumpFile, _ evidence: inout Evidence) {
    guard datasets.contains(where: { $0.shape.count > 1 && !$0.element.isInteger }) else { return }
    let blocks = PandasFrame.blocks(in: file)
    for info in datasets where info.element.isInteger && info.shape.count == 2 {
      let names = blocks[info.path] ?? PandasFrame.tableColumns(info, in: file.catalogue)
      guard let names, names.count == info.shape[1], names.count <= 16,
        names.allSatisfy({ DatasetName($0).words.contains { !$0.allSatisfy(\.isNumber) } }),
        // `unit_0`, `unit_1`, …
        names.count == 1 || Set(names.map { DatasetName($0).words.filter { !$0.allSatisfy(\.isNumber) } }).count > 1
      else { continue }
      leave(
        info.path,
        "its whole numbers are columns called \(names.prefix(5).joined(separator: ", "))\(names.count > 5 ? ", …" : ""), and beside it stand layers of real numbers; if it is a layer, name it in a job: layers: [\(info.path), …]",
        &evidence)
    }
  }
}

extension PandasFrame {
  /// Refuses a block of several columns of which one is called like labels: it would be counted as a neuron.
  static func refuseLabelsAmongNeurons(_ file: DumpFile, _ layers: [DatasetInfo]) throws {
    let blocks = blocks(in: file)
    for info in layers {
      guard let names = blocks[info.path], names.count > 1, names.count == info.shape.last else { continue }
      let columns = names.map { DatasetName($0) }
      let at = columns.firstIndex { column in
        (column.readsLikeLabels || column.readsLikePredictions)
          && !(column.last == "y" && columns.contains { $0.last == "x" })
      }
      guard let at else { continue }
      let key = columns[at].readsLikeLabels ? "labels" : "predictions"
      let block = info.absolutePath.dropFirst()
      let others = layers.filter {
        $0.path != info.path && $0.shape.first == info.shape.first && blocks[$0.path] != nil
      }
      let all = (others.map { String($0.path.dropFirst()) } + ["neurons"]).joined(separator: ", ")
      throw ActivationsError(
        "\(file.path), dataset \(info.path): its column \(at) is called \(names[at]), and reads like \(key), not like a neuron. Write them apart, with h5py: f[\"neurons\"] = np.delete(f[\"\(block)\"][:], \(at), 1); f[\"\(key)_apart\"] = f[\"\(block)\"][:, \(at)], and in a job layers: [\(all)], \(key): \(key)_apart; or if it is a neuron, name the layers: layers: [\((others + [info]).map(\.path).joined(separator: ", "))]."
      )
    }
  }
}
