import TileStore

/// Sums of counts of consecutive displayed rows: `[row, bin]`, and of their zeros: `[row]`.
///
/// They fit where no neuron has more counts than its group has samples, which nobody checks for every tile: of a damaged store they
/// wrap, and the tile shows anything.
final class RowSums<Word: SumWord>: @unchecked Sendable {
  // Unchecked: one thread fills it, and others read it only after waiting for that thread.
  let rows: Int
  let bins: Int
  private let sums: UnsafeMutablePointer<Word>
  private let zeros: UnsafeMutablePointer<UInt64>
  /// Sums of all counts of a row, of a window also those outside it; not kept for the whole axis, where the row's
  /// sums say it.
  private let totals: UnsafeMutablePointer<UInt64>
  private let isWindow: Bool

  /// All zero.
  init(rows: Int, bins: Int, isWindow: Bool = false) {
    self.rows = rows
    self.bins = bins
    self.isWindow = isWindow
    totals = .allocate(capacity: rows)
    totals.initialize(repeating: 0, count: rows)
    sums = .allocate(capacity: rows * bins)
    sums.initialize(repeating: 0, count: rows * bins)
    zeros = .allocate(capacity: rows)
    zeros.initialize(repeating: 0, count: rows)
  }

  deinit {
    sums.deallocate()
    zeros.deallocate()
    totals.deallocate()
  }

  /// All zero, for what an adder adds.
  convenience init<Adder: CountAdder>(rows: Int, of adder: Adder) where Adder.Word == Word {
    self.init(rows: rows, bins: adder.bins, isWindow: Adder.isWindow)
  }

  /// Adds a neuron to a displayed row.
  @inline(__always)
  func add<Adder: CountAdder>(
    _ counts: UnsafeRawPointer, _ type: DataType, neuron: Int, to row: Int, by adder: Adder
  ) where Adder.Word == Word {
    precondition(row >= 0 && row < rows && adder.bins == bins)
    totals[row] &+= adder.add(counts, type, neuron: neuron, to: sums + row * bins)
    zeros[row] &+= UInt64(adder.zeros[neuron]) << adder.depth
  }

  /// Adds chosen neurons of a plane to a displayed row. Threads may add to different rows at the same time.
  func add<Adder: CountAdder>(
    _ neurons: UnsafeBufferPointer<UInt32>, of plane: DecodedPlane, to row: Int, by adder: Adder
  ) where Adder.Word == Word {
    precondition(row >= 0 && row < rows && adder.bins == bins)
    totals[row] &+= adder.add(neurons, of: plane, to: sums + row * bins)
    for neuron in neurons { zeros[row] &+= UInt64(adder.zeros[Int(neuron)]) << adder.depth }
  }

  /// Adds the sums of another pass over other neurons.
  func add(_ other: RowSums) {
    precondition(other.rows == rows && other.bins == bins)
    for index in 0..<(rows * bins) { sums[index] &+= other.sums[index] }
    for row in 0..<rows { zeros[row] &+= other.zeros[row] }
    for row in 0..<rows { totals[row] &+= other.totals[row] }
  }

  /// The next level: every two neighbouring rows as one.
  func halved() -> RowSums {
    let half = RowSums(rows: (rows + 1) / 2, bins: bins, isWindow: isWindow)
    for row in 0..<rows {
      let (source, target) = (sums + row * bins, half.sums + row / 2 * bins)
      for bin in 0..<bins { target[bin] &+= source[bin] }
      half.zeros[row / 2] &+= zeros[row]
      half.totals[row / 2] &+= totals[row]
    }
    return half
  }

  /// The same with fewer bins: sums of neighbours.
  func coarsened(to fewer: Int) -> RowSums {
    guard fewer < bins else { return self }
    precondition(bins % fewer == 0)
    let coarse = RowSums(rows: rows, bins: fewer, isWindow: isWindow)
    let step = bins / fewer
    for index in 0..<(rows * bins) { coarse.sums[index / step] &+= sums[index] }
    coarse.zeros.update(from: zeros, count: rows)
    coarse.totals.update(from: totals, count: rows)
    return coarse
  }

  /// Codes some rows as the body of one tile.
  ///
  /// - Returns: densities `[row, bin]` then zeros `[row]`, and the scales: the largest share among them (1 where nothing
  ///   was counted), rounded to float32. The zeros of a window have a scale of their own.
  func encode(_ chosen: Range<Int>) -> TileBody {
    precondition(chosen.lowerBound >= 0 && chosen.upperBound <= rows)
    var largest = 0.0
    var mostZeros = 0.0
    let rowTotals = chosen.map { row in
      let extent = Word.extent(sums + row * bins, bins: bins)
      let total = isWindow ? totals[row] : extent.total
      if total > 0 {
        largest = max(largest, Double(extent.largest) / Double(total))
        mostZeros = max(mostZeros, Double(zeros[row]) / Double(total))
      }
      return total
    }
    if !isWindow { largest = max(largest, mostZeros) }
    let scale = largest > 0 ? Float(largest) : 1
    let zeroScale = !isWindow ? scale : mostZeros > 0 ? Float(mostZeros) : 1
    let codes = [UInt8](unsafeUninitializedCapacity: chosen.count * (bins + 1)) { codes, filled in
      filled = chosen.count * (bins + 1)
      guard let codes = codes.baseAddress else { return }
      for (index, row) in chosen.enumerated() {
        let total = Double(max(rowTotals[index], 1))
        Word.encode(sums + row * bins, bins: bins, full: total * Double(scale), to: codes + index * bins)
        UInt64.encode(
          zeros + row, bins: 1, full: total * Double(zeroScale), to: codes + chosen.count * bins + index)
      }
    }
    return TileBody(codes: codes, scale: scale, zeroScale: isWindow ? zeroScale : 0)
  }
}

/// The coded part of a tile, and what its codes mean.
struct TileBody: Sendable {
  var codes: [UInt8]
  /// The share that is coded as 255.
  var scale: Float
  /// That of the zeros; 0: the same.
  var zeroScale: Float
}

extension TileBody {
  /// The whole answer, header and body.
  func message(_ rows: Range<Int>, _ level: Int, bins: Int) -> [UInt8] {
    TileHeader(
      magic: .densities, rows: rows.count, bins: bins, level: level, scale: scale, firstRow: rows.lowerBound,
      zeroScale: zeroScale
    ).message(with: codes)
  }
}
