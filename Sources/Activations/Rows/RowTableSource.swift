import HDF5

/// What a job names of its rows, found in the dump.
public struct RowTableSource: Sendable {
  public let scores: RowScores?
  public let pictures: RowPictures?
  public let texts: RowColumn?
  /// In the order of the job, with the name of each.
  public let columns: [(name: String, column: RowColumn)]

  /// Columns that a store takes.
  private static let columnsMax = 1024
  /// Names that conditions have for something else.
  private static let reserved: Set<String> = ["label", "prediction", "row", "value", "column"]

  /// - Throws: `ActivationsError` where one has not an entry for each row, or another form; `HDF5Error` where one is not there.
  init(_ request: RowTableRequest, _ dump: Dump, _ rows: RowsOfParts, _ evidence: inout Evidence) throws {
    scores = try request.scores.map { try RowScores($0, dump, rows) }
    pictures = try request.pictures.map { try RowPictures($0, dump, rows, &evidence) }
    texts = try request.texts.map { path in
      let column = try RowColumn(path, key: "texts", dump, rows)
      guard column.kind == .text else {
        throw ActivationsError(
          "\(dump.first.path), dataset \(dump.first.catalogue.canonicalPath(path)): it holds no texts. Name another dataset in the job, as in texts: PATH; numbers are columns: [\(path)]."
        )
      }
      return column
    }
    guard request.columns.count <= Self.columnsMax else {
      throw ActivationsError(
        "The job names \(grouped(request.columns.count)) columns, and at most \(grouped(Self.columnsMax)) can be kept. Leave out those that nobody asks for."
      )
    }
    if let twice = Dictionary(grouping: request.columns, by: dump.first.catalogue.canonicalPath).values.first(where: {
      $0.count > 1
    }) {
      throw ActivationsError("The job names the column \(twice[0]) twice. Name each once.")
    }
    let lasts = request.columns.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    let counts = Dictionary(lasts.map { ($0, 1) }, uniquingKeysWith: +)
    columns = try zip(request.columns, lasts).map { path, last in
      // By its path where the last part of it would name several.
      let isPlain = counts[last] == 1 && !Self.reserved.contains(last)
      return (isPlain ? last : path.hasPrefix("/") ? path : "/" + path, try RowColumn(path, key: "columns", dump, rows))
    }
  }

  /// Bytes of memory that reading a block of any of it takes, at most; beyond `Int` it is `Int.max`.
  /// - Throws: `HDF5Error`.
  public func blockBytesMax() throws -> Int {
    var most = max(scores?.blockBytesMax ?? 0, pictures?.blockBytesMax ?? 0)
    for column in [texts].compactMap({ $0 }) + columns.map(\.column) {
      // As stored, as text, and as it is written.
      let (texts, overflow) = try column.textBytesMax().multipliedReportingOverflow(by: 3)
      let (sum, more) = texts.addingReportingOverflow(column.blockBytesMax)
      most = overflow || more ? .max : max(most, sum)
    }
    return most
  }
}
