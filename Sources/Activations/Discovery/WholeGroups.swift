/// Groups that hold the rows of all others beside them once more: `all` beside `train` and `test`.
enum WholeGroups {
  private static let words: Set<String> = [
    "all", "full", "total", "complete", "combined", "both", "whole", "entire", "everything", "trainval",
  ]

  /// Those among some groups, by their names, or by labels that are those of the others one after another.
  /// - Complexity: reads the labels of three groups or more, up to a thousand, where one has as many rows as the others together.
  static func among(_ groups: [String], labels: (String) -> RawLabels?, rows: (String) -> Int) -> [String] {
    guard groups.count > 1 else { return [] }
    let counts = groups.map(rows)
    let most = counts.max() ?? 0
    if let at = counts.firstIndex(of: most), counts.count(where: { $0 == most }) == 1, isCalledWhole(groups[at]) {
      return [groups[at]]
    }
    guard (3...1000).contains(groups.count), let at = counts.firstIndex(where: { isSum($0, counts) }) else { return [] }
    let values = groups.compactMap(labels)
    return values.count == groups.count
      && repeats(values[at], values.enumerated().filter { $0.offset != at }.map(\.element))
      ? [groups[at]] : []
  }

  private static func isCalledWhole(_ group: String) -> Bool {
    let name = DatasetName(group)
    return name.holds(any: words)
      && name.words.allSatisfy { words.contains($0) || ["data", "set", "dataset", "rows", "samples"].contains($0) }
  }

  private static func isSum(_ count: Int, _ counts: [Int]) -> Bool {
    let (total, isTooLarge) = counts.reduce((0, false)) { sum, count in
      let (next, overflow) = sum.0.addingReportingOverflow(count)
      return (next, sum.1 || overflow)
    }
    return !isTooLarge && count > 0 && count == total - count
  }

  /// Whether labels are those of some parts one after another, in whatever order of the parts.
  private static func repeats(_ whole: RawLabels, _ parts: [RawLabels]) -> Bool {
    let values = whole.asTexts
    var others = parts.map(\.asTexts)
    guard whole.distinctCount > 1, others.reduce(0, { $0 + $1.count }) == values.count else { return false }
    var row = 0
    while row < values.count {
      guard let next = others.firstIndex(where: { !$0.isEmpty && values[row...].starts(with: $0) }) else {
        return false
      }
      row += others.remove(at: next).count
    }
    return true
  }
}
