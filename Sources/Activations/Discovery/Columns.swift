import HDF5

/// Columns: one value a row, whatever form the file gives them. A job names each as its `path` says:
///
///     labels: labels              # a dataset [row], or a matrix with one row or column
///     labels: obs/cell_type       # a group of categories and codes, as AnnData writes them
///     labels: fc@labels           # an attribute, of a dataset, a group or the file (`@labels`)
extension DumpFile {
  /// Whether there is a column of this name.
  func hasColumn(_ path: String) -> Bool {
    if has(path) || categorical(path) != nil || nullable(path) != nil { return true }
    guard let (place, name) = Self.attribute(path) else { return false }
    return attributes(of: place)?[name] != nil
  }

  /// Reads a column.
  /// - Throws: `ActivationsError` where it has another form, `HDF5Error` where it is not there or cannot be read.
  func classes(_ path: String) throws -> RawLabels {
    if !has(path), let group = categorical(path) { return try categories(group) }
    if let group = nullable(path) { return try present(group) }
    if !has(path), let (place, name) = Self.attribute(path) {
      switch attributes(of: place)?[name] {
      case .integers(let values): return .integers(values)
      case .integer(let value): return .integers([value])
      case .strings(let texts): return .texts(texts)
      case .string(let text): return .texts([text])
      case .unreadable(let why):
        throw ActivationsError(
          "\(self.path), attribute \(name) of \(place): \(sentence(why)) Write it as UTF-8, or name another column in the job, as in labels: PATH."
        )
      case .some:
        throw ActivationsError(
          "\(self.path), attribute \(name) of \(place): it holds neither whole numbers nor texts. Name another column in the job, as in labels: PATH."
        )
      case nil: break
      }
    }
    return try RawLabels.read(column(path), file: self.path)
  }

  /// Values of a column, without reading them; `nil` where there is none of this name.
  func columnLength(_ path: String) -> Int? {
    if has(path) { return (try? catalogue.dataset(named: path)).map { ColumnCandidate.length(of: $0) } }
    if let group = categorical(path) { return (try? catalogue.dataset(named: group + "/codes"))?.count }
    if let group = nullable(path) { return (try? catalogue.dataset(named: group + "/values"))?.count }
    guard let (place, name) = Self.attribute(path) else { return nil }
    return attributes(of: place)?[name]?.count
  }

  /// The group of categories and codes at a path.
  private func categorical(_ path: String) -> String? {
    let group = catalogue.canonicalPath(path)
    return catalogue.groups.contains(group) && has(group + "/codes") && has(group + "/categories") ? group : nil
  }

  /// The group of values and of a mask that is 1 where a value is missing, as AnnData writes them: at a path, or of whose values it is the path.
  private func nullable(_ path: String) -> String? {
    let path = catalogue.canonicalPath(path)
    let group = path.hasSuffix("/values") ? Places.group(of: path) : path
    return ColumnCandidate.isNullable(group, catalogue) ? group : nil
  }

  /// The values of such a group, of which none may be missing.
  private func present(_ group: String) throws -> RawLabels {
    let missing = try column(group + "/mask").integers()
    if let row = missing.firstIndex(where: { $0 != 0 }) {
      let path = String(group.dropFirst())
      let isText =
        if case .texts? = try? RawLabels.read(column(group + "/values"), file: self.path) { true } else { false }
      throw ActivationsError(
        "\(self.path), group \(group): \(grouped(missing.count { $0 != 0 })) of its \(grouped(missing.count)) values are missing, as its mask says (the first in row \(row)). Give such rows a class of their own, with h5py: f[\"labels_given\"] = np.where(f[\"\(path)/mask\"][:], \(isText ? "b\"none\"" : "999"), f[\"\(path)/values\"][:])\(isText ? ".astype(\"S\")" : ""), and in a job labels: labels_given."
      )
    }
    return try RawLabels.read(column(group + "/values"), file: path)
  }

  private func categories(_ group: String) throws -> RawLabels {
    let (codes, categories) = (
      try column(group + "/codes"), try RawLabels.read(column(group + "/categories"), file: path)
    )
    let numbers = try codes.integers()
    if let row = numbers.firstIndex(where: { !(0..<Int64(categories.count)).contains($0) }) {
      let what = numbers[row] == -1 ? "has no category (code −1)" : "has the code \(numbers[row])"
      throw ActivationsError(
        "\(path), group \(group): row \(row) \(what), and there are \(grouped(categories.count)) categories. Leave such rows out of the dump, or give them a category of their own."
      )
    }
    switch categories {
    case .integers(let values): return .integers(numbers.map { values[Int($0)] })
    case .texts(let values): return .texts(numbers.map { values[Int($0)] })
    }
  }

