import TileStore

/// Rows of counts of one plane: each has the counts of one neuron, by bin.
protocol CountRows: Sendable {
  var neurons: Int { get }
  var bins: Int { get }
  /// Of a count: an unsigned integer of 1, 2 or 4 bytes.
  var type: DataType { get }
  /// Neurons whose rows are had as cheaply together as one of them.
  var neuronsPerChunk: Int { get }

  /// Calls `body` with each position in `chosen` and the row of that neuron, in any order.
  /// - Parameter chosen: neurons in any order.
  func gather(
    _ chosen: ArraySlice<UInt32>, _ body: (_ position: Int, _ row: UnsafeRawPointer) -> Void
  ) throws(StoreError)

  /// Calls `body` with the rows of all neurons of some chunks, in natural order, some at a time.
  /// - Parameter body: gets the first neuron, and rows of it and those that follow.
  func stream(
    chunks: Range<Int>, _ body: (_ first: Int, _ rows: UnsafeRawBufferPointer) -> Void
  ) throws(StoreError)
}

extension CountRows {
  var chunks: Int { (neurons + neuronsPerChunk - 1) / neuronsPerChunk }
  /// Bytes of a row.
  var rowBytes: Int { bins * type.byteCount }

  /// The rows of some neurons that follow each other.
  func bytes(_ some: Range<Int>) throws(StoreError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: some.count * rowBytes)
    let chosen = some.map { UInt32($0) }
    try gather(chosen[...]) { position, row in
      bytes.withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[(position * rowBytes)...])
          .copyMemory(from: UnsafeRawBufferPointer(start: row, count: rowBytes))
      }
    }
    return bytes
  }
}

/// The counts of a group that the store has.
struct StoredCounts: CountRows {
  /// `[plane, neuron, bin]`.
  let array: ArrayReader
  let plane: Int

  var neurons: Int { array.rows }
  var bins: Int { array.rowBytes / type.byteCount }
  var type: DataType { array.metadata.dataType }
  var neuronsPerChunk: Int { array.rowsPerChunk }

  func gather(
    _ chosen: ArraySlice<UInt32>, _ body: (_ position: Int, _ row: UnsafeRawPointer) -> Void
  ) throws(StoreError) {
    try array.gather(plane: plane, chosen) { position, row in
      if let row = row.baseAddress { body(position, row) }
    }
  }

  func stream(
    chunks: Range<Int>, _ body: (_ first: Int, _ rows: UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    try array.stream(plane: plane, chunks: chunks, body)
  }
}
