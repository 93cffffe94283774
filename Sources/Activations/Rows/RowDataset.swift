import HDF5

/// A dataset with an entry for each row, in every part of a dump: read in blocks of rows.
struct RowDataset: Sendable {
  struct Part: Sendable {
    let dataset: HDF5.Dataset
    /// Rows that count.
    let rows: Int
    /// `nil`: all of the dataset is one row.
    let rowAxis: Int?
  }

  /// As the job names it.
  let path: String
  let parts: [Part]
  /// File and dataset, for errors.
  let place: String

  var info: DatasetInfo { parts[0].dataset.info }
  /// Lengths of the axes that are not that of the rows.
  var rowShape: [Int] { Self.rowShape(info, parts[0].rowAxis) }
  /// Bytes of a row as it is stored before compression.
  private var rowBytes: Int { rowShape.reduce(info.elementBytes, *) }

  private static func rowShape(_ info: DatasetInfo, _ rowAxis: Int?) -> [Int] {
    info.shape.enumerated().filter { $0.offset != rowAxis }.map(\.element)
  }

  /// - Parameters:
  ///   - key: of the job, for errors.
  ///   - axis: of a dataset, which axis is that of the rows; `nil`: it is one row.
  /// - Throws: `ActivationsError` where a part has another number of entries than rows, `HDF5Error` where one is not there.
  init(
    _ path: String, key: String, _ dump: Dump, _ rows: RowsOfParts,
    axis: (DatasetInfo) throws -> Int? = { _ in 0 }
  ) throws {
    self.path = path
    var parts: [Part] = []
    var place = ""
    for (file, count) in zip(dump.parts, rows.counts) {
      let info = try file.catalogue.dataset(named: path)
      let here = "\(file.path), dataset \(info.path)"
      if parts.isEmpty { place = here }
      let rowAxis = info.isNull || info.shape.isEmpty ? nil : try axis(info)
      let held = info.isNull ? 0 : rowAxis.map { info.shape[$0] } ?? 1
      guard held == count || rows.hasFiller && held > count else {
        throw ActivationsError(
          "\(here): with the shape \(inWords(info.shape)) it has \(grouped(held)) \(held == 1 ? "entry" : "entries"), but there are \(grouped(count)) rows. One for each row is needed, in their order: name another dataset in the job, as in \(key): PATH, or leave \(key) out."
        )
      }
      let element = info.enumeration?.element
      let dataset = try file.file.dataset(info, reinterpret: element, missing: rows.missing)
      try dataset.verifyComplete()
      if let first = parts.first {
        let wanted = first.dataset.info
        guard
          Self.rowShape(info, rowAxis) == Self.rowShape(wanted, first.rowAxis)
            && info.isBoolean == wanted.isBoolean && (info.enumeration == nil) == (wanted.enumeration == nil)
        else {
          throw ActivationsError(
            "\(here): its entries are \(info.element) with the shape \(inWords(info.shape)), and \(wanted.element) with \(inWords(wanted.shape)) in \(dump.first.path). Write them alike in all parts of the dump, or leave \(key) out of the job."
          )
        }
      }
      parts.append(Part(dataset: dataset, rows: count, rowAxis: rowAxis))
    }
    self.parts = parts
    self.place = place
  }

  /// Bytes that are read at once, about.
  private static let blockBytes = 4 << 20

  /// Rows of a block: whole chunks, so that none is decoded twice.
  private func rowsPerBlock(_ part: Part) -> Int {
    var chunk = 1
    if let axis = part.rowAxis, case .chunked(let shape) = part.dataset.info.layout { chunk = shape[axis] }
    return chunk * max(1, Self.blockBytes / max(1, rowBytes) / chunk)
  }

  /// Bytes of memory that reading a block takes, at most: the block as stored, as numbers and as bytes, and the chunks that it is
  /// decoded from; beyond `Int` it is `Int.max`.
  var blockBytesMax: Int {
    parts.reduce(0) { most, part in
      let rows = min(rowsPerBlock(part), max(1, part.rows))
      let each = info.element == .uint8 ? 2 : 1 + 16 / max(1, info.elementBytes)
      let (bytes, overflow) = rowBytes.multipliedReportingOverflow(by: rows)
      let (all, more) = bytes.multipliedReportingOverflow(by: each)
      let (sum, most2) = all.addingReportingOverflow(part.dataset.scratchBytes)
      return overflow || more || most2 ? .max : max(most, sum)
    }
  }

  /// Calls `body` for blocks of rows, in order, with the box of the dataset that they are.
  func eachBlock(_ body: (HDF5.Dataset, _ box: [Range<Int>], _ rows: Int) throws -> Void) throws {
    for part in parts {
      let step = rowsPerBlock(part)
      for first in stride(from: 0, to: part.rows, by: step) {
        let rows = first..<min(first + step, part.rows)
        var box = part.dataset.info.box
        if let axis = part.rowAxis { box[axis] = rows }
        try body(part.dataset, box, rows.count)
      }
    }
  }
}

/// Rows of each part of a dump.
struct RowsOfParts: Sendable {
  let counts: [Int]
  /// Whether datasets may have more rows than count.
  let hasFiller: Bool
  /// Whether a part is one row, so that its datasets may have no axis of rows.
  let isOneRow: Bool
  /// What values that were never written mean.
  let missing: MissingChunks
}