  /// The object and the name of an attribute that `PATH@NAME` names.
  private static func attribute(_ path: String) -> (place: String, name: String)? {
    guard let at = path.lastIndex(of: "@") else { return nil }
    let name = String(path[path.index(after: at)...])
    return name.isEmpty ? nil : (String(path[..<at]), name)
  }

  /// Attributes of a dataset, a group or the file.
  private func attributes(of place: String) -> [String: AttributeValue]? {
    let path = catalogue.canonicalPath(place)
    if path == "/" { return catalogue.rootAttributes }
    return catalogue.groupAttributes[path] ?? (try? catalogue.dataset(named: path))?.attributes
  }
}

extension AttributeValue {
  /// A single number or text, or a few numbers; `nil` where it is none of these.
  var inWords: String? {
    switch self {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .double(let number): "\(number)"
    case .integers(let numbers): numbers.prefix(4).map { "\($0)" }.joined(separator: ", ")
    case .doubles(let numbers): numbers.prefix(4).map { "\($0)" }.joined(separator: ", ")
    case .strings, .unreadable: nil
    }
  }

  /// Values it holds.
  var count: Int {
    switch self {
    case .string, .integer, .double, .unreadable: 1
    case .strings(let values): values.count
    case .integers(let values): values.count
    case .doubles(let values): values.count
    }
  }
}

/// What may be a column of a file: its name, place, form and length, without its values.
struct ColumnCandidate {
  /// As a job names it.
  let path: String
  /// The group in which it stands; of an attribute, that of its object.
  let group: String
  let name: DatasetName
  let length: Int
  /// One value for the whole file.
  let isSingle: Bool
  /// Whether its values can be classes by their type: whole numbers, texts, truth values, names.
  let isDiscrete: Bool

  /// All of a file, in natural order; without what is in the instances' group.
  static func all(in file: DumpFile, instances: String) -> [ColumnCandidate] {
    let catalogue = file.catalogue
    let root = catalogue.canonicalPath(instances) + "/"
    let pandas = PandasFrame.columnNames(in: file)
    let paths = Set(catalogue.datasets.map(\.path))
    var found: [ColumnCandidate] = []
    for info in catalogue.datasets
    where !info.path.hasPrefix(root) && !info.isNull && info.unsupportedReason == nil && !info.isSparse
      && !info.isInternal
    {
      // What it is was said; its numbers are none of the rows.
      if info.attributes["MATLAB_object_decode"] != nil || info.isEmptyOfMATLAB { continue }
      let isText = info.element.isText
      guard isText || info.element.isNumeric || info.enumeration != nil,
        RawLabels.isColumn(info.shape) || info.isCharacterMatrix
      else {
        continue
      }
      let group = Places.group(of: info.path)
      if PandasFrame.namesColumns(info.path, in: catalogue) { continue }
      // The members of a categorical column are no columns of their own.
      if info.path.hasSuffix("/codes") || info.path.hasSuffix("/categories"),
        paths.isSuperset(of: [group + "/codes", group + "/categories"])
      {
        continue
      }
      if info.path.hasSuffix("/values") || info.path.hasSuffix("/mask"), isNullable(group, catalogue) { continue }
      found.append(
        ColumnCandidate(
          path: info.path, group: group, name: DatasetName(pandas[info.path] ?? info.path),
          length: length(of: info),
          isSingle: info.shape.isEmpty, isDiscrete: isText || info.element.isInteger || info.enumeration != nil))
    }
    for group in catalogue.groups where !(group + "/").hasPrefix(root) && group != "/" {
      guard paths.isSuperset(of: [group + "/codes", group + "/categories"]),
        let codes = try? catalogue.dataset(named: group + "/codes"), codes.shape.count == 1, codes.element.isInteger
      else { continue }
      found.append(
        ColumnCandidate(
          path: group, group: Places.group(of: group), name: DatasetName(group), length: codes.count, isSingle: false,
          isDiscrete: true))
    }
    for group in catalogue.groups where !(group + "/").hasPrefix(root) && isNullable(group, catalogue) {
      guard let values = try? catalogue.dataset(named: group + "/values"), values.shape.count == 1 else { continue }
      let isText = values.element.isText
      found.append(
        ColumnCandidate(
          path: group, group: Places.group(of: group), name: DatasetName(group), length: values.count, isSingle: false,
          isDiscrete: isText || values.element.isInteger || values.enumeration != nil))
    }
    func note(_ attributes: [String: AttributeValue], of path: String, in group: String, shape: [Int] = []) {
      for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
        let name = DatasetName(name)
        guard name.readsLikeLabels || name.readsLikePredictions else { continue }
        // What the columns of scores are.
        if ["classes", "categories"].contains(name.last), shape.count > 1, value.count == shape.last,
          shape.first != shape.last
        {
          continue
        }
        switch value {
        case .integers, .strings, .integer, .string:
          let isSingle = if case .integer = value { true } else if case .string = value { true } else { false }
          found.append(
            ColumnCandidate(
              path: "\(path == "/" ? "" : path)@\(name.original)", group: group, name: name, length: value.count,
              isSingle: isSingle,
              isDiscrete: true))
        default: break
        }
      }
    }
    note(catalogue.rootAttributes, of: "/", in: "/")
    for (path, attributes) in catalogue.groupAttributes.sorted(by: { $0.key < $1.key })
    where !(path + "/").hasPrefix(root) {
      note(attributes, of: path, in: path)
    }
    for info in catalogue.datasets where !info.path.hasPrefix(root) {
      note(info.attributes, of: info.path, in: Places.group(of: info.path), shape: info.shape)
    }
    return found
  }

  /// Whether a group holds values and a mask of those that are missing, as AnnData writes nullable columns.
  static func isNullable(_ group: String, _ catalogue: Catalogue) -> Bool {
    guard case .string(let kind)? = catalogue.groupAttributes[group]?["encoding-type"], kind.hasPrefix("nullable-")
    else {
      return false
    }
    return catalogue.has(group + "/values") && catalogue.has(group + "/mask")
  }

  /// Values of a dataset that is a column: one for each row of a matrix of characters.
  static func length(of info: DatasetInfo) -> Int { info.isCharacterMatrix ? info.shape[0] : info.count }

  /// Whether it is looked at where nobody named it: a few MiB, never a night's worth of rows.
  var isSmall: Bool { length <= 1 << 22 }

  /// Whether it is an attribute.
  var isAttribute: Bool { path.contains("@") }
}

