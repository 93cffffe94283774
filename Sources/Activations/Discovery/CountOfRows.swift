import HDF5

/// How many rows of each file count, later ones being filler.
public enum CountOfRows: Sendable, Equatable {
  /// A dataset or an attribute (`@num_samples`) of one whole number, in any file.
  case dataset(String)
  /// A number, for a dump of one file.
  case number(Int)
}

extension CountOfRows {
  /// A single whole number called `count`, at the root or beside the labels: elsewhere it may count anything. Any file may have one, for
  /// often only the last is not full.
  ///
  /// It may count other things as well, such as batches: it is believed where buffers are called `all_…`, where there are as many labels,
  /// or where the rows that it leaves out look as if they were never filled.
  static func guess(
    _ dump: Dump, named names: [String], labels: String?, layers: [DatasetInfo], _ evidence: inout Evidence
  ) throws -> CountOfRows? {
    let group = labels.map { Places.group(of: String($0.prefix { $0 != "@" })) }
    func isOne(_ info: DatasetInfo) -> Bool {
      !info.isNull && info.count == 1 && info.shape.count <= 1 && info.element.isInteger
    }
    let path = dump.parts.lazy.compactMap { file in
      file.catalogue.path(named: names) { info in
        let parent = Places.group(of: info.path)
        return isOne(info) && (parent == "/" || group == nil || parent == group)
      }
    }.first
    for part in dump.parts.prefix(partsMax) { try offerOthers(part, of: dump.parts.count, layers, &evidence) }
    guard let path else { return nil }
    // Where only the last of several has it, that one was not full.
    let holders = dump.parts.filter { $0.has(path) }
    if dump.parts.count > 1, holders.count == 1, dump.parts.last?.has(path) == true { return .dataset(path) }
    for file in holders {
      guard let number = try file.column(path).integers().first, let count = Int(exactly: number) else { continue }
      for info in layers where file.has(info.path) {
        let own = try file.catalogue.dataset(named: info.path)
        guard let rows = own.shape.first, count >= 0, count < rows else { continue }
        let isBuffer = info.path.split(separator: "/").last?.lowercased().hasPrefix("all_") == true
        let labelled = labels.flatMap { file.columnLength($0) } == count
        if isBuffer || labelled { continue }
        if try file.looksUnfilled(own, rows: count..<rows) { continue }
        evidence.leaveOut(
          path,
          "it says \(grouped(count)), but \(info.path) has \(grouped(rows)) rows and those after it hold values; if only the first \(grouped(count)) rows count, write count: \(path)"
        )
        return nil
      }
    }
    return .dataset(path)
  }

  /// Parts in which other numbers are looked for.
  private static let partsMax = 1000
  private static let otherNames: Set<String> = [
    "num_samples", "n_samples", "num_rows", "n_rows", "num_valid", "n_valid", "num_examples", "valid_rows", "n_filled",
    "filled", "size", "num",
    "nrows", "nsamples", "length", "n", "num_filled", "rows_written", "n_written", "num_written",
  ]

  /// Says which other single numbers may tell how many rows count.
  private static func offerOthers(
    _ file: DumpFile, of parts: Int, _ layers: [DatasetInfo], _ evidence: inout Evidence
  ) throws {
    let place = parts > 1 ? " in \(file.group ?? file.name)" : ""
    let layers = layers.compactMap { try? file.catalogue.dataset(named: $0.path) }
    guard let rows = layers.compactMap(\.shape.first).max() else { return }
    for info in file.catalogue.datasets
    where info.count == 1 && !info.isNull && info.element.isInteger && info.unsupportedReason == nil
      && otherNames.contains(DatasetName(info.path).last)
    {
      guard let number = (try? file.column(info.path).integers())?.first, number > 0, number < rows else { continue }
      evidence.leaveOut(
        info.path,
        "it says \(number)\(place), and the layers have \(grouped(rows)) rows; if the later ones are filler, write count: \(info.path)"
      )
    }
    let objects = [("", file.catalogue.rootAttributes)] + layers.map { ($0.path, $0.attributes) }
    for (object, name, value) in objects.flatMap({ object, attributes in
      attributes.sorted { $0.key < $1.key }.map { (object, $0.key, $0.value) }
    }) where otherNames.contains(name.lowercased()) || name.lowercased() == "count" {
      guard case .integer(let number) = value, number > 0, number < rows else { continue }
      evidence.leaveOut(
        "\(object)@\(name)",
        "\(object.isEmpty && parts == 1 ? "the file's" : "the") attribute says \(number)\(place), and the layers have \(grouped(rows)) rows; if the later ones are filler, write count: \(parts > 1 ? "\"\(object)@\(name)\"" : "\(number)")"
      )
    }
  }
}

extension DumpFile {
  /// Rows looked at, from both ends of those in question.
  private static let rowsLookedAt = 32

  /// Whether rows of a dataset, along its first axis, look as if nothing was ever written to them: zero, NaN or the fill value throughout.
  ///
  /// - Complexity: looks at no more than 64 rows.
  func looksUnfilled(_ info: DatasetInfo, rows: Range<Int>) throws -> Bool {
    guard !rows.isEmpty, info.element.isNumeric, info.unsupportedReason == nil else { return false }
    let dataset = try file.dataset(info, missing: .fill)
    let near = rows.lowerBound..<min(rows.upperBound, rows.lowerBound + Self.rowsLookedAt)
    let far = max(near.upperBound, rows.upperBound - Self.rowsLookedAt)..<rows.upperBound
    for part in [near, far] where !part.isEmpty {
      let bytes = try dataset.bytes(of: [part] + info.shape.dropFirst().map { 0..<$0 })
      guard UnfilledRows.isUnfilled(bytes[...], info) else { return false }
    }
    return true
  }
}
