import Activations
import TileStore

/// Writes the table of rows: what each row is, read from the dump in blocks.
struct RowTableOutput {
  let contents: DumpContents
  /// Names of the columns' arrays.
  let columnIDs: [String]
  let lanes: Lanes
  /// Throws where the work is to stop.
  let checkStop: () throws -> Void

  /// Classes of labels that are written at once.
  private static let labelsAtOnce = 1 << 18

  /// Writes it, and its attributes last.
  /// - Throws: besides the errors of reading and writing, `PrecomputeError` where a column has too many different texts.
  func write(_ builder: StoreBuilder) throws {
    let writer = try RowTableWriter(builder, rows: contents.rows)
    var attributes = attributes
    try write(contents.labels, .label, writer, attributes)
    try write(contents.predictions, .prediction, writer, attributes)
    try writeScores(writer, attributes)
    for (number, (_, column)) in contents.table.columns.enumerated() {
      attributes.columns[number].values = try write(column, .column(attributes.columns[number].id), writer, attributes)
    }
    try writePictures(writer, attributes)
    try writeTexts(writer, &attributes)
    try writer.complete(attributes)
  }

  /// Looks for what is refused only when it is read, so that a shard finds it before hours of counting, and not the merge after them.
  func check() throws {
    try contents.table.pictures?.check()
    for (_, column) in contents.table.columns where column.kind == .text {
      var values = ColumnValues(column)
      try column.eachBlock { block in
        try checkStop()
        if case .texts(let texts) = block { _ = try values.codes(texts) }
      }
    }
  }

  /// What is known of the table before anything is read: all but the values of columns and the bytes of texts.
  var attributes: RowTableAttributes {
    var attributes = RowTableAttributes(rows: contents.rows)
    attributes.label = contents.labels.map(Self.classes)
    attributes.prediction = contents.predictions.map(Self.classes)
    let table = contents.table
    attributes.scores = table.scores.map { .init(path: $0.path, classes: $0.classes) }
    attributes.columns = zip(table.columns, columnIDs).map { named, id in
      RowTableAttributes.Column(
        id: id, name: named.name, path: named.column.path, kind: .init(rawValue: named.column.kind.rawValue)!,
        values: named.column.kind == .text ? [] : nil)
    }
    attributes.pictures = table.pictures.map { pictures in
      let small = Self.thumbnail(pictures)
      return .init(
        path: pictures.path, height: small.height, width: small.width, channels: pictures.channels,
        source: [pictures.height, pictures.width])
    }
    attributes.texts = table.texts.map { .init(path: $0.path, bytes: 0, cut: 0) }
    return attributes
  }

  private static func thumbnail(_ pictures: RowPictures) -> Thumbnail {
    Thumbnail(
      height: pictures.height, width: pictures.width, channels: pictures.channels, sideMax: StoreLimits.pictureSide)
  }

  private static func classes(_ column: LabelColumn) -> RowTableAttributes.Classes {
    .init(
      names: column.names,
      labels: column.texts.map { text in
        column.areIntegers ? Int64(text).map { .int($0) } ?? .string(text) : .string(text)
      })
  }

  private func write(
    _ column: LabelColumn?, _ array: RowArray, _ writer: RowTableWriter, _ attributes: RowTableAttributes
  ) throws {
    guard let column, let rows = try writer.begin(array, attributes) else { return }
    for first in stride(from: 0, to: column.classes.count, by: Self.labelsAtOnce) {
      let some = column.classes[first..<min(first + Self.labelsAtOnce, column.classes.count)]
      try rows.append(some.map { $0 < 0 ? RowTableAttributes.absent : UInt32($0) })
    }
    rows.finish()
  }

  private func writeScores(_ writer: RowTableWriter, _ attributes: RowTableAttributes) throws {
    guard let scores = contents.table.scores, let rows = try writer.begin(.scores, attributes),
      let margins = try writer.begin(.margin, attributes)
    else { return }
    let classes = scores.classes
    try scores.eachBlock { block in
      try checkStop()
      try rows.append(block)
      try margins.append(
        block.withUnsafeBufferPointer { block in
          stride(from: 0, to: block.count, by: classes).map {
            margin(of: UnsafeBufferPointer(rebasing: block[$0..<$0 + classes]))
          }
        })
    }
    rows.finish()
    margins.finish()
  }

