import CKernels

/// The type in which activations are counted: `Float` for stored types that it holds exactly, otherwise `Double`.
///
/// The kernels take one tile: rows of `tileColumns` values, the rows of a run all of one cell.
public protocol ActivationValue: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// Bits after the binary point.
  static var significandBits: Int { get }
  /// Exponent of the smallest subnormal number.
  static var leastExponent: Int { get }

  /// See `nd_measure_f32` in `count.h`.
  static func measure(
    _ tile: UnsafePointer<Self>, _ run: nd_run, _ figures: nd_figures, column: Int,
    low: UnsafeMutablePointer<Self>, high: UnsafeMutablePointer<Self>
  ) -> Bool
  /// See `nd_count_f32` in `count.h`.
  static func count(
    _ tile: UnsafePointer<Self>, _ run: nd_run, scaleA: UnsafePointer<Self>,
    scaleB: UnsafePointer<Self>, counters: UnsafeMutablePointer<UInt32>, checked: Bool)
  /// See `nd_collect_f32` in `count.h`.
  static func collect(
    _ tile: UnsafePointer<Self>, _ run: nd_run, scaleA: UnsafePointer<Self>,
    scaleB: UnsafePointer<Self>, wanted: UnsafePointer<UInt32>,
    cursors: UnsafeMutablePointer<UInt64>, values: UnsafeMutablePointer<Self>)
}

/// Columns (neurons) of a tile.
public let tileColumns = Int(ND_TILE)

extension Float: ActivationValue {
  public static var significandBits: Int { 23 }
  public static var leastExponent: Int { -149 }

  public static func measure(
    _ tile: UnsafePointer<Float>, _ run: nd_run, _ figures: nd_figures, column: Int,
    low: UnsafeMutablePointer<Float>, high: UnsafeMutablePointer<Float>
  ) -> Bool {
    withUnsafePointer(to: run) { run in
      withUnsafePointer(to: figures) { nd_measure_f32(tile, run, 1, $0, column, low, high) != 0 }
    }
  }
  public static func count(
    _ tile: UnsafePointer<Float>, _ run: nd_run, scaleA: UnsafePointer<Float>,
    scaleB: UnsafePointer<Float>, counters: UnsafeMutablePointer<UInt32>, checked: Bool
  ) {
    withUnsafePointer(to: run) { nd_count_f32(tile, $0, 1, scaleA, scaleB, counters, checked ? 1 : 0) }
  }
  public static func collect(
    _ tile: UnsafePointer<Float>, _ run: nd_run, scaleA: UnsafePointer<Float>,
    scaleB: UnsafePointer<Float>, wanted: UnsafePointer<UInt32>,
    cursors: UnsafeMutablePointer<UInt64>, values: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: run) { nd_collect_f32(tile, $0, 1, scaleA, scaleB, wanted, cursors, values) }
  }
}

extension Double: ActivationValue {
  public static var significandBits: Int { 52 }
  public static var leastExponent: Int { -1074 }

  public static func measure(
    _ tile: UnsafePointer<Double>, _ run: nd_run, _ figures: nd_figures, column: Int,
    low: UnsafeMutablePointer<Double>, high: UnsafeMutablePointer<Double>
  ) -> Bool {
    withUnsafePointer(to: run) { run in
      withUnsafePointer(to: figures) { nd_measure_f64(tile, run, 1, $0, column, low, high) != 0 }
    }
  }
  public static func count(
    _ tile: UnsafePointer<Double>, _ run: nd_run, scaleA: UnsafePointer<Double>,
    scaleB: UnsafePointer<Double>, counters: UnsafeMutablePointer<UInt32>, checked: Bool
  ) {
    withUnsafePointer(to: run) { nd_count_f64(tile, $0, 1, scaleA, scaleB, counters, checked ? 1 : 0) }
  }
  public static func collect(
    _ tile: UnsafePointer<Double>, _ run: nd_run, scaleA: UnsafePointer<Double>,
    scaleB: UnsafePointer<Double>, wanted: UnsafePointer<UInt32>,
    cursors: UnsafeMutablePointer<UInt64>, values: UnsafeMutablePointer<Double>
  ) {
    withUnsafePointer(to: run) { nd_collect_f64(tile, $0, 1, scaleA, scaleB, wanted, cursors, values) }
  }
}
