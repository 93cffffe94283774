import HDF5

/// What the network put out for each row: a number for each class.
public struct RowScores: Sendable {
  private let data: RowDataset
  private let convention: NumberConvention?
  /// Numbers of a row.
  public let classes: Int

  public var path: String { data.path }
  var blockBytesMax: Int { data.blockBytesMax }

  /// Classes of scores that a store takes.
  private static let classesMax = 65_536

  /// - Throws: `ActivationsError` where it is no matrix with a row for each row; `HDF5Error`.
  init(_ path: String, _ dump: Dump, _ rows: RowsOfParts) throws {
    data = try RowDataset(path, key: "scores", dump, rows) { info in
      rows.isOneRow && info.shape.count == 1 && info.shape != [1] ? nil : 0
    }
    let info = data.info
    let shape = data.rowShape
    guard info.element.isNumeric, shape.count < 2, !info.isBoolean else {
      throw ActivationsError(
        "\(data.place): its values are \(info.element) with the shape \(inWords(info.shape)). Scores are numbers, [row, class]; name another dataset in the job, as in scores: PATH, or leave scores out."
      )
    }
    classes = shape.first ?? 1
    guard (1...Self.classesMax).contains(classes) else {
      throw ActivationsError(
        "\(data.place): it has scores of \(grouped(classes)) classes, and 1 to \(grouped(Self.classesMax)) can be kept. Name another dataset in the job, as in scores: PATH, or leave scores out."
      )
    }
    convention = try RowColumn.convention(info, data.place, "scores")
  }

  /// Calls `body` with the scores of blocks of rows, in order: `[row, class]`, rounded to float32 where they are stored in more.
  public func eachBlock(_ body: ([Float]) throws -> Void) throws {
    try data.eachBlock { dataset, box, _ in
      var numbers = try dataset.numbers(of: box)
      if let convention { numbers.withUnsafeMutableBufferPointer { convention.apply($0) } }
      try body(numbers.map { Float($0) })
    }
  }
}
