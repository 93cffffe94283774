import HDF5

/// Datasets that stand beside the layers and may say what rows are, for whoever writes a job: they are taken where a job names them alone.
struct RowTableOffer {
  private(set) var scores: [String] = []
  private(set) var pictures: [String] = []
  private(set) var texts: [String] = []
  private(set) var columns: [String] = []

  /// - Complexity: reads the columns of texts, if they are small.
  init(_ contents: DumpContents) {
    let file = contents.dump.first
    guard let layer = contents.layers.first, let rows = layer.parts.first?.rows else { return }
    let groups = Set(contents.layers.map { Places.group(of: $0.path) })
    let understood = contents.understood
    var taken = [understood.labels, understood.predictions].compactMap { $0 } + understood.table.all
    if case .dataset(let path)? = understood.classNames { taken.append(path) }
    let others = Set(taken.map(file.catalogue.canonicalPath))
    func isBeside(_ group: String) -> Bool {
      groups.contains(group) || groups.contains { $0.hasPrefix(group == "/" ? "/" : group + "/") }
    }
    func isOfRows(_ count: Int?) -> Bool { count == rows || contents.filler > 0 && count ?? 0 > rows }
    for info in file.catalogue.datasets
    where !others.contains(info.path) && isOfRows(info.shape.first) && isBeside(Places.group(of: info.path)) {
      let name = DatasetName(info.path)
      if info.shape.count == 2, info.element.isNumeric, info.shape[1] == contents.labels?.names.count,
        name.readsLikeScores
      {
        scores.append(info.path)
      } else if info.shape.count > 2,
        name.notALayer(info.path, isWhole: false, isByte: info.element == .uint8, rank: info.shape.count) != nil,
        RowPictures.mayBe(info, in: file)
      {
        pictures.append(info.path)
      }
    }
    let instances = understood.instances?.group ?? "/instances/none"
    for column in ColumnCandidate.all(in: file, instances: instances)
    where !column.isSingle && !column.isAttribute && !others.contains(file.catalogue.canonicalPath(column.path))
      && isOfRows(column.length) && isBeside(column.group)
      && !contents.layers.contains(where: { $0.path == column.path })
    {
      let values = column.isSmall && column.isDiscrete ? try? file.classes(column.path) : nil
      if case .texts? = values, let distinct = values?.distinctCount, distinct * 2 > column.length {
        texts.append(column.path)
      } else {
        columns.append(column.path)
      }
    }
  }

  /// Lines of a job, without what it says already.
  /// - Parameter quote: makes YAML of a path.
  func lines(_ request: RowTableRequest, quote: (String) -> String) -> [String] {
    var lines: [String] = []
    func line(_ key: String, _ said: String?, _ found: [String], _ why: String) {
      if let said { return lines.append("\(key): \(quote(said))") }
      guard let first = found.first else { return }
      let others = found.count > 1 ? "; or \(found.dropFirst().prefix(3).map(quote).joined(separator: ", "))" : ""
      lines.append("# \(key): \(quote(first))  # \(why)\(others)")
    }
    line("scores", request.scores, scores, "what the network put out for each class")
    line("pictures", request.pictures, pictures, "what the rows are, shown beside the neurons that they fire")
    line("texts", request.texts, texts, "what the rows are")
    if !request.columns.isEmpty {
      lines.append("columns: [\(request.columns.map(quote).joined(separator: ", "))]")
    } else if !columns.isEmpty {
      let more = columns.count > 20 ? ", and \(grouped(columns.count - 20)) more" : ""
      lines.append(
        "# columns: [\(columns.prefix(20).map(quote).joined(separator: ", "))]  # what else is known of the rows\(more)"
      )
    }
    return lines
  }
}

extension DatasetName {
  fileprivate static let scoreWords: Set<String> = [
    "score", "scores", "logit", "logits", "prob", "probs", "probability", "probabilities", "proba", "softmax", "output",
    "outputs", "confidence", "confidences",
  ]

  /// Whether it is called like what a network puts out last.
  var readsLikeScores: Bool { words.contains(where: Self.scoreWords.contains) }
}
