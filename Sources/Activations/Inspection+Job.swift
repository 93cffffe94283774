import Foundation
import HDF5

extension Inspection {
  /// The lines of a job file that says what `precompute` would do without one, with comments on what may be changed; where it would
  /// refuse the dump and advises a line, the job has that line.
  /// - Parameters:
  ///   - name: of the store.
  ///   - follow: whether the dump was opened with leave to follow links into other files.
  /// - Throws: the reason why the dump cannot be precomputed.
  public func job(name: String, follow: Bool) throws -> [String] {
    let (contents, why) = try advised()
    let request = contents.understood
    var lines = ["# \(contents.conventionInWords) All keys: Jobs/README.md"]
    if let why { lines.append("# Without this job: \(comment(why))") }
    lines += ["name: \(yaml(name))", "dumps:  # paths may be relative to this file"]
    lines += contents.dump.files.map { "  - \(yaml(absolute($0.path)))" }
    if let join = request.join {
      lines.append("join: \(yaml(join))  # all paths below count from each of these groups")
    }

    lines.append("layers:  # reduce: flatten, max, mean or samples; all but flatten need axes that are right")
    for layer in contents.layers {
      lines.append(
        "  # \(comment("\(grouped(layer.neurons)) neurons; \(Self.storage(layer.info))\(layer.axesOrigin == .guess ? "; the axes are a guess" : "")"))"
      )
      lines.append(
        "  - { name: \(yaml(layer.name)), dataset: \(yaml(layer.path)), axes: \(layer.geometry.axes), reduce: \(layer.geometry.reduce.rawValue)\(sparseKeys(layer)) }"
      )
    }
    lines += contents.skipped.prefix(100).map { "  # not taken: \(comment("\($0.path): \($0.why)"))" }

    if let file = request.labelsFrom { lines.append("labels_from: \(yaml(absolute(file)))") }
    if let from = request.classFrom {
      lines.append("class_from: \(from.rawValue)  # its name is the class of its rows")
    } else if contents.evidence.areFilesClasses {
      lines.append("class_from: file  # its name is the class of its rows; without this line all rows are one group")
    } else if let path = request.labels {
      lines.append("labels: \(yaml(path))")
    } else {
      lines.append(
        contents.labels == nil ? "# labels: PATH  # none were found" : "# labels: the axis K, category by category")
    }
    lines.append(request.predictions.map { "predictions: \(yaml($0))" } ?? "# predictions: PATH  # none were found")
    switch request.count {
    case .dataset(let path): lines.append("count: \(yaml(path))  # later rows are filler")
    case .number(let number): lines.append("count: \(number)  # later rows are filler")
    case nil: break
    }
    switch request.classNames {
    case .dataset(let path): lines.append("class_names: \(yaml(path))")
    case .list(let names):
      let origin = contents.classNames.map { "  # from \(comment("\($0.origin)"))" } ?? ""
      lines += ["class_names:\(origin)"] + names.map { "  - \(yaml($0))" }
    case .byLabel(let labels, let names):
      let origin = contents.classNames.map { "  # from \(comment("\($0.origin)"))" } ?? ""
      lines += ["class_names:\(origin)"] + zip(labels, names).map { "  \(yaml($0)): \(yaml($1))" }
    case nil: lines.append("# class_names: [cat, dog]  # a list, a dataset's path, or a text file with one name a line")
    }
    lines += RowTableOffer(contents).lines(request.table, quote: yaml)
    lines.append(
      request.instances?.group.map { "instances: \(yaml($0))" }
        ?? "# instances: { rows: [0] }  # rows of the dump, shown as dots")
    lines += contents.evidence.offered.map { "# \(comment($0))" }
    if contents.predictions != nil, contents.labels != nil {
      lines.append("# groups: [{ name: mistakes, where: 'label != prediction' }]")
    }
    lines.append("medians: exact  # or binned, which saves the second reading")
    lines.append("missing: refuse  # values never written; or skip (leave such rows out), or fill")
    lines.append("follow: \(follow)  # whether virtual datasets and links into other files are read")
    let traps = traps
    if !traps.isEmpty { lines += ["#", "# Note:"] + traps.prefix(50).map { "# - \(comment($0))" } }
    return lines
  }

  /// How a sparse layer is stored.
  private func sparseKeys(_ layer: LayerSource) -> String {
    guard case .sparse(let form) = layer.info.layout else { return "" }
    let neurons = ", neurons: \(layer.info.shape.last ?? 0)"
    switch form.kind {
    case .lines(let axis, _): return ", sparse: \(axis == 0 ? "csr" : "csc")" + neurons
    case .listed: return ", indices: \(yaml(form.indices.path))" + neurons
    }
  }

  /// The dump as it is understood, or as it is with the line that the refusal advises, and then why it was refused.
  private func advised() throws -> (DumpContents, why: String?) {
    do {
      return (try contents.get(), nil)
    } catch let error as ActivationsError {
      guard let advised = error.advised else { throw error }
      let files = dump.files.filter { $0.path != advised.labelsFile }
      let labelsFile = dump.files.first { $0.path == advised.labelsFile }
      guard !files.isEmpty,
        let contents = try? DumpContents(Dump(files: files), advised.request, labelsFile: labelsFile)
      else { throw error }
      return (contents, error.description)
    }
  }

  private func absolute(_ path: String) -> String { URL(fileURLWithPath: path).path }

  /// A text on one line.
  private func comment(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isPlain($0) ? $0 : " " }))
  }

  /// A text as YAML, quoted where it could be taken for something else.
  private func yaml(_ text: String) -> String {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
    let isSafe = text.unicodeScalars.allSatisfy {
      $0.isASCII
        && ($0.properties.isAlphabetic || $0.properties.numericType != nil || "_./-".unicodeScalars.contains($0))
    }
    if isSafe, let first = text.unicodeScalars.first, first == "/" || first.properties.isAlphabetic,
      !words.contains(text.lowercased())
    {
      return text
    }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case _ where !isPlain(scalar): quoted += "\\U" + String(format: "%08x", scalar.value)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  /// Whether a character may stand as it is in a line of YAML that people look at.
  private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: false
    default: !scalar.properties.isBidiControl
    }
  }
}
