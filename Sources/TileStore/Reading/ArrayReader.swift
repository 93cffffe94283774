/// Reads one array of a store: inner chunk by inner chunk, row by row, or plane by plane.
///
/// Every array of the format has at most one *plane* axis (group, instance or picture; of codes a neuron or a sample), then one axis that
/// is cut into chunks (neurons; of codes samples; for pictures their rows, uncut), then axes that are never cut (bins, ranks). A *row* is
/// everything at one place of the first two axes: a neuron's bins, or its one number. An array without a plane axis has one plane: extremes,
/// and those of the table of rows, are cut along the first axis.
public struct ArrayReader: Sendable {
  public let path: String
  public let metadata: ArrayMetadata
  private let folder: VersionFolder
  private let maps: ShardMaps

  /// Planes of the array: the length of its first axis, or 1.
  public let planes: Int
  /// Rows of a plane.
  public let rows: Int
  /// Bytes of a row.
  public let rowBytes: Int
  /// Rows of an inner chunk.
  public let rowsPerChunk: Int

  let planesPerShard: Int
  let chunksPerShard: Int
  /// The axis that is cut into chunks.
  private let cutAxis: Int
  private let axes: Int

  /// - Parameter hasPlanes: whether the first of several axes is that of planes.
  /// - Throws: `StoreError` of kind `corrupt` where the array is not cut as `FORMAT.md` §7 says.
  init(path: String, metadata: ArrayMetadata, folder: VersionFolder, maps: ShardMaps, hasPlanes: Bool = true)
    throws(StoreError)
  {
    self.path = path
    self.metadata = metadata
    self.folder = folder
    self.maps = maps
    let axis = hasPlanes && metadata.hasPlanes ? 1 : 0
    cutAxis = axis
    axes = metadata.shape.count
    let uncut = metadata.shape.indices.dropFirst(axis + 1)
    guard (1...4).contains(metadata.shape.count), metadata.shape.allSatisfy({ $0 > 0 }),
      uncut.allSatisfy({
        metadata.chunkShape[$0] == metadata.shape[$0] && metadata.shardShape[$0] == metadata.shape[$0]
      })
    else {
      throw .corrupt(StorePath.metadata(of: path), "the array is not cut into chunks as the format says")
    }
    planes = axis == 0 ? 1 : metadata.shape[0]
    rows = metadata.shape[axis]
    rowBytes = uncut.reduce(metadata.dataType.byteCount) { $0 * metadata.shape[$1] }
    rowsPerChunk = metadata.chunkShape[axis]
    planesPerShard = axis == 0 ? 1 : metadata.shardShape[0]
    chunksPerShard = metadata.shardShape[axis] / rowsPerChunk
  }

  /// Whether it is the same array of the same version, opened once.
  public func isSame(as other: ArrayReader) -> Bool { path == other.path && folder.serial == other.folder.serial }

  /// Bytes of a decoded inner chunk.
  public var chunkBytes: Int { rowsPerChunk * rowBytes }
  /// Inner chunks of a plane.
  public var chunks: Int { (rows + rowsPerChunk - 1) / rowsPerChunk }

  /// Decodes inner chunk `chunk` of plane `plane` to `destination`, `chunkBytes` long. Rows beyond the array are 0.
  ///
  /// - Throws: `StoreError` of kind `corrupt` naming file and chunk, `notFound` where the store was removed meanwhile.
  public func decode(plane: Int, chunk: Int, into destination: UnsafeMutableRawBufferPointer) throws(StoreError) {
    precondition(plane >= 0 && plane < planes && chunk >= 0 && chunk < chunks && destination.count == chunkBytes)
    let shard = try shard(plane: plane, chunk: chunk)
    try decode(shard, plane: plane, chunk: chunk, into: destination)
  }

  /// The shard that holds an inner chunk.
  func shard(plane: Int, chunk: Int) throws(StoreError) -> Shard {
    try maps.shard(at: shardPath(plane: plane, chunk: chunk), of: folder, metadata: metadata)
  }

  func decode(
    _ shard: Shard, plane: Int, chunk: Int, as form: ChunkForm = .elements,
    into destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    // Numbers alone: a message that holds the array would count references for each chunk.
    let (cutAxis, axes) = (cutAxis, axes)
    try shard.decode(
      index(plane: plane, chunk: chunk), chunk: Self.place(plane, chunk, cutAxis, axes), as: form, into: destination)
  }

