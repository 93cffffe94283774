import HDF5

/// What a dump holds, told to a person (``words``), to a program (``json()``), or as a job (``job(name:follow:)``).
public struct Inspection: Sendable {
  public let dump: Dump
  /// The dump understood, or why it cannot be.
  public let contents: Result<DumpContents, any Error>

  public init(_ dump: Dump) {
    self.dump = dump
    contents = Result {
      var contents = try DumpContents(dump, DumpRequest())
      contents.note(try contents.unfilledRows())
      return contents
    }
  }
}

// MARK: Traps

extension Inspection {
  /// What may surprise, and what to do about it, a sentence or two each.
  public var traps: [String] {
    let notes =
      (try? contents.get())?.notes ?? dump.files.flatMap { file in file.catalogue.notes.map { "\(file.name): \($0)" } }
    let all =
      notes + (evidence?.assumed ?? []) + ofContents
      + dump.files.flatMap { file in file.catalogue.datasets.filter { !$0.isInternal }.flatMap(Self.traps) }
    // Many files mostly have the same traps.
    var seen = Set<String>()
    return all.filter { seen.insert($0).inserted }
  }

  /// What was decided without being told; `nil` where the dump is not understood.
  public var evidence: Evidence? { (try? contents.get())?.evidence }

  /// Those that only show once the dump is understood.
  private var ofContents: [String] {
    guard let contents = try? contents.get() else { return [] }
    var found: [String] = []
    for layer in contents.layers {
      let (info, axes) = (layer.info, layer.geometry.axes)
      if layer.axesOrigin == .guess, axes.letters.contains("H") {
        found.append(
          "\(info.path): the axes \(axes) are a guess, for torch writes NCHW, Keras and TensorFlow NHWC, and the file does not say which. It matters only if the job reduces positions."
        )
      }
      if case .chunked(let chunk) = info.layout {
        if let axis = axes.category, chunk[axis] > 1 {
          found.append(
            "\(info.path): its chunks hold \(grouped(chunk[axis])) categories each, and are decoded once for each of them. h5repack -l CHUNK=1x… makes reading faster."
          )
        }
        if let row = axes.row, chunk[row] == 1, layer.rows > 10_000 {
          found.append(
            "\(info.path): every row is a chunk of its own. It is read as it is; h5repack with chunks of some hundred rows makes reading faster."
          )
        }
      }
    }
    if let labels = contents.labels {
      if labels.names.contains(Grouping.allName) {
        found.append(
          "A class is called \"\(Grouping.allName)\", which is the name of the group of all rows; precompute refuses that. Name it otherwise in a job, by its label: class_names: { all: every }."
        )
      }
      let counts = labels.counts
      let empty = zip(labels.names, counts).filter { $1 == 0 }.map(\.0)
      if !empty.isEmpty {
        found.append(
          "\(empty.count == 1 ? "One class has" : "\(grouped(empty.count)) classes have") no rows: \(empty.prefix(10).joined(separator: ", "))\(empty.count > 10 ? ", …" : ""). They are shown empty."
        )
      }
    }
    return found
  }

  private static func traps(_ info: DatasetInfo) -> [String] {
    var found: [String] = []
    // What is to be said of a table is said of it, not of each of its fields.
    if let field = info.field, field.dataset != info.absolutePath { return [] }
    if let written = info.chunksWritten, let total = info.chunksTotal, written < total {
      found.append(
        "\(info.path): \(grouped(total - written)) of \(grouped(total)) chunks were never written, perhaps because the writer was killed. precompute refuses them unless the job says missing: skip (leave such rows out) or missing: fill (take them as \(info.fillValue ?? "0"))."
      )
    }
    if case .contiguous(nil) = info.layout, info.count > 0 {
      found.append(
        "\(info.path): it was never written; every value would read as \(info.fillValue ?? "0"). Make the dump again, or leave it out of the job."
      )
    }
    switch info.element {
    case .opaque(bytes: 2):
      found.append("\(info.path): 2-byte opaque elements, perhaps bfloat16. If so, say dtype: bfloat16 in the job.")
    case .uint16 where info.shape.count > 1 && info.attributes["MATLAB_class"] == nil:
      found.append("\(info.path): uint16 values. If they are bfloat16 in disguise, say dtype: bfloat16 in the job.")
    default: break
    }
    switch info.layout {
    case .virtual where info.unsupportedReason == nil:
      found.append("\(info.path): a virtual dataset, whose data lie in other files.")
    case .external(let path) where info.unsupportedReason == nil: found.append("\(info.path): its data lie in \(path).")
    default: break
    }
    if let reason = info.unsupportedReason { found.append("\(info.path): \(reason)") }
    return found
  }
}

extension LabelColumn {
  /// Rows of each class.
  var counts: [Int] {
    var counts = [Int](repeating: 0, count: names.count)
    for label in classes { counts[Int(label)] += 1 }
    return counts
  }
}
