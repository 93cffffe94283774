import Foundation
import HDF5

/// The labels of all rows, if there are any, and how many rows of each part count.
struct CountedRows {
  var labels: RawLabels?
  var perPart: [Int] = []
  /// Rows of the dump that are filler.
  var filler = 0
  /// Whether datasets may have more rows than count.
  var hasFiller = false

  /// - Parameters:
  ///   - names: of the classes, if known.
  ///   - held: rows that a part's datasets have, asked where rows are stored by category or no labels tell.
  init(
    _ columns: RowColumns, _ request: DumpRequest, dump: Dump, layout: RowLayout, names: [String]?,
    held: (DumpFile) throws -> Int
  ) throws {
    let numbers = Self.numbersOfParts(request.classFrom, dump, besides: names)
    if let path = columns.countPath, !dump.parts.contains(where: { $0.hasColumn(path) }) {
      _ = try dump.first.catalogue.dataset(named: path)
    }
    if case .number? = columns.count, dump.parts.count > 1 {
      throw ActivationsError(
        "The job says count: as a number, but the dump has \(grouped(dump.parts.count)) parts. Name a dataset or an attribute that each has, as in count: PATH or count: \"@num_samples\"."
      )
    }
    if let whole = columns.whole, let path = columns.labels {
      try take(whole, path, dump, columns, held)
      return
    }
    let fileClasses = request.classFrom == .file ? Self.classes(of: dump).names : [:]
    for part in dump.parts {
      var labels = try Self.labels(of: part, columns, request, layout, fileClasses: fileClasses, numbers, held)
      var rows = try labels?.count ?? held(part)
      if case .categories(let categories, _) = layout {
        labels = try Self.byCategory(part, labels, categories, columns, held, after: perPart)
        rows = labels!.count
      }
      if let count = try Self.valid(columns.count, part: part, of: rows) {
        if case .categories = layout, count < rows {
          throw ActivationsError(
            "\(part.path), dataset \(columns.countPath ?? ""): it says that \(grouped(count)) of \(grouped(rows)) rows count, but not of which category. Dumps stored by category have no filler; write them anew with one axis of rows."
          )
        }
        labels = labels?.prefix(count)
        filler += rows - count
        rows = count
        hasFiller = true
      }
      // Whether so many can be counted is told where a layer is named that has them.
      guard rows <= Self.rowsMax - perPart.reduce(0, +) else {
        throw ActivationsError(
          "\(part.path): with its \(grouped(rows)) rows there are more than any dump can have. Its shape is damaged or made to exhaust memory: make the dump again."
        )
      }
      if labels != nil { try Self.checkLabels(rows, of: part, after: perPart) }
      perPart.append(rows)
      guard let labels else { continue }
      if self.labels == nil { self.labels = labels } else { try self.labels!.append(labels, file: part.path) }
    }
  }

  /// The class of each file by its path, where files name them: the file's name, or that of its folder where names occur in several folders
  /// that are no splits.
  static func classes(of dump: Dump) -> (names: [String: String], areFolders: Bool) {
    let urls = dump.files.map { URL(fileURLWithPath: $0.file.identity.path) }
    let stems = urls.map { $0.deletingPathExtension().lastPathComponent }
    let folders = urls.map { $0.deletingLastPathComponent() }
    let byStem = Dictionary(grouping: zip(stems, folders.map(\.path)), by: \.0)
    let areSplits = folders.allSatisfy { DatasetName($0.lastPathComponent).holds(any: DatasetName.splits) }
    let areFolders = !areSplits && byStem.values.contains { Set($0.map(\.1)).count > 1 }
    let names = areFolders ? folders.map(\.lastPathComponent) : stems
    return (
      Dictionary(zip(dump.files.map(\.file.identity.path), names), uniquingKeysWith: { first, _ in first }), areFolders
    )
  }

