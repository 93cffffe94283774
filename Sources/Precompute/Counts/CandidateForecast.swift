import Activations
import Distributions

/// How many of a layer's values candidates will be, as far as that can be known before there are any: when it is worth the work to predict them
/// anew, and how much memory they take.
struct CandidateForecast: Sendable {
  private let rows: Double
  private let rowsOfCell: [Int]
  /// Samples of each group that are counted here, its cells, and whether its candidates are all of its values.
  private let groups: [(samples: Double, cells: [Int], isWhole: Bool)]
  private let part: Double
  /// Of the values that are counted, those that are kept, as a share.
  private(set) var share = 1.0

  /// Bins that are kept whole whatever the number of rows, as a share of all values: of all rows, and of a part of them.
  private static let wholeBins = (ofAll: 0.08, ofPart: 0.16)
  /// What is left of the candidates, at most, where they are predicted anew.
  private static let gain = 0.8
  /// Share of the rows after which it does not pay any more: few values are still to come.
  private static let lastTime = 7.0 / 8

  /// - Parameter part: of the rows, that are counted here.
  init(_ grouping: Grouping, _ counting: CountingCells, samplesPerRow: Int, part: Double) {
    rows = Double(max(1, grouping.cellOfRow.count))
    rowsOfCell = grouping.rowsOfCell
    groups = zip(grouping.groups, counting.groups).map { group, members in
      (max(1, Double(group.rows * samplesPerRow) * part), members.cells, members.histograms == nil)
    }
    self.part = part
  }

  /// Whether candidates are to be predicted anew, now that a share of the rows was counted: then they are fewer.
  mutating func isDue(seen: Double) -> Bool {
    guard seen < Self.lastTime else { return false }
    let next = predicted(seen: seen)
    guard next <= share * Self.gain else { return false }
    share = next
    return true
  }

  /// Of each cell, what is near a quartile of one of its groups, and the whole bins; where no quartile is 0.
  private func predicted(seen: Double) -> Double {
    let wholeBins = part < 1 ? Self.wholeBins.ofPart : Self.wholeBins.ofAll
    var near = [Double](repeating: wholeBins, count: max(1, rowsOfCell.count))
    for group in groups {
      let count = max(1, group.samples * seen)
      let margin = CandidateIntervals<Float>.rankMargin(count: count, share: seen, part: part)
      let share = group.isWhole ? 1 : 6 * margin / count
      for cell in group.cells { near[cell] += share }
    }
    return zip(near, rowsOfCell).reduce(0) { $0 + min(1, $1.0) * Double($1.1) } / rows
  }

  /// The largest share of the values that is kept at any time.
  /// - Parameter firstRows: of the first block, as a share of the rows.
  static func most(_ forecast: CandidateForecast, firstRows: Double) -> Double {
    var forecast = forecast
    var seen = min(1, firstRows)
    var most = seen
    while seen < 1 {
      _ = forecast.isDue(seen: seen)
      seen = min(1, seen + max(firstRows, seen / 16))
      most = max(most, seen * forecast.share)
    }
    return most
  }
}
