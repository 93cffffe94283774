/// The table of rows of a store: what each row is, in the order of the dump.
public struct RowTable: Sendable {
  public let attributes: RowTableAttributes
  /// All arrays, in the order of `RowTableAttributes.arrays`.
  let arrays: [ArrayReader]
  /// Places in `arrays`, by the path below the group.
  private let places: [String: Int]

  /// Rows of the data set.
  public var count: Int { attributes.rows }

  /// Opens every array and checks its shape and type.
  /// - Parameters:
  ///   - rows: of the data set.
  ///   - open: opens the array at a path, which is cut along its first axis.
  /// - Throws: `StoreError` of kind `corrupt` where something is missing or is not what `FORMAT.md` §9 says.
  init(_ attributes: RowTableAttributes, rows: Int, open: (String) throws(StoreError) -> ArrayReader)
    throws(StoreError)
  {
    if let fault = attributes.fault(rows: rows) { throw .corrupt(StorePath.metadata(of: StorePath.rows), fault) }
    var arrays: [ArrayReader] = []
    var places: [String: Int] = [:]
    for (array, expected) in attributes.arrays {
      let reader = try open("\(StorePath.rows)/\(array.path)")
      guard reader.metadata.isCut(as: expected), reader.metadata.dataType == expected.dataType else {
        throw .corrupt(
          StorePath.metadata(of: reader.path),
          "expected \(expected.dataType.rawValue) \(expected.shape), cut as the format says")
      }
      places[array.path] = arrays.count
      arrays.append(reader)
    }
    self.attributes = attributes
    self.arrays = arrays
    self.places = places
  }

  /// An array; `nil` where the store has none.
  subscript(array: RowArray) -> ArrayReader? { places[array.path].map { arrays[$0] } }

  /// The group and those in it, relative to the version.
  var groups: [String] {
    [StorePath.rows] + LayerArray.groups(of: attributes.arrays.map(\.array.path)).map { "\(StorePath.rows)/\($0)" }
  }
}

/// Reading rows: ranges within `0..<count`.
extension RowTable {
  /// The class of each row, a place in `attributes.label`; `nil`: none. Without labels `nil` for all.
  /// - Throws: `StoreError` of kind `corrupt`, as all these.
  public func labels(_ rows: Range<Int>) throws(StoreError) -> [Int?] {
    try codes(.label, rows, below: attributes.label?.names.count ?? 0)
  }

  /// The same of predictions, a place in `attributes.prediction`.
  public func predictions(_ rows: Range<Int>) throws(StoreError) -> [Int?] {
    try codes(.prediction, rows, below: attributes.prediction?.names.count ?? 0)
  }

  /// `[row, class]`; empty where there are none.
  public func scores(_ rows: Range<Int>) throws(StoreError) -> [Float] { try numbers(.scores, rows) }

  /// `[row]`; empty where there are no scores.
  public func margins(_ rows: Range<Int>) throws(StoreError) -> [Double] { try numbers(.margin, rows) }

  /// Values of a column.
  public enum Values: Sendable, Equatable {
    case integers([Int64])
    case numbers([Double])
    /// Places in the column's list of values; `nil`: none.
    case codes([Int?])
  }

  /// - Parameter column: of `attributes.columns`.
  public func values(_ column: RowTableAttributes.Column, _ rows: Range<Int>) throws(StoreError) -> Values {
    let array = RowArray.column(column.id)
    return switch column.kind {
    case .integer, .boolean: .integers(try numbers(array, rows))
    case .number: .numbers(try numbers(array, rows))
    case .text: .codes(try codes(array, rows, below: column.values?.count ?? 0))
    }
  }

  /// The pictures of some rows as one: its pixels, line by line, and their shape `[rows x height, width, channel]`; `nil` where there are none.
  public func sheet(_ rows: [Int]) throws(StoreError) -> (pixels: [UInt8], shape: [Int])? {
    guard let array = self[.pictures] else { return nil }
    var shape = Array(array.metadata.shape.dropFirst())
    shape[0] *= rows.count
    var pixels: [UInt8] = []
    for row in rows { pixels += try array.bytes(rows: row..<row + 1) }
    return (pixels, shape)
  }

  /// The pixels of the pictures of some rows, `[row, height, width, channel]`; empty where there are none.
  public func pictures(_ rows: Range<Int>) throws(StoreError) -> [UInt8] { try numbers(.pictures, rows) }

  /// The text of a row; `nil` where there are none.
  public func text(_ row: Int) throws(StoreError) -> String? {
    guard self[.textEnds] != nil else { return nil }
    var found = ""
    try eachText(row..<row + 1) { found = $0 }
    return found
  }

