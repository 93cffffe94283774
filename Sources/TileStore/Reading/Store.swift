import Foundation

/// One published version of a data set, open for reading.
///
/// At opening, `MANIFEST` is compared with the version's name and every `zarr.json` with `MANIFEST`, so that metadata
/// with a flipped byte is never used; shards and inner chunks are checked when they are read.
public final class Store: Sendable {
  /// The folder's name: the first 16 digits of the SHA-256 of `MANIFEST`. Empty while the store is being built.
  public let version: String
  /// Without `provenance` and `job`, which may be long: see `origin`.
  public let attributes: Attributes
  /// In the order of `attributes.layers`.
  public let layers: [LayerReader]
  /// `[picture, height, width, channel]` by kind of instance.
  public let images: [String: ArrayReader]
  /// Texts by kind of instance.
  public let texts: [String: [String]]
  /// What each row is; `nil` in a store that was made before there was such a table.
  public let table: RowTable?
  /// How far each row lies from its class; `nil` where nobody judged them.
  public let divergences: DivergenceTable?
  /// Bytes of `MANIFEST` and of the metadata that stay in memory: about what the store takes while it is open.
  public let metadataBytes: Int
  /// While the store is being built: the SHA-256 of each metadata file that was read, in hexadecimal.
  let metadataHashes: [String: String]
  private let layerIndices: [String: Int]
  private let folder: VersionFolder
  let maps: ShardMaps

  /// The version's folder, links resolved.
  public var path: String { folder.path }
  /// Whether the version still stands in its place, and is the one that readers are to see: then all its files are there. Readers of
  /// shards that are mapped already need not care.
  public var isCurrent: Bool { folder.isCurrent }

  /// Opens a version's folder, or a data set's folder through its link `current`.
  ///
  /// - Parameters:
  ///   - path: `Tiles/NAME/VERSION`, `Tiles/NAME/current` or `Tiles/NAME`.
  ///   - mapsMax: most shards kept mapped at a time; `nil`: all stores of the process share what it may have.
  /// - Throws: `StoreError`: `notFound`; `corrupt` naming the file; `unsupportedVersion`; `exhausted`.
  /// - Complexity: reads all metadata, and looks up the size of every shard.
  public static func open(_ path: String, mapsMax: Int? = nil) throws(StoreError) -> Store {
    let maps = mapsMax.map { ShardMaps(limit: $0) } ?? .process
    return try open(VersionFolder(path: Catalogue.resolveVersion(path)), maps: maps)
  }

  /// Opens a version of a data set's folder, which must be a folder of its own and no link.
  public static func open(dataset: String, version: String) throws(StoreError) -> Store {
    try open(VersionFolder(path: Catalogue.resolve(dataset) + "/" + version), maps: .process)
  }

  private static func open(_ folder: VersionFolder, maps: ShardMaps) throws(StoreError) -> Store {
    let manifest = try Manifest(folder)
    do throws(StoreError) {
      return try Store(folder, manifest, maps: maps)
    } catch {
      // What readers are to see must be there; any other version may be removed while it is being opened.
      guard error.kind == .notFound, folder.isCurrent else { throw error }
      throw .corrupt(error.file, error.detail)
    }
  }

