import HDF5

/// What a job says of a dump; what it leaves open is found in the dump itself.
public struct DumpRequest: Sendable, Equatable {
  public enum ClassNames: Sendable, Equatable {
    case dataset(String)
    case list([String])
  }
  public var layers: [LayerRequest]?
  public var labels: String?
  public var predictions: String?
  public var classNames: ClassNames?
  public var instances: InstanceRequest?
  /// Dataset with the number of rows that count; later ones are filler.
  public var count: String?
  public init() {}
}

/// A dump understood: its layers, labels and instances.
public struct DumpContents: Sendable {
  public let dump: Dump
  public let rows: Int
  public let layers: [LayerSource]
  public let labels: LabelColumn?
  public let predictions: LabelColumn?
  public let instances: InstanceSet
  /// What was understood, as a request that names everything.
  public let understood: DumpRequest
  /// What was found but not taken, and why; and what a user should know.
  public let skipped: [(path: String, why: String)]
  public let notes: [String]
}

private let labelNames = ["labels", "label", "all_labels", "y", "y_true", "targets", "target", "true_labels"]
private let predictionNames = ["predictions", "prediction", "all_predictions", "preds", "y_pred", "predicted"]
private let classNameNames = ["class_names", "classnames", "label_names", "classes", "categories"]
private let countNames = ["count"]

extension DumpContents {
  /// Finds out what a dump holds.
  /// - Parameter missing: what values that were never written mean.
  /// - Throws: `ActivationsError`, `HDF5Error`.
  public init(_ dump: Dump, _ request: DumpRequest, missing: MissingChunks = .refuse) throws {
    let file = dump.first
    var notes: [String] = []
    var understood = request

    func named(_ names: [String], where fits: (DatasetInfo) -> Bool) -> String? {
      for name in names {
        let found = file.catalogue.datasets.first {
          $0.path.split(separator: "/").last?.lowercased() == name && !$0.path.hasPrefix("/instances/") && fits($0)
        }
        if let found { return found.path }
      }
      return nil
    }
    func isColumn(_ info: DatasetInfo) -> Bool {
      guard !info.isNull, info.shape.count == 1 else { return false }
      if case .string = info.element { return true }
      return info.element.isNumeric
    }
    func isScalarInteger(_ info: DatasetInfo) -> Bool {
      !info.isNull && info.count == 1 && info.shape.count <= 1 && info.element.isInteger
    }

    // Rows that count in each file.
    // Labels of another form than a column are refused where they are read, with the reason.
    understood.labels =
      request.labels ?? named(labelNames, where: isColumn) ?? named(labelNames, where: { !$0.isNull && !$0.shape.isEmpty })
    understood.predictions = request.predictions ?? named(predictionNames, where: isColumn)
    understood.count = request.count ?? named(countNames, where: isScalarInteger)
    var raw: RawLabels?
    var rowsPerFile: [Int]?
    if let path = understood.labels {
      var counts: [Int] = []
      for file in dump.files {
        var part = try RawLabels.read(file.open(path), file: file.path)
        if let count = try Self.validRows(understood.count, file: file, of: part.count) { part = part.prefix(count) }
        counts.append(part.count)
        if raw == nil { raw = part } else { try raw!.append(part, file: file.path) }
      }
      rowsPerFile = counts
    }

    let namesPath: String? =
      if case .dataset(let path)? = request.classNames { path } else {
        named(classNameNames, where: { $0.shape.count == 1 && !$0.element.isNumeric })
      }
    let candidates = Self.candidates(file.catalogue, except: [understood.labels, understood.predictions, understood.count, namesPath], instances: request.instances?.group ?? "/instances")
    if rowsPerFile == nil {
      let paths = request.layers.map { $0.map(\.dataset) } ?? candidates.layers.map(\.path)
      guard let path = paths.first else { throw Self.noLayers(dump, candidates.skipped) }
      rowsPerFile = try dump.files.map { file in
        let info = try file.catalogue.dataset(named: path)
        let axis = request.layers?.first?.axes?.row ?? LayerSource.axes(of: info, rows: info.shape.first ?? 0)?.row ?? 0
        let rows = axis < info.shape.count ? info.shape[axis] : 0
        return try Self.validRows(understood.count, file: file, of: rows) ?? rows
      }
      notes.append("There are no labels: all rows form one group. Name their dataset in the job (labels: PATH) to compare classes.")
    }
    let rows = rowsPerFile!.reduce(0, +)
    guard rows > 0 else {
      throw ActivationsError("\(file.path)\(understood.labels.map { ", dataset \($0)" } ?? ""): there are no rows.")
    }
    if let raw, raw.count != rows { preconditionFailure("labels and rows differ") }

    let names = try Self.classNames(&understood, file: file, labels: raw, found: namesPath)
    let labelPlace = "\(file.path), dataset \(understood.labels ?? "")"
    let labels = try raw.map { try LabelColumn($0, names: names, place: labelPlace) }

    // Layers.
    var skipped = candidates.skipped
    var layers: [LayerSource] = []
    if let wanted = request.layers {
      layers = try wanted.map { try LayerSource($0, dump: dump, rows: rowsPerFile!, missing: missing) }
    } else {
      for info in candidates.layers {
        guard info.shape.first == rowsPerFile![0] || info.shape.last == rowsPerFile![0] || understood.count != nil && (info.shape.first ?? 0) >= rowsPerFile![0] else {
          skipped.append((info.path, "it has the shape \(inWords(info.shape)), not one row for each of the \(grouped(rowsPerFile![0])) \(raw == nil ? "rows" : "labels")"))
          continue
        }
        guard dump.files.allSatisfy({ $0.has(info.path) }) else {
          skipped.append((info.path, "not every file of the dump has it"))
          continue
        }
        layers.append(try LayerSource(LayerRequest(dataset: info.path), dump: dump, rows: rowsPerFile!, missing: missing))
      }
    }
    guard !layers.isEmpty else { throw Self.noLayers(dump, skipped) }
    var seen = Set<String>()
    for layer in layers where !seen.insert(layer.name).inserted {
      throw ActivationsError("Two layers are called \"\(layer.name)\". Give each layer a name of its own.")
    }
    understood.layers = layers.enumerated().map { number, layer in
      LayerRequest(
        name: layer.name, dataset: layer.path, axes: layer.geometry.axes, reduce: layer.geometry.reduce,
        bfloat16: request.layers?[number].bfloat16 ?? false)
    }

    let predictions = try understood.predictions.map { path in
      var all: RawLabels?
      for (file, count) in zip(dump.files, rowsPerFile!) {
        let part = try RawLabels.read(file.open(path), file: file.path)
        guard part.count >= count else {
          throw ActivationsError("\(file.path), dataset \(path): there are \(grouped(part.count)) predictions, but \(grouped(count)) rows.")
        }
        if all == nil { all = part.prefix(count) } else { try all!.append(part.prefix(count), file: file.path) }
      }
      return LabelColumn(all!, like: labels)
    }

    let wantsInstances = request.instances ?? (file.catalogue.groups.contains("/instances") ? InstanceRequest(group: "/instances") : nil)
    understood.instances = wantsInstances
    let instances = try wantsInstances.map {
      try InstanceSet($0, dump: dump, layerPaths: layers.map(\.path), labels: labels, predictions: predictions, rows: rows)
    } ?? .none

    self.dump = dump
    self.rows = rows
    self.layers = layers
    self.labels = labels
    self.predictions = predictions
    self.instances = instances
    self.understood = understood
    self.skipped = skipped
    self.notes = notes + dump.files.flatMap { file in file.catalogue.notes.map { "\(file.name): \($0)" } }
  }

