import TileStore

/// The counts of stored groups of a layer: from their planes or, where they have none, from codes.
struct GroupCounts: Sendable {
  private let layer: LayerReader
  /// `nil`: every group has a plane.
  private let classes: SmallClasses?

  /// - Parameter groups: those that are asked for.
  /// - Throws: `SubsetError`, `StoreError`.
  init(_ layer: LayerReader, of store: Store, groups: some Sequence<Int>) throws {
    self.layer = layer
    classes = groups.contains { layer.plane(of: $0) == nil } ? try SmallClasses(layer, of: store) : nil
  }

  /// The counts of some groups together: of all that have planes, each, and of all classes that have none.
  /// - Parameter groups: of those that are asked for.
  func parts(of groups: [Int], _ axis: BinAxis, _ bins: BinCount) throws(StoreError)
    -> [any CountRows]
  {
    let stored = groups.compactMap { layer.plane(of: $0) }.map {
      StoredCounts(array: layer.counts(axis, bins), plane: $0)
    }
    guard let classes, stored.count < groups.count else { return stored }
    return stored + [try SubsetCounts(classes.counter(of: groups.filter { layer.plane(of: $0) == nil }), axis, bins)]
  }

  func rows(of group: Int, _ axis: BinAxis, _ bins: BinCount) throws(StoreError) -> any CountRows {
    if let plane = layer.plane(of: group) { return StoredCounts(array: layer.counts(axis, bins), plane: plane) }
    guard let classes else { preconditionFailure("a group that was not asked for") }
    return try SubsetCounts(classes.counter(of: group), axis, bins)
  }
}

extension Store {
  /// The groups of classes.
  package var classGroups: [Int] { attributes.groups.indices.filter { attributes.groups[$0].kind == .class } }
}
