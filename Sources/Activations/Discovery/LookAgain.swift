import HDF5

/// What a second look at the dump tells, once its rows and layers are known: nothing is changed by it, but people are told.
extension DumpContents {
  static func look(
    at dump: Dump, _ request: DumpRequest, _ columns: RowColumns, _ counted: CountedRows, _ layers: [LayerSource],
    _ evidence: inout Evidence
  ) throws {
    for layer in layers where layer.axesOrigin == .guess { assumeAxes(of: layer, request, &evidence) }
    for layer in layers { assumeNumbers(of: layer, &evidence) }
    PositionMask.offer(dump.first, layers, besides: request.mask, &evidence)
    try lookForUnfilledRows(layers, counted, dump, &evidence)
    if request.layers == nil, request.labels == nil, request.join == nil { try refuseFilesOfLayers(dump, counted) }
    try lookAtColumns(dump.first, columns, layers, rows: counted.perPart[0], &evidence)
    if columns.labels == nil, request.classFrom == nil, dump.files.count > 1, dump.files.count <= 1000,
      counted.labels == nil
    {
      let names = dump.files.map { DatasetName($0.name.split(separator: ".").first.map(String.init) ?? $0.name) }
      if !names.allSatisfy({
        $0.holds(any: DatasetName.batchWords) || $0.words.allSatisfy { $0.allSatisfy(\.isNumber) }
      }) {
        evidence.assume(
          "The files hold rows of one group, \"all\": \(dump.files.prefix(3).map(\.name).joined(separator: ", "))\(dump.files.count > 3 ? ", …" : ""). If each is a class, write in a job class_from: file."
        )
      }
    }
  }

  private static func assumeAxes(of layer: LayerSource, _ request: DumpRequest, _ evidence: inout Evidence) {
    let (info, axes) = (layer.info, layer.geometry.axes)
    guard axes.row != nil, axes.category == nil,
      request.layers?.first(where: { $0.dataset == layer.path || "/" + $0.dataset == layer.path })?.axes == nil
    else { return }
    let rows = axes.rows(of: info.shape)
    if axes.letters.last == "N", info.shape.count > 1 {
      evidence.assume(
        "\(info.path): the last axis is taken as that of the rows (axes: \(axes)), for it is \(grouped(rows)) long\(info.attributes["MATLAB_class"] == nil ? " and the first is not" : ", as MATLAB writes them"). If that is wrong, name the axes in a job, as in axes: NU."
      )
    } else if axes.letters.hasPrefix("PN") {
      evidence.assume(
        "\(info.path): the first axis has a length of 1, and the second is taken as that of the rows (axes: \(axes)). If the whole is one row, name the axes in a job, as in axes: NTD."
      )
    } else if info.shape.count > 1, info.shape.first == info.shape.last {
      evidence.assume(
        "\(info.path): its first and last axis are equally long; the first is taken as that of the rows (axes: \(axes)). If that is wrong, name the axes in a job, as in axes: UN."
      )
    }
  }

  private static func assumeNumbers(of layer: LayerSource, _ evidence: inout Evidence) {
    if let convention = layer.convention, layer.numbers == nil {
      evidence.assume(
        "\(layer.path): its numbers are \(convention.words), as its attributes say. To take the stored numbers, write { dataset: \(layer.path), raw: true } in a job."
      )
    }
    if let said = LayerSource.disguise(of: layer.info), said == layer.element {
      evidence.assume(
        "\(layer.path): its \(layer.info.element) are taken for \(said), as an attribute says. To take them as they are, write { dataset: \(layer.path), raw: true } in a job."
      )
    }
  }

  private static func lookForUnfilledRows(
    _ layers: [LayerSource], _ counted: CountedRows, _ dump: Dump, _ evidence: inout Evidence
  ) throws {
    let unfilled = try UnfilledRows.count(layers)
    guard unfilled > 0, let last = layers[0].parts.last else { return }
    let rows = unfilled == 1 ? "row is" : "\(grouped(unfilled)) rows are"
    let advice =
      dump.parts.count == 1
      ? "To leave \(unfilled == 1 ? "it" : "them") out, write in a job count: \(last.rows - unfilled)"
      : "To leave \(unfilled == 1 ? "it" : "them") out, make the file again, or give each file a dataset count"
    evidence.assume(
      "The last \(rows) zero, NaN or the fill value in every layer\(dump.parts.count > 1 ? " of \(last.file.path)" : ""), and counted all the same: perhaps the writer was stopped before it came so far. \(advice)."
    )
  }

