import HDF5

extension DumpContents {
  /// Looks for rows that were made room for and never filled, which reads some of the layers' values: at the end of planning, and not
  /// where they are joined that shards have counted.
  public func unfilledRows() throws -> UnfilledRows { try UnfilledRows(of: layers) }

  /// Notes what ``unfilledRows()`` found, here or elsewhere.
  public mutating func note(_ unfilled: UnfilledRows) {
    noteOthers(unfilled.others)
    guard unfilled.rows > 0, let last = layers[0].parts.last else { return }
    let isOne = unfilled.rows == 1
    let rows =
      isOne
      ? "The last row is" : "\(unfilled.isAtLeast ? "At least the" : "The") last \(grouped(unfilled.rows)) rows are"
    let count = unfilled.isAtLeast ? "N, the number of rows that were filled" : "\(last.rows - unfilled.rows)"
    let advice =
      dump.parts.count == 1
      ? "To leave \(isOne ? "it" : "them") out, write in a job count: \(count)"
      : "To leave \(isOne ? "it" : "them") out, make the file again, or give each file a dataset count"
    evidence.assume(
      "\(rows) zero, NaN or the fill value in every layer\(dump.parts.count > 1 ? " of \(last.file.path)" : ""), and counted all the same: perhaps the writer was stopped before it came so far. \(advice)."
    )
  }

  private mutating func noteOthers(_ runs: [Range<Int>]) {
    guard !runs.isEmpty else { return }
    let some = runs.prefix(5).map { "\(grouped($0.lowerBound)) to \(grouped($0.upperBound - 1))" }.joined(
      separator: ", ")
    evidence.assume(
      "The rows \(some)\(runs.count > 5 ? ", …" : "") are zero, NaN or the fill value in every layer, though rows after them are not, and counted all the same: perhaps one of several writers was stopped. To leave them out, write the dump without them."
    )
  }
}

