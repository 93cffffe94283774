import HDF5

/// Which datasets of a file hold labels, predictions and the number of rows that count.
struct RowColumns {
  var labels: String?
  var predictions: String?
  var count: String?
  var notes: [String] = []

  private static let labelNames = ["labels", "label", "all_labels", "y", "y_true", "targets", "target", "true_labels"]
  private static let predictionNames = ["predictions", "prediction", "all_predictions", "preds", "y_pred", "predicted"]
  private static let countNames = ["count"]

  /// What columns are called that a job does not name.
  static func usualNames(leftOpenBy request: DumpRequest) -> [String] {
    func isOpen(_ path: String?, _ column: DumpRequest.Column) -> Bool {
      path == nil && !request.absent.contains(column)
    }
    return (isOpen(request.labels, .labels) ? labelNames : [])
      + (isOpen(request.predictions, .predictions) ? predictionNames : [])
      + (isOpen(request.count, .count) ? countNames : []) + (request.classNames == nil ? ClassNames.usual : [])
  }

  /// As the job says, else by their usual names.
  /// - Throws: `ActivationsError` where there seem to be labels, but out of reach: without them all would be counted as one.
  init(_ request: DumpRequest, _ dump: Dump) throws {
    let catalogue = dump.first.catalogue
    func isColumn(_ info: DatasetInfo) -> Bool { Self.canBeLabels(info) && info.shape.count == 1 }
    /// One value for a file is a label only where a file is one row.
    func isOfFile(_ info: DatasetInfo) -> Bool { Self.canBeLabels(info) && info.shape.isEmpty && dump.files.count > 1 }
    (labels, predictions, count) = (request.labels, request.predictions, request.count)
    if labels == nil, !request.absent.contains(.labels) {
      // Labels of another form than a column are refused where they are read, with the reason.
      labels =
        catalogue.path(named: Self.labelNames, where: isColumn)
        ?? catalogue.path(named: Self.labelNames) { !$0.isNull && !$0.shape.isEmpty }
        ?? catalogue.path(named: Self.labelNames, where: isOfFile)
      if labels == nil, let (path, why) = Self.outOfReach(dump.first.catalogue) {
        throw ActivationsError(
          "\(dump.first.path), dataset \(path): these seem to be the labels, but \(why). Name others in the job, as in labels: PATH, or say that there are none: labels: false."
        )
      }
    }
    if predictions == nil, !request.absent.contains(.predictions) {
      predictions =
        catalogue.path(named: Self.predictionNames, where: isColumn)
        ?? catalogue.path(named: Self.predictionNames) {
          Self.canBeLabels($0) && RawLabels.isColumn($0.shape) && dump.files.count > 1
            || Self.canBeLabels($0) && $0.shape.count == 2 && RawLabels.isColumn($0.shape)
        }
      if let path = predictions, let why = try Self.whyNoClasses(path, dump.first) {
        notes.append("\(path) is called like a column of predictions, but \(why): it is not taken for one.")
        predictions = nil
      }
    }
    if count == nil, !request.absent.contains(.count) { count = Self.guessedCount(dump, labels: labels) }
  }

  /// Why what is called like predictions is not the class of each row: a network's output may be called so, such as a probability.
  private static func whyNoClasses(_ path: String, _ file: DumpFile) throws -> String? {
    let dataset = try file.column(path)
    guard dataset.element.isNumeric, !dataset.element.isInteger,
      case .failure(let error) = try dataset.wholeNumbers()
    else { return nil }
    return error.what
  }

  /// What is called like labels, but could not be opened.
  private static func outOfReach(_ catalogue: Catalogue) -> (path: String, why: String)? {
    for name in labelNames {
      let found = catalogue.skipped.filter { path, _ in
        path.split(separator: "/").last?.lowercased() == name && !path.hasPrefix("/instances/")
      }
      if let first = found.min(by: { $0.key < $1.key }) { return (first.key, first.value) }
    }
    return nil
  }

  /// A single whole number called `count`, at the root or beside the labels: elsewhere it may count anything. Any file may have one, for
  /// often only the last is not full.
  private static func guessedCount(_ dump: Dump, labels: String?) -> String? {
    let group = labels.map { String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)]) }
    return dump.files.lazy.compactMap { file in
      file.catalogue.path(named: countNames) { info in
        let parent = String(info.path[..<info.path.lastIndex(of: "/")!])
        return !info.isNull && info.count == 1 && info.shape.count <= 1 && info.element.isInteger
          && (parent.isEmpty || group == nil || parent == group)
      }
    }.first
  }

  private static func canBeLabels(_ info: DatasetInfo) -> Bool {
    guard !info.isNull else { return false }
    if case .string = info.element { return true }
    return info.element.isNumeric || info.enumeration != nil
  }
}

/// The labels of all rows, if there are any, and how many rows of each file count.
struct CountedRows {
  var labels: RawLabels?
  var perFile: [Int] = []
  /// Rows of the dump that are filler.
  var filler = 0
  /// Whether datasets may have more rows than count.
  var hasFiller = false

