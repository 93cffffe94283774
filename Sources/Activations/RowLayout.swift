import HDF5

/// How the datasets of a dump hold its rows.
public enum RowLayout: Sendable, Equatable {
  /// One axis counts the rows.
  case rows
  /// A file is one row.
  case files
  /// An axis of categories, each with as many rows: row r is row `r % each` of category `r / each`. `each` is that of the first file.
  case categories(count: Int, each: Int)
}

extension RowLayout {
  /// The layout that the axes of a layer say, or that is guessed from what there is.
  ///
  /// It is guessed that a file is a row where all that may be a layer has a single axis, and that rows are stored by category where there
  /// are no labels, but class names, as many as every layer's first axis is long.
  init(_ request: DumpRequest, dump: Dump, candidates: [DatasetInfo], hasLabels: Bool, classNames: ClassNames?) throws {
    let wanted = try request.layers.map {
      try $0.map { ($0.axes, try dump.first.catalogue.dataset(named: $0.dataset)) }
    }
    for (axes, info) in wanted ?? candidates.map({ (nil, $0) }) {
      guard let axes = axes ?? Axes.said(by: info), axes.letters.count == info.shape.count else { continue }
      guard let row = axes.row else {
        self = .files
        return
      }
      self = axes.category.map { .categories(count: info.shape[$0], each: info.shape[row]) } ?? .rows
      return
    }
    let shapes = (wanted?.map(\.1) ?? candidates).map(\.shape)
    if !shapes.isEmpty, shapes.allSatisfy({ $0.count == 1 }), dump.files.count > 1 || hasLabels {
      self = .files
    } else if !hasLabels, let names = classNames?.names, let first = shapes.first, first.count > 2, names.count > 1,
      first[0] == names.count, shapes.allSatisfy({ $0.count > 2 && $0.prefix(2) == first.prefix(2) })
    {
      self = .categories(count: first[0], each: first[1])
    } else {
      self = .rows
    }
  }
}

/// How it is known what a layer's axes mean.
public enum AxesOrigin: String, Sendable, Equatable {
  case job, file, guess
}

extension Axes {
  /// The axes as a dataset's attribute `axes` says.
  static func said(by info: DatasetInfo) -> Axes? {
    guard case .string(let letters)? = info.attributes["axes"], let axes = Axes(letters),
      axes.letters.count == info.shape.count
    else { return nil }
    return axes
  }

  /// The axes as the file says, or as they are guessed: rows first, unless only the last axis can be that of the rows (MATLAB).
  /// - Parameters:
  ///   - rows: rows of the file that count.
  ///   - hasFiller: whether it may have more.
  static func find(_ info: DatasetInfo, rows: Int, layout: RowLayout, hasFiller: Bool) -> (Axes, AxesOrigin)? {
    if let axes = said(by: info) { return (axes, .file) }
    let rank = info.shape.count
    switch layout {
    case .files: return ofRow(rank: rank).map { (Axes($0)!, .guess) }
    case .categories: return ofRow(rank: rank - 2).map { (Axes("KN" + $0)!, .guess) }
    case .rows:
      guard let row = ofRow(rank: rank - 1) else { return nil }
      func holds(_ extent: Int?) -> Bool { extent == rows || hasFiller && extent ?? 0 > rows }
      let reversed = holds(info.shape.last) && (info.attributes["MATLAB_class"] != nil || !holds(info.shape.first))
      return (Axes(reversed ? String(("N" + row).reversed()) : "N" + row)!, .guess)
    }
  }
}
