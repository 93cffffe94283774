import HDF5

/// Rows at the end of a dump that were made room for, but seem never to have been filled.
enum UnfilledRows {
  /// Whether elements are all zero, all NaN, or all the fill value.
  static func isUnfilled(_ bytes: ArraySlice<UInt8>, _ info: DatasetInfo) -> Bool {
    if bytes.allSatisfy({ $0 == 0 }) { return true }
    let width = info.elementBytes
    guard width > 0 else { return false }
    let fill = info.fillBytes.count == width ? info.fillBytes : nil
    if let fill,
      stride(from: bytes.startIndex, to: bytes.endIndex, by: width).allSatisfy({
        bytes[$0..<($0 + width)].elementsEqual(fill)
      })
    {
      return true
    }
    guard !info.element.isInteger else { return false }
    return bytes.withUnsafeBytes { buffer in
      var value = 0.0
      return (0..<buffer.count / width).allSatisfy {
        convert(buffer.baseAddress! + $0 * width, info.element, count: 1, to: &value)
        return value.isNaN
      }
    }
  }

  /// Rows of a part looked at in one go.
  private static let step = 64
  /// Most bytes of a row of one layer that are looked at in each go.
  private static let bytesMax = 8 << 20

  /// How many of the last rows are unfilled in every layer; 0 where the last row is not.
  ///
  /// - Complexity: reads one row of each layer where the last is filled, and else as many as are not.
  static func count(_ layers: [LayerSource]) throws -> Int {
    guard let last = layers.first?.parts.last, last.category == nil else { return 0 }
    if layers.allSatisfy(\.info.isSparse) { return 0 }
    var unfilled = last.rows
    // Of a sparse matrix many rows are zeros.
    for layer in layers where !layer.info.isSparse {
      guard let part = layer.parts.last, let axis = layer.geometry.axes.row, part.rows == last.rows else { return 0 }
      unfilled = min(unfilled, try count(part, axis, atMost: unfilled))
      if unfilled == 0 { return 0 }
    }
    return unfilled
  }

  private static func count(_ part: LayerSource.Part, _ axis: Int, atMost: Int) throws -> Int {
    let info = part.dataset.info
    guard info.element.isNumeric else { return 0 }
    let rowElements = info.shape.enumerated().reduce(1) { $1.offset == axis ? $0 : $0 * $1.element }
    guard rowElements > 0, rowElements <= bytesMax / info.elementBytes else { return 0 }
    let dataset = try part.file.file.dataset(info, missing: .fill)
    func isUnfilled(_ rows: Range<Int>) throws -> Bool {
      Self.isUnfilled(
        try dataset.bytes(of: info.shape.enumerated().map { $0.offset == axis ? rows : 0..<$0.element })[...], info)
    }
    let many = min(max(1, bytesMax / (rowElements * info.elementBytes)), step)
    var found = 0
    // One row, then many at a time, and at the boundary one by one.
    for each in [1, many, 1] {
      while found < atMost, try isUnfilled(part.rows - min(found + each, atMost)..<part.rows - found) {
        found = min(found + each, atMost)
        if each == 1, found == 1 { break }
      }
      if found == 0 { return 0 }
    }
    return found
  }
}
