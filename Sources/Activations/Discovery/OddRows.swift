import HDF5

/// What may be odd about a dump that is understood: told, and nothing is changed.
enum OddRows {
  /// Numbers that people write for "no class" where negative ones cannot be.
  private static let habits: Set<Int64> = [99, 255, 999, 9999, 32767, 65535, 2_147_483_647, 4_294_967_295]

  /// Tells of a label far from the others that is a habit for rows without one.
  static func tellOfNoClass(_ path: String?, _ labels: RawLabels?, _ evidence: inout Evidence) {
    guard let path, case .integers(let values)? = labels else { return }
    let distinct = Set(values).sorted()
    guard distinct.count > 2, let last = distinct.last, habits.contains(last) else { return }
    let highest = distinct[distinct.count - 2]
    guard highest < last / 2 else { return }
    let rows = values.count { $0 == last }
    evidence.assume(
      "\(path): \(grouped(rows)) \(rows == 1 ? "row has" : "rows have") the label \(last), far from the others (up to \(highest)), and \(rows == 1 ? "is" : "are") counted as a class of that name. If \(last) stands for no class, leave such rows out of the dump."
    )
  }

  /// Tells of rows whose label is the empty text.
  static func tellOfEmptyTexts(_ path: String?, _ labels: RawLabels?, _ evidence: inout Evidence) {
    guard let path, case .texts(let values)? = labels else { return }
    let empty = values.count { $0.allSatisfy(\.isWhitespace) }
    guard empty > 0, empty < values.count else { return }
    evidence.assume(
      "\(path): \(grouped(empty)) \(empty == 1 ? "row has" : "rows have") an empty text for a label, and \(empty == 1 ? "is" : "are") counted as a class of its own. If these rows have no label, leave them out of the dump."
    )
  }

  private static let stateWords: Set<String> = [
    "step", "steps", "epoch", "epochs", "checkpoint", "ckpt", "seed", "run", "iter", "iteration",
  ]

  /// Tells of files that are called like states of one network, and were taken for parts of one dump.
  static func tellOfStates(_ files: [DumpFile], _ evidence: inout Evidence) {
    let names = files.map { DatasetName($0.name.split(separator: ".").first.map(String.init) ?? $0.name) }
    guard files.count > 1, Set(files.map(\.name)).count > 1, names.allSatisfy({ $0.holds(any: stateWords) }) else {
      return
    }
    evidence.assume(
      "\(files[0].name), \(files[1].name)\(files.count > 2 ? ", …" : "") are called like states of one network, and their rows are counted together, as those of one dump. To compare the states, precompute each by itself."
    )
  }

  /// Tells of datasets that may be classes: layers of one group and one shape, without labels, that are called like no layers.
  static func tellOfClasses(
    _ layers: [LayerSource], _ request: DumpRequest, hasLabels: Bool, _ evidence: inout Evidence
  ) {
    guard request.layers == nil, !hasLabels, layers.count > 1, let first = layers.first else { return }
    let names = layers.map { DatasetName($0.path) }
    let areAlike = layers.allSatisfy {
      $0.info.shape == first.info.shape && $0.info.shape.count == 2
        && Places.group(of: $0.path) == Places.group(of: first.path)
    }
    guard areAlike,
      names.allSatisfy({
        !$0.holds(any: DatasetName.layerWords) && $0.words.allSatisfy { !$0.allSatisfy(\.isNumber) }
          && $0.last.count > 2
      })
    else { return }
    let paths = layers.map { "\"\($0.path.dropFirst())\"" }
    let some = "[\(paths.joined(separator: ", "))]"
    evidence.assume(
      "\(layers[0].path), \(layers[1].path)\(layers.count > 2 ? ", …" : "") are taken for layers of the same \(grouped(first.rows)) rows. If each is a class, write them behind one another, with h5py: f[\"rows\"] = np.concatenate([f[k][:] for k in \(some)]); f[\"labels\"] = np.repeat(\(some), \(first.rows)).astype(object), and in a job layers: [rows], labels: labels."
    )
  }
}
