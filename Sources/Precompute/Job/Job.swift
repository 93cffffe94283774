import Activations
import Foundation
import TileStore

/// What to compute: a job file understood, or a dump without one.
public struct Job: Sendable {
  public enum Medians: String, Sendable, CaseIterable { case exact, binned }
  /// Whether every row is judged against its class.
  public enum Divergences: String, Sendable, CaseIterable { case rows, none }
  public enum Missing: String, Sendable, CaseIterable { case refuse, skip, fill }

  /// What a first visit shows, by names.
  public struct Start: Sendable, Equatable {
    public var layers: [String] = []
    public var classes: [String] = []
    public var pair: Int?
    public var text: String?
  }

  public var name: String
  /// Nobody chose the name: another dump whose file is called the same would take the store's place unasked.
  public internal(set) var isNamedAfterDump = true
  public var title: String?
  /// Paths of the files, in the order in which their rows concatenate.
  public var dumps: [String]
  public var request = DumpRequest()
  public var groups: [(name: String, condition: String)] = []
  public var medians = Medians.exact
  public var missing = Missing.refuse
  public var follow = false
  /// `nil`: as many as are small enough, until the dump is known (`PreparedJob`).
  public var codes: Codes?
  /// `nil`: where that can be had, until the dump is known (`PreparedJob`).
  public var divergences: Divergences?
  public var start: Start?

  /// A job for dumps alone; everything is found in them, and the store is named after the first.
  public init(dumps: [String]) throws {
    self.dumps = dumps
    let file = dumps[0].split(separator: "/").last.map(String.init) ?? "dump"
    let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
    let plain = stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" }
    let trimmed = String(plain.drop { !($0.isLetter || $0.isNumber) }.prefix(100))
    name = trimmed.isEmpty ? "dump" : trimmed
  }

  /// Refuses paths that lead nowhere. What is there but cannot be opened is told, with the reason, when it is opened.
  public static func checkExistence(_ paths: [String], advice: String) throws {
    for path in paths where access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR) {
      throw PrecomputeError(.noInput, "\(path): there is no such file. \(advice)")
    }
  }

  /// Checks that the files are there, and expands patterns such as `part-*.h5`, sorted naturally.
  static func expand(_ patterns: [String], folder: String) throws -> [String] {
    var paths: [String] = []
    for pattern in patterns {
      let full = pattern.hasPrefix("/") || folder.isEmpty ? pattern : folder + "/" + pattern
      guard pattern.contains(where: { "*?[".contains($0) }), access(full, F_OK) != 0 else {
        try checkExistence(
          [full], advice: "Look for a typing error in the path; paths in a job are relative to the job file's folder.")
        paths.append(full)
        continue
      }
      var found = glob_t()
      defer { globfree(&found) }
      guard glob(full, 0, nil, &found) == 0, found.gl_pathc > 0 else {
        throw PrecomputeError(.noInput, "\(full): no file matches this pattern.")
      }
      let matches = (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
      paths += matches.sorted { $0.compare($1, options: [.numeric]) == .orderedAscending }
    }
    return paths
  }
}

extension Job {
  /// The job with everything filled in, as it stands in the store. Only names of files: where they lay says nothing about the data.
  func json(_ contents: DumpContents) -> JSONValue {
    let request = contents.understood
    var object: [String: JSONValue] = [
      "name": .string(name),
      "dumps": .array(contents.dump.files.map { .string($0.name) }),
      "layers": .array(
        (request.layers ?? []).map { layer in
          var entry: [String: JSONValue] = [
            "name": .string(layer.name ?? ""), "dataset": .string(layer.dataset),
            "reduce": .string(layer.reduce.rawValue),
          ]
          if let axes = layer.axes { entry["axes"] = .string(axes.letters) }
          if layer.bfloat16 { entry["dtype"] = "bfloat16" }
          if let lines = layer.sparse { entry["sparse"] = .string(lines.rawValue) }
          if let indices = layer.indices { entry["indices"] = .string(indices) }
          if let neurons = layer.neurons { entry["neurons"] = JSONValue(neurons) }
          switch layer.numbers {
          case .raw: entry["raw"] = true
          case .scaled(let scale, let zeroPoint):
            entry["scale"] = .double(scale)
            entry["zero_point"] = .double(zeroPoint)
          case nil: break
          }
          return .object(entry)
        }),
      "groups": .array(groups.map { ["name": .string($0.name), "where": .string($0.condition)] }),
      "bins": 256,
      "medians": .string(medians.rawValue),
      "missing": .string(missing.rawValue),
      "follow": .bool(follow),
      "codes": .string((codes ?? .none).rawValue),
      "divergences": .string((divergences ?? .none).rawValue),
    ]
    if let title { object["title"] = .string(title) }
    if let labels = request.labels { object["labels"] = .string(labels) }
    if let predictions = request.predictions { object["predictions"] = .string(predictions) }
    switch request.count {
    case .dataset(let path): object["count"] = .string(path)
    case .number(let number): object["count"] = JSONValue(number)
    case nil: break
    }
    if let mask = request.mask { object["mask"] = .string(mask) }
    if let join = request.join { object["join"] = .string(join) }
    if let from = request.classFrom { object["class_from"] = .string(from.rawValue) }
    if let file = request.labelsFrom {
      object["labels_from"] = .string(file.split(separator: "/").last.map(String.init) ?? file)
    }
    switch request.classNames {
    case .dataset(let path): object["class_names"] = .string(path)
    case .list(let names): object["class_names"] = .array(names.map { .string($0) })
    case .byLabel(let labels, let names):
      object["class_names"] = .object(
        Dictionary(zip(labels, names.map { .string($0) }), uniquingKeysWith: { first, _ in first }))
    case nil: break
    }
    request.table.describe(in: &object)
    if let instances = request.instances {
      var entry: [String: JSONValue] = [:]
      if let group = instances.group { entry["group"] = .string(group) }
      if !instances.rows.isEmpty { entry["rows"] = JSONValue(instances.rows) }
      object["instances"] = .object(entry)
    }
    return .object(object)
  }
}