  /// The number in the name of each group or file, where names of classes are known and it is called by a number alone: `class_0`.
  private static func numbersOfParts(_ from: DumpRequest.ClassFrom?, _ dump: Dump, besides names: [String]?) -> [String:
    String]?
  {
    guard let from, let names else { return nil }
    let parts =
      from == .group
      ? dump.parts.compactMap { $0.group?.split(separator: "/").last.map(String.init) }
      : Array(classes(of: dump).names.values)
    var found: [String: String] = [:]
    for part in parts {
      let words = DatasetName(part).words
      guard words.count == 2, ["class", "cls", "label", "category", "target", "c"].contains(words[0]),
        let number = Int(words[1]),
        !names.contains(part)
      else { return nil }
      found[part] = String(number)
    }
    return Set(found.values).count == found.count ? found : nil
  }

  /// Labels of a part: its own column, or one class for all its rows.
  private static func labels(
    of part: DumpFile, _ columns: RowColumns, _ request: DumpRequest, _ layout: RowLayout,
    fileClasses: [String: String], _ numbers: [String: String]?, _ held: (DumpFile) throws -> Int
  ) throws -> RawLabels? {
    if let from = request.classFrom {
      let rows = try held(part)
      try checkLabels(rows, of: part, after: [])
      let name =
        switch from {
        case .file: fileClasses[part.file.identity.path]
        case .group: part.group?.split(separator: "/").last.map(String.init)
        }
      guard let name else {
        throw ActivationsError(
          "The job says class_from: group, but joins no groups. Write join: PATTERN as well, or class_from: file.")
      }
      return .texts(Array(repeating: numbers?[name] ?? name, count: rows))
    }
    guard let path = columns.labels else { return nil }
    let labels = try part.classes(path)
    // One label for all rows of a file.
    if labels.count == 1, case .rows = layout,
      columns.candidates.first(where: { $0.path == path || "/" + path == $0.path })?.isSingle != false
    {
      let rows = try held(part)
      if rows > 1 {
        try checkLabels(rows, of: part, after: [])
        return labels.repeated(rows)
      }
    }
    return labels
  }

  /// Labels of rows that are stored by category.
  private static func byCategory(
    _ part: DumpFile, _ given: RawLabels?, _ categories: Int, _ columns: RowColumns, _ held: (DumpFile) throws -> Int,
    after perPart: [Int]
  ) throws -> RawLabels {
    // Files have the same categories, but not always as many rows of each.
    let each = try held(part) / max(1, categories)
    guard each <= LayerSource.countedMax / categories else {
      throw ActivationsError(
        "\(part.path): \(grouped(categories)) categories with \(grouped(each)) rows each are more than the \(grouped(LayerSource.countedMax)) rows that can be counted. If the shape is what it should be, split the dump."
      )
    }
    try checkLabels(categories * each, of: part, after: perPart)
    let repeated = given?.count == categories ? given!.repeated(each) : given
    let labels = repeated ?? .integers((0..<categories * each).map { Int64($0 / each) })
    guard labels.count == categories * each else {
      throw ActivationsError(
        "\(part.path), dataset \(columns.labels ?? ""): there are \(grouped(labels.count)) labels, but \(grouped(categories)) categories with \(grouped(each)) rows each. Give one label a category or one a row, or no labels: then each category is a class."
      )
    }
    return labels
  }

  /// Takes the labels of all parts from one file.
  private mutating func take(
    _ whole: DumpFile, _ path: String, _ dump: Dump, _ columns: RowColumns, _ held: (DumpFile) throws -> Int
  ) throws {
    let labels = try whole.classes(path)
    for part in dump.parts {
      let rows = try held(part)
      try Self.checkLabels(rows, of: part, after: perPart)
      perPart.append(rows)
    }
    let rows = perPart.reduce(0, +)
    guard rows == labels.count else {
      throw ActivationsError(
        "\(whole.path), dataset \(path): there are \(grouped(labels.count)) labels, but the dump has \(grouped(rows)) rows. One label a row is needed, in the order of the rows."
      )
    }
    self.labels = labels
    if let count = try Self.valid(columns.count, part: dump.first, of: rows), dump.parts.count == 1 {
      self.labels = labels.prefix(count)
      (filler, perPart, hasFiller) = (rows - count, [count], true)
    }
  }

