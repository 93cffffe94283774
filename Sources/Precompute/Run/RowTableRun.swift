import Activations
import HDF5
import TileStore

extension PreparedJob {
  private func rowTableOutput(_ observer: RunObserver) -> RowTableOutput {
    RowTableOutput(
      contents: contents, columnIDs: Self.ids(contents.table.columns.map(\.name), instead: "column"), lanes: lanes,
      checkStop: observer.checkStop)
  }

  /// Writes the table of rows, unless an earlier run has.
  func writeRowTable(_ builder: StoreBuilder, _ observer: RunObserver) throws {
    if builder.completedRowTable(rows: contents.rows) != nil { return }
    try reading { try rowTableOutput(observer).write(builder) }
  }

  /// Refuses what the table cannot hold.
  func checkRowTable(_ observer: RunObserver) throws { try reading { try rowTableOutput(observer).check() } }

  /// A file that was rewritten meanwhile looks damaged; that it was rewritten is the better answer.
  private func reading(_ body: () throws -> Void) throws {
    do { try body() } catch let error as HDF5Error {
      try contents.dump.verifyUnchanged()
      throw error
    }
    try contents.dump.verifyUnchanged()
  }

  /// What is kept of each row besides its values, and what that takes; no line where it is no more than labels.
  var rowTableInWords: [String] {
    let table = contents.table
    let attributes = rowTableOutput(RunObserver()).attributes
    var parts: [String] = []
    if let scores = attributes.scores {
      parts.append("scores of \(grouped(scores.classes)) \(scores.classes == 1 ? "class" : "classes")")
    }
    if let pictures = attributes.pictures {
      let size = "\(pictures.height) x \(pictures.width) x \(pictures.channels)"
      let isSmaller = pictures.source != [pictures.height, pictures.width]
      parts.append("pictures of \(size)\(isSmaller ? ", made small" : "")")
    }
    if table.texts != nil { parts.append("texts") }
    if !table.columns.isEmpty {
      parts.append("\(grouped(table.columns.count)) \(table.columns.count == 1 ? "column" : "columns")")
    }
    guard !parts.isEmpty else { return [] }
    return [
      "of each row \(parts.joined(separator: ", ")): \(bytesInWords(attributes.logicalBytes)) before compression\(table.texts == nil ? "" : ", and its text")"
    ]
  }
}