/// What a second look at the dump tells, once its rows and layers are known: nothing is changed by it, but people are told.
extension DumpContents {
  static func look(
    at dump: Dump, _ request: DumpRequest, _ columns: RowColumns, _ counted: CountedRows, _ layers: [LayerSource],
    _ evidence: inout Evidence
  ) throws {
    for layer in layers where layer.axesOrigin == .guess { assumeAxes(of: layer, request, &evidence) }
    if columns.labels == nil { assumeRows(of: layers, columns.candidates, &evidence) }
    for layer in layers { assumeNumbers(of: layer, &evidence) }
    PositionMask.offer(dump.first, layers, besides: request.mask, &evidence)
    if request.layers == nil, request.labels == nil, request.join == nil {
      try refuseFilesOfLayers(dump, counted, &evidence)
    }
    assumeUnits(of: layers, &evidence)
    assumeJoinedTwice(dump, counted, &evidence)
    if request.labels == nil, let path = columns.labels, let labels = counted.labels, labels.count > 20 {
      let classes = labels.distinctCount
      if classes * 2 > labels.count {
        evidence.assume(
          "There are \(grouped(classes)) classes for \(grouped(labels.count)) rows; perhaps \(path) holds no labels. Name another in the job: labels: PATH."
        )
      }
    }
    if request.classFrom == .file, CountedRows.classes(of: dump).areFolders {
      evidence.assume(
        "The class of each file is the name of its folder, for files of one name lie in several. If that is wrong, give the files names of their own."
      )
    }
    lookForScales(dump.first, layers, &evidence)
    OddRows.tellOfNoClass(columns.labels, counted.labels, &evidence)
    OddRows.tellOfEmptyTexts(columns.labels, counted.labels, &evidence)
    OddRows.tellOfStates(dump.files, &evidence)
    OddRows.tellOfClasses(layers, request, hasLabels: counted.labels != nil, &evidence)
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
        evidence.areFilesClasses = true
      }
    }
  }

  /// Says that groups which a job joins have the same labels, row for row: perhaps they are the same rows, counted once for each.
  private static func assumeJoinedTwice(_ dump: Dump, _ counted: CountedRows, _ evidence: inout Evidence) {
    let groups = dump.parts.compactMap(\.group)
    let places = groups.isEmpty ? dump.files.map { "/" + $0.name.prefix { $0 != "." } } : groups
    let starts = counted.perPart.reduce(into: [0]) { $0.append($0.last! + $1) }
    let at = Dictionary(zip(places, places.indices), uniquingKeysWith: { first, _ in first })
    let wholes =
      at.count < places.count
      ? []
      : WholeGroups.among(places) {
        counted.labels?.some(starts[at[$0]!]..<starts[at[$0]! + 1])
      } rows: {
        counted.perPart[at[$0]!]
      }
    if let whole = wholes.first {
      evidence.assume(
        "\(groups.isEmpty ? dump.files[at[whole]!].name : whole) is joined with \(places.count == 2 ? "another" : "others") whose rows it seems to hold once more, by its name or its labels, and all are counted. If so, \(groups.isEmpty ? "leave it out of the dumps" : "take it alone: join: \(whole.dropFirst())")."
      )
    }
    guard groups.count > 1, let labels = counted.labels, Set(counted.perPart).count == 1,
      let rows = counted.perPart.first,
      rows > 1, !Repetition.areBatches(groups), labels.repeats(every: rows)
    else { return }
    evidence.assume(
      "The groups that are joined (\(groups.prefix(3).joined(separator: ", "))\(groups.count > 3 ? ", …" : "")) have the same labels, row for row, and their rows follow each other all the same. If they are the same rows in several layers, networks or epochs, leave join out of the job and name the layers: layers: [PATH, …]."
    )
  }

  /// Names of what neurons, not rows, have one of.
  private static let neuronWords = NeuronNames.neuronWords.union([
    "vars", "axis", "items", "bias", "scale", "mean", "std", "class", "classes", "names", "region", "regions", "area",
    "areas", "depth", "depths", "hemisphere", "roi", "rois", "layer", "layers",
  ])

  /// Says where columns have a value for each entry of the other axis than that which was taken for the rows', and none for this.
  private static func assumeRows(of layers: [LayerSource], _ columns: [ColumnCandidate], _ evidence: inout Evidence) {
    let some = columns.filter { !$0.isSingle && $0.isDiscrete && !$0.name.holds(any: neuronWords) }
    let byLength = Dictionary(grouping: some, by: \.length)
    for layer in layers where layer.axesOrigin == .guess && layer.info.shape.count == 2 && layer.geometry.axes.row == 0
    {
      guard layer.info.shape[0] != layer.info.shape[1], byLength[layer.info.shape[0]] == nil,
        let other = byLength[layer.info.shape[1]]?.first
      else { continue }
      evidence.assume(
        "\(layer.path): the first axis is taken as that of the rows (axes: NU), though \(other.path) has a value for each of the \(grouped(layer.info.shape[1])) entries of the second. If these are the rows, write in a job layers: [{ dataset: \(layer.path), axes: UN }]."
      )
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
        "\(info.path): the last axis is taken as that of the rows (axes: \(axes)), for it is \(grouped(rows)) long\(info.attributes["MATLAB_class"] == nil ? " and the first is not" : ", as MATLAB writes them"). If that is wrong, name the axes in a job, as in axes: \(["NU", "NTD", "NCHW"].dropFirst(info.shape.count - 2).first ?? "NU")."
      )
    } else if axes.letters.hasPrefix("PN") {
      evidence.assume(
        "\(info.path): the first axis has a length of 1, and the second is taken as that of the rows (axes: \(axes)). If the whole is one row, name the axes in a job, as in axes: NTD."
      )
    } else if info.shape.count > 2, info.shape[0] == info.shape[1] {
      let others = String(axes.letters.dropFirst().dropFirst())
      evidence.assume(
        "\(info.path): its first two axes are equally long; the first is taken as that of the rows (axes: \(axes)). If that is wrong, name the axes in a job, as in axes: \(info.shape.count == 3 ? "TND" : "\(axes.letters[axes.letters.index(after: axes.letters.startIndex)])N\(others)")."
      )
    } else if info.shape.count > 1, info.shape.first == info.shape.last {
      evidence.assume(
        "\(info.path): its first and last axis are equally long; the first is taken as that of the rows (axes: \(axes)). If that is wrong, name the axes in a job, as in axes: UN."
      )
    }
  }

  private static func assumeNumbers(of layer: LayerSource, _ evidence: inout Evidence) {
    for name in [
      "conversion", "transform", "transformation", "normalization", "normalisation", "valid_range", "valid_min",
      "valid_max",
    ] {
      guard let value = layer.info.attributes[name], layer.numbers == nil,
        name != "conversion" || NumberConvention.changesNumbers(name, value)
      else { continue }
      evidence.assume(
        "\(layer.path): its numbers are counted as stored, though it has the attribute \(name)\(value.inWords.map { " (\($0))" } ?? "")."
      )
    }
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

  /// Says where parts give a layer other units, or say otherwise what was done to its numbers: they are counted as they are stored.
  private static func assumeUnits(of layers: [LayerSource], _ evidence: inout Evidence) {
    for layer in layers where layer.parts.count > 1 {
      for name in ["units", "unit", "normalized", "normalised", "normalization", "standardized", "whitened"] {
        let said = layer.parts.map { $0.dataset.info.attributes[name]?.inWords ?? "" }
        guard let other = said.firstIndex(where: { $0 != said[0] }) else { continue }
        func words(_ part: Int) -> String {
          let file = layer.parts[part].file
          return "\(said[part].isEmpty ? "nothing" : said[part]) in \(file.group ?? file.name)"
        }
        evidence.assume(
          "\(layer.path): its attribute \(name) says \(words(0)) and \(words(other)), and the numbers of both are counted together as they are stored. If they are not of one kind, write them so, or make a dump for each."
        )
      }
    }
  }

  /// Scales that stand in datasets of their own, beside whole numbers or under their name in another group, and that nothing heeds.
  private static func lookForScales(_ file: DumpFile, _ layers: [LayerSource], _ evidence: inout Evidence) {
    let whole = layers.filter { $0.element.isInteger && $0.numbers == nil && $0.convention == nil }
    guard !whole.isEmpty else { return }
    let others = file.catalogue.datasets.filter(\.element.isNumeric).map { info in
      let group = Places.group(of: info.path)
      return (info: info, name: DatasetName(info.path), group: group, groupName: DatasetName(group))
    }
    for layer in whole {
      let name = DatasetName(layer.path)
      let group = Places.group(of: layer.path)
      let rows = layer.info.shape.first ?? 0
      var scales: [(info: DatasetInfo, words: [String])] = []
      for other in others where other.info.path != layer.path {
        guard [1, layer.neurons, rows].contains(other.info.count) else { continue }
        if other.group == group, other.name.words != name.words {
          let rest = other.name.words.filter { !name.words.contains($0) }
          if NumberConvention.saysScale(rest, of: []) { scales.append((other.info, rest)) }
        } else if other.name.last == name.last, NumberConvention.saysScale(other.groupName.words, of: []) {
          scales.append((other.info, other.groupName.words))
        }
      }
      func value(_ info: DatasetInfo) -> String {
        "f[\"\(info.path.dropFirst())\"][()]\(info.count == rows && info.count != layer.neurons ? ".reshape(-1, 1)" : "")"
      }
      var meant = "f[\"\(layer.path.dropFirst())\"][:].astype(\"f8\")"
      if let zero = scales.first(where: { NumberConvention.saysZeroPoint($0.words) }) {
        meant = "(\(meant) - \(value(zero.info)))"
      }
      if let scale = scales.first(where: { !NumberConvention.saysZeroPoint($0.words) }) {
        meant +=
          " * \(value(scale.info))\(scale.words.contains("absmax") ? " / \(layer.element == .int8 ? 127 : 32767)" : "")"
      }
      for (info, _) in scales {
        evidence.sayInstead(
          info.path,
          "by its name it says for what numbers the whole numbers of \(layer.path) stand; they are counted as stored. Write the numbers meant, with h5py, as in f[\"real\"] = \(meant), and in a job layers: [real]"
        )
      }
    }
  }

  /// Files that are layers, not rows: the same labels in each, row for row, and names that say so.
  private static func refuseFilesOfLayers(_ dump: Dump, _ counted: CountedRows, _ evidence: inout Evidence) throws {
    guard dump.files.count > 1, Set(dump.files.map(\.path)).count > 1, let labels = counted.labels,
      Set(counted.perPart).count == 1, let rows = counted.perPart.first, rows > 1
    else { return }
    guard labels.repeats(every: rows) else { return }
    let stems = dump.files.map { DatasetName($0.name.split(separator: ".").first.map(String.init) ?? $0.name) }
    if stems.allSatisfy({ $0.holds(any: DatasetName.batchWords) }) {
      // Batches may well have the same classes in order, but hardly in the same disorder.
      guard !labels.prefix(rows).isAscending else { return }
      evidence.assume(
        "\(dump.files[0].name) and \(dump.files[1].name)\(dump.files.count > 2 ? ", …" : "") have the same labels, row for row, and their rows follow each other all the same. If they hold the same rows, such as the parts of one layer that several processes had, put these side by side, with h5py: np.concatenate([h5py.File(p)[PATH][:] for p in files], 1)."
      )
      return
    }
    throw ActivationsError(
      "\(dump.files[0].name) and \(dump.files[1].name)\(dump.files.count > 2 ? " and \(dump.files.count - 2) more" : "") have the same labels, row for row: they look like one file a layer, not like files whose rows follow each other. Put the layers into one file, with h5py: f[\"\(stems[0].original)\"] = h5py.ExternalLink(\"\(dump.files[0].name)\", \"/PATH\") for each, f[\"labels\"] likewise, and follow: true in the job; or if the rows do follow each other, name the columns in a job: labels: PATH."
    )
  }
}

extension RawLabels {
  /// Whether no label is less than the one before.
  fileprivate var isAscending: Bool {
    switch self {
    case .integers(let values): zip(values, values.dropFirst()).allSatisfy { $0 <= $1 }
    case .texts(let values): zip(values, values.dropFirst()).allSatisfy { $0 <= $1 }
    }
  }

  /// Whether every run of so many labels is the same as the first, and the first has several.
  fileprivate func repeats(every rows: Int) -> Bool {
    guard prefix(rows).distinctCount > 1 else { return false }
    switch self {
    case .integers(let values): return values.indices.allSatisfy { values[$0] == values[$0 % rows] }
    case .texts(let values): return values.indices.allSatisfy { values[$0] == values[$0 % rows] }
    }
  }
}
