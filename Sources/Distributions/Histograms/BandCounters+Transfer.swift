/// What was counted, as plain bytes: to be kept while a run is stopped, or to be joined with what others have counted of the same
/// neurons.
///
/// A tile is carried as one run of bytes for its columns, one for each histogram and one for each cell with values. All are little-endian
/// and packed, and mean something to the same version of the program only.
extension BandCounters {
  /// Bytes of a histogram of a tile: counters `[column, bin]`.
  public static var histogramBytes: Int { tileColumns * countsBytes }

  /// Bytes of a cell of a tile: the figures, each `[column]`.
  public static var cellBytes: Int {
    tileColumns * (2 * MemoryLayout<Value>.size + 2 * 8 + 4 * 4 + momentBytes)
  }

  /// Bytes of what the cells of a tile share: extremes, grids and windows of each column, and the rows of its extremes.
  public static var columnBytes: Int { gridBytes + tileColumns * ExtremeRows<Value>.keptBytes }

  private static var gridBytes: Int { tileColumns * (4 * MemoryLayout<Value>.size + 4 + 1 + 8) }

  private static var countsBytes: Int { DyadicGrid.binCount * 4 }
  private static var momentBytes: Int { MemoryLayout<Moments>.stride }

  /// Whether no value at all was met in a cell of a tile.
  public func isEmpty(tile: Int, cell: Int) -> Bool {
    let first = cell * pitch + tile * tileColumns
    return (first..<first + tileColumns).allSatisfy {
      figures.count[$0] == 0 && figures.nan[$0] == 0 && figures.infinite[$0] == 0
    }
  }

  /// Whether no finite value was met in a histogram of a tile.
  public func isEmpty(tile: Int, histogram: Int) -> Bool {
    counting.cellsOfHistogram[histogram].allSatisfy { isEmpty(tile: tile, cell: $0) }
  }

  // MARK: Keeping

