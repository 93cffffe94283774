/// The ranks of a tile that the counts of all rows leave pending, and the candidates for them; see `RankRefinement`.
///
/// How many candidates there are follows from the counts, so the memory for them is known before it is taken.
public struct PendingRanks<Value: ActivationValue>: Sendable {
  public let tile: Int
  /// Columns of the tile that are looked at.
  public let columns: Range<Int>
  let candidates: CandidateIntervals<Value>
  /// Where the candidates of each list `[cell, column]` begin, and where the last ones end.
  let starts: [UInt64]
  /// Columns whose grids outliers have squeezed, a bit each. All their values other than 0 are candidates: for the window's place.
  let squeezed: UInt64

  /// Candidates to gather.
  public var valueCount: Int { candidates.valueCount }
  /// Bytes that gathering them takes.
  public var bytes: Int {
    starts.count * 16 + (candidates.low.count * 2 + valueCount) * MemoryLayout<Value>.size
  }

  /// - Parameters:
  ///   - groups: the first holds all rows.
  ///   - integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  ///   - columns: of the tile, to be looked at; all of them without it.
  public init(
    _ band: BandCounters<Value>, tile: Int, groups: [CountingCells.Members], integers: Bool, columns: Range<Int>? = nil
  ) {
    let columns = (columns ?? 0..<tileColumns).clamped(to: 0..<band.neurons - tile * tileColumns)
    var squeezed: UInt64 = 0
    let bins = band.candidateBins(tile: tile, groups: groups, columns: columns) { column, isOfAll, ranks in
      if isOfAll, ranks.isSqueezed() {
        squeezed |= 1 << UInt64(column)
        return .all
      }
      var bins = BinSet()
      for quarters in 1...3 {
        let position = QuantilePosition(quarters: quarters, count: Int(ranks.tally.count))
        for rank in position.lower...position.upper {
          if case .pending(let bin, _) = ranks.find(rank, integers: integers) {
            bins.insert(Int(bin - ranks.grid.origin))
          }
        }
      }
      return bins
    }
    let grids = band.grids(tile: tile)
    var starts: [UInt64] = [0]
    starts.reserveCapacity(bins.count + 1)
    for count in band.candidateCounts(tile: tile, bins, grids) { starts.append(starts.last! + UInt64(count)) }
    self.tile = tile
    self.columns = columns
    candidates = CandidateIntervals(bins, grids: grids, valueCount: Int(starts.last!))
    self.starts = starts
    self.squeezed = squeezed
  }

  /// The columns in ranges of which each needs about `bytes` for its candidates, or is a single column.
  public func columns(within bytes: Int) -> [Range<Int>] {
    let lists = starts.count - 1
    var ranges: [Range<Int>] = []
    var some = 0
    for column in columns {
      var values = 0
      for list in stride(from: column, to: lists, by: tileColumns) { values += Int(starts[list + 1] - starts[list]) }
      some += values * MemoryLayout<Value>.size
      if let last = ranges.last, some <= bytes {
        ranges[ranges.count - 1] = last.lowerBound..<column + 1
      } else {
        ranges.append(column..<column + 1)
        some = values * MemoryLayout<Value>.size
      }
    }
    return ranges
  }
}
