import CKernels

/// Codes of a tile's values in a stretch of samples, as bytes that a file holds until all grids are final:
///
///     0       exponents of the grids (int32, [column])
///     256     numbers of bins that no value lies below (int64, [column])
///     768     low bytes of the numbers of bins, or kinds of what stands apart (uint8, [sample, column])
///     …       a bit for each value that stands apart (uint64, [sample])
public enum CodeRecord {
  static var originsPlace: Int { tileColumns * 4 }
  static var codesPlace: Int { tileColumns * 12 }

  public static func bytes(samples: Int) -> Int { codesPlace + samples * (tileColumns + 8) }

  /// Where the low bytes of a stretch begin in its record, from which sample on; 64 bytes each.
  public static func codes(from sample: Int) -> Int { codesPlace + sample * tileColumns }
  /// Where the bits begin, from which sample on; 8 bytes each.
  public static func apart(samples: Int, from sample: Int) -> Int { codesPlace + samples * tileColumns + sample * 8 }
  /// Bytes of the grids before them.
  public static var gridBytes: Int { codesPlace }
}

/// How the low bytes of a record become codes, now that grids are final.
///
/// A grid only becomes coarser, so that a value's bin on the final grid follows from its bin on an earlier one.
public struct CodeMap {
  private var map = nd_code_map()

  /// - Parameters:
  ///   - grids: the first `CodeRecord.gridBytes` of a record.
  ///   - final: the final grid of each column that there is, at most `tileColumns`.
  public init(grids: UnsafeRawPointer, final: some Collection<DyadicGrid>) {
    var hasShift = false
    for (column, grid) in final.enumerated() {
      let exponent = Int(grids.loadUnaligned(fromByteOffset: column * 4, as: Int32.self))
      let origin = grids.loadUnaligned(fromByteOffset: CodeRecord.originsPlace + column * 8, as: Int64.self)
      // Where there was no finite value, everything stands apart. A finer final grid is a window: its codes are in a later record.
      let isOrdinary = exponent != Int(BandCounters<Float>.unset) && exponent <= grid.exponent
      set(column, from: origin, to: grid.origin, shift: isOrdinary ? min(grid.exponent - exponent, 63) : 0)
      hasShift = hasShift || isOrdinary && grid.exponent != exponent
    }
    map.has_shift = hasShift ? 1 : 0
  }

  private mutating func set(_ column: Int, from origin: Int64, to final: Int64, shift: Int) {
    func put(_ array: inout some Any, _ number: UInt32) {
      withUnsafeMutableBytes(of: &array) { $0.storeBytes(of: number, toByteOffset: column * 4, as: UInt32.self) }
    }
    put(&map.low, UInt32(origin & 255))
    put(&map.base, UInt32(truncatingIfNeeded: origin >> shift &- final))
    // What the earlier origin lies above a whole bin of the final grid; of a much coarser one, only whether 255 bins can pass it.
    let rest = UInt64(truncatingIfNeeded: origin) & ((1 << UInt64(shift)) - 1)
    let left = (1 << UInt64(shift)) - rest
    put(&map.rest, shift <= 8 ? UInt32(rest) : left <= 255 ? UInt32(512 - left) : 0)
    put(&map.shift, UInt32(min(shift, 9)))
    withUnsafeMutableBytes(of: &map.origin) { $0[column] = UInt8(truncatingIfNeeded: final) }
  }

  /// Brings low bytes, `[sample, column]`, to codes.
  public func apply(_ codes: UnsafeMutablePointer<UInt8>, apart: UnsafePointer<UInt64>, samples: Int) {
    withUnsafePointer(to: map) { nd_map_codes(codes, apart, samples, $0) }
  }
}
