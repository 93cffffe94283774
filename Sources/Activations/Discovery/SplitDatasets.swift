import HDF5

/// Parts of a data set side by side as datasets: `X_train` and `X_test`, or `features/train` and `features/test`.
enum SplitDatasets {
  /// - Throws: `ActivationsError` with the lines that take one of them, where there are several.
  static func refuse(_ file: DumpFile, layers: [DatasetInfo], columns: [ColumnCandidate]) throws {
    // Datasets that are called the same but for the word of their split.
    var families: [String: [(split: String, info: DatasetInfo)]] = [:]
    for info in layers {
      guard let split = split(of: info.path) else { continue }
      families[residual(info.path, split), default: []].append((split, info))
    }
    let families_ = families.values.filter { family in
      Set(family.map(\.split)).count > 1
        && family.allSatisfy { $0.info.shape.dropFirst() == family[0].info.shape.dropFirst() }
    }
    guard !families_.isEmpty else { return }
    let members = families_.flatMap(\.self).sorted { naturallyPrecedes($0.info.path, $1.info.path) }
    var splits: [String] = []
    for member in members.sorted(by: { $0.info.count > $1.info.count }) where !splits.contains(member.split) {
      splits.append(member.split)
    }
    let parts = splits.map { split -> (layers: [String], labels: String?) in
      let own = members.filter { $0.split == split }.map { String($0.info.path.dropFirst()) }
      let labels = columns.first {
        $0.name.readsLikeLabels && !$0.isSingle && self.split(of: $0.path) == split
          || self.split(of: $0.path) == split
            && $0.path.split(separator: "/").contains { DatasetName(String($0)).readsLikeLabels }
      }
      return (own, labels.map { String($0.path.dropFirst()) })
    }
    let lines = parts.map { part in
      "layers: [\(part.layers.joined(separator: ", "))]" + (part.labels.map { ", labels: \($0)" } ?? "")
    }
    let named = members.prefix(6).map { "\($0.info.path) (\(inWords($0.info.shape)))" }.joined(separator: ", ")
    throw ActivationsError(
      "\(file.path): it holds parts of a data set side by side: \(named)\(members.count > 6 ? ", …" : ""). Name those of one in a job: \(lines.joined(separator: "; or ")).",
      advised: .init { request in
        request.layers = parts[0].layers.map { LayerRequest(dataset: $0) }
        request.labels = parts[0].labels
      })
  }

  /// The word of a split in a path.
  private static func split(of path: String) -> String? {
    for part in path.split(separator: "/").reversed() {
      if let word = DatasetName(String(part)).words.first(where: DatasetName.splits.contains) { return word }
    }
    return nil
  }

  /// The path without the word of its split.
  private static func residual(_ path: String, _ split: String) -> String {
    path.split(separator: "/").map { DatasetName(String($0)).words.filter { $0 != split }.joined(separator: "_") }
      .joined(separator: "/")
  }
}
