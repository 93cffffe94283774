import Foundation

/// One published version of a data set, open for reading.
///
/// At opening, `MANIFEST` is compared with the version's name and every `zarr.json` with `MANIFEST`, so that metadata
/// with a flipped byte is never used; shards and inner chunks are checked when they are read.
public final class Store: Sendable {
  /// Most bytes of a `zarr.json` or of `MANIFEST`.
  public static let metadataBytesMax = 256 << 20
  /// Most shards kept mapped at a time, unless said otherwise. A layer of 262,144 neurons and ten groups has 40 shards
  /// of counts an array.
  public static let mapsMax = 2048

  public let manifest: Manifest
  public let attributes: Attributes
  /// In the order of `attributes.layers`.
  public let layers: [LayerReader]
  /// `[picture, height, width, channel]` by kind of instance.
  public let images: [String: ArrayReader]
  /// Texts by kind of instance.
  public let texts: [String: [String]]
  private let layerIndices: [String: Int]
  let maps: ShardMaps

  /// The folder's name: the first 16 digits of the SHA-256 of `MANIFEST`.
  public var version: String { manifest.version }
  /// The version's folder, links resolved.
  public var path: String { maps.folder.path }
  /// Whether the version still stands in its place, and is the one that readers are to see: then all its files are there. Readers of
  /// shards that are mapped already need not care.
  public var isCurrent: Bool { maps.folder.isCurrent }

  /// Opens a version's folder, or a data set's folder through its link `current`.
  ///
  /// - Parameters:
  ///   - path: `Tiles/NAME/VERSION`, `Tiles/NAME/current` or `Tiles/NAME`.
  ///   - mapsMax: most shards kept mapped at a time.
  /// - Throws: `StoreError`: `notFound`; `corrupt` naming the file; `unsupportedVersion`.
  public static func open(_ path: String, mapsMax: Int = Store.mapsMax) throws(StoreError) -> Store {
    try Store(folder: VersionFolder(path: Catalogue.resolveVersion(path)), mapsMax: mapsMax)
  }

  init(folder: VersionFolder, mapsMax: Int) throws(StoreError) {
    let manifest = try Manifest(folder)
    guard folder.name == manifest.version else {
      throw .corrupt(
        "\(folder.path)/\(Manifest.name)", "its SHA-256 begins with \(manifest.version), unlike the folder's name")
    }
    let maps = ShardMaps(folder: folder, limit: mapsMax)
    let metadata = Metadata(folder: folder, manifest: manifest)
    let attributes = try metadata.root()

    var layers: [LayerReader] = []
    for layer in attributes.layers {
      let file = "layers/\(layer.id)/zarr.json"
      guard try metadata.attributes(file, as: Layer.self) == layer else {
        throw .corrupt(file, "the layer's attributes differ from those of the root")
      }
      layers.append(
        try LayerReader(layer, groups: attributes.groups.count, instances: attributes.instances.count) {
          path throws(StoreError) in try ArrayReader(path: path, metadata: metadata.array(path), maps: maps)
        })
    }

    var images: [String: ArrayReader] = [:]
    var texts: [String: [String]] = [:]
    for kind in Set(attributes.instances.map(\.kind)).sorted() {
      let used = attributes.instances.filter { $0.kind == kind }
      if let last = used.compactMap(\.image).max() {
        let array = try ArrayReader(path: "images/\(kind)", metadata: metadata.array("images/\(kind)"), maps: maps)
        let shape = array.metadata.shape
        guard shape.count == 4, [1, 3].contains(shape[3]), array.metadata.dataType == .uint8, last < shape[0] else {
          throw .corrupt("images/\(kind)/zarr.json", "expected pictures [more than \(last), height, width, 1 or 3]")
        }
        images[kind] = array
      }
      if let last = used.compactMap(\.text).max() {
        let file = "texts/\(kind)/zarr.json"
        texts[kind] = try metadata.attributes(file, as: Texts.self).texts
        guard last < texts[kind]?.count ?? 0 else { throw .corrupt(file, "expected more than \(last) texts") }
      }
    }
    self.manifest = manifest
    self.attributes = attributes
    self.layers = layers
    self.images = images
    self.texts = texts
    self.maps = maps
    layerIndices = Dictionary(uniqueKeysWithValues: attributes.layers.enumerated().map { ($1.id, $0) })
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
    layers.flatMap(\.arrays) + images.sorted { $0.key < $1.key }.map(\.value)
  }
}
