import CKernels

/// Takes the codes of a tile's values in a stretch of samples while it counts them; the memory of one lane.
///
/// Grids grow as rows come. What was taken before is brought to the grid as it is, so that all codes of a record are on one grid.
public final class TileCodes<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: used by one lane at a time.
  private let samplesMax: Int
  private let memory: Pages<UInt8>
  private var samples = 0..<0
  private var codes: UnsafeMutablePointer<UInt8>
  private var apart: UnsafeMutablePointer<UInt64>
  /// The tile's grids, and what they were when rows were added last.
  private var counters: BandCounters<Value>?
  private var firstNeuron = 0
  private let exponents: UnsafeMutablePointer<Int32>
  private let lows: UnsafeMutablePointer<Value>
  /// How many samples were added so far: they stand before the next ones in their order.
  private var added = 0

  /// Bytes that it takes.
  public static func bytes(samplesMax: Int) -> Int { CodeRecord.bytes(samples: samplesMax) }

  /// - Parameter samplesMax: of the longest stretch.
  public init(samplesMax: Int) {
    self.samplesMax = samplesMax
    memory = Pages(count: Self.bytes(samplesMax: samplesMax))
    codes = memory.base
    apart = UnsafeMutableRawPointer(memory.base).assumingMemoryBound(to: UInt64.self)
    exponents = .allocate(capacity: tileColumns)
    lows = .allocate(capacity: tileColumns)
    exponents.initialize(repeating: BandCounters<Value>.unset, count: tileColumns)
    lows.initialize(repeating: 0, count: tileColumns)
  }

  deinit {
    memory.deallocate()
    exponents.deallocate()
    lows.deallocate()
  }

  /// Begins a stretch of a tile.
  /// - Parameter samples: numbers of the samples, as `order` names them; all of them count as missing until they are added.
  public func begin(_ counters: BandCounters<Value>, tile: Int, samples: Range<Int>) {
    precondition(samples.count <= samplesMax)
    self.samples = samples
    self.counters = counters
    firstNeuron = tile * tileColumns
    codes = memory.base + CodeRecord.codes(from: 0)
    apart = UnsafeMutableRawPointer(memory.base + CodeRecord.apart(samples: samples.count, from: 0))
      .assumingMemoryBound(to: UInt64.self)
    codes.update(repeating: UInt8(ND_MISSING), count: samples.count * tileColumns)
    apart.update(repeating: .max, count: samples.count)
    exponents.update(from: counters.exponents + firstNeuron, count: tileColumns)
    lows.update(from: counters.fittedLow + firstNeuron, count: tileColumns)
    added = 0
  }

  /// Counts rows of one cell, and takes their codes.
  /// - Parameter numbers: of each row's sample; all that are added of a stretch stand behind each other.
  public func add(cell: Int, _ rows: TileRows<Value>, _ numbers: RowNumbers, in scratch: RunCounts) {
    guard let counters else { preconditionFailure("no stretch was begun") }
    let target = RunCodes(codes: codes, apart: apart, first: UInt32(samples.lowerBound))
    let areThere = counters.add(
      tile: firstNeuron / tileColumns, cell: cell, rows, numbers, in: scratch, codes: target)
    followGrids(counters, before: numbers.order)
    if !areThere {
      Value.code(
        rows, scaleA: counters.scaleA + firstNeuron, scaleB: counters.scaleB + firstNeuron, numbers: numbers.order,
        first: target.first, codes: codes, apart: apart)
    }
    added += rows.count
  }

  /// Brings what was added so far to grids that have become coarser since.
  private func followGrids(_ counters: BandCounters<Value>, before order: UnsafePointer<UInt32>) {
    for column in 0..<tileColumns where exponents[column] != counters.exponents[firstNeuron + column] {
      let (old, new) = (exponents[column], counters.exponents[firstNeuron + column])
      exponents[column] = new
      guard old != BandCounters<Value>.unset else { continue }
      let origin = DyadicGrid.bin(of: lows[column], exponent: Int(old))
      let shift = min(Int(new) - Int(old), 63)
      for place in stride(from: 1, through: added, by: 1) {
        let sample = Int(order[-place]) - samples.lowerBound
        guard apart[sample] >> UInt64(column) & 1 == 0 else { continue }
        let code = codes + sample * tileColumns + column
        let bin = origin + Int64(UInt8(truncatingIfNeeded: Int64(code.pointee) &- origin))
        code.pointee = UInt8(truncatingIfNeeded: bin >> shift)
      }
    }
    lows.update(from: counters.fittedLow + firstNeuron, count: tileColumns)
  }

  /// The record of the stretch, when all rows of it were added.
  public var record: UnsafeRawBufferPointer {
    guard let counters else { preconditionFailure("no stretch was begun") }
    let record = UnsafeMutableRawPointer(memory.base)
    for column in 0..<tileColumns {
      let exponent = counters.exponents[firstNeuron + column]
      let isEmpty = exponent == BandCounters<Value>.unset
      let low = counters.fittedLow[firstNeuron + column]
      record.storeBytes(of: exponent, toByteOffset: column * 4, as: Int32.self)
      record.storeBytes(
        of: isEmpty ? 0 : DyadicGrid.bin(of: low, exponent: Int(exponent)),
        toByteOffset: CodeRecord.originsPlace + column * 8, as: Int64.self)
    }
    return UnsafeRawBufferPointer(start: memory.base, count: CodeRecord.bytes(samples: samples.count))
  }
}
