/// Where things lie in a version, relative to its folder (`Tiles/FORMAT.md` §2).
public enum StorePath {
  static let manifest = "MANIFEST"
  /// Group of all layers.
  public static let layers = "layers"
  /// Group of the pictures of all kinds.
  public static let images = "images"
  /// Group of the texts of all kinds.
  public static let texts = "texts"
  /// Group of the table of rows; its arrays are those of `RowTableAttributes.arrays`.
  static let rows = "rows"
  /// Group of the divergences of rows; its arrays are those of `DivergenceAttributes`.
  static let divergences = "divergences"

  /// Group of a layer; its arrays are those of `LayerArray.all`.
  public static func layer(_ id: String) -> String { "\(layers)/\(id)" }
  /// Array of the pictures of the instances of a kind.
  public static func images(_ kind: String) -> String { "\(images)/\(kind)" }
  /// Group that has the texts of the instances of a kind as an attribute.
  public static func texts(_ kind: String) -> String { "\(texts)/\(kind)" }

  /// The metadata file of a group or an array.
  static func metadata(of node: String) -> String { node.isEmpty ? "zarr.json" : "\(node)/zarr.json" }
}

extension StoreLimits {
  /// Bytes of the metadata file at a path relative to the version.
  static func bytes(ofFile path: String) -> Int {
    switch path {
    case StorePath.manifest: manifestBytes
    case StorePath.metadata(of: ""): rootBytes
    case StorePath.metadata(of: StorePath.rows): rowTableBytes
    case StorePath.metadata(of: StorePath.divergences): rootBytes
    default: path.hasPrefix("\(StorePath.texts)/") ? textsBytes : nodeBytes
    }
  }
}
