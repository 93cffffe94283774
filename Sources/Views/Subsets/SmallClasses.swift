import TileStore

/// Counts classes of a layer that have no planes of their own, from codes (`Tiles/FORMAT.md` §4, Small classes).
package struct SmallClasses: Sendable {
  /// Of no rows: it has what is known of the layer whatever the rows.
  private let none: SubsetCounter
  /// `[row]`: its class; -1: none.
  private let labels: [Int32]

  /// Bytes it takes in a cache.
  var byteCount: Int { labels.count * 4 + none.byteCount }

  /// - Throws: `SubsetError` where the layer has no codes or no row has a class; `StoreError`.
  init(_ layer: LayerReader, of store: Store) throws {
    let rows = store.attributes.dataset.rows
    guard let table = store.table else {
      throw SubsetError(.notHeld, "This store does not say of which class a row is.")
    }
    labels = try table.labels(0..<rows).map { $0.map { Int32($0) } ?? -1 }
    none = try SubsetCounter(layer, RowSet(length: rows) { _ in false })
  }

  /// Counts a class.
  /// - Parameter group: its group.
  func counter(of group: Int) -> SubsetCounter {
    // Classes follow the group of all rows, in the order of the table.
    SubsetCounter(RowSet(length: labels.count) { Int(labels[$0]) == group - 1 }, beside: none)
  }
}

extension LayerReader {
  /// The counts of a stored group, from its plane or, where it has none, from codes.
  /// - Throws: `SubsetError`, `StoreError`.
  func rows(of group: Int, _ axis: BinAxis, _ bins: BinCount, in store: Store) throws -> any CountRows {
    if let plane = plane(of: group) { return StoredCounts(array: counts(axis, bins), plane: plane) }
    return try SubsetCounts(SmallClasses(self, of: store).counter(of: group), axis, bins)
  }
}