  /// Datasets that may be layers: numeric, of two axes or more, outside the instances.
  private static func candidates(_ catalogue: Catalogue, except: [String?], instances: String) -> (layers: [DatasetInfo], skipped: [(path: String, why: String)]) {
    var layers: [DatasetInfo] = []
    var skipped: [(path: String, why: String)] = []
    let root = catalogue.canonicalPath(instances)
    let taken = except.compactMap { $0.map(catalogue.canonicalPath) }
    for info in catalogue.datasets where !info.path.hasPrefix(root + "/") && !taken.contains(info.path) {
      if let reason = info.unsupportedReason {
        skipped.append((info.path, reason))
      } else if info.isNull || info.shape.isEmpty {
        skipped.append((info.path, "it is a single value"))
      } else if !info.element.isNumeric {
        skipped.append((info.path, "its values are \(info.element), not numbers"))
      } else if info.shape.count < 2 {
        skipped.append((info.path, "it has one axis; a layer has rows and neurons"))
      } else if info.count == 0 {
        skipped.append((info.path, "it is empty"))
      } else {
        layers.append(info)
      }
    }
    for (path, why) in catalogue.skipped.sorted(by: { $0.key < $1.key }) { skipped.append((path, why)) }
    return (layers, skipped)
  }

  private static func noLayers(_ dump: Dump, _ skipped: [(path: String, why: String)]) -> ActivationsError {
    let seen = skipped.prefix(5).map { "\($0.path): \($0.why)" }.joined(separator: "; ")
    return ActivationsError(
      "\(dump.first.path): no layer was found, that is a numeric dataset with one row per label and at least two axes."
        + (seen.isEmpty ? " The file has no datasets." : " Seen and not taken: \(seen)."))
  }

  private static func validRows(_ path: String?, file: DumpFile, of rows: Int) throws -> Int? {
    guard let path, file.has(path) else { return nil }
    guard let count = try file.open(path).integers().first, (0...Int64(rows)).contains(count) else {
      throw ActivationsError("\(file.path), dataset \(path): it should say how many of the \(rows) rows count, but does not.")
    }
    return Int(count)
  }

  /// Names of the classes: from the job, a dataset, or an attribute of the labels or of the file.
  private static func classNames(_ understood: inout DumpRequest, file: DumpFile, labels: RawLabels?, found: String?) throws -> [String]? {
    guard labels != nil else { return nil }
    switch understood.classNames {
    case .list(let names): return names
    case .dataset(let path): return try file.open(path).strings()
    case nil: break
    }
    if let found {
      understood.classNames = .dataset(found)
      return try file.open(found).strings()
    }
    let ofLabels = understood.labels.flatMap { try? file.catalogue.dataset(named: $0) }?.attributes ?? [:]
    for attributes in [ofLabels, file.catalogue.rootAttributes] {
      for name in classNameNames {
        if case .strings(let names)? = attributes[name] {
          understood.classNames = .list(names)
          return names
        }
      }
    }
    return nil
  }
}

extension RawLabels {
  func prefix(_ count: Int) -> RawLabels {
    switch self {
    case .integers(let values): .integers(Array(values.prefix(count)))
    case .texts(let values): .texts(Array(values.prefix(count)))
    }
  }
}
