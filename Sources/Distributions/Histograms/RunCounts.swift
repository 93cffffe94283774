import CKernels

/// Memory of a lane for the counts of a run: rows of one cell that are counted in bytes, which stay in the first-level cache, as long as
/// none of them can overflow.
public final class RunCounts: @unchecked Sendable {
  // Unchecked: used by one lane at a time.
  /// Most rows of a run.
  public static var rowsMax: Int { Int(ND_RUN_ROWS) }
  /// Below so many rows it takes longer to clear and to add up counters of bytes than they save.
  static var rowsMin: Int { 16 }
  /// Bytes that it takes.
  public static var bytes: Int { tileColumns * DyadicGrid.binCount }

  /// `[column, bin]`, all 0 between two runs.
  let base: UnsafeMutablePointer<UInt8>

  public init() { base = filledBuffer(Self.bytes, 0) }

  deinit { base.deallocate() }

  func clear() { base.update(repeating: 0, count: Self.bytes) }

  func clear(column: Int) {
    (base + column * DyadicGrid.binCount).update(repeating: 0, count: DyadicGrid.binCount)
  }
}

/// Where the codes of rows are put while these are counted: `[place, column]`, and a bit of each place for each column. Sample `first` has the
/// first place.
public struct RunCodes {
  let codes: UnsafeMutablePointer<UInt8>
  let apart: UnsafeMutablePointer<UInt64>
  let first: UInt32
}
