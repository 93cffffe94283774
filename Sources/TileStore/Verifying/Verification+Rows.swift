/// Whether the table of rows agrees with itself and with the groups, as `FORMAT.md` §9 says.
extension Verification {
  /// Rows that are looked at at once.
  private static let rowsAtOnce = 1 << 12

  mutating func checkRows(of store: Store) {
    guard let table = store.table else { return }
    attempt { _ throws(StoreError) in try Self.checkLabels(table, store.attributes.groups) }
    eachBlock(of: table) { rows throws(StoreError) in _ = try table.predictions(rows) }
    eachBlock(of: table) { rows throws(StoreError) in try Self.checkMargins(table, rows) }
    for column in table.attributes.columns {
      eachBlock(of: table) { rows throws(StoreError) in _ = try table.values(column, rows) }
    }
    if let ends = table[.textEnds] {
      eachBlock(of: table) { rows throws(StoreError) in try table.eachText(rows) { _ in } }
      attempt { _ throws(StoreError) in
        let last = try table.ends(table.count - 1..<table.count)[0]
        guard last == table.attributes.texts?.bytes ?? 0 else {
          throw .corrupt(ends.path, "the last text ends at byte \(last) of \(table.attributes.texts?.bytes ?? 0)")
        }
      }
    }
  }

  private mutating func eachBlock(of table: RowTable, _ check: (Range<Int>) throws(StoreError) -> Void) {
    for first in stride(from: 0, to: table.count, by: Self.rowsAtOnce) {
      attempt { _ throws(StoreError) in try check(first..<min(first + Self.rowsAtOnce, table.count)) }
    }
  }

  /// Each class has as many rows as its group.
  private static func checkLabels(_ table: RowTable, _ groups: [Group]) throws(StoreError) {
    guard let reader = table[.label], let label = table.attributes.label else { return }
    let classes = groups.filter { $0.kind == .class }
    guard classes.map(\.name) == label.names else {
      throw .corrupt(StorePath.metadata(of: StorePath.rows), "the classes of “label” are not those of the groups")
    }
    var counts = [Int](repeating: 0, count: classes.count)
    for first in stride(from: 0, to: table.count, by: rowsAtOnce) {
      for case let code? in try table.labels(first..<min(first + rowsAtOnce, table.count)) { counts[code] += 1 }
    }
    if let place = classes.indices.first(where: { counts[$0] != classes[$0].rows }) {
      throw .corrupt(
        reader.path,
        "\(counts[place]) rows have the label “\(label.names[place])”, its group has \(classes[place].rows)")
    }
  }

  private static func checkMargins(_ table: RowTable, _ rows: Range<Int>) throws(StoreError) {
    guard let reader = table[.margin], let classes = table.attributes.scores?.classes else { return }
    let (scores, margins) = (try table.scores(rows), try table.margins(rows))
    let wrong = scores.withUnsafeBufferPointer { scores in
      margins.indices.first { place in
        let wanted = margin(of: UnsafeBufferPointer(rebasing: scores[place * classes..<(place + 1) * classes]))
        return margins[place] != wanted && !(margins[place].isNaN && wanted.isNaN)
      }
    }
    if let wrong { throw .corrupt(reader.path, "row \(rows.lowerBound + wrong) has the margin \(margins[wrong])") }
  }
}
