import HDF5

/// Columns of a dump that say something of its rows, and that nothing heeds.
extension DumpContents {
  /// Names of columns that mark rows with 1 and 0.
  private static let markWords: Set<String> = [
    "valid", "mask", "keep", "isvalid", "used", "ok", "processed", "done", "filled", "written", "complete", "completed",
    "present", "finished",
  ]

  /// The same, where 1 marks the exceptions.
  private static let exceptionWords: Set<String> = [
    "padding", "padded", "pad", "rejected", "reject", "exclude", "excluded", "outlier", "outliers", "invalid", "bad",
    "dropped", "ignore", "ignored", "corrupt", "corrupted", "missing",
  ]
  /// What rows are long in.
  private static let positionWords: Set<String> = [
    "token", "tokens", "frame", "frames", "step", "steps", "timesteps", "words", "patches",
  ]

  /// Columns that say which rows count, how long they are, in which order they stand or how often they count, and that nothing heeds.
  static func lookAtColumns(
    _ file: DumpFile, _ columns: RowColumns, _ layers: [LayerSource], rows: Int, _ evidence: inout Evidence
  ) throws {
    let longest = layers.first { $0.geometry.axes.row == 0 && !$0.geometry.axes.positions.isEmpty }
    for column in columns.candidates
    where column.length == rows && rows > 1 && column.isSmall && !column.isAttribute && column.path != columns.labels {
      let words = column.name
      if words.holds(any: markWords), column.isDiscrete {
        guard case .integers(let values)? = try? file.classes(column.path), Set(values).isSubset(of: [0, 1]),
          values.contains(0)
        else { continue }
        evidence.leaveOut(
          column.path,
          "it marks \(grouped(values.count { $0 == 0 })) of \(grouped(rows)) rows with 0, perhaps as not to be counted; all rows are counted. To leave them out, write a dump without them"
        )
      } else if words.holds(any: exceptionWords), column.isDiscrete,
        words.words.allSatisfy({
          exceptionWords.contains($0) || ["is", "row", "rows", "sample", "trial", "mask"].contains($0)
        })
      {
        guard case .integers(let values)? = try? file.classes(column.path), Set(values) == [0, 1] else { continue }
        evidence.leaveOut(
          column.path,
          "it marks \(grouped(values.count { $0 == 1 })) of \(grouped(rows)) rows with 1, perhaps as not to be counted; all rows are counted. To leave them out, write a dump without them"
        )
      } else if words.holds(any: ["length", "lengths", "seqlen", "seqlens", "lens", "len"])
        || longest != nil && words.holds(any: ["num", "n", "count"]) && words.holds(any: positionWords),
        column.isDiscrete
      {
        if let longest, words.holds(any: positionWords), case .integers(let values)? = try? file.classes(column.path),
          values.contains(where: { $0 > Int64(longest.info.shape[longest.geometry.axes.positions[0]]) })
        {
          continue
        }
        let name = column.path.dropFirst()
        let advice =
          longest.map { layer in
            let most = layer.info.shape[layer.geometry.axes.positions[0]]
            return
              ". To leave them out, write a mask, with h5py: f[\"mask\"] = np.arange(\(most)) < f[\"\(name)\"][:].reshape(-1, 1), and in a job mask: mask and layers: [{ dataset: \(layer.path), axes: \(layer.geometry.axes), reduce: samples }] (or max, or mean)"
          } ?? ""
        evidence.leaveOut(
          column.path, "it says how long each row is; positions beyond are counted like others\(advice)")
      } else if words.holds(any: ["epoch", "epochs", "step", "iteration", "checkpoint", "seed", "run"]),
        column.isDiscrete
      {
        guard let values = try? file.classes(column.path), values.distinctCount > 1 else { continue }
        evidence.leaveOut(
          column.path,
          "it tells \(grouped(values.distinctCount)) \(words.last)s apart, whose rows are counted together; write a dump for each to compare them"
        )
      } else if words.holds(any: ["split", "splits", "subset", "fold", "partition"]), !words.readsLikeLabels,
        column.isDiscrete
      {
        guard let values = try? file.classes(column.path), values.distinctCount > 1 else { continue }
        evidence.leaveOut(
          column.path,
          "it tells \(grouped(values.distinctCount)) parts of the rows apart (\(values.someDistinct)), which are counted together; write a dump for each to compare them"
        )
      } else if words.holds(any: ["perm", "permutation", "order", "argsort", "sort", "shuffle", "shuffled"]),
        column.isDiscrete
      {
        guard case .integers(let values)? = try? file.classes(column.path), values.count > 1,
          values != (0..<Int64(rows)).map({ $0 }), Set(values) == Set(0..<Int64(rows))
        else { continue }
        evidence.leaveOut(
          column.path,
          "it holds every row number once, in another order; rows of layers and of labels are taken to belong together as they stand. If one of them is in that order, write it anew, with h5py: f[\"ordered\"] = f[PATH][:][f[\"\(column.path.dropFirst())\"][:]]"
        )
      } else if words.holds(any: ["weights", "frequency", "frequencies", "freq", "multiplicity", "repeats"])
        || ["sample_weight", "weight", "count", "counts", "n_repeats"].contains(words.last)
      {
        evidence.sayInstead(column.path, "it may say how often each row counts; every row counts once")
      }
    }
  }
}

extension RawLabels {
  /// Some of the different values, for a sentence.
  fileprivate var someDistinct: String {
    switch self {
    case .integers(let values): Set(values).sorted().prefix(4).map(String.init).joined(separator: ", ")
    case .texts(let values): Set(values).sorted().prefix(4).joined(separator: ", ")
    }
  }
}