/// Frames that pandas wrote in its fixed format: `blockK_values [row, column]` beside the names of their columns.
enum PandasFrame {
  /// Whether a dataset of a frame holds names of its columns, or codes of them, not a value a row.
  static func namesColumns(_ path: String, in catalogue: Catalogue) -> Bool {
    let name = path.split(separator: "/").last ?? ""
    guard name.hasPrefix("axis0") || name.hasPrefix("block") && name.contains("_items") else { return false }
    return catalogue.groupAttributes[Places.group(of: path)]?["pandas_type"] == .string("frame")
  }

  /// Name of the only column of a block, by the path of its values.
  static func columnNames(in file: DumpFile) -> [String: String] {
    var names: [String: String] = [:]
    for (path, values) in blocks(in: file) where values.count == 1 { names[path] = values[0] }
    return names
  }

  /// Names of the columns of a block of a table, as the attributes of the table keep them; `nil` where it is none.
  ///
  /// Source: pandas.io.pytables: `values_block_K_kind` is a list of texts, pickled by protocol 0, of which each text is a line after `V`.
  static func tableColumns(_ info: DatasetInfo, in catalogue: Catalogue) -> [String]? {
    guard let field = info.field, let table = catalogue.datasets.first(where: { $0.absolutePath == field.dataset }),
      case .string(let pickled)? = table.attributes["\(DatasetName(info.path).original)_kind"], pickled.hasPrefix("(l")
    else { return nil }
    return pickled.split(separator: "\n").compactMap { line in
      let line = line.first == "a" ? line.dropFirst() : line
      return line.first == "V" ? String(line.dropFirst()) : nil
    }
  }

  /// Names of the columns of each block, by the path of its values.
  static func blocks(in file: DumpFile) -> [String: [String]] {
    var blocks: [String: [String]] = [:]
    for (group, attributes) in file.catalogue.groupAttributes {
      guard case .string("frame")? = attributes["pandas_type"] else { continue }
      for number in 0..<64 {
        let items = "\(group)/block\(number)_items"
        guard file.has(items) else { break }
        if let names = try? file.column(items).strings() { blocks["\(group)/block\(number)_values"] = names }
      }
    }
    return blocks
  }
}
