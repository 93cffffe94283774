import CKernels

/// Histograms and figures of a band of neurons, counted tile by tile.
///
/// Rows are counted in cells and histograms, see `CountingCells`. A group's figures are the sum of its cells', its counts of its histograms'.
/// Counters lie as `[tile, histogram, column of the tile, bin]`, so that a run of rows of one cell stays within 32 KiB. A
/// counter's place is the low byte of its bin's number: a window of 256 bins never meets itself, and moving it costs nothing.
///
/// Counters take two bytes, for what counts is how many of them stay in cache; where a histogram has more samples than these hold, they
/// are added to wide ones whenever they might overflow.
///
/// Methods that take a tile touch only that tile's memory: different tiles may be worked on at once.
public final class BandCounters<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: storage is raw memory, allocated here once; every tile owns a disjoint part of each buffer (see above),
  // and callers give a tile to one lane at a time.
  public let neurons: Int
  let counting: CountingCells
  public var cells: Int { counting.cells }
  public var histograms: Int { counting.histograms }
  public let tiles: Int
  /// Neurons, rounded up to whole tiles.
  public let pitch: Int

  private let counters: Pages<UInt16>
  /// Counts that were moved out of `counters`, in the same order; `nil` where none ever need to be.
  private let wideCounters: Pages<UInt32>?
  /// Samples counted since counters were last moved out, [tile, histogram].
  private let pending: UnsafeMutablePointer<UInt32>
  let figures: nd_figures
  /// Finite extremes of all cells, [pitch].
  let low: UnsafeMutablePointer<Value>
  let high: UnsafeMutablePointer<Value>
  /// The extremes that each neuron's grid was last fitted to, [pitch].
  let fittedLow: UnsafeMutablePointer<Value>
  let fittedHigh: UnsafeMutablePointer<Value>
  /// Exponent of each neuron's grid, [pitch]; `unset` before the first finite value.
  let exponents: UnsafeMutablePointer<Int32>
  /// Two powers of two, the product of which turns a value into a bin's number, [pitch] each.
  let scaleA: UnsafeMutablePointer<Value>
  let scaleB: UnsafeMutablePointer<Value>
  /// 1 where outliers were given bins of their own, and the first bin of that window, [pitch].
  let tails: UnsafeMutablePointer<UInt8>
  let windowOrigins: UnsafeMutablePointer<Int64>
  /// Moments of the closed segments, [cell, pitch].
  let moments: UnsafeMutablePointer<Moments>
  /// Of all cells together.
  public let extremes: ExtremeRows<Value>

  static var unset: Int32 { .min }

  private static func needsWide(_ samplesMax: Int) -> Bool { samplesMax > Int(UInt16.max) }

  /// Bytes that a neuron takes.
  /// - Parameter samplesMax: samples of the largest histogram.
  public static func bytes(_ counting: CountingCells, samplesMax: Int) -> Int {
    counting.histograms * DyadicGrid.binCount * (needsWide(samplesMax) ? 6 : 2)
      + counting.cells * (2 * MemoryLayout<Value>.size + 32 + MemoryLayout<Moments>.stride)
      + 6 * MemoryLayout<Value>.size + 13 + ExtremeRows<Value>.bytes
  }

  /// - Parameter samplesMax: samples of the largest histogram.
  public init(neurons: Int, _ counting: CountingCells, samplesMax: Int) {
    precondition(neurons > 0 && counting.cells > 0)
    self.neurons = neurons
    self.counting = counting
    tiles = (neurons + tileColumns - 1) / tileColumns
    pitch = tiles * tileColumns
    let each = counting.cells * pitch

    let bins = counting.histograms * pitch * DyadicGrid.binCount
    counters = Pages(count: bins)
    wideCounters = Self.needsWide(samplesMax) ? Pages(count: bins) : nil
    pending = filledBuffer(tiles * counting.histograms, 0)
    low = filledBuffer(pitch, .infinity)
    high = filledBuffer(pitch, -.infinity)
    fittedLow = filledBuffer(pitch, .infinity)
    fittedHigh = filledBuffer(pitch, -.infinity)
    exponents = filledBuffer(pitch, Self.unset)
    scaleA = filledBuffer(pitch, 1)
    scaleB = filledBuffer(pitch, 1)
    tails = filledBuffer(pitch, 0)
    windowOrigins = filledBuffer(pitch, 0)
    moments = filledBuffer(each, Moments())
    extremes = ExtremeRows(pitch: pitch)
    figures = nd_figures(
      minimum: filledBuffer(each, Value.infinity), maximum: filledBuffer(each, -Value.infinity),
      sum: filledBuffer(each, 0), squares: filledBuffer(each, 0), count: filledBuffer(each, 0),
      zeros: filledBuffer(each, 0),
      nan: filledBuffer(each, 0), infinite: filledBuffer(each, 0), pitch: pitch)
  }

  deinit {
    counters.deallocate()
    wideCounters?.deallocate()
    pending.deallocate()
    low.deallocate()
    high.deallocate()
    fittedLow.deallocate()
    fittedHigh.deallocate()
    exponents.deallocate()
    scaleA.deallocate()
    scaleB.deallocate()
    tails.deallocate()
    windowOrigins.deallocate()
    moments.deallocate()
    figures.minimum.deallocate()
    figures.maximum.deallocate()
    for buffer in [figures.sum, figures.squares] { buffer!.deallocate() }
    for buffer in [figures.count, figures.zeros, figures.nan, figures.infinite] { buffer!.deallocate() }
  }

  /// Where the 256 counters of a neuron in a histogram begin; each is at the low byte of its bin's number.
  @inline(__always)
  private func place(_ neuron: Int, _ histogram: Int) -> Int {
    let (tile, column) = neuron.quotientAndRemainder(dividingBy: tileColumns)
    return ((tile * histograms + histogram) * tileColumns + column) * DyadicGrid.binCount
  }

  /// Adds the 256 counters of a neuron in a histogram, by place, to `sums`.
  @inline(__always)
  func addCounters(_ neuron: Int, histogram: Int, to sums: UnsafeMutablePointer<UInt32>) {
    let place = place(neuron, histogram)
    nd_add_u16_u32(sums, counters.base + place, DyadicGrid.binCount)
    if let wideCounters { nd_add_u32_u32(sums, wideCounters.base + place, DyadicGrid.binCount) }
  }

  /// The counter of a neuron in a histogram at the low byte of a bin's number.
  func counter(_ neuron: Int, histogram: Int, place index: Int) -> UInt32 {
    let place = place(neuron, histogram) + index
    return UInt32(counters.base[place]) + (wideCounters?.base[place] ?? 0)
  }

  /// Sets all counters of a neuron in a histogram.
  func setCounters(_ neuron: Int, histogram: Int, to counts: UnsafePointer<UInt32>) {
    let place = place(neuron, histogram)
    let narrow = counters.base + place
    if let wideCounters {
      narrow.update(repeating: 0, count: DyadicGrid.binCount)
      (wideCounters.base + place).update(from: counts, count: DyadicGrid.binCount)
    } else {
      for index in 0..<DyadicGrid.binCount { narrow[index] = UInt16(counts[index]) }
    }
  }

  // MARK: Counting

  /// Counts rows of one cell, in row order.
  /// - Parameters:
  ///   - rows: columns beyond `neurons` hold 0.
  ///   - numbers: which rows of the dump they are.
  ///   - scratch: of the lane.
  ///   - codes: takes the codes of the rows.
  /// - Returns: whether it has, on the grids as they are now; otherwise they are to be taken anew.
  @discardableResult
  public func add(
    tile: Int, cell: Int, _ rows: TileRows<Value>, _ numbers: RowNumbers, in scratch: RunCounts, codes: RunCodes? = nil
  ) -> Bool {
    var areThere = true
    for first in stride(from: 0, to: rows.count, by: RunCounts.rowsMax) {
      let run = TileRows(
        base: rows.base, pitch: rows.pitch, order: rows.order + first,
        count: min(RunCounts.rowsMax, rows.count - first))
      let isOnGrid = add(tile: tile, cell: cell, run: run, numbers.dropping(first), in: scratch, codes: codes)
      areThere = areThere && isOnGrid
    }
    return areThere
  }

  /// Columns that are counted anew one by one; of more of them, all are.
  private static var columnsAnewMax: Int { 16 }

  private func add(
    tile: Int, cell: Int, run rows: TileRows<Value>, _ numbers: RowNumbers, in scratch: RunCounts, codes: RunCodes?
  ) -> Bool {
    let column = tile * tileColumns
    let histogram = counting.histogramOfCell[cell]
    let counters = room(tile: tile, histogram: histogram, rows: rows.count)
    // Bins are counted on the grids as they are, in the hope that these hold all values. Before there are grids, there is none.
    let isHopeful =
      rows.count >= RunCounts.rowsMin && (0..<tileColumns).allSatisfy { exponents[column + $0] != Self.unset }
    let found = Value.take(
      rows,
      nd_run(
        figures: figures, first: cell * pitch + column, low: low + column, high: high + column,
        scale_a: scaleA + column, scale_b: scaleB + column, highest: extremes.list(.highest, from: column),
        lowest: extremes.list(.lowest, from: column), numbers: numbers.order, first_row: numbers.first,
        samples_per_row: numbers.samplesPerRow, counts: isHopeful ? scratch.base : nil,
        counters: counters, codes: codes?.codes, apart: codes?.apart, first_place: codes?.first ?? 0))
    var moved: [Int] = []
    if found.isWider {
      for index in 0..<tileColumns
      where low[column + index] != fittedLow[column + index] || high[column + index] != fittedHigh[column + index] {
        if fit(column + index) { moved.append(index) }
      }
    }
    guard isHopeful, !found.isOdd, moved.count <= Self.columnsAnewMax else {
      if isHopeful { scratch.clear() }
      Value.count(rows, scaleA: scaleA + column, scaleB: scaleB + column, counters: counters)
      return false
    }
    for index in moved {
      scratch.clear(column: index)
      Value.count(
        rows, column: index, scaleA: scaleA[column + index], scaleB: scaleB[column + index],
        counts: scratch.base + index * DyadicGrid.binCount)
    }
    nd_move_counts(counters, scratch.base)
    return moved.isEmpty
  }

  /// The counters of a histogram of a tile, none of which overflows by so many rows more.
  private func room(tile: Int, histogram: Int, rows: Int) -> UnsafeMutablePointer<UInt16> {
    let first = place(tile * tileColumns, histogram)
    let narrow = counters.base + first
    guard let wideCounters else { return narrow }
    let at = tile * histograms + histogram
    if pending[at] + UInt32(rows) > UInt32(UInt16.max) {
      let size = tileColumns * DyadicGrid.binCount
      nd_add_u16_u32(wideCounters.base + first, narrow, size)
      narrow.update(repeating: 0, count: size)
      pending[at] = 0
    }
    pending[at] += UInt32(rows)
    return narrow
  }

  /// Lets a neuron's grid hold its extremes, which have moved.
  /// - Returns: whether its bins are others now.
  @discardableResult
  func fit(_ neuron: Int) -> Bool {
    let old = Int(exponents[neuron])
    let oldOrigin = exponents[neuron] == Self.unset ? 0 : DyadicGrid.bin(of: fittedLow[neuron], exponent: old)
    let wasEmpty = exponents[neuron] == Self.unset
    fittedLow[neuron] = low[neuron]
    fittedHigh[neuron] = high[neuron]
    let exponent = DyadicGrid.exponent(low: low[neuron], high: high[neuron])
    guard wasEmpty || exponent != old else { return false }
    setExponent(exponent, of: neuron)
    if !wasEmpty { merge(neuron, origin: oldOrigin, shift: min(exponent - old, 63)) }
    return true
  }

  func setExponent(_ exponent: Int, of neuron: Int) {
    exponents[neuron] = Int32(exponent)
    (scaleA[neuron], scaleB[neuron]) = powersOfTwo(exponent, Value.self)
  }

  private func holdsValues(_ neuron: Int, _ histogram: Int) -> Bool {
    counting.cellsOfHistogram[histogram].contains { figures.count[$0 * pitch + neuron] > 0 }
  }

  /// Adds up each `2^shift` neighbouring bins of all histograms of a neuron, whose window began at bin `origin`.
  private func merge(_ neuron: Int, origin: Int64, shift: Int) {
    for histogram in 0..<histograms where holdsValues(neuron, histogram) {
      let place = place(neuron, histogram)
      for step in 0..<shift {
        nd_halve_u16(counters.base + place, origin >> step)
        if let wideCounters { nd_halve_u32(wideCounters.base + place, origin >> step) }
      }
    }
  }

  /// Closes a segment of rows for the neurons of a tile: their sums since the last one become moments.
  ///
  /// Segments are cut at fixed rows of the data set, so that means and deviations do not depend on how the work was divided.
  /// - Parameter journal: takes the segment's own moments, `[cell, tileColumns]`, for those who merge them in another place.
  public func closeSegment(tile: Int, journal: UnsafeMutablePointer<Moments>? = nil) {
    for cell in 0..<cells {
      let first = cell * pitch + tile * tileColumns
      for at in first..<first + tileColumns {
        let count = figures.count[at] - moments[at].count
        let segment = Moments(count: count, sum: figures.sum[at], squares: figures.squares[at])
        if let journal { journal[cell * tileColumns + at - first] = segment }
        guard count > 0 else { continue }
        moments[at].merge(segment)
        figures.sum[at] = 0
        figures.squares[at] = 0
      }
    }
  }

  // MARK: Results

  /// The neuron's grid: the smallest that holds all its finite values, or the window that `recount` was given.
  public func grid(_ neuron: Int) -> DyadicGrid {
    guard exponents[neuron] != Self.unset else { return .empty }
    let exponent = Int(exponents[neuron])
    if tails[neuron] == 1 { return DyadicGrid(exponent: exponent, origin: windowOrigins[neuron]) }
    return DyadicGrid(exponent: exponent, origin: DyadicGrid.bin(of: low[neuron], exponent: exponent))
  }

  /// Whether the neuron's first and last bin hold everything beyond its window.
  public func hasTails(_ neuron: Int) -> Bool { tails[neuron] == 1 }

  /// Adds up the counters of some histograms on `grid`, bin by bin.
  public func histogram(
    _ neuron: Int, of histograms: [Int], on grid: DyadicGrid, into counts: UnsafeMutablePointer<UInt32>
  ) {
    let start = Int(grid.origin & 255)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { sums in
      sums.update(repeating: 0)
      for histogram in histograms where holdsValues(neuron, histogram) {
        addCounters(neuron, histogram: histogram, to: sums.baseAddress!)
      }
      counts.update(from: sums.baseAddress! + start, count: DyadicGrid.binCount - start)
      (counts + DyadicGrid.binCount - start).update(from: sums.baseAddress!, count: start)
    }
  }

  /// How many values `members` have together, and how far they reach.
  func tally(_ neuron: Int, of members: [Int]) -> GroupTally<Value> {
    var result = GroupTally<Value>()
    let minimum = figures.minimum.assumingMemoryBound(to: Value.self)
    let maximum = figures.maximum.assumingMemoryBound(to: Value.self)
    for cell in members {
      let at = cell * pitch + neuron
      result.count += figures.count[at]
      result.zeros += figures.zeros[at]
      // Without values they are the infinities that change nothing.
      result.minimum = min(result.minimum, minimum[at])
      result.maximum = max(result.maximum, maximum[at])
    }
    return result
  }

  /// The exact figures of `members` together.
  public func figures(_ neuron: Int, of members: [Int]) -> GroupFigures<Value> {
    var result = GroupFigures<Value>()
    for cell in members {
      let at = cell * pitch + neuron
      result.zeros += figures.zeros[at]
      result.nan += figures.nan[at]
      result.infinite += figures.infinite[at]
      guard figures.count[at] > 0 else { continue }
      result.moments.merge(moments[at])
      result.minimum = min(result.minimum, figures.minimum.assumingMemoryBound(to: Value.self)[at])
      result.maximum = max(result.maximum, figures.maximum.assumingMemoryBound(to: Value.self)[at])
    }
    return result
  }
}

/// What ranks are found by: finite values of a neuron in a group, how many of them are 0, and their extremes.
struct GroupTally<Value: ActivationValue> {
  var count: UInt32 = 0
  var zeros: UInt32 = 0
  var minimum = Value.infinity
  var maximum = -Value.infinity
}

/// What is known of a neuron's values in a group without looking at them again.
public struct GroupFigures<Value: ActivationValue>: Sendable {
  public var zeros: UInt32 = 0
  public var nan: UInt32 = 0
  public var infinite: UInt32 = 0
  public var minimum = Value.infinity
  public var maximum = -Value.infinity
  public var moments = Moments()

  /// Finite values.
  public var count: UInt32 { moments.count }
}
