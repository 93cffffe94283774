/// What reading a part of a dataset takes, for planning: by its shape and layout alone.
extension DatasetInfo {
  /// Bytes of rows that belong together, at most, where that is only a matter of speed.
  private static let togetherBytesMax = 16 << 20

  /// Bytes that are decoded to read a box: whole chunks, whole records, and of a sparse matrix whole lines.
  ///
  /// - Parameter box: a range along each axis, none of them empty.
  public func decodedBytes(of box: [Range<Int>]) -> Int {
    switch layout {
    case .sparse(let form): return form.decodedBytes(lines: box[form.axis].count, of: shape[form.axis])
    case .chunked(let chunk):
      let chunks = zip(box, chunk).reduce(1) { $0 * (($1.0.upperBound - 1) / $1.1 - $1.0.lowerBound / $1.1 + 1) }
      return chunks * (chunkBytes ?? 0)
    default:
      guard let field else { return box.reduce(elementBytes) { $0 * $1.count } }
      return box.dropLast(field.extents.count).reduce(field.recordBytes) { $0 * $1.count }
    }
  }

  /// Whether it is decoded in chunks, or in lines, of which no part can be had by itself.
  public var isInChunks: Bool {
    switch layout {
    case .chunked, .sparse: true
    default: false
    }
  }

  /// Entries of an axis that are decoded together: those of a chunk; all of them where they cannot be had one by one.
  public func granularity(along axis: Int) -> Int {
    switch layout {
    case .chunked(let chunk): return chunk[axis]
    case .sparse(let form):
      guard axis == form.axis else {
        // Of a list of values all are read, and of what is stored line by line the whole line.
        return form.kind == .listed && axis < shape.count - 1
          ? form.values.granularity(along: axis) : max(1, shape[axis])
      }
      let lineBytes = shape.enumerated().reduce(elementBytes) { $1.offset == axis ? $0 : $0 * $1.element }
      return form.linesTogether(shape[axis], lineBytes: lineBytes, bytesMax: Self.togetherBytesMax)
    default: return 1
    }
  }
}
