import TileStore

/// Between which two classes an input is looked at: the one that the network named, and the one that it might have been.
package struct Contrast: Hashable, Sendable {
  /// Places among the classes: for which its neurons speak, and against which.
  package var named: Int
  package var other: Int
  /// Of the row that the input is, or comes from: it is taken out, and counts in its own class.
  var sourceRow: Int?
  var sourceLabel: Int?

  /// Why an input cannot be looked at so.
  private static func none(_ why: String) -> SubsetError {
    SubsetError(.notHeld, "What speaks for the class that the network named cannot be told: \(why)")
  }

  /// A stored instance: its class by the network, over its true label, or the runner-up where that is the same.
  /// - Parameters:
  ///   - named: another class to look at; `other` as well.
  /// - Throws: `SubsetError`, `StoreError`.
  package init(instance number: Int, of store: Store, named: Int? = nil, other: Int? = nil) throws {
    let instance = store.attributes.instances[number]
    let classes = store.classNames
    let own = instance.prediction?.string.flatMap { classes.firstIndex(of: $0) }
    let label = instance.label?.string.flatMap { classes.firstIndex(of: $0) }
    sourceRow = instance.sourceRow
    sourceLabel = try sourceRow.flatMap { row in try store.table?.labels(row..<row + 1)[0] }
    guard let chosen = named ?? own else {
      throw Self.none("\(instance.name) has no prediction, or one that no row is labelled with.")
    }
    self.named = chosen
    if let other = other ?? (label != chosen ? label : nil) {
      self.other = other
    } else {
      guard let values = store.scoreLayer?.values,
        let runnerUp = store.runnerUp(to: chosen, try values.plane(number, as: Float.self))
      else {
        throw Self.none("\(instance.name) has its true label, and without scores nothing tells which class comes next.")
      }
      self.other = runnerUp
    }
    try check()
  }

  /// Any row: the same, with its label and scores.
  package init(row: Int, of store: Store, named: Int? = nil, other: Int? = nil) throws {
    let table = store.table
    let count = store.classNames.count
    let own = try table?.predictions(row..<row + 1)[0].flatMap { $0 < count ? $0 : nil }
    let label = try table?.labels(row..<row + 1)[0]
    (sourceRow, sourceLabel) = (row, label)
    guard let chosen = named ?? own else {
      throw Self.none("row \(row) has no prediction, or one that no row is labelled with.")
    }
    self.named = chosen
    if let other = other ?? (label != chosen ? label : nil) {
      self.other = other
    } else {
      guard let table, case let scores = try table.scores(row..<row + 1),
        let runnerUp = store.runnerUp(to: chosen, scores)
      else {
        throw Self.none("row \(row) has its true label, and without scores nothing tells which class comes next.")
      }
      self.other = runnerUp
    }
    try check()
  }

  /// Two classes, whatever input is looked at.
  init(named: Int, other: Int) throws(SubsetError) {
    (self.named, self.other) = (named, other)
    try check()
  }

  private func check() throws(SubsetError) {
    if named == other { throw Self.none("both classes are the same.") }
  }
}

extension Store {
  /// Names of the classes, in the order of the groups.
  package var classNames: [String] { attributes.groups.filter { $0.kind == .class }.map(\.name) }
  /// The layer that holds the scores.
  fileprivate var scoreLayer: LayerReader? { divergences?.attributes.scores.flatMap { layer($0) } }

  /// The class with the largest score but for one.
  fileprivate func runnerUp(to named: Int, _ scores: [Float]) -> Int? {
    guard let attributes = table?.attributes, let columns = attributes.scoreColumns,
      scores.count == attributes.scores?.classes
    else { return nil }
    let sizes = classGroups.map { self.attributes.groups[$0].rows }
    let found = rival(of: named, scores[...], columns: columns, sizes: sizes)
    return found < 0 ? nil : Int(found)
  }
}
