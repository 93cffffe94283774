import Activations
import Distributions

/// About how much a `CandidateLog` keeps of a band at most.
struct CandidateLogSize {
  /// Of the band's values that are counted, where no quartile is 0.
  let share: Double
  let bytes: Int

  /// Intervals round the quartiles of some groups that are apart.
  private static let intervalsForeseen = 8

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
    let part = Double(rows) / Double(max(1, grouping.cellOfRow.count))
    let forecast = CandidateForecast(grouping, counting, samplesPerRow: samplesPerRow, part: part)
    share = CandidateForecast.most(forecast, firstRows: Double(firstRows) / Double(max(1, rows)))
    // Each block has rows of each cell, if it is large enough; each run of rows has an entry a neuron.
    let runs = min(samples, rows / firstRows * cells + samples / TileWalk<Value>.rowsPerTile)
    let tiles = (neurons + tileColumns - 1) / tileColumns
    let tables = cells * Self.intervalsForeseen * tileColumns * 2 * MemoryLayout<Value>.size
    bytes =
      Int(Double(samples * neurons) * share) * MemoryLayout<Value>.size
      + runs * neurons * CandidateIntervals<Value>.entryHeaderBytes + tiles * (CandidateLog<Value>.pageBytes + tables)
  }
}
