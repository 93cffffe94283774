import Hummingbird
import TileStore
import Views

/// What each row is: label, prediction, margin and columns, its picture, its text.
extension RouteTable {
  func rowTable(_ asked: VersionRequest) throws -> Build {
    let query = try asked.query()
    let table = try table(asked)
    let first = try query.count("from") ?? 0
    let moment = try query.moment()
    let count = try query.length(
      usual: RowEntries.countUsual, most: moment == nil ? RowEntries.countMax : RowEntries.chosenMax)
    if let moment {
      let parts = asked.served.layer(0, service)
      return Build(
        .chosenRows(moment, from: first, count: count), [moment], in: parts,
        cost: parts.cost(ofRows: moment, count: count)
      ) {
        try parts.rows(moment, from: first, count: count, of: table).encoded()
      }
    }
    let rows = try numbered(first, below: table.count, "rows")..<min(first + count, table.count)
    return Build(.rowTable(rows), cost: .least + .figures(groups: 0, instances: rows.count)) {
      try RowEntries(table, rows).json().encoded()
    }
  }

  func confusion(_ asked: VersionRequest) throws -> Build {
    _ = try asked.query()
    let table = try table(asked)
    guard table.attributes.label != nil, table.attributes.prediction != nil else {
      throw Problem.notFound("The rows have no labels, or no predictions.")
    }
    return Build(.confusion, cost: .least + .figures(groups: 0, instances: table.count / 1000)) {
      try Confusion(table).json().encoded()
    }
  }

  /// The rows that fire a neuron most, or least.
  func firing(_ asked: VersionRequest) throws -> Build {
    let layer = try layer(asked)
    let query = try asked.query()
    let neuron = try neuron(number("neuron", asked.context), of: layer)
    let named = try numbered(query.count("group") ?? 0, below: asked.attributes.groups.count, "groups")
    let moment = try query.moment()
    let end = try query.choice("end", ExtremeEnd.self) ?? .highest
    let top = try query.length(usual: ExtremeEnd.rows, most: RowEntries.chosenMax)
    // An expression stands in the group's place, as in tiles.
    let group = moment == nil ? named : 0
    return Build(
      .firing(layer: layer.index, neuron: neuron, group: group, moment, end, top: top),
      [moment].compactMap(\.self), in: layer,
      cost: layer.cost(ofFiring: moment, top: top)
    ) {
      try layer.firing(neuron: neuron, group: group, moment: moment, end: end, top: top).encoded()
    }
  }

  func rowPicture(_ asked: VersionRequest) throws -> Build {
    let (table, row) = try row(asked)
    return try pictures([row], of: table)
  }

  /// The pictures of as many rows as a page shows at once, one below the other.
  func rowPictures(_ asked: VersionRequest) throws -> Build {
    let (table, rows) = try rows(asked)
    return try pictures(rows, of: table)
  }

  private func pictures(_ rows: [Int], of table: RowTable) throws -> Build {
    guard table.attributes.pictures != nil else { throw Problem.notFound("The rows have no pictures.") }
    return Build(.rowPictures(rows), cost: .least + .figures(groups: 0, instances: rows.count)) {
      guard let (pixels, shape) = try table.sheet(rows) else {
        preconditionFailure("opening the store checked that the pictures are there")
      }
      return PNG.encode(pixels, shape: shape)
    }
  }

  func rowText(_ asked: VersionRequest) throws -> Build {
    let (table, row) = try row(asked)
    return try texts(.rowText(row: row), [row], of: table) { $0[0] }
  }

  /// The texts of as many rows as a page shows at once.
  func rowTexts(_ asked: VersionRequest) throws -> Build {
    let (table, rows) = try rows(asked)
    return try texts(.rowTexts(rows), rows, of: table) { ["texts": .array($0)] }
  }

  private func texts(
    _ resource: AnswerKey.Resource, _ rows: [Int], of table: RowTable,
    in answer: @escaping @Sendable ([JSONValue]) -> JSONValue
  ) throws -> Build {
    guard table.attributes.texts != nil else { throw Problem.notFound("The rows have no texts.") }
    return Build(resource, cost: .least + .figures(groups: 0, instances: rows.count)) {
      try answer(rows.map { ["row": JSONValue($0), "text": .string(try table.text($0) ?? "")] }).encoded()
    }
  }

  /// The rows that the query names, ascending.
  private func rows(_ asked: VersionRequest) throws -> (RowTable, [Int]) {
    let table = try table(asked)
    return (table, try asked.query().some("rows", "row numbers", below: table.count, most: RowEntries.chosenMax))
  }

  private func row(_ asked: VersionRequest) throws -> (RowTable, Int) {
    _ = try asked.query()
    let table = try table(asked)
    return (table, try numbered(number("row", asked.context), below: table.count, "rows"))
  }

  private func table(_ asked: VersionRequest) throws(Problem) -> RowTable {
    guard let table = asked.served.store.table else {
      throw .notFound("This version was made before stores held what each row is.")
    }
    return table
  }
}