  /// Calls `body` with the text of each of some rows, in order; never where there are none.
  func eachText(_ rows: Range<Int>, _ body: (String) -> Void) throws(StoreError) {
    guard let reader = self[.textEnds], !rows.isEmpty else { return }
    var start = rows.lowerBound == 0 ? 0 : try ends(rows.lowerBound - 1..<rows.lowerBound)[0]
    for (row, end) in zip(rows, try ends(rows)) {
      guard 0 <= start, start <= end, end <= attributes.texts?.bytes ?? 0, end - start <= StoreLimits.rowTextBytes
      else {
        throw .corrupt(reader.path, "the text of row \(row) goes from byte \(start) to \(end)")
      }
      let bytes = start < end ? try self[.textBytes]?.bytes(rows: Int(start)..<Int(end)) ?? [] : []
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .corrupt("\(StorePath.rows)/\(RowArray.textBytes.path)", "the text of row \(row) is not UTF-8")
      }
      body(text)
      start = end
    }
  }

  /// Where the texts of some rows end.
  func ends(_ rows: Range<Int>) throws(StoreError) -> [Int64] { try numbers(.textEnds, rows) }

  private func numbers<Number: BitwiseCopyable>(_ array: RowArray, _ rows: Range<Int>) throws(StoreError) -> [Number] {
    guard let reader = self[array] else { return [] }
    let bytes = try reader.bytes(rows: rows)
    return bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / MemoryLayout<Number>.stride).map {
        bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.stride, as: Number.self)
      }
    }
  }

  private func codes(_ array: RowArray, _ rows: Range<Int>, below count: Int) throws(StoreError) -> [Int?] {
    guard let reader = self[array] else { return Array(repeating: nil, count: rows.count) }
    let codes: [UInt32] = try numbers(array, rows)
    if let place = codes.firstIndex(where: { $0 >= count && $0 != RowTableAttributes.absent }) {
      throw .corrupt(reader.path, "row \(rows.lowerBound + place) has the code \(codes[place]) of \(count)")
    }
    return codes.map { $0 == RowTableAttributes.absent ? nil : Int($0) }
  }
}

extension ArrayReader {
  /// Bytes of some rows of an array without planes.
  /// - Complexity: decodes the inner chunks that hold them; needs the memory of the rows and of a chunk.
  func bytes(rows chosen: Range<Int>) throws(StoreError) -> [UInt8] {
    precondition(planes == 1 && chosen.lowerBound >= 0 && chosen.upperBound <= rows)
    var bytes: [UInt8] = []
    guard !chosen.isEmpty else { return bytes }
    bytes.reserveCapacity(chosen.count * rowBytes)
    try stream(plane: 0, chunks: chosen.lowerBound / rowsPerChunk..<(chosen.upperBound - 1) / rowsPerChunk + 1) {
      first, held in
      let wanted = chosen.clamped(to: first..<first + held.count / rowBytes)
      bytes += held[(wanted.lowerBound - first) * rowBytes..<(wanted.upperBound - first) * rowBytes]
    }
    return bytes
  }
}

extension RowTableAttributes {
  /// Why readers refuse the table; `nil`: they do not.
  /// - Parameter rows: of the data set.
  func fault(rows wanted: Int) -> String? {
    if rows != wanted { return "it has \(rows) rows, and the data set \(wanted)" }
    for (what, classes) in [("label", label), ("prediction", prediction)] {
      guard let classes else { continue }
      if classes.names.count != classes.labels.count { return "“\(what)” has not as many names as labels" }
    }
    if let scores, !(1...StoreLimits.scores).contains(scores.classes) {
      return "there are scores of \(scores.classes) classes"
    }
    if columns.count > StoreLimits.columns { return "there are \(columns.count) columns" }
    if let column = columns.first(where: { !isLayerID($0.id) }) { return "“\(column.id)” is no column's id" }
    if Set(columns.map { $0.id.lowercased() }).count != columns.count { return "two columns share an id" }
    if Set(columns.map(\.name)).count != columns.count { return "two columns share a name" }
    if let column = columns.first(where: { ($0.kind == .text) != ($0.values != nil) }) {
      return
        "the column “\(column.name)” is \(column.kind.rawValue), and \(column.values == nil ? "has no" : "has") values"
    }
    if let pictures {
      let sides = 1...StoreLimits.pictureSide
      guard sides.contains(pictures.height), sides.contains(pictures.width), [1, 3].contains(pictures.channels),
        pictures.source.count == 2
      else { return "its pictures are \(pictures.height) x \(pictures.width) x \(pictures.channels)" }
    }
    if let texts {
      // Rows have 32 bits, and a text's length far fewer: their product does not overflow.
      guard (0...rows * StoreLimits.rowTextBytes).contains(texts.bytes) else {
        return "its texts have \(texts.bytes) bytes"
      }
    }
    return nil
  }
}
