/// Makes the table of rows of a store that is being built, as `RowTableAttributes` describe it.
public struct RowTableWriter: Sendable {
  private let builder: StoreBuilder
  private let rows: Int

  /// Removes what an earlier builder left of it.
  /// - Throws: `StoreWriteError`, as all its methods.
  public init(_ builder: StoreBuilder, rows: Int) throws {
    self.builder = builder
    self.rows = rows
    try builder.remove(StorePath.rows)
  }

  /// Begins an array.
  /// - Parameters:
  ///   - attributes: what is known of the table by now: at least what gives the array its shape.
  /// - Returns: `nil` where the array has no elements, and so is none.
  public func begin(_ array: RowArray, _ attributes: RowTableAttributes) throws -> RowArrayWriter? {
    guard let (_, metadata) = attributes.arrays.first(where: { $0.array == array }) else { return nil }
    return RowArrayWriter(try builder.makeArray("\(StorePath.rows)/\(array.path)", metadata))
  }

  /// Makes the groups, and that of the table last: it is the sign that all of it is there.
  public func complete(_ attributes: RowTableAttributes) throws {
    precondition(attributes.fault(rows: rows) == nil, "nothing is written that readers would refuse")
    for group in LayerArray.groups(of: attributes.arrays.map(\.array.path)) {
      try builder.makeGroup("\(StorePath.rows)/\(group)")
    }
    try builder.completeGroup(StorePath.rows, attributes: attributes)
  }
}

extension StoreBuilder {
  /// The table of rows, if an earlier builder completed it and all of it is whole.
  public func completedRowTable(rows: Int) -> RowTable? {
    try? BuiltStore(path: building).rowTable(rows: rows)
  }
}
