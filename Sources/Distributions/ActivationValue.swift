import CKernels

/// The type in which activations are counted: `Float` for stored types that it holds exactly, otherwise `Double`.
///
/// The kernels take one tile: rows of `tileColumns` values, all rows of one cell.
public protocol ActivationValue: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// Bits after the binary point.
  static var significandBits: Int { get }
  /// Exponent of the smallest subnormal number.
  static var leastExponent: Int { get }

  /// See `nd_take_run_f32` in `run.h`.
  static func take(_ rows: TileRows<Self>, _ run: nd_run) -> RunFindings
  /// See `nd_count_f32` in `run.h`.
  static func count(
    _ rows: TileRows<Self>, scaleA: UnsafePointer<Self>, scaleB: UnsafePointer<Self>,
    counters: UnsafeMutablePointer<UInt16>)
  /// See `nd_count_column_f32` in `run.h`.
  static func count(
    _ rows: TileRows<Self>, column: Int, scaleA: Self, scaleB: Self, counts: UnsafeMutablePointer<UInt8>)
  /// See `nd_code_f32` in `codes.h`.
  static func code(
    _ rows: TileRows<Self>, scaleA: UnsafePointer<Self>, scaleB: UnsafePointer<Self>,
    numbers: UnsafePointer<UInt32>, first: UInt32, codes: UnsafeMutablePointer<UInt8>,
    apart: UnsafeMutablePointer<UInt64>)
  /// See `nd_keep_extreme_f32` in `extremes.h`. The row may be in the list already.
  static func keepExtreme(_ lists: nd_extremes, column: Int, _ value: Self, row: UInt32)
  /// See `nd_collect_f32` in `count.h`.
  static func collect(
    _ rows: TileRows<Self>, intervals: Int, low: UnsafePointer<Self>, high: UnsafePointer<Self>,
    cursors: UnsafeMutablePointer<UInt64>, ends: UnsafePointer<UInt64>, values: UnsafeMutablePointer<Self>)
  /// See `nd_pick_f32` in `select.h`.
  static func pick(
    _ values: UnsafeRawPointer, count: Int, intervals: Int, low: UnsafePointer<Self>, high: UnsafePointer<Self>,
    stride: Int, into picked: UnsafeMutablePointer<Self>
  ) -> Int
  /// See `nd_sort_few_f32` in `select.h`.
  static func sort(_ values: UnsafePointer<Self>, count: Int, into sorted: UnsafeMutablePointer<Self>)
  /// See `nd_select_f32` in `select.h`.
  static func select(_ values: UnsafeBufferPointer<Self>, rank: Int, from low: Self, below high: Self) -> Self
}

/// Columns (neurons) of a tile.
public let tileColumns = Int(ND_TILE)

/// Rows of `tileColumns` values that lie anywhere in a block: row `order[i]` begins `order[i] * pitch` values behind `base`.
public struct TileRows<Value> {
  public let base: UnsafePointer<Value>
  public let pitch: Int
  public let order: UnsafePointer<UInt32>
  public let count: Int
  /// How many rows stand behind these in `order` that are looked at next: the memory is asked for them ahead.
  public let following: Int

  public init(
    base: UnsafePointer<Value>, pitch: Int, order: UnsafePointer<UInt32>, count: Int, following: Int = 0
  ) {
    self.base = base
    self.pitch = pitch
    self.order = order
    self.count = count
    self.following = following
  }
}

/// Which rows of the dump some samples of a block are: sample `order[i]` is of row `first + order[i] / samplesPerRow`.
public struct RowNumbers {
  let first: UInt32
  let samplesPerRow: UInt32
  let order: UnsafePointer<UInt32>

  /// - Parameter order: numbers of the samples, ascending.
  public init(first: Int, samplesPerRow: Int, order: UnsafePointer<UInt32>) {
    self.first = UInt32(first)
    self.samplesPerRow = UInt32(samplesPerRow)
    self.order = order
  }

  private init(_ first: UInt32, _ samplesPerRow: UInt32, _ order: UnsafePointer<UInt32>) {
    (self.first, self.samplesPerRow, self.order) = (first, samplesPerRow, order)
  }

  /// Those behind the first `count` samples.
  func dropping(_ count: Int) -> RowNumbers { RowNumbers(first, samplesPerRow, order + count) }
}

/// What taking a run of rows met.
public struct RunFindings {
  /// Values that are not finite: what was counted of bins is of no use.
  let isOdd: Bool
  /// Columns that were lowered or raised.
  let isWider: Bool

  init(_ found: Int32) {
    isOdd = found & Int32(ND_RUN_ODD) != 0
    isWider = found & Int32(ND_RUN_WIDER) != 0
  }
}

extension ActivationValue {
  /// Picks the values of one interval.
  static func pick(
    _ values: UnsafeBufferPointer<Self>, from low: Self, below high: Self, into picked: UnsafeMutablePointer<Self>
  ) -> Int {
    guard let base = values.baseAddress else { return 0 }
    return withUnsafePointer(to: low) { low in
      withUnsafePointer(to: high) { high in
        pick(base, count: values.count, intervals: 1, low: low, high: high, stride: 0, into: picked)
      }
    }
  }
}

extension Float: ActivationValue {
  public static var significandBits: Int { 23 }
  public static var leastExponent: Int { -149 }