  /// Index of an inner chunk within its shard.
  func index(plane: Int, chunk: Int) -> Int {
    plane % planesPerShard * chunksPerShard + chunk % chunksPerShard
  }

  /// Number of the shard in which an inner chunk lies, along the rows.
  func shardAlongRows(ofChunk chunk: Int) -> Int { chunk / chunksPerShard }

  func shardPath(plane: Int, chunk: Int) -> String {
    let before = cutAxis == 0 ? "" : "/\(plane / planesPerShard)"
    let uncut = String(repeating: "/0", count: metadata.shape.count - cutAxis - 1)
    return "\(path)/c\(before)/\(chunk / chunksPerShard)\(uncut)"
  }

  /// Place of an inner chunk in the array's grid of inner chunks, for messages.
  private static func place(_ plane: Int, _ chunk: Int, _ cutAxis: Int, _ axes: Int) -> [Int] {
    (cutAxis == 0 ? [chunk] : [plane, chunk]) + Array(repeating: 0, count: axes - cutAxis - 1)
  }

  /// Refuses an array of which a shard is missing, or smaller than its index and its chunks can be.
  ///
  /// After this, whatever is allocated for the array's length is bounded by what really lies on the disk.
  /// - Parameter manifest: lists them; `nil` of a store that is being built.
  /// - Complexity: looks up the size of each shard and opens none.
  func checkShards(_ manifest: Manifest?) throws(StoreError) {
    for (plane, chunk) in firstsOfShards {
      let path = shardPath(plane: plane, chunk: chunk)
      if let manifest, manifest.hash(of: path) == nil { throw .corrupt(path, "\(Manifest.name) does not list it") }
      let held = min(planesPerShard, planes - plane) * min(chunksPerShard, chunks - chunk)
      let least = metadata.indexBytes + held * metadata.codec.minEncodedBytes(chunkBytes)
      let count = try folder.byteCount(of: path)
      guard count >= least else {
        throw .corrupt(path, "the file has \(count) bytes, and its chunks take at least \(least)")
      }
    }
  }
}

extension ArrayReader {
  /// Paths of all shards of the array.
  var shardPaths: [String] { firstsOfShards.map { shardPath(plane: $0.plane, chunk: $0.chunk) } }

  /// Where the inner chunks lie that a shard has of the array, in the order of the file: behind its index one behind the other, to its end.
  /// - Parameters:
  ///   - firstPlane: the shard's first plane.
  ///   - firstChunk: its first inner chunk.
  /// - Throws: `StoreError`, of kind `corrupt` where a chunk is missing, or bytes belong to none or to several.
  func places(ofShardFrom firstPlane: Int, _ firstChunk: Int) throws(StoreError) -> (
    shard: Shard, chunks: [(range: Range<Int>, plane: Int, chunk: Int)]
  ) {
    let shard = try shard(plane: firstPlane, chunk: firstChunk)
    var places: [(range: Range<Int>, plane: Int, chunk: Int)] = []
    for plane in firstPlane..<min(firstPlane + planesPerShard, planes) {
      for chunk in firstChunk..<min(firstChunk + chunksPerShard, chunks) {
        guard let range = try shard.range(ofChunk: index(plane: plane, chunk: chunk), chunk: [plane, chunk]) else {
          throw .corrupt(shard.path, chunk: [plane, chunk], "the inner chunk is missing")
        }
        places.append((range, plane, chunk))
      }
    }
    places.sort { $0.range.lowerBound < $1.range.lowerBound }
    var end = metadata.indexBytes
    for (range, plane, chunk) in places {
      guard range.lowerBound == end else {
        throw .corrupt(
          shard.path, chunk: [plane, chunk],
          "the inner chunk begins at byte \(range.lowerBound), and what is before it ends at \(end)")
      }
      end = range.upperBound
    }
    guard shard.byteCount == end else {
      throw .corrupt(shard.path, "the file has \(shard.byteCount) bytes, its index and its chunks take \(end)")
    }
    return (shard, places)
  }

  /// First plane and first inner chunk of each shard.
  var firstsOfShards: [(plane: Int, chunk: Int)] {
    stride(from: 0, to: planes, by: planesPerShard).flatMap { plane in
      stride(from: 0, to: chunks, by: chunksPerShard).map { (plane, $0) }
    }
  }
}