  /// - Returns: the texts that its codes count; `nil` of a column of other values.
  private func write(
    _ column: RowColumn, _ array: RowArray, _ writer: RowTableWriter, _ attributes: RowTableAttributes
  ) throws -> [String]? {
    guard let rows = try writer.begin(array, attributes) else { return nil }
    var values = ColumnValues(column)
    try column.eachBlock { block in
      try checkStop()
      switch block {
      case .integers(let numbers): try rows.append(numbers)
      case .numbers(let numbers): try rows.append(numbers)
      case .texts(let texts): try rows.append(values.codes(texts))
      }
    }
    rows.finish()
    return column.kind == .text ? values.texts : nil
  }

  private func writePictures(_ writer: RowTableWriter, _ attributes: RowTableAttributes) throws {
    guard let pictures = contents.table.pictures, let rows = try writer.begin(.pictures, attributes) else { return }
    let thumbnail = Self.thumbnail(pictures)
    let bytes = pictures.pictureBytes
    try pictures.eachBlock { block in
      try checkStop()
      if thumbnail.isOriginal { return try rows.append(block) }
      let count = block.count / bytes
      let small = LaneResults<[UInt8]>(count)
      try lanes.run(count) { _, row in
        small[row] = block.withUnsafeBufferPointer {
          thumbnail.make(UnsafeBufferPointer(rebasing: $0[row * bytes..<(row + 1) * bytes]))
        }
      }
      for row in 0..<count { try rows.append(small[row]!) }
    }
    rows.finish()
  }

  /// Reads them twice: an array says how long it is before it is written.
  private func writeTexts(_ writer: RowTableWriter, _ attributes: inout RowTableAttributes) throws {
    guard let texts = contents.table.texts, let ends = try writer.begin(.textEnds, attributes) else { return }
    var (end, cut) = (0, 0)
    try texts.eachBlock { block in
      try checkStop()
      guard case .texts(let block) = block else { return }
      try ends.append(
        block.map { text -> Int64 in
          let kept = Self.kept(text)
          end += kept
          if kept < text.utf8.count { cut += 1 }
          return Int64(end)
        })
    }
    ends.finish()
    attributes.texts?.bytes = end
    attributes.texts?.cut = cut
    guard let bytes = try writer.begin(.textBytes, attributes) else { return }
    try texts.eachBlock { block in
      try checkStop()
      guard case .texts(let block) = block else { return }
      for text in block { try bytes.append(Array(text.utf8.prefix(Self.kept(text)))) }
    }
    bytes.finish()
  }

  /// Bytes of a text that a store keeps: no more than it takes, and no part of a character.
  private static func kept(_ text: String) -> Int {
    let bytes = text.utf8
    guard bytes.count > StoreLimits.rowTextBytes else { return bytes.count }
    var end = bytes.index(bytes.startIndex, offsetBy: StoreLimits.rowTextBytes)
    while bytes[end] & 0xC0 == 0x80 { end = bytes.index(before: end) }
    return bytes.distance(from: bytes.startIndex, to: end)
  }
}

/// The different texts of a column, in the order in which they come.
private struct ColumnValues {
  private let column: RowColumn
  private(set) var texts: [String] = []
  private var places: [[UInt8]: UInt32] = [:]
  private var bytes = 0

  /// Bytes of all of them together.
  private static let bytesMax = 4 << 20

  init(_ column: RowColumn) { self.column = column }

  /// - Throws: `PrecomputeError` where they are more than a store takes.
  mutating func codes(_ some: [String]) throws -> [UInt32] {
    try some.map { text in
      // By its bytes: what is equal to Unicode may well be two texts.
      let key = Array(text.utf8)
      if let place = places[key] { return place }
      bytes += key.count
      guard texts.count < StoreLimits.columnValues, bytes <= Self.bytesMax else {
        throw PrecomputeError(
          .job,
          "The column \(column.path) has more than \(grouped(min(texts.count, StoreLimits.columnValues))) different texts, or more than \(grouped(Self.bytesMax)) bytes of them, and a column tells kinds of rows apart. If it holds what the rows are, write in the job texts: \(column.path); otherwise leave it out of columns."
        )
      }
      let place = UInt32(texts.count)
      texts.append(text)
      places[key] = place
      return place
    }
  }
}
