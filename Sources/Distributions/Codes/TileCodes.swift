import CKernels

/// The codes of a tile's values in a stretch of samples on their way to a record; the memory of one lane.
public final class TileCodes<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: used by one lane at a time.
  private let samplesMax: Int
  private let memory: Pages<UInt8>
  private var samples = 0..<0
  private var codes: UnsafeMutablePointer<UInt8>
  private var apart: UnsafeMutablePointer<UInt64>
  private let scaleA: UnsafeMutablePointer<Value>
  private let scaleB: UnsafeMutablePointer<Value>
  private var windows: [(column: Int, window: nd_code_window)] = []

  /// Bytes that it takes.
  public static func bytes(samplesMax: Int) -> Int { CodeRecord.bytes(samples: samplesMax) }

  /// - Parameter samplesMax: of the longest stretch.
  public init(samplesMax: Int) {
    self.samplesMax = samplesMax
    memory = Pages(count: Self.bytes(samplesMax: samplesMax))
    codes = memory.base
    apart = UnsafeMutableRawPointer(memory.base).assumingMemoryBound(to: UInt64.self)
    scaleA = .allocate(capacity: tileColumns)
    scaleB = .allocate(capacity: tileColumns)
    scaleA.initialize(repeating: 1, count: tileColumns)
    scaleB.initialize(repeating: 1, count: tileColumns)
  }

  deinit {
    memory.deallocate()
    scaleA.deallocate()
    scaleB.deallocate()
  }

  /// Begins a stretch of a tile whose grids are final.
  /// - Parameters:
  ///   - samples: numbers of the samples, as `order` names them; all of them count as missing until they are added.
  public func begin(_ counters: BandCounters<Value>, tile: Int, samples: Range<Int>) {
    precondition(samples.count <= samplesMax)
    self.samples = samples
    codes = memory.base + CodeRecord.codes(from: 0)
    apart = UnsafeMutableRawPointer(memory.base + CodeRecord.apart(samples: samples.count, from: 0))
      .assumingMemoryBound(to: UInt64.self)
    codes.update(repeating: UInt8(ND_MISSING), count: samples.count * tileColumns)
    apart.update(repeating: .max, count: samples.count)
    windows = []
    for column in 0..<tileColumns {
      let neuron = tile * tileColumns + column
      let grid = neuron < counters.neurons ? counters.grid(neuron) : .empty
      let isWindow = neuron < counters.neurons && counters.hasTails(neuron)
      put(grid, column)
      if isWindow { windows.append((column, Self.window(grid))) }
      (scaleA[column], scaleB[column]) = isWindow ? (1, 1) : powersOfTwo(grid.exponent, Value.self)
    }
  }

  private func put(_ grid: DyadicGrid, _ column: Int) {
    let record = UnsafeMutableRawPointer(memory.base)
    record.storeBytes(of: Int32(grid.exponent), toByteOffset: column * 4, as: Int32.self)
    record.storeBytes(of: grid.origin, toByteOffset: CodeRecord.originsPlace + column * 8, as: Int64.self)
  }

  private static func window(_ grid: DyadicGrid) -> nd_code_window {
    let (a, b) = powersOfTwo(grid.exponent, Double.self)
    return nd_code_window(
      scale_a: a, scale_b: b, low: Double(grid.origin), high: Double(grid.origin + Int64(DyadicGrid.binCount) - 1))
  }

  /// Takes the codes of rows of one cell.
  /// - Parameters:
  ///   - values: `[rows, tileColumns]`.
  ///   - order: number of each row's sample.
  public func add(_ values: UnsafePointer<Value>, rows: Int, order: UnsafePointer<UInt32>) {
    let first = UInt32(samples.lowerBound)
    Value.code(
      values, rows: rows, scaleA: scaleA, scaleB: scaleB, order: order, first: first, codes: codes, apart: apart)
    for (column, window) in windows {
      Value.code(
        values, rows: rows, column: column, window: window, order: order, first: first, codes: codes, apart: apart)
    }
  }

  /// The record of the stretch.
  public var record: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory.base, count: CodeRecord.bytes(samples: samples.count))
  }
}

/// Two powers of two whose product is `2^-exponent`: by itself it may be beyond the type.
func powersOfTwo<Value: BinaryFloatingPoint>(_ exponent: Int, _: Value.Type) -> (Value, Value) {
  let half = -exponent / 2
  return (
    Value(sign: .plus, exponent: Value.Exponent(half), significand: 1),
    Value(sign: .plus, exponent: Value.Exponent(-exponent - half), significand: 1)
  )
}
