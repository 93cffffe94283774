extension ArrayReader {
  /// Streams a plane in natural order, an inner chunk at a time.
  ///
  /// - Parameters:
  ///   - chosen: inner chunks to read; `nil`: all of the plane.
  ///   - body: called with the first row of the chunk and the bytes of those of its rows that lie in the array.
  /// - Complexity: decodes every chunk once; needs the memory of one.
  public func stream(
    plane: Int, chunks chosen: Range<Int>? = nil,
    _ body: (_ firstRow: Int, _ rows: UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    precondition(chosen.map { $0.lowerBound >= 0 && $0.upperBound <= chunks } ?? true)
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 64)
    defer { scratch.deallocate() }
    var cursor = ChunkCursor(self)
    for chunk in chosen ?? 0..<chunks {
      try cursor.decode(plane: plane, chunk: chunk, into: scratch)
      let first = chunk * rowsPerChunk
      let count = min(rowsPerChunk, rows - first)
      body(first, UnsafeRawBufferPointer(rebasing: scratch[..<(count * rowBytes)]))
    }
  }

  /// Reads chosen rows of a plane, each chunk once, in the order in which they lie in the array.
  ///
  /// - Parameters:
  ///   - chosen: row numbers in any order, also repeated.
  ///   - body: called with a position in `chosen` and the bytes of that row.
  /// - Complexity: decodes the chunks that hold the rows; sorts `chosen`.
  public func gather(
    plane: Int, _ chosen: some Sequence<UInt32>, _ body: (_ position: Int, _ row: UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    var places = chosen.enumerated().map { UInt64($1) << 32 | UInt64($0) }
    places.sort()
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 64)
    defer { scratch.deallocate() }
    var cursor = ChunkCursor(self)
    var decoded = -1
    for place in places {
      let row = Int(place >> 32)
      precondition(row < rows)
      let chunk = row / rowsPerChunk
      if chunk != decoded {
        try cursor.decode(plane: plane, chunk: chunk, into: scratch)
        decoded = chunk
      }
      let start = row % rowsPerChunk * rowBytes
      body(Int(place & 0xFFFF_FFFF), UnsafeRawBufferPointer(rebasing: scratch[start..<(start + rowBytes)]))
    }
  }

  /// One row: a neuron's counts, or its one number, as raw bytes.
  public func row(plane: Int, _ row: Int) throws(StoreError) -> [UInt8] {
    var bytes: [UInt8] = []
    try gather(plane: plane, CollectionOfOne(UInt32(row))) { bytes = Array($1) }
    return bytes
  }

  /// A whole plane of numbers.
  ///
  /// - Returns: `[row]` or `[row · element]`, in the array's own type.
  /// - Precondition: `Element` has the size of the array's data type.
  public func plane<Element: BitwiseCopyable>(_ plane: Int, as type: Element.Type) throws(StoreError) -> [Element] {
    precondition(MemoryLayout<Element>.stride == metadata.dataType.byteCount)
    let count = rows * rowBytes / metadata.dataType.byteCount
    var failure: StoreError?
    let values = [Element](unsafeUninitializedCapacity: count) { buffer, filled in
      let target = UnsafeMutableRawBufferPointer(buffer)
      do throws(StoreError) {
        try stream(plane: plane) { first, rows in
          UnsafeMutableRawBufferPointer(rebasing: target[(first * rowBytes)...]).copyMemory(from: rows)
        }
        filled = count
      } catch {
        failure = error
        filled = 0
      }
    }
    if let failure { throw failure }
    return values
  }
}
