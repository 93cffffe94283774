import CKernels
import TileStore

/// An unsigned integer that sums of counts are held in: 32 bits where they suffice, else 64.
protocol SumWord: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable {
  /// Adds a row of `bins` counts of a type to a row of sums.
  static func add(_ counts: UnsafeRawPointer, _ type: DataType, to sums: UnsafeMutablePointer<Self>, bins: Int)
  /// Adds chosen neurons of a plane to a row of sums.
  static func add(_ neurons: UnsafeBufferPointer<UInt32>, of plane: nd_plane, to sums: UnsafeMutablePointer<Self>)
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
  static func add(
    _ neurons: UnsafeBufferPointer<UInt32>, of plane: nd_plane, to sums: UnsafeMutablePointer<UInt32>
  ) {
    nd_add_rows_u32(sums, plane, neurons.baseAddress, neurons.count)
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
  static func add(
    _ neurons: UnsafeBufferPointer<UInt32>, of plane: nd_plane, to sums: UnsafeMutablePointer<UInt64>
  ) {
    nd_add_rows_u64(sums, plane, neurons.baseAddress, neurons.count)
  }
  static func extent(_ sums: UnsafePointer<UInt64>, bins: Int) -> (total: UInt64, largest: UInt64) {
    let extent = nd_extent_u64(sums, bins)
    return (extent.total, extent.largest)
  }
  static func encode(_ sums: UnsafePointer<UInt64>, bins: Int, full: Double, to codes: UnsafeMutablePointer<UInt8>) {
    nd_densities_u64(codes, sums, bins, full)
  }
}
