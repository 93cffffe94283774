/// Whom the network named for each row, by the groups of a store that are classes.
public struct NamedRows: Sendable {
  /// `[row]`: the row's own class, a place among the classes; -1: it has none.
  public var labels: [Int32]
  /// `[row]`: the class that the network named; -1: none, or one that no row has as its label.
  public var named: [Int32]
  /// `[row]`: of the classes that have rows, but for the named one, the one with the largest score; -1: there is none, or nobody asked.
  public var rivals: [Int32]
}

extension RowTable {
  private static let rowsAtOnce = 1 << 14

  /// - Parameters:
  ///   - sizes: rows of each class.
  ///   - withRivals: whether to look for these in the scores.
  /// - Throws: `StoreError`.
  public func namedRows(sizes: [Int], withRivals: Bool) throws(StoreError) -> NamedRows {
    var rows = NamedRows(labels: [], named: [], rivals: [])
    let columns = withRivals ? attributes.scoreColumns : nil
    for first in stride(from: 0, to: count, by: Self.rowsAtOnce) {
      let some = first..<min(first + Self.rowsAtOnce, count)
      func known(_ label: Int?) -> Int32 { label.map { $0 < sizes.count ? Int32($0) : -1 } ?? -1 }
      rows.labels += try labels(some).map(known)
      rows.named += try predictions(some).map(known)
      guard let columns, let classes = attributes.scores?.classes else {
        rows.rivals += some.map { _ in -1 }
        continue
      }
      let scores = try scores(some)
      rows.rivals += some.map { row in
        let place = (row - first) * classes
        return rival(of: Int(rows.named[row]), scores[place..<place + classes], columns: columns, sizes: sizes)
      }
    }
    return rows
  }
}

/// The class with the largest score, of those that have rows, other than the named one; -1: there is none.
/// - Parameters:
///   - scores: of one row.
///   - columns: which score is whose (`RowTableAttributes.scoreColumns`).
public func rival(of named: Int, _ scores: ArraySlice<Float>, columns: [Int?], sizes: [Int]) -> Int32 {
  var best: (label: Int, score: Float)?
  for (label, column) in columns.enumerated() where label != named && sizes[label] > 0 {
    guard let column, case let score = scores[scores.startIndex + column], !score.isNaN else { continue }
    if best.map({ score > $0.score }) ?? true { best = (label, score) }
  }
  return best.map { Int32($0.label) } ?? -1
}

extension RowTableAttributes {
  /// `[class]`: which of a row's scores is its own. Labels that are whole numbers count the scores; else there is a score for each class, in
  /// their order. `nil` where neither is so.
  public var scoreColumns: [Int?]? {
    guard let scores, let label else { return nil }
    let numbers = label.labels.compactMap { value -> Int? in
      if case .int(let number) = value { Int(number) } else { nil }
    }
    if numbers.count == label.labels.count, numbers.allSatisfy({ (0..<scores.classes).contains($0) }) { return numbers }
    return label.names.count == scores.classes ? Array(0..<scores.classes) : nil
  }
}
