import Foundation
import HDF5

/// What a dump holds, told to a person or to a program.
public struct Inspection: Sendable {
  public let dump: Dump
  /// The dump understood, or why it cannot be.
  public let contents: Result<DumpContents, any Error>

  public init(_ dump: Dump) {
    self.dump = dump
    contents = Result { try DumpContents(dump, DumpRequest()) }
  }
}

// MARK: Traps

extension Inspection {
  /// What may surprise, a sentence each.
  public var traps: [String] {
    dump.files.flatMap { file in file.catalogue.datasets.flatMap { Self.traps($0, in: file) } }
      + dump.files.flatMap { file in file.catalogue.notes.map { "\(file.name): \($0)" } }
  }

  private static func traps(_ info: DatasetInfo, in file: DumpFile) -> [String] {
    var found: [String] = []
    if let written = info.chunksWritten, let total = info.chunksTotal, written < total {
      found.append("\(info.path): \(grouped(total - written)) of \(grouped(total)) chunks were never written, perhaps because the writer was killed. precompute refuses them unless the job says missing: fill.")
    }
    if case .contiguous(nil) = info.layout, info.count > 0 {
      found.append("\(info.path): it was never written; every value would read as \(info.fillValue ?? "0").")
    }
    switch info.element {
    case .opaque(bytes: 2): found.append("\(info.path): 2-byte opaque elements, perhaps bfloat16. If so, say dtype: bfloat16 in the job.")
    case .uint16 where info.shape.count > 1: found.append("\(info.path): uint16 values. If they are bfloat16 in disguise, say dtype: bfloat16 in the job.")
    default: break
    }
    if info.shape.count >= 4, info.attributes["axes"] == nil, info.element.isNumeric {
      found.append("\(info.path): torch writes NCHW, Keras and TensorFlow NHWC; the file does not say which. It matters only if the job reduces positions.")
    }
    switch info.layout {
    case .virtual: found.append("\(info.path): a virtual dataset, whose data lie in other files. It is read if the job says follow: true.")
    case .external(let path): found.append("\(info.path): its data lie in \(path). They are read if the job says follow: true.")
    default: break
    }
    if let reason = info.unsupportedReason { found.append("\(info.path): \(reason)") }
    return found
  }
}

// MARK: Words

extension Inspection {
  public var words: String {
    var lines: [String] = []
    for file in dump.files {
      lines.append("\(file.path): \(bytes(Int(file.catalogue.file.bytes))), \(file.catalogue.datasets.count) datasets")
    }
    switch contents {
    case .failure(let error):
      lines.append("")
      lines.append("It cannot be precomputed as it is: \(error)")
      lines.append("")
      lines.append("Datasets")
      for info in dump.first.catalogue.datasets { lines.append("  \(info.path)  \(Self.storage(info))") }
    case .success(let contents):
      lines += describe(contents)
    }
    let traps = traps
    if !traps.isEmpty { lines += ["", "Mind"] + traps.map { "  \($0)" } }
    return lines.joined(separator: "\n")
  }

