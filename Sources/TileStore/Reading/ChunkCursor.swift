/// Decodes chunks of an array and keeps the shard in hand, so that neighbouring chunks, of the same plane or of others, look it up once.
public struct ChunkCursor {
  private let array: ArrayReader
  /// As those of the array.
  public let chunkBytes, chunks: Int
  public var path: String { array.path }
  private var at = (plane: -1, rows: -1)
  private var shard: Shard?

  public init(_ array: ArrayReader) {
    self.array = array
    (chunkBytes, chunks) = (array.chunkBytes, array.chunks)
  }

  /// Decodes inner chunk `chunk` of plane `plane` to `destination`, `chunkBytes` long. Rows beyond the array are 0.
  ///
  /// - Throws: `StoreError` as `ArrayReader.decode`.
  public mutating func decode(
    plane: Int, chunk: Int, as form: ChunkForm = .elements, into destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    precondition(destination.count == chunkBytes)
    // Looked up first: after it, the array need not be copied to stay as it was.
    let shard = try shard(plane: plane, chunk: chunk)
    try array.decode(shard, plane: plane, chunk: chunk, as: form, into: destination)
  }

  private mutating func shard(plane: Int, chunk: Int) throws(StoreError) -> Shard {
    precondition(plane >= 0 && plane < array.planes && chunk >= 0 && chunk < chunks)
    let wanted = (plane: plane / array.planesPerShard, rows: array.shardAlongRows(ofChunk: chunk))
    if let shard, wanted == at { return shard }
    let shard = try array.shard(plane: plane, chunk: chunk)
    (self.shard, at) = (shard, wanted)
    return shard
  }
}
