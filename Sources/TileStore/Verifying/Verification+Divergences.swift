/// Whether divergences are such as there can be, as `FORMAT.md` §10 says.
extension Verification {
  /// Rows that are looked at at once.
  private static let rowsAtOnce = 1 << 12

  mutating func checkDivergences(of store: Store) {
    guard let table = store.divergences else { return }
    let classes = store.attributes.groups.count { $0.kind == .class }
    for layer in table.attributes.layers.indices {
      attempt { _ throws(StoreError) in
        for first in stride(from: 0, to: table.attributes.rows, by: Self.rowsAtOnce) {
          let some = first..<min(first + Self.rowsAtOnce, table.attributes.rows)
          let named = try store.table?.predictions(some)
          for (place, figures) in try table.rows(some, layer: layer).enumerated() {
            let isNamed = named.map { $0[place].map { $0 < classes } ?? false } ?? false
            try Self.check(figures, "row \(first + place)", isNamed: isNamed, table, layer)
          }
        }
        for (number, figures) in try table.instances(0..<table.attributes.instances, layer: layer).enumerated() {
          try Self.check(figures, "instance \(number)", isNamed: true, table, layer)
        }
        for own in 0..<table.attributes.classes {
          let rung = try table.rung(own: own, other: own, layer: layer)
          guard rung.map({ $0 == 0 || $0.isNaN }) ?? true else {
            throw .corrupt(table.place(layer), "the ladder of class \(own) does not begin at 0")
          }
        }
      }
    }
  }

  private static func check(
    _ figures: DivergenceTable.Figures, _ what: String, isNamed: Bool, _ table: DivergenceTable, _ layer: Int
  ) throws(StoreError) {
    let (d, t, r) = figures
    let isThere = d >= 0 && d.isFinite || d.isNaN
    // No share of values is above 1, and one of no class has no figures.
    guard isThere, t >= -1e-12 && t.isFinite || t.isNaN, r.isFinite || r.isNaN,
      isNamed || d.isNaN && t.isNaN && r.isNaN,
      r.isNaN || !t.isNaN
    else {
      throw .corrupt(table.place(layer), "\(what) has the figures \(d), \(t) and \(r), which no row can have")
    }
  }
}