  public static func take(_ rows: TileRows<Float>, _ run: nd_run) -> RunFindings {
    withUnsafePointer(to: run) {
      RunFindings(nd_take_run_f32(rows.base, rows.pitch, rows.order, rows.count, $0))
    }
  }
  public static func count(
    _ rows: TileRows<Float>, scaleA: UnsafePointer<Float>, scaleB: UnsafePointer<Float>,
    counters: UnsafeMutablePointer<UInt16>
  ) {
    nd_count_f32(rows.base, rows.pitch, rows.order, rows.count, scaleA, scaleB, counters)
  }
  public static func count(
    _ rows: TileRows<Float>, column: Int, scaleA: Float, scaleB: Float, counts: UnsafeMutablePointer<UInt8>
  ) {
    nd_count_column_f32(rows.base + column, rows.pitch, rows.order, rows.count, scaleA, scaleB, counts)
  }
  public static func code(
    _ rows: TileRows<Float>, scaleA: UnsafePointer<Float>, scaleB: UnsafePointer<Float>,
    numbers: UnsafePointer<UInt32>, first: UInt32, codes: UnsafeMutablePointer<UInt8>,
    apart: UnsafeMutablePointer<UInt64>
  ) {
    nd_code_f32(rows.base, rows.pitch, rows.order, rows.count, scaleA, scaleB, numbers, first, codes, apart)
  }
  public static func keepExtreme(_ lists: nd_extremes, column: Int, _ value: Float, row: UInt32) {
    nd_keep_extreme_f32(lists, column, value, row, 1)
  }
  public static func collect(
    _ rows: TileRows<Float>, intervals: Int, low: UnsafePointer<Float>, high: UnsafePointer<Float>,
    cursors: UnsafeMutablePointer<UInt64>, ends: UnsafePointer<UInt64>, values: UnsafeMutablePointer<Float>
  ) {
    nd_collect_f32(
      rows.base, rows.pitch, rows.order, rows.count, rows.following, intervals, low, high, cursors, ends, values)
  }
  public static func pick(
    _ values: UnsafeRawPointer, count: Int, intervals: Int, low: UnsafePointer<Float>, high: UnsafePointer<Float>,
    stride: Int, into picked: UnsafeMutablePointer<Float>
  ) -> Int {
    nd_pick_f32(values, count, intervals, low, high, stride, picked)
  }
  public static func sort(_ values: UnsafePointer<Float>, count: Int, into sorted: UnsafeMutablePointer<Float>) {
    nd_sort_few_f32(values, count, sorted)
  }
  public static func select(
    _ values: UnsafeBufferPointer<Float>, rank: Int, from low: Float, below high: Float
  ) -> Float {
    nd_select_f32(values.baseAddress, values.count, rank, low, high)
  }
}

extension Double: ActivationValue {
  public static var significandBits: Int { 52 }
  public static var leastExponent: Int { -1074 }

  public static func take(_ rows: TileRows<Double>, _ run: nd_run) -> RunFindings {
    withUnsafePointer(to: run) {
      RunFindings(nd_take_run_f64(rows.base, rows.pitch, rows.order, rows.count, $0))
    }
  }
  public static func count(
    _ rows: TileRows<Double>, scaleA: UnsafePointer<Double>, scaleB: UnsafePointer<Double>,
    counters: UnsafeMutablePointer<UInt16>
  ) {
    nd_count_f64(rows.base, rows.pitch, rows.order, rows.count, scaleA, scaleB, counters)
  }
  public static func count(
    _ rows: TileRows<Double>, column: Int, scaleA: Double, scaleB: Double, counts: UnsafeMutablePointer<UInt8>
  ) {
    nd_count_column_f64(rows.base + column, rows.pitch, rows.order, rows.count, scaleA, scaleB, counts)
  }
  public static func code(
    _ rows: TileRows<Double>, scaleA: UnsafePointer<Double>, scaleB: UnsafePointer<Double>,
    numbers: UnsafePointer<UInt32>, first: UInt32, codes: UnsafeMutablePointer<UInt8>,
    apart: UnsafeMutablePointer<UInt64>
  ) {
    nd_code_f64(rows.base, rows.pitch, rows.order, rows.count, scaleA, scaleB, numbers, first, codes, apart)
  }
  public static func keepExtreme(_ lists: nd_extremes, column: Int, _ value: Double, row: UInt32) {
    nd_keep_extreme_f64(lists, column, value, row, 1)
  }
  public static func collect(
    _ rows: TileRows<Double>, intervals: Int, low: UnsafePointer<Double>, high: UnsafePointer<Double>,
    cursors: UnsafeMutablePointer<UInt64>, ends: UnsafePointer<UInt64>, values: UnsafeMutablePointer<Double>
  ) {
    nd_collect_f64(
      rows.base, rows.pitch, rows.order, rows.count, rows.following, intervals, low, high, cursors, ends, values)
  }
  public static func pick(
    _ values: UnsafeRawPointer, count: Int, intervals: Int, low: UnsafePointer<Double>, high: UnsafePointer<Double>,
    stride: Int, into picked: UnsafeMutablePointer<Double>
  ) -> Int {
    nd_pick_f64(values, count, intervals, low, high, stride, picked)
  }
  public static func sort(_ values: UnsafePointer<Double>, count: Int, into sorted: UnsafeMutablePointer<Double>) {
    nd_sort_few_f64(values, count, sorted)
  }
  public static func select(
    _ values: UnsafeBufferPointer<Double>, rank: Int, from low: Double, below high: Double
  ) -> Double {
    nd_select_f64(values.baseAddress, values.count, rank, low, high)
  }
}
