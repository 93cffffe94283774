import Distributions
import TileStore

/// Some rows of a comparison, as the server sends them (`Tiles/HTTP.md`, "Comparison").
package struct PairPage {
  package enum Form: String, CaseIterable, Sendable { case json, csv }

  /// Most rows of one answer: about 13 MB.
  package static let rowsMax = 1 << 16

  let rows: [PairTable.Row]
  /// Rank of the first of them.
  let first: Int
  let table: PairTable

  func csv() -> [UInt8] {
    var text = Array("\(PairTable.header)\n".utf8)
    for row in rows {
      text += PairTable.csv(row).utf8
      text.append(UInt8(ascii: "\n"))
    }
    return text
  }

  /// - Parameter sides: what `a` and `b` are.
  func json(_ sides: [String: JSONValue]) -> [UInt8] {
    var head = sides
    head["columns"] = .array(PairTable.columns.map { .string($0) })
    head["from"] = JSONValue(first)
    head["total"] = JSONValue(table.rows.count)
    if let floor = table.nullFloor {
      head["null"] = [
        "n_a": JSONValue(floor.first), "n_b": JSONValue(floor.second), "deviation": .double(floor.deviation),
        "farthest": .double(floor.farthest),
      ]
    }
    if let untested = table.untested { head["untested"] = .string(untested) }
    // As many numbers as there may be are written as they are, not first made to values.
    var text = JSONValue.object(head).encoded().dropLast() + Array(",\"rows\":[".utf8)
    for (index, row) in rows.enumerated() {
      text += (index == 0 ? "\n" : ",\n").utf8
      text += PairTable.json(row).utf8
    }
    text += "]}".utf8
    return Array(text)
  }
}

extension PairPage {
  /// One neuron's figures by name, without `q`.
  /// - Throws: `SubsetError`, `StoreError`.
  static func neuron(_ neuron: Int, _ first: PairGroup, _ second: PairGroup, _ sides: [String: JSONValue]) throws
    -> JSONValue
  {
    let row = try PairTable.row(neuron, first, second)
    var answer = sides
    for (name, number) in zip(PairTable.columns, row.numbers) where name != "neuron" && name != "q" {
      answer[name] = JSONValue(figure: number)
    }
    if let untested = try PairGroup.untested(first, second) { answer["untested"] = .string(untested) }
    return .object(answer)
  }
}
