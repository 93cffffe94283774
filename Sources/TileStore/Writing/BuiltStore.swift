import Crypto
import Synchronization

/// A store that is being built, looked at as readers do: nobody relies on anything of it that is not whole.
struct BuiltStore {
  private let folder: VersionFolder
  /// Shards that are mapped at a time: each is looked at once.
  private static let mapsMax = 1
  /// Of an array that several lanes read.
  private static let mapsMaxReadBack = 64

  init(path: String) throws(StoreError) { folder = try VersionFolder(path: path) }

  /// A layer, if all of it is there.
  func layer(_ id: String, rows: Int, groups: Int, planes: GroupPlanes?, instances: Int) throws -> Layer {
    let metadata = Metadata(folder: folder, manifest: nil)
    let maps = ShardMaps(limit: Self.mapsMax)
    let path = StorePath.layer(id)
    let file = StorePath.metadata(of: path)
    let layer = try metadata.attributes(file, as: Layer.self)
    guard layer.id == id else { throw StoreError.corrupt(file, "it is of the layer \(layer.id)") }
    let reader = try reader(
      of: layer, rows: rows, groups: groups, planes: planes, instances: instances, metadata, maps)
    for array in reader.arrays { try array.checkShards() }
    for group in reader.groups { _ = try metadata.attributes(StorePath.metadata(of: group), as: JSONValue.self) }
    let there = try filePaths(below: "\(folder.path)/\(path)", skipping: "").map { "\(path)/\($0)" }
    try compare(there, with: reader.filePaths)
    return layer
  }

  /// A layer that is known to be whole, to read it back.
  func reader(of layer: Layer, rows: Int, groups: Int, planes: GroupPlanes?, instances: Int) throws(StoreError)
    -> LayerReader
  {
    try reader(
      of: layer, rows: rows, groups: groups, planes: planes, instances: instances,
      Metadata(folder: folder, manifest: nil),
      ShardMaps(limit: Self.mapsMaxReadBack))
  }

  private func reader(
    of layer: Layer, rows: Int, groups: Int, planes: GroupPlanes?, instances: Int, _ metadata: Metadata,
    _ maps: ShardMaps
  ) throws(StoreError) -> LayerReader {
    try LayerReader(
      layer, layer.sizes(rows: rows, groups: groups, planes: planes, instances: instances),
      formatVersion: Attributes.formatVersion
    ) { path throws(StoreError) in
      try ArrayReader(
        path: path, metadata: metadata.array(path, of: Attributes.formatVersion), folder: folder, maps: maps)
    }
  }

  /// The table of rows, if all of it is there.
  func rowTable(rows: Int) throws -> RowTable {
    let metadata = Metadata(folder: folder, manifest: nil)
    let maps = ShardMaps(limit: Self.mapsMax)
    let table = try metadata.rowTable(rows: rows, of: Attributes.formatVersion) { path, array throws(StoreError) in
      try ArrayReader(path: path, metadata: array, folder: folder, maps: maps, hasPlanes: false)
    }
    for array in table.arrays { try array.checkShards() }
    for group in table.groups { _ = try metadata.attributes(StorePath.metadata(of: group), as: JSONValue.self) }
    let there = try filePaths(below: "\(folder.path)/\(StorePath.rows)", skipping: "").map { "\(StorePath.rows)/\($0)" }
    try compare(there, with: table.filePaths)
    return table
  }

  /// Looks whether the divergences of a layer are all there.
  func divergences(ofLayer id: String, _ attributes: DivergenceAttributes) throws {
    let metadata = Metadata(folder: folder, manifest: nil)
    let maps = ShardMaps(limit: Self.mapsMax)
    let path = "\(StorePath.divergences)/\(id)"
    _ = try metadata.attributes(StorePath.metadata(of: path), as: JSONValue.self)
    let arrays = try DivergenceTable.layer(id, attributes) { path throws(StoreError) in
      try ArrayReader(
        path: path, metadata: metadata.array(path, of: Attributes.formatVersion), folder: folder, maps: maps,
        hasPlanes: false)
    }
    for array in arrays.values { try array.checkShards() }
    let there = try filePaths(below: "\(folder.path)/\(path)", skipping: "").map { "\(path)/\($0)" }
    try compare(there, with: [StorePath.metadata(of: path)] + arrays.values.flatMap(\.filePaths))
  }

  /// Opens the store, and compares it with what the plan knows: the attributes that count, every shard, and that there is nothing else.
  /// - Parameter each: calls its closure for every index below a count.
  /// - Returns: the SHA-256 of each file, in the order of their paths.
  func hashes(checkedAgainst attributes: Attributes, _ each: StoreBuilder.ForEach) throws -> [(
    path: String, hash: String
  )] {
    try hashes(of: Store(folder, nil, maps: ShardMaps(limit: Self.mapsMax)), attributes, each)
  }