  /// - Parameter manifest: `nil` of a store that is being built.
  init(_ folder: VersionFolder, _ manifest: Manifest?, maps: ShardMaps) throws(StoreError) {
    if let manifest, folder.name != manifest.version {
      throw .corrupt(
        "\(folder.path)/\(Manifest.name)", "its SHA-256 begins with \(manifest.version), unlike the folder's name")
    }
    let metadata = Metadata(folder: folder, manifest: manifest)
    let attributes = try metadata.root()
    func array(_ path: String) throws(StoreError) -> ArrayReader {
      let array = try ArrayReader(
        path: path, metadata: metadata.array(path, of: attributes.formatVersion), folder: folder, maps: maps)
      try array.checkShards(manifest)
      return array
    }

    let planes = GroupPlanes(of: attributes.groups)
    var layers: [LayerReader] = []
    for layer in attributes.layers {
      let file = StorePath.metadata(of: StorePath.layer(layer.id))
      guard try metadata.attributes(file, as: Layer.self) == layer else {
        throw .corrupt(file, "the layer's attributes differ from those of the root")
      }
      layers.append(
        try LayerReader(
          layer,
          layer.sizes(
            rows: attributes.dataset.rows, groups: attributes.groups.count, planes: planes,
            instances: attributes.instances.count),
          formatVersion: attributes.formatVersion, open: array))
    }

    var images: [String: ArrayReader] = [:]
    var texts: [String: [String]] = [:]
    for kind in Set(attributes.instances.map(\.kind)).sorted() {
      let used = attributes.instances.filter { $0.kind == kind }
      if let last = used.compactMap(\.image).max() {
        let array = try array(StorePath.images(kind))
        let shape = array.metadata.shape
        guard shape.count == 4, [1, 3].contains(shape[3]), last < shape[0],
          array.metadata.isCut(as: .images(shape)), array.metadata.dataType == .uint8
        else {
          throw .corrupt(
            StorePath.metadata(of: array.path), "expected pictures [more than \(last), height, width, 1 or 3]")
        }
        images[kind] = array
      }
      if let last = used.compactMap(\.text).max() {
        let file = StorePath.metadata(of: StorePath.texts(kind))
        texts[kind] = try metadata.attributes(file, as: Texts.self).texts
        guard last < texts[kind]?.count ?? 0 else { throw .corrupt(file, "expected more than \(last) texts") }
      }
    }
    func rowArray(_ path: String, _ metadata: ArrayMetadata) throws(StoreError) -> ArrayReader {
      let reader = try ArrayReader(path: path, metadata: metadata, folder: folder, maps: maps, hasPlanes: false)
      try reader.checkShards(manifest)
      return reader
    }
    func has(_ group: String) throws(StoreError) -> Bool {
      let file = StorePath.metadata(of: group)
      guard attributes.formatVersion >= 2 else { return false }
      if let manifest { return manifest.hash(of: file) != nil }
      do throws(StoreError) {
        _ = try folder.byteCount(of: file)
        return true
      } catch {
        guard error.kind == .notFound else { throw error }
        return false
      }
    }
    table =
      try has(StorePath.rows)
      ? metadata.rowTable(rows: attributes.dataset.rows, of: attributes.formatVersion, open: rowArray) : nil
    divergences = try has(StorePath.divergences) ? metadata.divergences(attributes, open: rowArray) : nil
    guard planes == nil || table?.attributes.label != nil && table?[.label] != nil else {
      throw .corrupt(StorePath.metadata(of: StorePath.rows), "classes have no planes, and no row says of which it is")
    }
    version = manifest?.version ?? ""
    metadataBytes = metadata.bytesKept
    metadataHashes = metadata.hashes
    self.folder = folder
    self.attributes = attributes
    self.layers = layers
    self.images = images
    self.texts = texts
    self.maps = maps
    layerIndices = Dictionary(uniqueKeysWithValues: attributes.layers.enumerated().map { ($1.id, $0) })
  }

  deinit { maps.giveUp(folder) }

  /// Where the store comes from: what was read, and the job as it was understood. Read anew at every call.
  /// - Throws: `StoreError` of kind `corrupt` where the root's attributes do not say it.
  public func origin() throws(StoreError) -> (provenance: JSONValue, job: JSONValue) {
    let metadata = Metadata(folder: folder, manifest: try Manifest(folder))
    return try metadata.origin()
  }

  private struct Texts: Decodable { var texts: [String] }

  /// The layer with this id.
  public func layer(_ id: String) -> LayerReader? { layerIndices[id].map { layers[$0] } }

  /// The picture of an instance: its pixels, row by row, and their shape `[height, width, channel]`.
  /// - Returns: `nil` where the instance has none.
  public func image(of instance: Instance) throws(StoreError) -> (pixels: [UInt8], shape: [Int])? {
    guard let index = instance.image, let array = images[instance.kind] else { return nil }
    return (try array.plane(index, as: UInt8.self), Array(array.metadata.shape.dropFirst()))
  }

  /// The text of an instance.
  public func text(of instance: Instance) -> String? {
    instance.text.flatMap { texts[instance.kind]?[$0] }
  }

  /// All arrays, in a fixed order.
  public var arrays: [ArrayReader] {
    layers.flatMap(\.arrays) + images.sorted { $0.key < $1.key }.map(\.value) + (table?.arrays ?? [])
      + (divergences?.arrays ?? [])
  }
}