  public func saveHistogram(_ histogram: Int, tile: Int, to bytes: UnsafeMutableRawPointer) {
    var target = bytes
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      for neuron in tile * tileColumns..<(tile + 1) * tileColumns {
        counts.update(repeating: 0)
        addCounters(neuron, histogram: histogram, to: counts.baseAddress!)
        target.copyMemory(from: counts.baseAddress!, byteCount: Self.countsBytes)
        target += Self.countsBytes
      }
    }
  }

  /// Puts back what `saveHistogram` took. Histograms that were empty need not be put back.
  public func restoreHistogram(_ histogram: Int, tile: Int, from bytes: UnsafeRawPointer) {
    var source = bytes
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { counts in
      for neuron in tile * tileColumns..<(tile + 1) * tileColumns {
        UnsafeMutableRawPointer(counts.baseAddress!).copyMemory(from: source, byteCount: Self.countsBytes)
        setCounters(neuron, histogram: histogram, to: counts.baseAddress!)
        source += Self.countsBytes
      }
    }
  }

  public func saveCell(_ cell: Int, tile: Int, to bytes: UnsafeMutableRawPointer) {
    var target = bytes
    for region in cellRegions(cell, tile: tile) {
      target.copyMemory(from: region.start, byteCount: region.bytes)
      target += region.bytes
    }
  }

  /// Puts back what `saveCell` took. Cells that were empty need not be put back.
  public func restoreCell(_ cell: Int, tile: Int, from bytes: UnsafeRawPointer) {
    var source = bytes
    for region in cellRegions(cell, tile: tile) {
      region.start.copyMemory(from: source, byteCount: region.bytes)
      source += region.bytes
    }
  }

  public func saveColumns(tile: Int, to bytes: UnsafeMutableRawPointer) {
    var target = bytes
    for region in columnRegions(tile: tile) {
      target.copyMemory(from: region.start, byteCount: region.bytes)
      target += region.bytes
    }
  }

  /// Puts back what `saveColumns` took.
  public func restoreColumns(tile: Int, from bytes: UnsafeRawPointer) {
    var source = bytes
    for region in columnRegions(tile: tile) {
      region.start.copyMemory(from: source, byteCount: region.bytes)
      source += region.bytes
    }
    for neuron in tile * tileColumns..<(tile + 1) * tileColumns where exponents[neuron] != Self.unset {
      setExponent(Int(exponents[neuron]), of: neuron)
    }
    extremes.restored(tile: tile)
  }

  private typealias Region = (start: UnsafeMutableRawPointer, bytes: Int)

  private func cellRegions(_ cell: Int, tile: Int) -> [Region] {
    let first = cell * pitch + tile * tileColumns
    let value = MemoryLayout<Value>.size
    func region<Element>(_ array: UnsafeMutablePointer<Element>) -> Region {
      (UnsafeMutableRawPointer(array + first), tileColumns * MemoryLayout<Element>.stride)
    }
    return [
      (figures.minimum + first * value, tileColumns * value), (figures.maximum + first * value, tileColumns * value),
      region(figures.sum), region(figures.squares),
      region(figures.count), region(figures.zeros), region(figures.nan), region(figures.infinite),
      region(moments),
    ]
  }

  private func columnRegions(tile: Int) -> [Region] {
    func region<Element>(_ array: UnsafeMutablePointer<Element>) -> Region {
      (UnsafeMutableRawPointer(array + tile * tileColumns), tileColumns * MemoryLayout<Element>.stride)
    }
    return [
      region(low), region(high), region(fittedLow), region(fittedHigh), region(exponents), region(tails),
      region(windowOrigins),
    ] + extremes.regions(tile: tile)
  }

  // MARK: Joining

  /// Lets the grids of a tile hold what another counted as well, and keeps the rows of its extremes. To be called before its histograms are
  /// added, and these before its cells.
  /// - Parameter columns: from `saveColumns`, of a tile without windows.
  public func growToHold(tile: Int, columns: UnsafeRawPointer) {
    let other = TransferredColumns<Value>(columns)
    for column in 0..<tileColumns where other.exponent(column) != nil {
      let neuron = tile * tileColumns + column
      low[neuron] = min(low[neuron], other.low(column))
      high[neuron] = max(high[neuron], other.high(column))
      if low[neuron] != fittedLow[neuron] || high[neuron] != fittedHigh[neuron] { fit(neuron) }
    }
    extremes.join(tile: tile, kept: columns + Self.gridBytes)
  }

  /// Adds what another counted in a histogram.
  public func addHistogram(_ histogram: Int, tile: Int, from counts: UnsafeRawPointer, columns: UnsafeRawPointer) {
    let other = TransferredColumns<Value>(columns)
    for column in 0..<tileColumns {
      guard let exponent = other.exponent(column) else { continue }
      let neuron = tile * tileColumns + column
      let origin = DyadicGrid.bin(of: other.fittedLow(column), exponent: exponent)
      let shift = min(Int(exponents[neuron]) - exponent, 63)
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DyadicGrid.binCount) { sums in
        sums.update(repeating: 0)
        addCounters(neuron, histogram: histogram, to: sums.baseAddress!)
        for index in 0..<Int64(DyadicGrid.binCount) {
          let bin = origin + index
          let count = counts.loadUnaligned(
            fromByteOffset: (column * DyadicGrid.binCount + Int(bin & 255)) * 4, as: UInt32.self)
          sums[Int((bin >> shift) & 255)] += count
        }
        setCounters(neuron, histogram: histogram, to: sums.baseAddress!)
      }
    }
  }

  /// Adds the figures of a cell of another. Its moments are left out: they are merged segment by segment, in the order of the rows.
  public func addCell(_ cell: Int, tile: Int, from minimum: UnsafeRawPointer, columns: UnsafeRawPointer) {
    let other = TransferredColumns<Value>(columns)
    let maximum = minimum + tileColumns * MemoryLayout<Value>.size
    let whole = maximum + tileColumns * MemoryLayout<Value>.size + tileColumns * 16
    func number(_ kind: Int, _ column: Int) -> UInt32 {
      whole.loadUnaligned(fromByteOffset: (kind * tileColumns + column) * 4, as: UInt32.self)
    }
    for column in 0..<tileColumns {
      let neuron = tile * tileColumns + column
      let at = cell * pitch + neuron
      figures.count[at] += number(0, column)
      figures.zeros[at] += number(1, column)
      figures.nan[at] += number(2, column)
      figures.infinite[at] += number(3, column)
      guard number(0, column) > 0, other.exponent(column) != nil else { continue }
      let lowest = figures.minimum.assumingMemoryBound(to: Value.self) + at
      let highest = figures.maximum.assumingMemoryBound(to: Value.self) + at
      let step = column * MemoryLayout<Value>.size
      lowest.pointee = min(lowest.pointee, minimum.loadUnaligned(fromByteOffset: step, as: Value.self))
      highest.pointee = max(highest.pointee, maximum.loadUnaligned(fromByteOffset: step, as: Value.self))
    }
  }

  /// Merges the moments of one more segment, as `closeSegment` put them into its journal.
  public func mergeSegment(tile: Int, journal: UnsafePointer<Moments>) {
    for cell in 0..<cells {
      for column in 0..<tileColumns {
        moments[cell * pitch + tile * tileColumns + column].merge(journal[cell * tileColumns + column])
      }
    }
  }
}

/// The columns of a tile as `saveColumns` took them.
struct TransferredColumns<Value: ActivationValue> {
  private let bytes: UnsafeRawPointer

  init(_ bytes: UnsafeRawPointer) { self.bytes = bytes }

  private func value(_ array: Int, _ column: Int) -> Value {
    bytes.loadUnaligned(fromByteOffset: (array * tileColumns + column) * MemoryLayout<Value>.size, as: Value.self)
  }

  func low(_ column: Int) -> Value { value(0, column) }
  func high(_ column: Int) -> Value { value(1, column) }
  func fittedLow(_ column: Int) -> Value { value(2, column) }

  /// `nil` where there are no finite values.
  func exponent(_ column: Int) -> Int? {
    let exponent = bytes.loadUnaligned(
      fromByteOffset: 4 * tileColumns * MemoryLayout<Value>.size + column * 4, as: Int32.self)
    return exponent == BandCounters<Value>.unset ? nil : Int(exponent)
  }
}
