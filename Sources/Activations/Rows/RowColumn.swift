import HDF5

/// A column of the job: a number, a truth value or a text for each row.
public struct RowColumn: Sendable {
  public enum Kind: String, Sendable { case integer, number, boolean, text }

  /// As the job names it.
  public let path: String
  public let kind: Kind
  private let source: Source

  private enum Source: Sendable {
    /// Read by blocks. Of an enumeration the names, by value.
    case dataset(RowDataset, NumberConvention?, [Int64: String])
    /// Read as labels are, part by part: categories and codes, attributes, MATLAB's letters, one value for a whole file.
    case labels([(file: DumpFile, rows: Int)])
  }

  /// Values of some rows.
  public enum Values: Sendable {
    /// Also truth values: 0 and 1.
    case integers([Int64])
    case numbers([Double])
    case texts([String])
  }

  /// Bytes of memory that reading a block takes, at most.
  var blockBytesMax: Int { if case .dataset(let data, _, _) = source { data.blockBytesMax } else { 0 } }
}

extension RowColumn {
  /// - Parameter key: of the job, for errors.
  /// - Throws: `ActivationsError` where it is no column with a value for each row; `HDF5Error`.
  init(_ path: String, key: String, _ dump: Dump, _ rows: RowsOfParts) throws {
    let file = dump.first
    let info = file.has(path) ? try file.catalogue.dataset(named: path) : nil
    guard let info, info.attributes["MATLAB_class"] == nil, !(info.shape.isEmpty && rows.counts[0] > 1) else {
      self = try Self.asLabels(path, key: key, dump, rows)
      return
    }
    self.path = path
    let place = "\(file.path), dataset \(info.path)"
    guard RawLabels.isColumn(info.shape) else {
      throw ActivationsError(
        "\(place): it has the shape \(inWords(info.shape)). A column has one value for each row; name another dataset in the job, as in \(key): PATH, or leave it out."
      )
    }
    let data = try RowDataset(path, key: key, dump, rows) { $0.shape.count == 2 && $0.shape[0] == 1 ? 1 : 0 }
    let names = Dictionary(
      (info.enumeration?.members ?? []).map { ($0.value, $0.name) }, uniquingKeysWith: { first, _ in first })
    let convention = info.element.isNumeric && !info.isBoolean ? try Self.convention(info, place, key) : nil
    let infos = data.parts.map(\.dataset.info)
    let isText = infos.map(\.element.isText)
    switch info.element {
    case _ where isText.contains(true):
      guard !isText.contains(false) else {
        throw ActivationsError(
          "\(place): it holds texts in some parts of the dump and none in others. Write them alike.")
      }
      kind = .text
    case _ where info.isBoolean: kind = .boolean
    case _ where info.enumeration != nil: kind = .text
    case _ where infos.allSatisfy(\.element.isNumeric):
      kind = convention == nil && infos.allSatisfy(\.element.isInteger) ? .integer : .number
    default:
      throw ActivationsError(
        "\(place): its values are \(info.element), and a column holds numbers, truth values or texts. Name another dataset in the job, as in \(key): PATH, or leave it out."
      )
    }
    source = .dataset(data, convention, info.isBoolean ? [:] : names)
  }

  private static func asLabels(_ path: String, key: String, _ dump: Dump, _ rows: RowsOfParts) throws -> RowColumn {
    var kind: Kind?
    for (file, count) in zip(dump.parts, rows.counts) {
      guard file.hasColumn(path) else {
        // Says what there is instead.
        _ = try file.catalogue.dataset(named: path)
        continue
      }
      let values = try file.classes(path)
      guard values.count == count || rows.hasFiller && values.count > count || values.count == 1 else {
        throw ActivationsError(
          "\(file.path), \(path): it has \(grouped(values.count)) entries, but there are \(grouped(count)) rows. One for each row is needed, in their order: name another column in the job, as in \(key): PATH, or leave \(key) out."
        )
      }
      let own: Kind = if case .integers = values { .integer } else { .text }
      guard kind == nil || kind == own else {
        throw ActivationsError(
          "\(file.path), \(path): it holds numbers in some parts of the dump and texts in others. Write them alike.")
      }
      kind = own
    }
    return RowColumn(path: path, kind: kind ?? .integer, source: .labels(Array(zip(dump.parts, rows.counts))))
  }

  /// What its numbers stand for by netCDF's conventions.
  static func convention(_ info: DatasetInfo, _ place: String, _ key: String) throws -> NumberConvention? {
    do { return try NumberConvention(info, LayerRequest(dataset: info.path), place: place) } catch is ActivationsError {
      throw ActivationsError(
        "\(place): its attributes say that its numbers stand for others, and not plainly for which. Write the numbers as they are meant, or leave \(key) out of the job."
      )
    }
  }
}

extension RowColumn {
  /// Calls `body` with the values of blocks of rows, in order.
  /// - Throws: `HDF5Error`, `ActivationsError`, and what `body` throws.
  public func eachBlock(_ body: (Values) throws -> Void) throws {
    switch source {
    case .labels(let parts):
      for (file, rows) in parts {
        let values = try file.classes(path)
        switch values.count == 1 ? values.repeated(rows) : values.prefix(rows) {
        case .integers(let numbers): try body(.integers(numbers))
        case .texts(let texts): try body(.texts(texts))
        }
      }
    case .dataset(let data, let convention, let names):
      let isLatin1 = try kind == .text && names.isEmpty && !holdsUTF8(data)
      try data.eachBlock { dataset, box, _ in
        switch kind {
        case .text where names.isEmpty: try body(.texts(dataset.strings(of: box, isLatin1: isLatin1)))
        case .text: try body(.texts(dataset.integers(of: box).map { try name($0, names, data.place) }))
        case .integer, .boolean: try body(.integers(dataset.integers(of: box)))
        case .number:
          var numbers = try dataset.numbers(of: box)
          if let convention { numbers.withUnsafeMutableBufferPointer { convention.apply($0) } }
          try body(.numbers(numbers))
        }
      }
    }
  }

  /// Whether all texts are UTF-8. Where one is not, all of them are Latin-1, as in labels.
  private func holdsUTF8(_ data: RowDataset) throws -> Bool {
    var all = true
    try data.eachBlock { dataset, box, _ in all = try all && dataset.holdsUTF8(in: box) }
    return all
  }

  private func name(_ value: Int64, _ names: [Int64: String], _ place: String) throws -> String {
    if let name = names[value] { return name }
    throw ActivationsError(
      "\(place): it holds \(value), to which its enumeration gives no name. Write such values as whole numbers or as texts."
    )
  }

  /// Bytes of the texts of some rows, as the dump claims them, before any is read; of a block at most.
  func textBytesMax() throws -> Int {
    guard kind == .text, case .dataset(let data, _, let names) = source, names.isEmpty else { return 0 }
    var most = 0
    try data.eachBlock { dataset, box, _ in most = max(most, try dataset.textBytes(of: box)) }
    return most
  }
}
