import TileStore

/// What rows are, as files of a static site by blocks of rows (`Tiles/STATIC.md`).
struct StaticTable {
  /// Rows of a file of labels and columns: the most that a server tells at once.
  private static let rowsBlock = RowEntries.countMax
  /// Most bytes of a file of pictures or texts, unpacked.
  private static let fileBytesMax = 1 << 20

  let table: RowTable
  let files: HashedFiles

  /// Writes the table's files.
  /// - Returns: the index that names them.
  func write() throws -> JSONValue {
    var index: [String: JSONValue] = [
      "rows": try blocks(of: Self.rowsBlock) { rows in
        try files.add(RowEntries(table, rows).json().encoded(), ending: "json")
      }
    ]
    if let pictures = table.attributes.pictures {
      let bytes = pictures.height * pictures.width * pictures.channels
      index["pictures"] = try blocks(of: max(1, Self.fileBytesMax / bytes)) { try files.add(table.pictures($0)) }
    }
    if table.attributes.texts != nil {
      index["texts"] = try blocks(of: Self.fileBytesMax / StoreLimits.rowTextBytes) { rows in
        let texts = try rows.map { JSONValue.string(try table.text($0) ?? "") }
        return try files.add(JSONValue.array(texts).encoded(), ending: "json")
      }
    }
    return .object(index)
  }

  /// Writes a file for each block of rows, one after another: all of them together may be larger than memory.
  private func blocks(of size: Int, _ write: (Range<Int>) throws -> String) throws -> JSONValue {
    let names = try stride(from: 0, to: table.count, by: size).map { first in
      JSONValue.string(try write(first..<min(first + size, table.count)))
    }
    return ["block": JSONValue(size), "files": .array(names)]
  }
}
