import Activations
import Distributions

/// About how much a `CandidateLog` keeps of a band at most.
struct CandidateLogSize {
  /// Of the band's values that are counted, where no quartile is 0.
  let share: Double
  let bytes: Int

  /// Intervals round the quartiles of some groups that are apart.
  private static let intervalsForeseen = 8
  /// Bins that are kept whole whatever the number of rows, as a share of all values: of all rows, and of a part of them.
  private static let wholeBins = (ofAll: 0.08, ofPart: 0.16)

  /// - Parameters:
  ///   - neurons: of the band.
  ///   - rows: that are counted.
  ///   - firstRows: of the first block.
  init<Value: ActivationValue & ReadableValue>(
    _: Value.Type, _ grouping: Grouping, _ counting: CountingCells, samplesPerRow: Int, neurons: Int, rows: Int,
    firstRows: Int
  ) {
    let cells = grouping.cellCount
    let samples = rows * samplesPerRow
    share = Self.share(
      grouping, counting, samplesPerRow: samplesPerRow, part: Double(rows) / Double(max(1, grouping.cellOfRow.count)),
      firstRows: firstRows, margin: CandidateIntervals<Value>.rankMargin)
    // Each block has rows of each cell, if it is large enough; each run of rows has an entry a neuron.
    let runs = min(samples, rows / firstRows * cells + samples / TileWalk<Value>.rowsPerTile)
    let tiles = (neurons + tileColumns - 1) / tileColumns
    let tables = cells * Self.intervalsForeseen * tileColumns * 2 * MemoryLayout<Value>.size
    bytes =
      Int(Double(samples * neurons) * share) * MemoryLayout<Value>.size
      + runs * neurons * CandidateIntervals<Value>.entryHeaderBytes + tiles * (CandidateLog<Value>.pageBytes + tables)
  }

  private static func share(
    _ grouping: Grouping, _ counting: CountingCells, samplesPerRow: Int, part: Double, firstRows: Int,
    margin: (_ count: Double, _ share: Double, _ part: Double) -> Double
  ) -> Double {
    let rows = Double(grouping.cellOfRow.count)
    let wholeBins = part < 1 ? wholeBins.ofPart : wholeBins.ofAll
    var seen = min(1, Double(firstRows) / max(1, rows * part))
    var most = seen
    while seen < 1 {
      let next = min(1, seen * CandidateLog<Float>.growth)
      // Of each cell, what is near a quartile of one of its groups, and the whole bins.
      var near = [Double](repeating: wholeBins, count: grouping.cellCount)
      for (group, members) in zip(grouping.groups, counting.groups) {
        let count = max(1, Double(group.rows * samplesPerRow) * part * seen)
        // Of a group without a histogram everything is kept.
        let share = members.histograms == nil ? 1 : 6 * margin(count, seen, part) / count
        for cell in members.cells { near[cell] += share }
      }
      let kept = zip(near, grouping.rowsOfCell).reduce(0) { $0 + min(1, $1.0) * Double($1.1) }
      most = max(most, next * kept / max(1, rows))
      seen = next
    }
    return most
  }
}
