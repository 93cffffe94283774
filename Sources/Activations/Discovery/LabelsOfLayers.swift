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

  /// How near a column is to a layer: by place, then by the words that its name shares with the layer's.
  private struct Kinship: Comparable {
    let nearness: Places.Nearness
    let shared: Int

    static func < (a: Kinship, b: Kinship) -> Bool {
      a.nearness != b.nearness ? a.nearness < b.nearness : a.shared < b.shared
    }
  }

  private func kinship(_ column: ColumnCandidate, _ layer: DatasetInfo) -> Kinship {
    let tag = Set(column.name.tagOfLabels)
    return Kinship(
      nearness: Places.nearness(of: column.group, to: [Places.group(of: layer.path)]),
      shared: tag.isSubset(of: DatasetName(layer.path).words) ? tag.count : 0)
  }

  /// The column that belongs to a layer more than any other does; `nil` where several may.
  private func own(of layer: DatasetInfo, among columns: [ColumnCandidate]) -> ColumnCandidate? {
    let rows = LayerCandidates.rowsPossible(layer)
    let fitting = columns.filter { rows.contains($0.length) }.map { ($0, kinship($0, layer)) }
    guard let best = fitting.max(by: { $0.1 < $1.1 }) else { return nil }
    return fitting.contains { $0.0.path != best.0.path && $0.1 == best.1 } ? nil : best.0
  }

  /// Lines that take each of several columns with the layers that it belongs to; `nil` where not every layer has one of its own.
  func linesWithLayers(_ columns: [ColumnCandidate]) -> [String]? {
    let owned = layers.filter { layer in columns.contains { LayerCandidates.rowsPossible(layer).contains($0.length) } }
      .map { (layer: $0.path, own: own(of: $0, among: columns)?.path) }
    let owners = Set(owned.compactMap(\.own))
    guard owners.count > 1, owned.allSatisfy({ $0.own != nil }) else { return nil }
    return columns.compactMap { column in
      let layers = owned.filter { $0.own == column.path }.map(\.layer)
      return layers.isEmpty ? nil : "layers: [\(layers.joined(separator: ", "))], labels: \(column.path)"
    }
  }

  /// Layers that have other labels of their own than those that were taken, which belong to other layers.
  func strangers(to labels: String) -> [(layer: String, own: String)] {
    let columns = candidates.filter {
      ($0.name.readsLikeLabels || isNumberedLabels($0)) && !$0.isSingle && !$0.isAttribute && isColumnOfRows($0)
    }
    guard let taken = columns.first(where: { $0.path == labels }), columns.count > 1 else { return [] }
    let owned = layers.map { (layer: $0, own: own(of: $0, among: columns)) }
    guard owned.contains(where: { $0.own?.path == labels }) else { return [] }
    return owned.compactMap { layer, own in
      guard let own, own.path != labels else { return nil }
      let group = Places.group(of: layer.path)
      let tag = Set(taken.name.tagOfLabels)
      // Labels above a layer are those of all below.
      let isAbove = taken.group == "/" || (group + "/").hasPrefix(taken.group + "/")
      if isAbove, tag.isSubset(of: DatasetName(layer.path).words) || tag.isEmpty { return nil }
      return isSame(taken, own) ? nil : (layer.path, own.path)
    }
  }

  private func isColumnOfRows(_ column: ColumnCandidate) -> Bool {
    layers.contains { LayerCandidates.rowsPossible($0).contains(column.length) }
  }

  /// Whether labels stand nearer to the layers than what may be labels too, but cannot be read.
  func isNearer(_ labels: String?, than other: String) -> Bool {
    guard let labels, let column = candidates.first(where: { $0.path == labels }) else { return false }
    let groups = layers.map { Places.group(of: $0.path) }
    let place = Places.group(of: String(other.prefix { $0 != "@" }))
    return Places.nearness(of: column.group, to: groups) > Places.nearness(of: place, to: groups)
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
