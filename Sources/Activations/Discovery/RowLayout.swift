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
  /// - Parameter labels: how many the first part has, if any.
  init(
    _ request: DumpRequest, dump: Dump, candidates: [DatasetInfo], labels: Int?, classNames: ClassNames?
  ) throws {
    let hasLabels = labels != nil
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
    if !shapes.isEmpty, shapes.allSatisfy({ $0.count == 1 && ($0[0] != labels || labels == 1) }),
      dump.parts.count > 1 || hasLabels
    {
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
  /// The axes as a dataset's attribute `axes` says, or the names of its dimensions.
  static func said(by info: DatasetInfo) -> Axes? {
    if case .string(let letters)? = info.attributes["axes"], let axes = Axes(letters),
      axes.letters.count == info.shape.count
    {
      return axes
    }
    if info.shape.count == 4, case .string(let format)? = info.attributes["data_format"] {
      switch format.lowercased() {
      case "channels_last", "nhwc": return Axes("NHWC")
      case "channels_first", "nchw": return Axes("NCHW")
      default: break
      }
    }
    return named(by: info)
  }

  private static let rowNames: Set<String> = [
    "sample", "samples", "row", "rows", "n", "batch", "example", "examples", "observation", "observations", "obs",
    "presentation",
    "presentations", "stimulus", "stimuli", "item", "items", "instance", "instances", "trial", "trials", "image",
    "images", "picture",
    "pictures", "record", "records", "event", "events",
  ]
  private static let positionNames: [(Character, Set<String>)] = [
    ("H", ["height", "h", "y", "row_position"]), ("W", ["width", "w", "x"]),
    ("T", ["time", "t", "token", "tokens", "position", "positions", "seq", "sequence", "step", "timestep"]),
  ]

  /// The axes as the file's names of dimensions say: one of them is that of the rows, and the others are of neurons where they are not
  /// called like positions.
  private static func named(by info: DatasetInfo) -> Axes? {
    let names = info.dimensions.map { $0.lowercased() }
    guard names.count == info.shape.count, names.count > 1, names.filter(rowNames.contains).count == 1 else {
      return nil
    }
    var free: [Character] = ["C", "D", "F", "U"]
    if names.count == 2 { free = ["U"] }
    var letters = ""
    for name in names {
      if rowNames.contains(name) {
        letters.append("N")
      } else if let letter = positionNames.first(where: { $0.1.contains(name) })?.0, !letters.contains(letter) {
        letters.append(letter)
      } else if !free.isEmpty {
        letters.append(free.removeFirst())
      } else {
        return nil
      }
    }
    return Axes(letters)
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
      if rank == 1 { return (Axes("N")!, .guess) }
      if rank > 2, info.shape[0] == 1, info.shape[1] == rows, rows > 1, let row = ofRow(rank: rank - 2) {
        return (Axes("PN" + row)!, .guess)
      }
      guard let row = ofRow(rank: rank - 1) else { return nil }
      func holds(_ extent: Int?) -> Bool { extent == rows || hasFiller && extent ?? 0 > rows }
      let reversed = holds(info.shape.last) && (info.attributes["MATLAB_class"] != nil || !holds(info.shape.first))
      return (Axes(reversed ? String(("N" + row).reversed()) : "N" + row)!, .guess)
    }
  }
  /// Layers as long as they are wide, beside others that can only have their rows last: theirs are last too.
  static func turningSquares(
    _ wanted: [LayerRequest], in dump: Dump, rows: Int, layout: RowLayout, _ evidence: inout Evidence
  ) -> [LayerRequest] {
    guard layout == .rows, dump.parts.count == 1 else { return wanted }
    let open = wanted.compactMap { request -> DatasetInfo? in
      guard request.axes == nil, let info = try? dump.first.catalogue.dataset(named: request.dataset) else {
        return nil
      }
      return info.shape.count == 2 && said(by: info) == nil && info.attributes["MATLAB_class"] == nil ? info : nil
    }
    let squares = Set(open.filter { $0.shape == [rows, rows] }.map(\.path))
    let others = open.filter { !squares.contains($0.path) }
    guard !squares.isEmpty, let last = others.first, others.allSatisfy({ $0.shape[0] != rows && $0.shape[1] == rows })
    else { return wanted }
    return wanted.map { request in
      guard let info = try? dump.first.catalogue.dataset(named: request.dataset), squares.contains(info.path) else {
        return request
      }
      evidence.assume(
        "\(info.path): both its axes are \(grouped(rows)) long; the last is taken as that of the rows (axes: UN), as it is in \(last.path). If that is wrong, name the axes in a job, as in axes: NU."
      )
      var turned = request
      turned.axes = Axes("UN")
      return turned
    }
  }
}
