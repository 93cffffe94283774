import CKernels

/// The type in which activations are counted: `Float` for stored types that it holds exactly, otherwise `Double`.
///
/// The kernels take one tile: rows of `tileColumns` values, all rows of one cell.
public protocol ActivationValue: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// Bits after the binary point.
  static var significandBits: Int { get }
  /// Exponent of the smallest subnormal number.
  static var leastExponent: Int { get }

  /// See `nd_measure_f32` in `count.h`.
  static func measure(
    _ tile: UnsafePointer<Self>, rows: Int, _ figures: nd_figures, first: Int,
    low: UnsafeMutablePointer<Self>, high: UnsafeMutablePointer<Self>
  ) -> Bool
  /// See `nd_count_f32` in `count.h`.
  static func count(
    _ tile: UnsafePointer<Self>, rows: Int, scaleA: UnsafePointer<Self>, scaleB: UnsafePointer<Self>,
    counters: UnsafeMutablePointer<UInt16>, checked: Bool)
  /// See `nd_code_f32` in `codes.h`.
  static func code(
    _ tile: UnsafePointer<Self>, rows: Int, scaleA: UnsafePointer<Self>, scaleB: UnsafePointer<Self>,
    order: UnsafePointer<UInt32>, first: UInt32, codes: UnsafeMutablePointer<UInt8>,
    apart: UnsafeMutablePointer<UInt64>)
  /// See `nd_keep_extremes_f32` in `extremes.h`.
  static func keepExtremes(
    _ tile: UnsafePointer<Self>, rows: Int, _ numbers: RowNumbers, highest: nd_extremes, lowest: nd_extremes)
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

  public init(base: UnsafePointer<Value>, pitch: Int, order: UnsafePointer<UInt32>, count: Int) {
    self.base = base
    self.pitch = pitch
    self.order = order
    self.count = count
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

  public static func measure(
    _ tile: UnsafePointer<Float>, rows: Int, _ figures: nd_figures, first: Int,
    low: UnsafeMutablePointer<Float>, high: UnsafeMutablePointer<Float>
  ) -> Bool {
    withUnsafePointer(to: figures) { nd_measure_f32(tile, rows, $0, first, low, high) != 0 }
  }
  public static func count(
    _ tile: UnsafePointer<Float>, rows: Int, scaleA: UnsafePointer<Float>, scaleB: UnsafePointer<Float>,
    counters: UnsafeMutablePointer<UInt16>, checked: Bool
  ) {
    nd_count_f32(tile, rows, scaleA, scaleB, counters, checked ? 1 : 0)
  }
  public static func code(
    _ tile: UnsafePointer<Float>, rows: Int, scaleA: UnsafePointer<Float>, scaleB: UnsafePointer<Float>,
    order: UnsafePointer<UInt32>, first: UInt32, codes: UnsafeMutablePointer<UInt8>,
    apart: UnsafeMutablePointer<UInt64>
  ) {
    nd_code_f32(tile, rows, scaleA, scaleB, order, first, codes, apart)
  }
  public static func keepExtremes(
    _ tile: UnsafePointer<Float>, rows: Int, _ numbers: RowNumbers, highest: nd_extremes, lowest: nd_extremes
  ) {
    nd_keep_extremes_f32(tile, rows, numbers.order, numbers.first, numbers.samplesPerRow, highest, lowest)
  }
  public static func keepExtreme(_ lists: nd_extremes, column: Int, _ value: Float, row: UInt32) {
    nd_keep_extreme_f32(lists, column, value, row, 1)
  }
  public static func collect(
    _ rows: TileRows<Float>, intervals: Int, low: UnsafePointer<Float>, high: UnsafePointer<Float>,
    cursors: UnsafeMutablePointer<UInt64>, ends: UnsafePointer<UInt64>, values: UnsafeMutablePointer<Float>
  ) {
    nd_collect_f32(rows.base, rows.pitch, rows.order, rows.count, intervals, low, high, cursors, ends, values)
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

  public static func measure(
    _ tile: UnsafePointer<Double>, rows: Int, _ figures: nd_figures, first: Int,
    low: UnsafeMutablePointer<Double>, high: UnsafeMutablePointer<Double>
  ) -> Bool {
    withUnsafePointer(to: figures) { nd_measure_f64(tile, rows, $0, first, low, high) != 0 }
  }
  public static func count(
    _ tile: UnsafePointer<Double>, rows: Int, scaleA: UnsafePointer<Double>, scaleB: UnsafePointer<Double>,
    counters: UnsafeMutablePointer<UInt16>, checked: Bool
  ) {
    nd_count_f64(tile, rows, scaleA, scaleB, counters, checked ? 1 : 0)
  }
  public static func code(
    _ tile: UnsafePointer<Double>, rows: Int, scaleA: UnsafePointer<Double>, scaleB: UnsafePointer<Double>,
    order: UnsafePointer<UInt32>, first: UInt32, codes: UnsafeMutablePointer<UInt8>,
    apart: UnsafeMutablePointer<UInt64>
  ) {
    nd_code_f64(tile, rows, scaleA, scaleB, order, first, codes, apart)
  }
  public static func keepExtremes(
    _ tile: UnsafePointer<Double>, rows: Int, _ numbers: RowNumbers, highest: nd_extremes, lowest: nd_extremes
  ) {
    nd_keep_extremes_f64(tile, rows, numbers.order, numbers.first, numbers.samplesPerRow, highest, lowest)
  }
  public static func keepExtreme(_ lists: nd_extremes, column: Int, _ value: Double, row: UInt32) {
    nd_keep_extreme_f64(lists, column, value, row, 1)
  }
  public static func collect(
    _ rows: TileRows<Double>, intervals: Int, low: UnsafePointer<Double>, high: UnsafePointer<Double>,
    cursors: UnsafeMutablePointer<UInt64>, ends: UnsafePointer<UInt64>, values: UnsafeMutablePointer<Double>
  ) {
    nd_collect_f64(rows.base, rows.pitch, rows.order, rows.count, intervals, low, high, cursors, ends, values)
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