  private func describe(_ contents: DumpContents) -> [String] {
    var lines = ["", "\(grouped(contents.rows)) rows in \(contents.layers.count) \(contents.layers.count == 1 ? "layer" : "layers")"]
    let width = contents.layers.map(\.name.count).max() ?? 0
    for layer in contents.layers {
      let name = layer.name.padding(toLength: width, withPad: " ", startingAt: 0)
      let positions = layer.geometry.axes.positions.isEmpty ? "" : " kept position by position (axes \(layer.geometry.axes)\(layer.info.attributes["axes"] == nil ? ", a guess" : ""))"
      lines.append("  \(name)  \(grouped(layer.neurons)) neurons\(positions): \(Self.storage(layer.info))")
    }
    lines.append("")
    if let labels = contents.labels, let path = contents.understood.labels {
      lines.append("Labels in \(path): \(labels.names.count) classes, \(labels.areIntegers ? "whole numbers" : "texts")")
      var counts = [Int](repeating: 0, count: labels.names.count)
      for label in labels.classes { counts[Int(label)] += 1 }
      let shown = zip(labels.names, counts).prefix(20).map { "\($0) (\(grouped($1)))" }.joined(separator: ", ")
      lines.append("  \(shown)\(labels.names.count > 20 ? ", …" : "")")
      switch contents.understood.classNames {
      case .dataset(let names): lines.append("  named by \(names)")
      case .list: lines.append("  named by an attribute")
      case nil: lines.append("  without names: give class_names in the job to have them called otherwise")
      }
    } else {
      lines.append("No labels were found.")
    }
    if let path = contents.understood.predictions, let predictions = contents.predictions {
      var text = "Predictions in \(path)"
      if let labels = contents.labels {
        let right = zip(labels.classes, predictions.classes).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
        text += ": \(grouped(right)) of \(grouped(labels.classes.count)) equal the label"
      }
      lines.append(text)
    }
    if !contents.instances.instances.isEmpty {
      let kinds = contents.instances.kinds
      let pictures = kinds.contains { $0.images != nil } ? ", with pictures" : kinds.contains { $0.texts != nil } ? ", with texts" : ""
      lines.append("Instances in \(contents.understood.instances?.group ?? "the dump's rows"): \(kinds.map { "\($0.count) \($0.name)" }.joined(separator: ", "))\(pictures)")
    }
    if !contents.skipped.isEmpty {
      lines += ["", "Not taken as layers"] + contents.skipped.map { "  \($0.path): \($0.why)" }
    }
    return lines
  }

  /// `2,000 x 512 float16, chunks of 256 x 512, gzip + shuffle, 1.2 MiB of 2 MiB`.
  private static func storage(_ info: DatasetInfo) -> String {
    var parts = ["\(info.isNull ? "empty" : inWords(info.shape)) \(info.element)"]
    switch info.layout {
    case .chunked(let chunk): parts.append("chunks of \(inWords(chunk))")
    case .contiguous, .compact: break
    case .virtual: parts.append("virtual")
    case .external: parts.append("in another file")
    }
    if !info.filters.isEmpty { parts.append(info.filters.map(\.name).joined(separator: " + ")) }
    let logical = info.count * info.elementBytes
    parts.append(info.storedBytes == logical || info.storedBytes == 0 ? bytes(logical) : "\(bytes(info.storedBytes)) of \(bytes(logical))")
    return parts.joined(separator: ", ")
  }
}

private func bytes(_ count: Int) -> String {
  var value = Double(count)
  for unit in ["bytes", "KiB", "MiB", "GiB"] {
    if value < 1024 { return unit == "bytes" ? "\(count) bytes" : String(format: value < 10 ? "%.1f %@" : "%.0f %@", value, unit) }
    value /= 1024
  }
  return String(format: "%.1f TiB", value)
}

// MARK: JSON

extension Inspection {
  /// The same for programs; keys stay.
  public func json() throws -> String {
    var object: [String: Any] = [
      "files": dump.files.map { file in
        ["path": file.path, "bytes": Int(file.catalogue.file.bytes), "datasets": file.catalogue.datasets.map(Self.object)]
      },
      "traps": traps,
    ]
    switch contents {
    case .failure(let error): object["problem"] = "\(error)"
    case .success(let contents):
      object["rows"] = contents.rows
      object["layers"] = contents.layers.map { layer in
        [
          "name": layer.name, "dataset": layer.path, "neurons": layer.neurons, "dtype": layer.element.description,
          "shape": layer.info.shape, "axes": layer.geometry.axes.letters,
          "axes_guessed": layer.info.attributes["axes"] == nil && layer.info.shape.count > 2,
          "reduce": layer.geometry.reduce.rawValue,
        ] as [String: Any]
      }
      if let labels = contents.labels, let path = contents.understood.labels {
        var counts = [Int](repeating: 0, count: labels.names.count)
        for label in labels.classes { counts[Int(label)] += 1 }
        object["labels"] = ["dataset": path, "classes": zip(labels.names, counts).map { ["name": $0, "rows": $1] as [String: Any] }]
      }
      if let path = contents.understood.predictions { object["predictions"] = path }
      object["instances"] = contents.instances.kinds.map { kind in
        ["kind": kind.name, "count": kind.count, "pictures": kind.images != nil, "texts": kind.texts != nil] as [String: Any]
      }
      object["skipped"] = contents.skipped.map { ["dataset": $0.path, "why": $0.why] }
    }
    let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  private static func object(_ info: DatasetInfo) -> [String: Any] {
    var object: [String: Any] = [
      "path": info.path, "shape": info.shape, "dtype": info.element.description, "filters": info.filters.map(\.name),
      "stored_bytes": info.storedBytes, "logical_bytes": info.count * info.elementBytes,
    ]
    if case .chunked(let chunk) = info.layout { object["chunks"] = chunk }
    if let written = info.chunksWritten, let total = info.chunksTotal { object["chunks_unwritten"] = total - written }
    if let reason = info.unsupportedReason { object["unsupported"] = reason }
    return object
  }
}
