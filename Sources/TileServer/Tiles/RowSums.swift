import CKernels
import TileStore

/// An unsigned integer that sums of counts are held in: 32 bits where they suffice, else 64.
protocol SumWord: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable {
  /// Adds a row of `bins` counts of a type to a row of sums.
  static func add(_ counts: UnsafeRawPointer, _ type: DataType, to sums: UnsafeMutablePointer<Self>, bins: Int)
  /// Sum and largest of a row.
  static func extent(_ sums: UnsafePointer<Self>, bins: Int) -> (total: UInt64, largest: UInt64)
  /// Codes a row as densities; `full` is the sum coded as 255.
  static func encode(_ sums: UnsafePointer<Self>, bins: Int, full: Double, to codes: UnsafeMutablePointer<UInt8>)
}

extension UInt32: SumWord {
  static func add(_ counts: UnsafeRawPointer, _ type: DataType, to sums: UnsafeMutablePointer<UInt32>, bins: Int) {
    switch type {
    case .uint8: nd_add_u8_u32(sums, counts.assumingMemoryBound(to: UInt8.self), bins)
    case .uint16: nd_add_u16_u32(sums, counts.assumingMemoryBound(to: UInt16.self), bins)
    case .uint32: nd_add_u32_u32(sums, counts.assumingMemoryBound(to: UInt32.self), bins)
    default: preconditionFailure("\(type) holds no counts")
    }
  }
  static func extent(_ sums: UnsafePointer<UInt32>, bins: Int) -> (total: UInt64, largest: UInt64) {
    let extent = nd_extent_u32(sums, bins)
    return (extent.total, extent.largest)
  }
  static func encode(_ sums: UnsafePointer<UInt32>, bins: Int, full: Double, to codes: UnsafeMutablePointer<UInt8>) {
    nd_densities_u32(codes, sums, bins, full)
  }
}

extension UInt64: SumWord {
  static func add(_ counts: UnsafeRawPointer, _ type: DataType, to sums: UnsafeMutablePointer<UInt64>, bins: Int) {
    switch type {
    case .uint8: nd_add_u8_u64(sums, counts.assumingMemoryBound(to: UInt8.self), bins)
    case .uint16: nd_add_u16_u64(sums, counts.assumingMemoryBound(to: UInt16.self), bins)
    case .uint32: nd_add_u32_u64(sums, counts.assumingMemoryBound(to: UInt32.self), bins)
    default: preconditionFailure("\(type) holds no counts")
    }
  }
  static func extent(_ sums: UnsafePointer<UInt64>, bins: Int) -> (total: UInt64, largest: UInt64) {
    let extent = nd_extent_u64(sums, bins)
    return (extent.total, extent.largest)
  }
  static func encode(_ sums: UnsafePointer<UInt64>, bins: Int, full: Double, to codes: UnsafeMutablePointer<UInt8>) {
    nd_densities_u64(codes, sums, bins, full)
  }
}

/// Sums of counts of consecutive displayed rows: `[row, bin]`, and of their zeros: `[row]`.
///
/// `@unchecked Sendable`: one thread fills it, and others read it only after waiting for that thread.
final class RowSums<Word: SumWord>: @unchecked Sendable {
  let rows: Int
  let bins: Int
  private let sums: UnsafeMutablePointer<Word>
  private let zeros: UnsafeMutablePointer<UInt64>

  /// All zero.
  init(rows: Int, bins: Int) {
    self.rows = rows
    self.bins = bins
    sums = .allocate(capacity: rows * bins)
    sums.initialize(repeating: 0, count: rows * bins)
    zeros = .allocate(capacity: rows)
    zeros.initialize(repeating: 0, count: rows)
  }

  deinit {
    sums.deallocate()
    zeros.deallocate()
  }

  /// Adds a neuron's counts and zeros to a displayed row.
  @inline(__always)
  func add(_ counts: UnsafeRawPointer, _ type: DataType, zeros count: UInt32, to row: Int) {
    precondition(row >= 0 && row < rows)
    Word.add(counts, type, to: sums + row * bins, bins: bins)
    zeros[row] += UInt64(count)
  }

  /// Adds the sums of another pass over other neurons.
  func add(_ other: RowSums) {
    precondition(other.rows == rows && other.bins == bins)
    for index in 0..<(rows * bins) { sums[index] &+= other.sums[index] }
    for row in 0..<rows { zeros[row] += other.zeros[row] }
  }

  /// The next level: every two neighbouring rows as one.
  func halved() -> RowSums {
    let half = RowSums(rows: (rows + 1) / 2, bins: bins)
    for row in 0..<rows {
      let (source, target) = (sums + row * bins, half.sums + row / 2 * bins)
      for bin in 0..<bins { target[bin] &+= source[bin] }
      half.zeros[row / 2] += zeros[row]
    }
    return half
  }

  /// Codes some rows as the body of one tile.
  ///
  /// - Returns: densities `[row, bin]` then zeros `[row]`, and the scale: the largest share among them (1 where nothing
  ///   was counted), rounded to float32.
  func encode(_ chosen: Range<Int>) -> (body: [UInt8], scale: Float) {
    precondition(chosen.lowerBound >= 0 && chosen.upperBound <= rows)
    var largest = 0.0
    let totals = chosen.map { row in
      let extent = Word.extent(sums + row * bins, bins: bins)
      if extent.total > 0 {
        largest = max(largest, Double(max(extent.largest, zeros[row])) / Double(extent.total))
      }
      return extent.total
    }
    let scale = largest > 0 ? Float(largest) : 1
    let body = [UInt8](unsafeUninitializedCapacity: chosen.count * (bins + 1)) { codes, filled in
      filled = chosen.count * (bins + 1)
      guard let codes = codes.baseAddress else { return }
      for (index, row) in chosen.enumerated() {
        let full = Double(max(totals[index], 1)) * Double(scale)
        Word.encode(sums + row * bins, bins: bins, full: full, to: codes + index * bins)
        UInt64.encode(zeros + row, bins: 1, full: full, to: codes + chosen.count * bins + index)
      }
    }
    return (body, scale)
  }
}
