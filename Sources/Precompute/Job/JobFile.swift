import Activations
import Foundation
import TileStore
import Yams

extension Job {
  /// Reads a job file; the keys are those of `Jobs/README.md`.
  /// - Throws: `PrecomputeError` that names file, line and key.
  public init(file path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      guard access(path, F_OK) == 0 else { throw PrecomputeError(.noInput, "\(path): there is no such job file.") }
      throw PrecomputeError(
        .notReadable, "\(path): the job file cannot be read. Give this user the right to read it.")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw PrecomputeError(.job, "\(path): the job file is not UTF-8 text. A job is a YAML file; see Jobs/README.md.")
    }
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw PrecomputeError(
        .job,
        "\(path): the job file is not YAML: \(String(describing: error).split(separator: "\n").joined(separator: " "))")
    }
    guard let root, case .mapping = root else {
      throw PrecomputeError(
        .job, "\(path): a job is a list of keys and values, such as dumps: [dump.h5]; see Jobs/README.md.")
    }
    var map = try JobMap(root, file: path, place: "")
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""

    guard let patterns = try map.texts("dumps") else {
      throw PrecomputeError(
        .job, "\(path): the key dumps is missing. It lists the HDF5 files, as in dumps: [data/part-*.h5].")
    }
    guard !patterns.isEmpty else { throw map.fault("dumps", "the list is empty; it lists the HDF5 files") }
    try self.init(dumps: Job.expand(patterns, folder: folder))

    let stem = path.split(separator: "/").last.map { $0.prefix { $0 != "." } } ?? "job"
    name = try map.text("name") ?? String(stem)
    isNamedAfterDump = false
    guard StoreBuilder.isValid(name: name) else {
      throw map.fault(
        "name",
        "\"\(name)\" cannot name a store: use letters, digits, '.', '_' and '-', at most 100, the first a letter or digit"
      )
    }
    title = try map.text("title")
    request.labels = try map.column(.labels, absent: &request.absent)
    request.predictions = try map.column(.predictions, absent: &request.absent)
    request.count = try map.column(.count, absent: &request.absent).map { text in
      Int(text).map { .number($0) } ?? .dataset(text)
    }
    request.mask = try map.text("mask")
    request.join = try map.text("join")
    request.classFrom = try map.choice("class_from")
    if let file = try map.text("labels_from") {
      let path = file.hasPrefix("/") || folder.isEmpty ? file : folder + "/" + file
      try Job.checkExistence(
        [path], advice: "Look for a typing error in labels_from; paths in a job are relative to the job file's folder.")
      request.labelsFrom = path
    }
    if request.classFrom != nil, request.labels != nil || request.labelsFrom != nil {
      throw map.fault("class_from", "class_from gives the rows their class, and so do labels; leave one of them out")
    }
    request.table = try map.rowTable()
    if let node = map.take("class_names") {
      if case .sequence = node {
        request.classNames = .list(try map.texts(of: node, "class_names"))
      } else if let mapping = node.mapping {
        let pairs = try mapping.map { label, name in
          guard let label = label.string, let name = name.string else {
            throw map.fault("class_names", "each label has a name, as in class_names: { 0: cat, 1: dog }")
          }
          return (label, name)
        }
        request.classNames = .byLabel(labels: pairs.map(\.0), names: pairs.map(\.1))
      } else if let path = node.string {
        request.classNames = try Job.sidecar(path, folder: folder).map { .list($0) } ?? .dataset(path)
      } else {
        throw map.fault(
          "class_names", "a dataset's path, a text file, a list of names or each label with its name is needed")
      }
    }
    if let node = map.take("layers") {
      guard let entries = node.sequence else { throw map.fault("layers", "a list is needed") }
      request.layers = try entries.enumerated().map { try Job.layer($1, file: path, number: $0) }
      if request.layers!.isEmpty {
        throw map.fault("layers", "the list is empty; leave the key out to take every layer")
      }
    }
    if let node = map.take("groups") {
      guard let entries = node.sequence else { throw map.fault("groups", "a list is needed") }
      groups = try entries.enumerated().map { number, node in
        var entry = try JobMap(node, file: path, place: "groups[\(number)]")
        guard let name = try entry.text("name"), let condition = try entry.text("where") else {
          throw entry.fault(
            nil, "a group has a name and a condition, as in { name: mistakes, where: 'label != prediction' }")
        }
        try entry.finish()
        return (name, condition)
      }
    }
    if let node = map.take("instances") {
      if let group = node.string {
        request.instances = InstanceRequest(group: group)
      } else {
        var entry = try JobMap(node, file: path, place: "instances")
        request.instances = InstanceRequest(group: try entry.text("group"), rows: try entry.integers("rows") ?? [])
        try entry.finish()
      }
    }
    if let bins = try map.integer("bins"), bins != 256 {
      throw map.fault("bins", "\(bins) bins cannot be had; every neuron has 256, and 64 and 16 are made of them")
    }
    medians = try map.choice("medians") ?? .exact
    missing = try map.choice("missing") ?? .refuse
    follow = try map.flag("follow") ?? false
    codes = try map.choice("codes")
    divergences = try map.choice("divergences")
    if let node = map.take("start") {
      var entry = try JobMap(node, file: path, place: "start")
      start = Start(
        layers: try entry.texts("layers") ?? [], classes: try entry.texts("classes") ?? [],
        pair: try entry.integer("pair"), text: try entry.text("text"))
      try entry.finish()
    }
    try map.finish()
  }

  private static func layer(_ node: Node, file: String, number: Int) throws -> LayerRequest {
    if let path = node.string { return LayerRequest(dataset: path) }
    var entry = try JobMap(node, file: file, place: "layers[\(number)]")
    let name = try entry.text("name")
    guard let dataset = try entry.text("dataset") ?? name else {
      throw entry.fault(nil, "a layer has a dataset, as in { name: dense_1, dataset: activations/dense_1 }")
    }
    var axes: Axes?
    if let letters = try entry.text("axes") {
      axes = Axes(letters)
      if axes == nil {
        throw entry.fault(
          "axes",
          "\"\(letters)\" is not understood; one letter an axis, N for rows, K for categories of N rows each, C D F U for neurons, H W T S L P for positions, as in NCHW"
        )
      }
    }
    let reduce: Reduction = try entry.choice("reduce") ?? .flatten
    if reduce != .flatten, axes == nil {
      throw entry.fault(
        "reduce", "reducing positions needs the axes, as in axes: NCHW, for they cannot be told from the shape")
    }
    if reduce != .flatten, let axes, axes.positions.isEmpty {
      throw entry.fault("reduce", "\(axes) has no positions to reduce; they are H, W, T, S, L or P")
    }
    let type = try entry.text("dtype")
    if let type, type != "bfloat16" {
      throw entry.fault(
        "dtype", "\"\(type)\" is not a choice; bfloat16 is, for values stored as 2 opaque bytes, uint16 or int16")
    }
    let scale = try entry.number("scale")
    let zeroPoint = try entry.number("zero_point")
    let isRaw = try entry.flag("raw") ?? false
    if isRaw, scale != nil || zeroPoint != nil {
      throw entry.fault(
        "raw",
        "raw: true takes the stored numbers, and scale and zero_point say that they stand for others; leave one out")
    }
    if let scale, !scale.isFinite || scale == 0 { throw entry.fault("scale", "a number other than 0 is needed") }
    if let zeroPoint, !zeroPoint.isFinite { throw entry.fault("zero_point", "a number is needed") }
    let indices = try entry.text("indices")
    let sparse: LayerRequest.SparseLines? = try entry.choice("sparse")
    let neurons = try entry.integer("neurons")
    if let neurons, !(1...Int(UInt32.max)).contains(neurons) {
      throw entry.fault("neurons", "\(neurons) is no number of neurons; it is from 1 to \(UInt32.max)")
    }
    if indices != nil, sparse != nil {
      throw entry.fault(
        "sparse", "a list of values for each row (indices) is not stored by rows or columns; leave one of the keys out")
    }
    try entry.finish()
    var request = LayerRequest(name: name, dataset: dataset, axes: axes, reduce: reduce, bfloat16: type != nil)
    (request.indices, request.sparse, request.neurons) = (indices, sparse, neurons)
    if isRaw { request.numbers = .raw }
    if scale != nil || zeroPoint != nil { request.numbers = .scaled(by: scale ?? 1, zeroPoint: zeroPoint ?? 0) }
    return request
  }

  /// Names of classes, one a line, where `path` is a text file beside the job.
  private static func sidecar(_ path: String, folder: String) throws -> [String]? {
    guard path.hasSuffix(".txt") else { return nil }
    return try ClassNames.lines(ofFile: path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path)
  }
}

extension JobMap {
  /// The path of a column; `false` says that there is none.
  fileprivate mutating func column(
    _ column: DumpRequest.Column, absent: inout Set<DumpRequest.Column>
  ) throws -> String? {
    let path = try text(column.rawValue)
    guard path == "false" else { return path }
    absent.insert(column)
    return nil
  }
}
