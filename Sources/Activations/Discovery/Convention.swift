/// The habit by which a dump was written, of those that are known.
public enum Convention: String, Sendable, CaseIterable {
  /// One dataset a layer, one row a sample, labels beside them.
  case layers
  /// The same without labels.
  case unlabelled
  /// Buffers that were filled up to a count.
  case filler
  /// `[category, image, …]`.
  case categories
  /// One file a sample.
  case files
  /// MATLAB v7.3, whose axes are reversed.
  case matlab
}

extension DumpContents {
  /// The habit that is recognised.
  public var convention: Convention {
    switch layout {
    case .files: .files
    case .categories: .categories
    case .rows:
      if layers.contains(where: { $0.info.attributes["MATLAB_class"] != nil }) {
        .matlab
      } else if understood.count != nil {
        .filler
      } else {
        labels == nil ? .unlabelled : .layers
      }
    }
  }

  /// One sentence on it.
  public var conventionInWords: String {
    let what =
      switch convention {
      case .layers: "one dataset a layer, one row a sample"
      case .unlabelled: "features without labels: one dataset a layer, one row a sample"
      case .filler:
        filler == 0
          ? "buffers with a count, all of whose \(grouped(rows)) rows are real"
          : "buffers filled up to a count: the first \(grouped(rows)) of \(grouped(rows + filler)) rows are real, the others filler"
      case .categories:
        if case .categories(let count, let each) = layout {
          "rows stored category by category: \(grouped(count)) categories"
            + (dump.files.count == 1 ? " with \(grouped(each)) rows each" : "")
        } else {
          "rows stored category by category"
        }
      case .files:
        "one file a sample: \(grouped(dump.files.count)) \(dump.files.count == 1 ? "file" : "files"), each one row"
      case .matlab: "a MATLAB v7.3 file, whose axes are reversed: the last one is that of the rows"
      }
    var beside: [String] = []
    if understood.labels != nil { beside.append("labels") }
    if predictions != nil { beside.append("predictions") }
    if !instances.instances.isEmpty { beside.append("instances") }
    let files =
      dump.files.count > 1 && layout != .files
      ? " It has \(grouped(dump.files.count)) files, whose rows follow each other." : ""
    return "Looks like \(what)\(beside.isEmpty ? "" : ", with \(listed(beside)) beside")." + files
  }
}

/// `a, b and c`.
func listed(_ words: [String]) -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " and " + last
}
