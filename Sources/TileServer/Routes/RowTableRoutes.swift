import Hummingbird
import TileStore
import Views

/// What each row is: label, prediction, margin and columns, its picture, its text.
extension RouteTable {
  func rowTable(_ asked: VersionRequest) throws -> Build {
    let query = try asked.query()
    let table = try table(asked)
    let first = try query.count("from") ?? 0
    let count = try query.count("count") ?? RowEntries.countUsual
    guard (1...RowEntries.countMax).contains(count) else {
      throw Problem.badRequest("count must be 1 to \(RowEntries.countMax).")
    }
    if let moment = try query.moment() {
      let layer = asked.served.layer(0, service)
      return Build(
        .rowsFound(moment, from: first, count: count), of: [moment], in: layer,
        cost: layer.cost(ofFinding: moment) + .figures(groups: 0, instances: count)
      ) { try layer.rows(table, moment, from: first, count: count).encoded() }
    }
    guard first < table.count else {
      throw Problem.notFound("There are \(table.count) rows, numbered from 0.")
    }
    let rows = first..<min(first + count, table.count)
    return Build(.rowTable(rows), cost: .least + .figures(groups: 0, instances: rows.count)) {
      try RowEntries(table, rows).json().encoded()
    }
  }

  func rowPicture(_ asked: VersionRequest) throws -> Build {
    let (table, row) = try row(asked)
    guard table.attributes.pictures != nil else { throw Problem.notFound("The rows have no pictures.") }
    return Build(.rowPicture(row: row), cost: .least) {
      guard let picture = try table.picture(row) else {
        preconditionFailure("opening the store checked that the pictures are there")
      }
      return PNG.encode(picture.pixels, shape: picture.shape)
    }
  }

  func rowText(_ asked: VersionRequest) throws -> Build {
    let (table, row) = try row(asked)
    guard table.attributes.texts != nil else { throw Problem.notFound("The rows have no texts.") }
    return Build(.rowText(row: row), cost: .least) {
      JSONValue.object(["row": JSONValue(row), "text": .string(try table.text(row) ?? "")]).encoded()
    }
  }

  private func row(_ asked: VersionRequest) throws -> (RowTable, Int) {
    _ = try asked.query()
    let table = try table(asked)
    let row = try number("row", asked.context)
    guard row < table.count else { throw Problem.notFound("There are \(table.count) rows, numbered from 0.") }
    return (table, row)
  }

  private func table(_ asked: VersionRequest) throws(Problem) -> RowTable {
    guard let table = asked.served.store.table else {
      throw .notFound("This version was made before stores held what each row is.")
    }
    return table
  }
}
