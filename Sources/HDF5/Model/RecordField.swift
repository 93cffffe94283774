/// A part of each stored element of a dataset: a field of its records, or all of an element that is an array of numbers.
///
/// Such a part is listed as a dataset of its own, whose axes are those of the stored one and those of the part. A field has the
/// path of its dataset and its name, `/table/vector`, which nothing else can have: a dataset holds no groups.
public struct RecordField: Codable, Sendable, Hashable {
  /// Path of the stored dataset, from the root.
  public let dataset: String
  /// Bytes of a stored element.
  public let recordBytes: Int
  /// Of the part's first byte in it.
  public let offset: Int
  /// The axes that it adds; [] for a single value.
  public let extents: [Int]

  /// Values of each stored element.
  public var count: Int { extents.reduce(1, *) }
}

extension DatasetInfo {
  /// The dataset as it is stored, element by element, without a look into them.
  var records: DatasetInfo {
    guard let field else { return self }
    var info = self
    info.path = field.dataset
    info.pathInFile = nil
    info.shape.removeLast(field.extents.count)
    if case .chunked(let chunk) = layout { info.layout = .chunked(Array(chunk.dropLast(field.extents.count))) }
    info.element = .opaque(bytes: field.recordBytes)
    info.elementBytes = field.recordBytes
    // Bytes of a record have no order of their own.
    info.byteOrder = .native
    info.padding = nil
    info.enumeration = nil
    info.bits = nil
    info.fillBytes = []
    info.field = nil
    return info
  }
}