  /// The same of a store that has its name, whose files are those of its `MANIFEST`.
  func check(against attributes: Attributes, _ each: StoreBuilder.ForEach) throws {
    let manifest = try Manifest(folder)
    let store = try Store(folder, manifest, maps: ShardMaps(limit: Self.mapsMax))
    for (path, hash) in try hashes(of: store, attributes, each) where manifest.hash(of: path) != hash {
      throw StoreError.corrupt(path, "its SHA-256 is not the one in \(Manifest.name)")
    }
    try compare((0..<manifest.count).map(manifest.path), with: store.filePaths)
  }

  private func hashes(
    of store: Store, _ attributes: Attributes, _ each: StoreBuilder.ForEach
  ) throws -> [(path: String, hash: String)] {
    guard store.attributes.layers == attributes.layers, store.attributes.groups == attributes.groups,
      store.attributes.instances == attributes.instances
    else { throw StoreError.corrupt("zarr.json", "its attributes are not those of the job") }
    try compare(
      filePaths(below: folder.path, skipping: ".scratch").filter { $0 != Manifest.name }, with: store.filePaths)
    // The largest first, so that lanes end at about the same time.
    let arrays = store.arrays.sorted { $0.bytesPerShard > $1.bytesPerShard }
    let shards = arrays.flatMap { array in array.firstsOfShards.map { (array, $0) } }
    let metadata = store.metadataPaths
    let hashes = Mutex<[(path: String, hash: String)]>([])
    try each(shards.count + metadata.count) { index in
      let path: String
      let hash: String
      if index < shards.count {
        let (array, (plane, chunk)) = shards[index]
        path = array.shardPath(plane: plane, chunk: chunk)
        hash = try array.hashShard(plane: plane, chunk: chunk)
      } else {
        path = metadata[index - shards.count]
        // What was read when the store was opened is what its hash is of; groups were not.
        hash = try store.metadataHashes[path] ?? hexadecimal(SHA256.hash(data: folder.read(path)))
      }
      hashes.withLock { $0.append((path, hash)) }
    }
    return hashes.withLock { $0.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) } }
  }

  private func compare(_ there: [String], with expected: [String]) throws(StoreError) {
    let there = Set(there)
    let expected = Set(expected)
    if let path = expected.subtracting(there).min() { throw .corrupt(path, "it is missing") }
    if let path = there.subtracting(expected).min() { throw .corrupt(path, "it is no part of a store") }
  }
}

/// A store that was built does not read back as it was meant to be.
public struct StoreNotWhole: Error, CustomStringConvertible, Sendable {
  public let folder: String
  public let why: StoreError

  public var description: String {
    "\(folder), \(why.place): \(why.detail). The store that was built is not whole, and nothing was published. Look at the disk that it is on, and run the same command again."
  }
}

extension ArrayReader {
  /// Decoded, of a whole shard.
  fileprivate var bytesPerShard: Int { planesPerShard * chunksPerShard * chunkBytes }

  /// Looks whether every shard is there, with all inner chunks that lie in the array, sound and no longer than they are.
  /// - Throws: `StoreError`.
  func checkShards() throws(StoreError) {
    for (plane, chunk) in firstsOfShards { try checkShard(plane: plane, chunk: chunk) }
  }

  /// The same of the shard that begins so, whose bytes are there for both: from the memory they come slower than they are hashed.
  /// - Returns: its SHA-256, in hexadecimal.
  fileprivate func hashShard(plane: Int, chunk: Int) throws(StoreError) -> String {
    var hash = SHA256()
    try checkShard(plane: plane, chunk: chunk) { hash.update(bufferPointer: $0) }
    return hexadecimal(hash.finalize())
  }

  /// - Parameter part: gets all of the shard's file, part by part, before it is checked.
  private func checkShard(plane: Int, chunk: Int, _ part: (UnsafeRawBufferPointer) -> Void = { _ in })
    throws(StoreError)
  {
    let (shard, places) = try places(ofShardFrom: plane, chunk)
    shard.withBytes(0..<metadata.indexBytes, part)
    for (range, plane, chunk) in places {
      shard.withBytes(range, part)
      try shard.verify(range, chunk: [plane, chunk])
    }
  }

  fileprivate var filePaths: [String] { [StorePath.metadata(of: path)] + shardPaths }
}

extension LayerReader {
  fileprivate var filePaths: [String] { groups.map(StorePath.metadata) + arrays.flatMap(\.filePaths) }
}

extension RowTable {
  fileprivate var filePaths: [String] { groups.map(StorePath.metadata) + arrays.flatMap(\.filePaths) }
}

extension Store {
  /// Every file of the store, but for `MANIFEST`.
  fileprivate var filePaths: [String] { metadataPaths + arrays.flatMap(\.shardPaths) }

  /// Those of them that are no shards.
  fileprivate var metadataPaths: [String] {
    var groups = ["", StorePath.layers] + layers.flatMap(\.groups)
    if !images.isEmpty { groups.append(StorePath.images) }
    if !texts.isEmpty { groups += [StorePath.texts] + texts.keys.map(StorePath.texts) }
    groups += (table?.groups ?? []) + (divergences?.groups ?? [])
    return (groups + arrays.map(\.path)).map(StorePath.metadata)
  }
}
