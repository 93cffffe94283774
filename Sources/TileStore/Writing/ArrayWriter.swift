import Glibc

/// Writes one array of a store, shard by shard: encoded inner chunks behind each other, the index at the start when the
/// shard is complete. See `Tiles/FORMAT.md` §7.
///
/// An array has one writer, and a writer one caller at a time.
public final class ArrayWriter {
  public let metadata: ArrayMetadata
  let folder: String
  private var open: [[Int]: ShardState] = [:]

  private struct ShardState {
    /// Offset and length of each inner chunk; all ones where it is missing.
    var index: [UInt64]
    var end: Int
    /// Chunks that lie in the array and are still to come.
    var missing: Int

    var encodedIndex: [UInt8] {
      index.withUnsafeBytes { index in
        withUnsafeBytes(of: crc32c(index).littleEndian) { Array(index) + Array($0) }
      }
    }
  }

  init(folder: String, metadata: ArrayMetadata) throws {
    self.folder = folder
    self.metadata = metadata
    try makeFolder(folder)
    try writeJSON(metadata.json, to: folder + "/zarr.json")
  }

  /// Puts encoded inner chunks of one shard behind those before.
  /// - Parameters:
  ///   - shard: its place in the grid of shards.
  ///   - chunks: row-major numbers of the chunks within the shard, and the encoded length of each, in the order of `bytes`.
  /// - Throws: `StoreWriteError`.
  public func append(
    shard: [Int], chunks: [(number: Int, length: Int)], bytes: UnsafeRawBufferPointer
  ) throws {
    let isNew = open[shard] == nil
    // Taken out, so that a long index is not copied.
    var state = open.removeValue(forKey: shard) ?? newShard(shard)
    let path = shardPath(shard)
    if isNew { try makeFolder(parentFolder(of: path)) }
    let file = try OutputFile(path: path, flags: isNew ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY)
    try file.write(bytes, at: state.end)
    for chunk in chunks {
      precondition(state.index[2 * chunk.number] == .max, "a chunk is written twice")
      state.index[2 * chunk.number] = UInt64(state.end).littleEndian
      state.index[2 * chunk.number + 1] = UInt64(chunk.length).littleEndian
      state.end += chunk.length
      state.missing -= 1
    }
    if state.missing == 0 {
      try file.write(state.encodedIndex, at: 0)
      file.startWriteback()
    } else {
      open[shard] = state
    }
  }

  /// - Precondition: every chunk of every shard begun was written.
  public func finish() {
    precondition(open.isEmpty, "an array was left incomplete")
  }

  private func newShard(_ shard: [Int]) -> ShardState {
    let count = metadata.chunksPerShard.reduce(1, *)
    var present = 1
    for axis in shard.indices {
      let left = metadata.shape[axis] - shard[axis] * metadata.shardShape[axis]
      let chunk = metadata.chunkShape[axis]
      present *= min((left + chunk - 1) / chunk, metadata.chunksPerShard[axis])
    }
    return ShardState(
      index: Array(repeating: .max, count: count * 2), end: metadata.indexBytes, missing: present)
  }

  private func shardPath(_ shard: [Int]) -> String {
    folder + "/c/" + shard.map(String.init).joined(separator: "/")
  }
}

extension ArrayWriter {
  /// Writes rows from memory: `[row, column]`, where a row is an entry of the first axis with all that is below it, or the
  /// whole array where it has no planes. Chunks hold a part of one row.
  /// - Parameters:
  ///   - rows: which rows, behind those written before.
  ///   - data: their elements, row-major.
  /// - Throws: `StoreWriteError`.
  public func write<Element>(rows: Range<Int>, _ data: UnsafeBufferPointer<Element>) throws {
    let axes = metadata.shape.count
    let row = metadata.hasPlanes ? 1 : 0
    let columns = metadata.shape[row...].reduce(1, *)
    let shardRows = metadata.hasPlanes ? metadata.shardShape[0] : 1
    let shardColumns = metadata.shardShape[row...].reduce(1, *)
    let chunkColumns = metadata.chunkShape[row...].reduce(1, *)
    let chunksPerRow = shardColumns / chunkColumns
    precondition(MemoryLayout<Element>.size == metadata.dataType.byteCount)
    precondition(data.count == rows.count * columns)

    let chunk = UnsafeMutableBufferPointer<Element>.allocate(capacity: chunkColumns)
    defer { chunk.deallocate() }
    let encoded = UnsafeMutableRawBufferPointer.allocate(
      byteCount: metadata.codec.maxEncodedBytes(metadata.chunkBytes), alignment: 16)
    defer { encoded.deallocate() }
    for firstRow in stride(from: rows.lowerBound / shardRows * shardRows, to: rows.upperBound, by: shardRows) {
      for shardColumn in 0..<(columns + shardColumns - 1) / shardColumns {
        var bytes: [UInt8] = []
        var chunks: [(number: Int, length: Int)] = []
        for row in max(firstRow, rows.lowerBound)..<min(firstRow + shardRows, rows.upperBound) {
          for part in 0..<chunksPerRow {
            let column = shardColumn * shardColumns + part * chunkColumns
            guard column < columns else { break }
            memset(chunk.baseAddress!, 0, metadata.chunkBytes)
            chunk.baseAddress!.update(
              from: data.baseAddress! + (row - rows.lowerBound) * columns + column,
              count: min(chunkColumns, columns - column))
            let length = metadata.codec.encode(UnsafeRawBufferPointer(chunk), into: encoded)
            bytes.append(contentsOf: encoded[..<length])
            chunks.append(((row - firstRow) * chunksPerRow + part, length))
          }
        }
        let place =
          !metadata.hasPlanes
          ? [shardColumn] : axes == 2 ? [firstRow / shardRows, shardColumn] : [firstRow / shardRows]
        let shard = place + Array(repeating: 0, count: axes - place.count)
        try bytes.withUnsafeBytes { try append(shard: shard, chunks: chunks, bytes: $0) }
      }
    }
  }
}
