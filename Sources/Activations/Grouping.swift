import Expressions
/// A named set of rows.
public struct Group: Sendable, Equatable {
  public enum Kind: String, Sendable { case all, `class`, `where` }
  public var name: String
  public var kind: Kind
  /// Of a class: how its label reads in the dump. Of a job's group: its condition.
  public var text: String?
  public var rows: Int
}

/// Which rows belong to which group.
///
/// Rows that no group tells apart form a *cell*; each row is counted in its one cell, and groups are sums of cells.
public struct Grouping: Sendable {
  /// Name of the group of all rows.
  static let allName = "all"

  /// Group 0 is `all`, then the classes in label order, then the job's own.
  public let groups: [Group]
  /// Cells of each group.
  public let members: [[Int]]
  /// Row to cell.
  public let cellOfRow: [UInt32]
  public let cellCount: Int
  /// Rows of each cell.
  public let rowsOfCell: [Int]
  /// Rows of the largest cell.
  public var rowsPerCellMax: Int { rowsOfCell.max() ?? 0 }
  /// Whether the rows of each cell are spread over all rows, as if dealt out at random: those of the first rows tell of the rest.
  public let isMixed: Bool
  /// What the job's own groups may not have been meant to be: without rows, or that name a class which does not exist. A sentence each.
  public let notes: [String]

  /// - Parameters:
  ///   - rows: number of rows of the dump.
  ///   - labels: class of each row, if known.
  ///   - conditions: the job's own groups by name.
  public init(
    rows: Int, labels: LabelColumn?, predictions: LabelColumn?,
    conditions: [(name: String, text: String, condition: RowExpression)]
  ) throws {
    var groups = [Group(name: Self.allName, kind: .all, text: nil, rows: rows)]
    let classCount = labels?.names.count ?? 0
    if let labels {
      for index in 0..<classCount {
        groups.append(Group(name: labels.names[index], kind: .class, text: labels.texts[index], rows: 0))
      }
    }
    for condition in conditions {
      if condition.condition.usesPrediction, predictions == nil {
        throw ActivationsError(
          "The group \"\(condition.name)\" asks for predictions, but the dump has none. Name their dataset in the job: predictions: PATH."
        )
      }
      if condition.condition.usesLabel, labels == nil {
        throw ActivationsError(
          "The group \"\(condition.name)\" asks for labels, but the dump has none. Name their dataset in the job: labels: PATH."
        )
      }
      groups.append(Group(name: condition.name, kind: .where, text: condition.text, rows: 0))
    }
    var seen = Set<String>()
    for group in groups where !seen.insert(group.name).inserted {
      if group.name == groups[0].name {
        throw ActivationsError(
          "A \(group.kind == .class ? "class" : "group of the job") is called \"all\", which is the name of the group of all rows. Call it otherwise in the job\(group.kind == .class ? ", by its label: class_names: { \(group.text ?? "all"): every }" : "")."
        )
      }
      throw ActivationsError("Two groups are called \"\(group.name)\". Give each group and class a name of its own.")
    }

    func fact(_ column: LabelColumn, _ row: Int) -> RowFacts.ClassFact {
      let index = Int(column.classes[row])
      return RowFacts.ClassFact(text: column.texts[index], name: column.names[index])
    }
    func holding(_ row: Int) -> [Bool] {
      if conditions.isEmpty { return [] }
      var facts = RowFacts(row: row)
      facts.label = labels.map { fact($0, row) }
      facts.prediction = predictions.map { fact($0, row) }
      return conditions.map { $0.condition.holds(facts) }
    }
    // A cell is known by its class and the conditions that hold. Rows may be many and cells are few: only a number is kept of
    // each row, first in the order in which cells are met.
    var met = [[(conditions: [Bool], number: UInt32)]](repeating: [], count: max(1, classCount))
    var count: UInt32 = 0
    var cellOfRow: [UInt32] = []
    cellOfRow.reserveCapacity(rows)
    for row in 0..<rows {
      let label = labels.map { Int($0.classes[row]) } ?? 0
      let holding = holding(row)
      if let known = met[label].first(where: { $0.conditions == holding }) {
        cellOfRow.append(known.number)
      } else {
        met[label].append((holding, count))
        cellOfRow.append(count)
        count += 1
      }
    }
    // Then by class, in a class by conditions.
    let cells = met.enumerated().flatMap { label, cells in
      cells.sorted { $0.conditions.lexicographicallyPrecedes($1.conditions) { !$0 && $1 } }
        .map { (label: label, conditions: $0.conditions, met: $0.number) }
    }
    var sorted = [UInt32](repeating: 0, count: cells.count)
    for (number, cell) in cells.enumerated() { sorted[Int(cell.met)] = UInt32(number) }
    for row in 0..<rows { cellOfRow[row] = sorted[Int(cellOfRow[row])] }
    self.cellOfRow = cellOfRow
    cellCount = max(1, cells.count)

    var members: [[Int]] = [Array(cells.indices)]
    var ofClass = [[Int]](repeating: [], count: classCount)
    if classCount > 0 { for (number, cell) in cells.enumerated() { ofClass[cell.label].append(number) } }
    members += ofClass
    for condition in conditions.indices { members.append(cells.indices.filter { cells[$0].conditions[condition] }) }
    self.members = members

    var rowsOfCell = [Int](repeating: 0, count: cells.count)
    for cell in cellOfRow { rowsOfCell[Int(cell)] += 1 }
    self.rowsOfCell = rowsOfCell
    isMixed = Self.isMixed(cellOfRow, rowsOfCell)
    for group in groups.indices { groups[group].rows = members[group].reduce(0) { $0 + rowsOfCell[$1] } }
    self.groups = groups
    notes = zip(conditions, groups.suffix(conditions.count)).compactMap { condition, group in
      Self.note(on: group, condition.condition, classes: [labels, predictions].compactMap { $0 })
    }
  }

  private static func note(
    on group: Group, _ condition: RowExpression, classes: [LabelColumn]
  ) -> String? {
    var unknown: [String] = []
    for named in condition.classesNamed {
      let word: String
      switch named {
      case .text(let text) where !classes.contains { $0.names.contains(text) }: word = "\"\(text)\""
      case .number(let number) where !classes.contains { $0.texts.contains { Double($0) == number } }:
        word = Int(exactly: number).map(String.init) ?? "\(number)"
      default: continue
      }
      if !unknown.contains(word) { unknown.append(word) }
    }
    guard group.rows == 0 || !unknown.isEmpty else { return nil }
    var note = "The group \"\(group.name)\""
    note += group.rows == 0 ? " has no rows" : " has \(grouped(group.rows)) \(group.rows == 1 ? "row" : "rows")"
    if !unknown.isEmpty { note += "; there is no class \(unknown.joined(separator: ", "))" }
    return note + "."
  }

  /// The mean place of a cell's rows lies in the middle, within six standard deviations.
  private static func isMixed(_ cellOfRow: [UInt32], _ rowsOfCell: [Int]) -> Bool {
    var sums = [Double](repeating: 0, count: rowsOfCell.count)
    for (row, cell) in cellOfRow.enumerated() { sums[Int(cell)] += Double(row) }
    let rows = Double(cellOfRow.count)
    return zip(sums, rowsOfCell).allSatisfy { sum, count in
      let deviation = rows / (12 * Double(max(1, count))).squareRoot()
      return abs(sum / Double(max(1, count)) - (rows - 1) / 2) <= 6 * deviation
    }
  }
}
