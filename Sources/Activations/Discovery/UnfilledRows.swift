import Glibc
import HDF5

/// Rows at the end of a dump that were made room for, but seem never to have been filled.
public struct UnfilledRows: Codable, Sendable, Equatable {
  /// How many of the last rows of the last part are unfilled in every layer; 0 where the last row is not.
  public private(set) var rows = 0
  /// Whether there may be more: only so many are looked at.
  public private(set) var isAtLeast = false

  /// None.
  public init() {}

  private init(rows: Int, isAtLeast: Bool) {
    self.rows = rows
    self.isAtLeast = isAtLeast
  }

  /// Whether elements are all zero, all NaN, or all the fill value: bit for bit the same one.
  static func isUnfilled(_ bytes: ArraySlice<UInt8>, _ info: DatasetInfo) -> Bool {
    let width = info.elementBytes
    guard width > 0, bytes.count >= width else { return bytes.allSatisfy { $0 == 0 } }
    let first = bytes.prefix(width)
    let isAlike = bytes.withUnsafeBytes { memcmp($0.baseAddress!, $0.baseAddress! + width, $0.count - width) == 0 }
    guard isAlike else { return false }
    if first.allSatisfy({ $0 == 0 }) || first.elementsEqual(info.fillBytes) { return true }
    guard !info.element.isInteger else { return false }
    return first.withUnsafeBytes { buffer in
      var value = 0.0
      convert(buffer.baseAddress!, info.element, count: 1, to: &value)
      return value.isNaN
    }
  }

  /// Rows of a part looked at in one go.
  private static let step = 64
  /// Most bytes of a row of one layer that are looked at in each go.
  private static let bytesMax = 8 << 20
  /// Most bytes of a layer that are looked at in all.
  private static let lookedAtMax = 256 << 20

  /// Looks for them.
  ///
  /// - Complexity: reads one row of each layer where the last is filled, and else as many as are not, up to 256 MiB of each.
  init(of layers: [LayerSource]) throws {
    self.init()
    guard let last = layers.first?.parts.last, last.category == nil else { return }
    if layers.allSatisfy(\.info.isSparse) { return }
    var unfilled = UnfilledRows(rows: last.rows, isAtLeast: false)
    // Of a sparse matrix many rows are zeros.
    for layer in layers where !layer.info.isSparse {
      guard let part = layer.parts.last, let axis = layer.geometry.axes.row, part.rows == last.rows else { return }
      let own = try Self.count(part, axis, atMost: unfilled.rows)
      if own.rows < unfilled.rows { unfilled = own }
      if unfilled.rows == 0 { break }
    }
    self = unfilled
  }

  private static func count(_ part: LayerSource.Part, _ axis: Int, atMost: Int) throws -> UnfilledRows {
    let info = part.dataset.info
    guard info.element.isNumeric else { return UnfilledRows() }
    let rowElements = info.shape.enumerated().reduce(1) { $1.offset == axis ? $0 : $0 * $1.element }
    guard rowElements > 0, rowElements <= bytesMax / info.elementBytes else { return UnfilledRows() }
    let rowsMax = lookedAtMax / (rowElements * info.elementBytes)
    let dataset = try part.file.file.dataset(info, missing: .fill)
    func isUnfilled(_ rows: Range<Int>) throws -> Bool {
      Self.isUnfilled(
        try dataset.bytes(of: info.shape.enumerated().map { $0.offset == axis ? rows : 0..<$0.element })[...], info)
    }
    let many = min(max(1, bytesMax / (rowElements * info.elementBytes)), step)
    var found = 0
    // One row, then many at a time, and at the boundary one by one.
    for each in [1, many, 1] {
      while found < atMost {
        if found >= rowsMax { return UnfilledRows(rows: found, isAtLeast: true) }
        guard try isUnfilled(part.rows - min(found + each, atMost)..<part.rows - found) else { break }
        found = min(found + each, atMost)
        if each == 1, found == 1 { break }
      }
      if found == 0 { break }
    }
    return UnfilledRows(rows: found, isAtLeast: false)
  }
}
