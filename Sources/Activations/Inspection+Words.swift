import Foundation
import HDF5

extension Inspection {
  /// What the dump holds, in lines for a person.
  public var words: [String] {
    var lines: [String] = []
    for file in dump.files.prefix(10) {
      lines.append(
        "\(file.path): \(bytes(Int(file.catalogue.file.bytes))), \(grouped(file.catalogue.datasets.count)) datasets")
    }
    if dump.files.count > 10 { lines.append("… and \(grouped(dump.files.count - 10)) more files") }
    switch contents {
    case .failure(let error):
      lines += ["", "It cannot be precomputed as it is: \(error)", "", "Datasets"]
      lines += Self.page(dump.first.catalogue.datasets.map { "  \($0.path)  \(Self.storage($0))" }, "datasets")
    case .success(let contents):
      lines.append(contents.conventionInWords)
      lines += Self.layers(contents) + Self.labels(contents) + Self.instances(contents)
      if !contents.evidence.leftOut.isEmpty {
        lines +=
          [""] + Self.page(contents.evidence.leftOut.map { "Left out: \($0.path): \($0.why)" }, "things left out")
      }
      if !contents.evidence.assumed.isEmpty {
        lines += [""] + Self.page(contents.evidence.assumed.map { "Assumed: \($0)" }, "assumptions")
      }
      let others = contents.skippedInWords
      if !others.isEmpty {
        lines += ["", "Not taken as layers"] + Self.page(others.map { "  \($0.path): \($0.why)" }, "datasets")
      }
    }
    // Guesses stand above, by themselves.
    let assumed = Set(evidence?.assumed ?? [])
    let traps = traps.filter { !assumed.contains($0) }
    if !traps.isEmpty { lines += ["", "Note"] + traps.prefix(50).map { "  \($0)" } }
    if traps.count > 50 { lines.append("  … and \(grouped(traps.count - 50)) more; --json lists all") }
    return lines
  }

  /// Lines of a list that fit on a page.
  private static let pageLines = 40

  /// No more lines than fit on a page, and how many there are more.
  private static func page(_ lines: [String], _ what: String) -> [String] {
    lines.count <= pageLines
      ? lines
      : lines.prefix(pageLines - 1) + ["  … and \(grouped(lines.count - pageLines + 1)) more \(what); --json lists all"]
  }

  private static func layers(_ contents: DumpContents) -> [String] {
    let count = contents.layers.count
    let width = contents.layers.prefix(pageLines).map(\.name.count).max() ?? 0
    return [
      "",
      "\(grouped(contents.rows)) \(contents.rows == 1 ? "row" : "rows") in \(count) \(count == 1 ? "layer" : "layers")",
    ]
      + page(
        contents.layers.map { layer in
          let name = layer.name.padding(toLength: width, withPad: " ", startingAt: 0)
          let kept = layer.geometry.axes.positions.isEmpty ? "" : ", kept position by position"
          return
            "  \(name)  \(grouped(layer.neurons)) neurons\(kept), axes \(layer.geometry.axes) (\(layer.axesInWords)): \(storage(layer.info))"
        }, "layers")
  }

  private static func labels(_ contents: DumpContents) -> [String] {
    guard let labels = contents.labels else { return ["", "No labels were found."] }
    var lines = [""]
    let count = "\(grouped(labels.names.count)) \(labels.names.count == 1 ? "class" : "classes")"
    if let path = contents.understood.labels {
      let shape = (try? contents.dump.first.catalogue.dataset(named: path))?.shape ?? []
      let column = shape.count == 2 ? ", a matrix \(inWords(shape)) taken as a column" : ""
      lines.append("Labels in \(path): \(count), \(labels.areIntegers ? "whole numbers" : "texts")\(column)")
    } else {
      lines.append("Labels by the axis of categories: \(count)")
    }
    if let why = contents.evidence.reasons.first(where: { $0.what == "labels" })?.why { lines.append("  \(why)") }
    let shown = zip(labels.names, labels.counts).prefix(20).map { "\($0) (\(grouped($1)))" }.joined(separator: ", ")
    lines.append("  \(shown)\(labels.names.count > 20 ? ", …" : "")")
    lines.append(
      contents.classNames.map { "  named by \($0.origin)" }
        ?? "  without names: give class_names in the job to have them called otherwise")
    if let path = contents.understood.predictions, let predictions = contents.predictions {
      let right = zip(labels.classes, predictions.classes).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
      lines.append("Predictions in \(path): \(grouped(right)) of \(grouped(labels.classes.count)) equal the label")
    }
    return lines
  }

  private static func instances(_ contents: DumpContents) -> [String] {
    let kinds = contents.instances.kinds
    guard !kinds.isEmpty else { return [] }
    let with =
      kinds.contains { $0.images != nil } ? ", with pictures" : kinds.contains { $0.texts != nil } ? ", with texts" : ""
    let place = contents.understood.instances?.group ?? "the dump's rows"
    return ["Instances in \(place): \(kinds.map { "\(grouped($0.count)) \($0.name)" }.joined(separator: ", "))\(with)"]
  }

  /// `2,000 x 512 float16, chunks of 256 x 512, gzip + shuffle, 1.2 MiB of 2 MiB`.
  static func storage(_ info: DatasetInfo) -> String {
    var parts = ["\(info.isNull ? "empty" : inWords(info.shape)) \(info.element)"]
    if info.byteOrder != .native, info.elementBytes > 1, info.element.isNumeric {
      parts.append("\(info.byteOrder.rawValue)-endian")
    }
    switch info.layout {
    case .chunked(let chunk): parts.append("chunks of \(inWords(chunk))")
    case .contiguous, .compact: break
    case .virtual: parts.append("virtual")
    case .external: parts.append("in another file")
    case .sparse(let form): parts.append(form.words)
    }
    if !info.filters.isEmpty { parts.append(info.filters.map(\.name).joined(separator: " + ")) }
    if info.field != nil { parts.append("in records") }
    let logical = info.count * info.elementBytes
    parts.append(
      info.storedBytes == logical || info.storedBytes == 0
        ? bytes(logical) : "\(bytes(info.storedBytes)) of \(bytes(logical))")
    return parts.joined(separator: ", ")
  }
}

extension LayerSource {
  /// Whence its axes are known.
  var axesInWords: String {
    switch axesOrigin {
    case .job: "as the job says"
    case .file: "as the file says"
    case .guess: "a guess"
    }
  }
}

private func bytes(_ count: Int) -> String {
  var value = Double(count)
  for unit in ["bytes", "KiB", "MiB", "GiB"] {
    if value < 1024 {
      return unit == "bytes" ? "\(count) bytes" : String(format: value < 10 ? "%.1f %@" : "%.0f %@", value, unit)
    }
    value /= 1024
  }
  return String(format: "%.1f TiB", value)
}
