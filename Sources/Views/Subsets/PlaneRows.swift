import TileStore

/// Rows of one plane of an array, of which each inner chunk is decoded once where they come in order; the memory of one thread.
final class PlaneRows {
  private let array: ArrayReader
  private let plane: Int
  private var cursor: ChunkCursor
  private let chunk: UnsafeMutableRawBufferPointer
  private var decoded = -1

  init(_ array: ArrayReader, plane: Int) {
    self.array = array
    self.plane = plane
    cursor = ChunkCursor(array)
    chunk = .allocate(byteCount: array.chunkBytes, alignment: 64)
  }

  deinit { chunk.deallocate() }

  /// A row, until another is asked for.
  func row(_ row: Int) throws(StoreError) -> UnsafeRawBufferPointer {
    let wanted = row / array.rowsPerChunk
    if wanted != decoded {
      decoded = -1
      try cursor.decode(plane: plane, chunk: wanted, into: chunk)
      decoded = wanted
    }
    let start = row % array.rowsPerChunk * array.rowBytes
    return UnsafeRawBufferPointer(rebasing: chunk[start..<start + array.rowBytes])
  }

  /// Replaces counts by what the row, of counts as well, has more. Of a store that contradicts itself they wrap.
  func subtract(from row: Int, _ counts: UnsafeMutablePointer<UInt32>) throws(StoreError) {
    let all = try self.row(row)
    switch array.metadata.dataType {
    case .uint8: Self.subtract(all.bindMemory(to: UInt8.self), counts)
    case .uint16: Self.subtract(all.bindMemory(to: UInt16.self), counts)
    default: Self.subtract(all.bindMemory(to: UInt32.self), counts)
    }
  }

  private static func subtract<Count: FixedWidthInteger & UnsignedInteger>(
    _ all: UnsafeBufferPointer<Count>, _ counts: UnsafeMutablePointer<UInt32>
  ) {
    for bin in all.indices { counts[bin] = UInt32(truncatingIfNeeded: all[bin]) &- counts[bin] }
  }
}