  /// - Parameter held: rows that a file's datasets have, asked where rows are stored by category or no labels tell.
  init(_ columns: RowColumns, dump: Dump, layout: RowLayout, held: (DumpFile) throws -> Int) throws {
    if let path = columns.count, !dump.files.contains(where: { $0.has(path) }) {
      _ = try dump.first.catalogue.dataset(named: path)
    }
    for file in dump.files {
      var labels = try columns.labels.map { try RawLabels.read(file.column($0), file: file.path) }
      var rows = try labels?.count ?? held(file)
      if case .categories(let categories, _) = layout {
        // Files have the same categories, but not always as many rows of each.
        let each = try held(file) / max(1, categories)
        guard each <= LayerSource.countedMax / categories else {
          throw ActivationsError(
            "\(file.path): \(grouped(categories)) categories with \(grouped(each)) rows each are more than the \(grouped(LayerSource.countedMax)) rows that can be counted. If the shape is what it should be, split the dump."
          )
        }
        try Self.checkLabels(categories * each, of: file, after: perFile)
        if labels?.count == categories { labels = labels!.repeated(each) }
        labels = labels ?? .integers((0..<categories * each).map { Int64($0 / each) })
        rows = labels!.count
        guard rows == categories * each else {
          throw ActivationsError(
            "\(file.path), dataset \(columns.labels ?? ""): there are \(grouped(rows)) labels, but \(grouped(categories)) categories with \(grouped(each)) rows each. Give one label a category or one a row, or no labels: then each category is a class."
          )
        }
      }
      if let count = try Self.valid(columns.count, file: file, of: rows) {
        if case .categories = layout, count < rows {
          throw ActivationsError(
            "\(file.path), dataset \(columns.count ?? ""): it says that \(grouped(count)) of \(grouped(rows)) rows count, but not of which category. Dumps stored by category have no filler; write them anew with one axis of rows."
          )
        }
        labels = labels?.prefix(count)
        filler += rows - count
        rows = count
        hasFiller = true
      }
      // Whether so many can be counted is told where a layer is named that has them.
      guard rows <= Self.rowsMax - perFile.reduce(0, +) else {
        throw ActivationsError(
          "\(file.path): with its \(grouped(rows)) rows there are more than any dump can have. Its shape is damaged or made to exhaust memory: make the dump again."
        )
      }
      if labels != nil { try Self.checkLabels(rows, of: file, after: perFile) }
      perFile.append(rows)
      guard let labels else { continue }
      if self.labels == nil { self.labels = labels } else { try self.labels!.append(labels, file: file.path) }
    }
  }

  /// Refuses more labels than can be counted, or than there is room for, before they are put together.
  private static func checkLabels(_ rows: Int, of file: DumpFile, after perFile: [Int]) throws {
    let before = perFile.reduce(0, +)
    guard before <= LayerSource.countedMax, rows <= LayerSource.countedMax - before else {
      throw ActivationsError(
        "\(file.path): with its \(grouped(rows)) rows there are more than the \(grouped(LayerSource.countedMax)) that can be counted. If the shape is what it should be, split the dump."
      )
    }
    guard (before + rows) * rowBytes <= file.columnBytesMax else {
      throw ActivationsError(
        "\(file.path): with its \(grouped(rows)) rows there are \(grouped(before + rows)), whose labels take \(grouped((before + rows) * rowBytes)) bytes of memory, and \(grouped(file.columnBytesMax)) may be used. Raise --memory, or split the dump.",
        kind: .memory)
    }
  }

  /// Rows of all files together, so that their sum never overflows.
  private static let rowsMax = 1 << 61
  /// Bytes that the label of a row takes while all are put together.
  private static let rowBytes = 16

  private static func valid(_ path: String?, file: DumpFile, of rows: Int) throws -> Int? {
    guard let path, file.has(path) else { return nil }
    guard let count = try file.column(path).integers().first, (0...Int64(rows)).contains(count) else {
      throw ActivationsError(
        "\(file.path), dataset \(path): it should say how many of the \(grouped(rows)) rows count, but does not. Name another dataset in the job, as in count: PATH, or rename this one."
      )
    }
    return Int(count)
  }

  /// Reads a second column, such as predictions, for the same rows.
  func column(_ path: String, of dump: Dump) throws -> RawLabels {
    var all: RawLabels?
    for (file, rows) in zip(dump.files, perFile) {
      let part = try RawLabels.read(file.column(path), file: file.path)
      guard part.count == rows || hasFiller && part.count > rows else {
        throw ActivationsError(
          "\(file.path), dataset \(path): there are \(grouped(part.count)) predictions, but \(grouped(rows)) rows. Write one a row, or leave them out of the job."
        )
      }
      if all == nil { all = part.prefix(rows) } else { try all!.append(part.prefix(rows), file: file.path) }
    }
    return all!
  }
}