  /// Files that are layers, not rows: the same labels in each, row for row, and names that say so.
  private static func refuseFilesOfLayers(_ dump: Dump, _ counted: CountedRows) throws {
    guard dump.files.count > 1, Set(dump.files.map(\.path)).count > 1, let labels = counted.labels,
      Set(counted.perPart).count == 1, let rows = counted.perPart.first, rows > 1
    else { return }
    func part(_ number: Int) -> RawLabels {
      let range = number * rows..<(number + 1) * rows
      switch labels {
      case .integers(let values): return .integers(Array(values[range]))
      case .texts(let values): return .texts(Array(values[range]))
      }
    }
    let first = part(0)
    guard first.distinctCount > 1, (1..<dump.files.count).allSatisfy({ part($0) == first }) else { return }
    let stems = dump.files.map { DatasetName($0.name.split(separator: ".").first.map(String.init) ?? $0.name) }
    if stems.allSatisfy({ $0.holds(any: DatasetName.batchWords) }) { return }
    throw ActivationsError(
      "\(dump.files[0].name) and \(dump.files[1].name)\(dump.files.count > 2 ? " and \(dump.files.count - 2) more" : "") have the same labels, row for row: they look like one file a layer, not like files whose rows follow each other. Put the layers into one file, with h5py: f[\"\(stems[0].original)\"] = h5py.ExternalLink(\"\(dump.files[0].name)\", \"/PATH\") for each, f[\"labels\"] likewise, and follow: true in the job; or if the rows do follow each other, name the columns in a job: labels: PATH."
    )
  }

  /// Columns that say which rows count, how long they are, in which order they stand or how often they count, and that nothing heeds.
  private static func lookAtColumns(
    _ file: DumpFile, _ columns: RowColumns, _ layers: [LayerSource], rows: Int, _ evidence: inout Evidence
  ) throws {
    for column in columns.candidates
    where column.length == rows && rows > 1 && column.isSmall && !column.isAttribute && column.path != columns.labels {
      let words = column.name
      if words.holds(any: ["valid", "mask", "keep", "isvalid", "used", "ok"]), column.isDiscrete {
        guard case .integers(let values)? = try? file.classes(column.path), Set(values).isSubset(of: [0, 1]),
          values.contains(0)
        else { continue }
        evidence.leaveOut(
          column.path,
          "it marks \(grouped(values.count { $0 == 0 })) of \(grouped(rows)) rows with 0, perhaps as not to be counted; all rows are counted. To leave them out, write a dump without them"
        )
      } else if words.holds(any: ["length", "lengths", "seqlen", "seqlens", "lens"]), column.isDiscrete {
        let longest = layers.first { $0.geometry.axes.row == 0 && !$0.geometry.axes.positions.isEmpty }
        let name = column.path.dropFirst()
        let advice =
          longest.map { layer in
            let most = layer.info.shape[layer.geometry.axes.positions[0]]
            return
              ". To leave them out, write a mask, with h5py: f[\"mask\"] = np.arange(\(most)) < f[\"\(name)\"][:].reshape(-1, 1), and in a job mask: mask and layers: [{ dataset: \(layer.path), axes: \(layer.geometry.axes), reduce: samples }] (or max, or mean)"
          } ?? ""
        evidence.leaveOut(
          column.path, "it says how long each row is; positions beyond are counted like others\(advice)")
      } else if words.holds(any: ["epoch", "epochs", "step", "iteration", "checkpoint", "seed", "run"]),
        column.isDiscrete
      {
        guard let values = try? file.classes(column.path), values.distinctCount > 1 else { continue }
        evidence.leaveOut(
          column.path,
          "it tells \(grouped(values.distinctCount)) \(words.last)s apart, whose rows are counted together; write a dump for each to compare them"
        )
      } else if words.holds(any: ["id", "ids", "index", "indices", "idx", "uid", "uids"]), column.isDiscrete,
        !words.readsLikeLabels
      {
        guard let values = try? file.classes(column.path) else { continue }
        let repeated = values.count - values.distinctCount
        if repeated > 0 {
          evidence.leaveOut(
            column.path,
            "\(grouped(repeated)) of its \(grouped(rows)) values occur more than once: the same inputs may be counted several times"
          )
        }
        try refuseOtherOrder(file, column, values, columns)
      } else if words.holds(any: ["weights", "frequency", "frequencies", "freq", "multiplicity", "repeats"])
        || words.last == "sample_weight"
      {
        evidence.leaveOut(column.path, "it may say how often each row counts; every row counts once")
      }
    }
  }

  /// Refuses labels whose ids stand in another order than those of the layers.
  private static func refuseOtherOrder(
    _ file: DumpFile, _ column: ColumnCandidate, _ values: RawLabels, _ columns: RowColumns
  ) throws {
    guard let labels = columns.labels, columns.whole == nil,
      let place = columns.candidates.first(where: { $0.path == labels })?.group,
      place != column.group
    else { return }
    let other = columns.candidates.first {
      $0.group == place && $0.path != labels && $0.length == column.length && $0.isDiscrete
        && $0.name.holds(any: ["id", "ids", "index", "indices", "idx", "uid", "uids"]) && !$0.name.readsLikeLabels
    }
    guard let other, let theirs = try? file.classes(other.path), theirs != values else { return }
    throw ActivationsError(
      "\(file.path): \(column.path) and \(other.path) number the rows differently, so that \(labels) cannot be joined to the layers by position. Write the labels in the order of \(column.path), as in labels[np.argsort(ids_of_labels)][np.argsort(np.argsort(ids))]."
    )
  }
}
