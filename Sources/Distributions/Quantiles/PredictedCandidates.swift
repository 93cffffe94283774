extension CandidateIntervals {
  /// Where the candidates will probably lie once all rows are counted, judged by the rows so far.
  ///
  /// Where the quartiles of all rows lie cannot be known from some, but not far from theirs. Once all rows are counted, the counts tell
  /// whether the candidates for every pending rank were among those that were kept.
  /// - Parameters:
  ///   - groups: the first holds all rows.
  ///   - integers: whether all values are whole numbers, so that a bin no wider than 1 tells its value.
  ///   - share: of the rows to be counted that were; those are a `part` of all.
  public init(
    predictedFrom band: BandCounters<Value>, tile: Int, groups: [CountingCells.Members], integers: Bool, share: Double,
    part: Double = 1
  ) {
    // Once for those still to be counted here, once for those that are counted elsewhere.
    let unknown = (share < 1 ? 1 : 0) + (part < 1 ? 1 : 0)
    let bins = band.candidateBins(tile: tile, groups: groups) { column, isOfAll, ranks in
      let (grid, tally) = (ranks.grid, ranks.tally)
      // A window needs all values; whether the whole has one is not sure where this part almost has, nor where so few values are not 0
      // that any other may be far from them.
      let isScarce = (tally.count - tally.zeros) < tally.count / 32 * UInt32(unknown)
      if isOfAll, isScarce || ranks.isSqueezed(intoFewerThan: 16 + 8 * unknown) { return .all }
      var bins = BinSet()
      if integers, grid.exponent <= 0 { return bins }
      let count = Int(tally.count)
      let margin = Int(Self.rankMargin(count: Double(count), share: share, part: part))
      // Of few values any rank may be a quartile's in the end, and of others that come any may be less or greater than all of these.
      if margin >= QuantilePosition(quarters: 1, count: count).lower { return .all }
      for quarters in 1...3 {
        let position = QuantilePosition(quarters: quarters, count: count)
        let first = ranks.index(ofRank: position.lower - margin)
        let last = ranks.index(ofRank: position.upper + margin)
        // The grid may grow by an exponent when the others come: then two of its bins are one.
        let step = 1 << unknown
        let rest = Int(grid.origin) & (step - 1)
        let low = max(0, (first + rest) / step * step - rest)
        let high = min(DyadicGrid.binCount, (last + rest) / step * step - rest + step) - 1
        for bin in low...high { bins.insert(bin) }
      }
      return bins
    }
    let grids = band.grids(tile: tile)
    let counts = band.candidateCounts(tile: tile, bins, grids)
    self.init(bins, grids: grids, valueCount: counts.reduce(0, +))
  }

  /// Ranks to either side of a quartile whose values are candidates. The rank of the whole's quartile among `count` values, which are a
  /// `share` of the whole dealt out at random, deviates by at most half the square root of their number, less as more of the whole is
  /// among them: one standard deviation, of which five are kept.
  ///
  /// Of a part of the whole, candidates are those for its own quartiles in the end, and the way to these from those so far.
  /// - Parameters:
  ///   - share: of the part that was counted.
  ///   - part: of the whole that will be counted.
  public static func rankMargin(count: Double, share: Double, part: Double) -> Double {
    2.5 * count.squareRoot() * ((1 - share).squareRoot() + (share * (1 - part)).squareRoot()) + 2
  }
}
