import Foundation
import HDF5

extension Inspection {
  /// The lines of a job file that says what `precompute` would do without one, with comments on what may be changed.
  /// - Parameters:
  ///   - name: of the store.
  ///   - follow: whether the dump was opened with leave to follow links into other files.
  /// - Throws: the reason why the dump cannot be precomputed.
  public func job(name: String, follow: Bool) throws -> [String] {
    let contents = try contents.get()
    let request = contents.understood
    var lines = [
      "# \(contents.conventionInWords) All keys: Jobs/README.md", "name: \(yaml(name))",
      "dumps:  # paths may be relative to this file",
    ]
    lines += dump.files.map { "  - \(yaml(URL(fileURLWithPath: $0.path).path))" }

    lines.append("layers:  # reduce: flatten, max, mean or samples; all but flatten need axes that are right")
    for layer in contents.layers {
      lines.append(
        "  # \(comment("\(grouped(layer.neurons)) neurons; \(Self.storage(layer.info))\(layer.axesOrigin == .guess ? "; the axes are a guess" : "")"))"
      )
      lines.append(
        "  - { name: \(yaml(layer.name)), dataset: \(yaml(layer.path)), axes: \(layer.geometry.axes), reduce: \(layer.geometry.reduce.rawValue) }"
      )
    }
    lines += contents.skipped.prefix(100).map { "  # not taken: \(comment("\($0.path): \($0.why)"))" }

    if let path = request.labels {
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
