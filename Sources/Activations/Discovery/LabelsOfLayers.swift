import HDF5

/// Labels that belong to some of the layers only: those of one group (`stem/label` to `stem/act`), or of one number or part in the name
/// (`labels_batch0` to `fc_batch0`).
extension ColumnSearch {
  /// Whether a column is called by a number alone, in a group that is called like labels: `labels/0`.
  func isNumberedLabels(_ column: ColumnCandidate) -> Bool {
    !column.isSingle && !column.isAttribute && column.isDiscrete
      && column.name.words.allSatisfy { $0.allSatisfy(\.isNumber) || DatasetName.batchWords.contains($0) }
      && DatasetName(column.group).readsLikeLabels
  }

  /// Lines that take each of several columns with the layers that it belongs to; `nil` where not every layer has one of its own.
  func linesWithLayers(_ columns: [ColumnCandidate]) -> [String]? {
    let kin = ColumnsByPlace(columns)
    let lengths = Set(columns.map(\.length))
    let owned = layers.filter { !lengths.isDisjoint(with: LayerCandidates.rowsPossible($0)) }
      .map { (layer: $0.path, own: kin.own(of: $0)?.path) }
    let byOwner = Dictionary(grouping: owned, by: \.own)
    guard byOwner.count > 1, byOwner[nil] == nil else { return nil }
    return columns.compactMap { column in
      byOwner[column.path].map { owned in
        "layers: [\(owned.map(\.layer).joined(separator: ", "))], labels: \(column.path)"
      }
    }
  }

  /// What rows are of that are others than those beside them.
  private static let sideWords = DatasetName.splits.union(DatasetName.batchWords).union([
    "query", "gallery", "support", "source", "src", "tgt", "adv", "clean",
  ])

  /// Layers that have other labels of their own than those that were taken, which belong to other layers.
  func strangers(to labels: String) -> [(layer: String, own: String)] {
    let columns = candidates.filter {
      ($0.name.readsLikeLabels || $0.name.endsLikeLabels || isNumberedLabels($0)) && $0.isDiscrete && !$0.isSingle
        && !$0.isAttribute && isColumnOfRows($0)
    }
    guard let taken = columns.first(where: { $0.path == labels }), columns.count > 1 else { return [] }
    let kin = ColumnsByPlace(columns)
    let owned = layers.map { (layer: $0, own: kin.own(of: $0)) }
    guard owned.contains(where: { $0.own?.path == labels }) else { return [] }
    return owned.compactMap { layer, own in
      guard let own, own.path != labels else { return nil }
      let group = Places.group(of: layer.path)
      let tag = Set(taken.name.tagOfLabels)
      // Labels above a layer are those of all below, but for what has others of its own name beside them.
      let isAbove = taken.group == "/" || (group + "/").hasPrefix(taken.group + "/")
      let isByName = own.group == taken.group && own.name.tagOfLabels.contains(where: Self.sideWords.contains)
      if isAbove, !isByName, tag.isSubset(of: DatasetName(layer.path).words) || tag.isEmpty { return nil }
      return isSame(taken, own) ? nil : (layer.path, own.path)
    }
  }

  /// Whether labels stand nearer to the layers than what may be labels too, but cannot be read.
  func isNearer(_ labels: String?, than other: String) -> Bool {
    guard let labels, let column = candidates.first(where: { $0.path == labels }) else { return false }
    let place = Places.group(of: String(other.prefix { $0 != "@" }))
    return groups.nearness(of: column.group) > groups.nearness(of: place)
  }
}

/// Columns by the groups in and above which they stand, to find the one that a layer is nearest to.
private struct ColumnsByPlace {
  private struct Member {
    let column: ColumnCandidate
    let depth: Int
    let tag: Set<String>
  }
  private var members: [String: [Member]] = [:]

  init(_ columns: [ColumnCandidate]) {
    for column in columns {
      let member = Member(
        column: column, depth: Places.depth(column.group), tag: Set(column.name.tagOfLabels))
      for group in Places.upwards(from: column.group) { members[group, default: []].append(member) }
    }
  }

  /// The column that belongs to a layer more than any other does, by place, then by the words that its name shares with the layer's;
  /// `nil` where several may.
  func own(of layer: DatasetInfo) -> ColumnCandidate? {
    let rows = LayerCandidates.rowsPossible(layer)
    for group in Places.upwards(from: Places.group(of: layer.path)) {
      guard let here = members[group] else { continue }
      let fitting = here.filter { rows.contains($0.column.length) }
      guard let depth = fitting.map(\.depth).min() else { continue }
      let words = Set(DatasetName(layer.path).words)
      let nearest = fitting.filter { $0.depth == depth }
        .map { ($0.column, shared: $0.tag.isSubset(of: words) ? $0.tag.count : -1) }
      let most = nearest.map(\.shared).max()
      let best = nearest.filter { $0.shared == most }.map(\.0)
      return best.allSatisfy { $0.path == best[0].path } ? best[0] : nil
    }
    return nil
  }
}

extension LayerCandidates {
  /// Leaves out layers whose labels are others than those that were taken; of layers that a job names it is said.
  mutating func leaveStrangers(_ columns: RowColumns, _ requested: [LayerRequest]?, _ evidence: inout Evidence) {
    for (layer, own) in columns.strangers {
      guard let labels = columns.labels else { return }
      if let requested {
        guard requested.contains(where: { $0.dataset == layer || "/" + $0.dataset == layer }) else { continue }
        evidence.assume(
          "\(layer) has the labels \(labels), as the job says, though \(own) belongs to it by place and name, and differs. If that is wrong, write layers: [\(layer)], labels: \(own)."
        )
      } else {
        let why =
          "its labels are \(own), which differ from \(labels); to take it, write in another job layers: [\(layer)], labels: \(own)"
        leave(layer, why, &evidence)
      }
    }
  }
}