  /// Refuses more labels than can be counted, or than there is room for, before they are put together.
  private static func checkLabels(_ rows: Int, of part: DumpFile, after perPart: [Int]) throws {
    let before = perPart.reduce(0, +)
    guard before <= LayerSource.countedMax, rows <= LayerSource.countedMax - before else {
      throw ActivationsError(
        "\(part.path): with its \(grouped(rows)) rows there are more than the \(grouped(LayerSource.countedMax)) that can be counted. If the shape is what it should be, split the dump."
      )
    }
    guard (before + rows) * rowBytes <= part.columnBytesMax else {
      throw ActivationsError(
        "\(part.path): with its \(grouped(rows)) rows there are \(grouped(before + rows)), whose labels take \(grouped((before + rows) * rowBytes)) bytes of memory, and \(grouped(part.columnBytesMax)) may be used. Raise --memory, or split the dump.",
        kind: .memory)
    }
  }

  /// Rows of all parts together, so that their sum never overflows.
  private static let rowsMax = 1 << 61
  /// Bytes that the label of a row takes while all are put together.
  private static let rowBytes = 16

  private static func valid(_ count: CountOfRows?, part: DumpFile, of rows: Int) throws -> Int? {
    switch count {
    case nil: return nil
    case .number(let number):
      guard (0...rows).contains(number) else {
        throw ActivationsError("The job says count: \(number), but \(part.path) has \(grouped(rows)) rows.")
      }
      return number
    case .dataset(let path):
      guard part.hasColumn(path) else { return nil }
      let numbers: [Int64]
      if part.has(path) {
        numbers = try part.column(path).integers()
      } else if case .integers(let values) = try part.classes(path) {
        numbers = values
      } else {
        numbers = []
      }
      guard let number = numbers.first, (0...Int64(rows)).contains(number) else {
        throw ActivationsError(
          "\(part.path), dataset \(path): it should say how many of the \(grouped(rows)) rows count, but does not. Name another dataset in the job, as in count: PATH, or rename this one."
        )
      }
      return Int(number)
    }
  }

  /// Reads a second column, such as predictions, for the same rows.
  func column(_ path: String, of dump: Dump, _ columns: RowColumns) throws -> RawLabels {
    var all: RawLabels?
    // Above groups that are joined, a column has a value for each row of all of them.
    if columns.whole == nil, dump.first.group != nil, dump.files.count == 1, !dump.first.hasColumn(path),
      dump.files[0].hasColumn(path)
    {
      let (values, rows) = (try dump.files[0].classes(path), perPart.reduce(0, +))
      guard values.count == rows, filler == 0 else { throw Self.tooFew(dump.files[0], path, values.count, rows) }
      return values
    }
    if let whole = columns.whole, !dump.first.hasColumn(path), whole.hasColumn(path) {
      let values = try whole.classes(path)
      guard values.count >= perPart.reduce(0, +) else {
        throw Self.tooFew(whole, path, values.count, perPart.reduce(0, +))
      }
      return values.prefix(perPart.reduce(0, +))
    }
    for (file, rows) in zip(dump.parts, perPart) {
      let part = try file.classes(path)
      guard part.count == rows || hasFiller && part.count > rows else {
        throw Self.tooFew(file, path, part.count, rows)
      }
      if all == nil { all = part.prefix(rows) } else { try all!.append(part.prefix(rows), file: file.path) }
    }
    return all!
  }

  private static func tooFew(_ file: DumpFile, _ path: String, _ count: Int, _ rows: Int) -> ActivationsError {
    ActivationsError(
      "\(file.path), dataset \(path): there are \(grouped(count)) predictions, but \(grouped(rows)) rows. Write one a row, or leave them out of the job."
    )
  }
}
