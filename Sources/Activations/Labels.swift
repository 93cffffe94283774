import HDF5

/// A column of labels or predictions: a class for each row.
public struct LabelColumn: Sendable, Equatable {
  /// Row to class index.
  public var classes: [Int32]
  /// The classes in label order: how a label reads in the dump, and the name it is shown with.
  public var texts: [String]
  public var names: [String]
  /// Whether labels are whole numbers in the dump.
  public var areIntegers: Bool
}

/// Labels as they stand in a dump.
public enum RawLabels: Sendable, Equatable {
  case integers([Int64])
  case texts([String])

  public var count: Int {
    switch self {
    case .integers(let values): values.count
    case .texts(let values): values.count
    }
  }

  /// Reads labels, whole numbers or texts: a column, a single one, or a matrix that is a column lying or standing (MATLAB).
  /// - Throws: `ActivationsError` where they have another shape, `HDF5Error` where one is no whole number.
  public static func read(_ dataset: Dataset, file: String) throws -> RawLabels {
    let info = dataset.info
    if !info.isNull, info.attributes["MATLAB_class"] == .string("char"), info.element == .uint16, info.shape.count == 2
    {
      return .texts(try charMatrix(dataset))
    }
    if info.attributes["MATLAB_class"] == .string("cell") {
      throw ActivationsError(
        "\(file), dataset \(info.path): the labels are a cell array of MATLAB, which refers to its texts. Save whole numbers and their names instead: [names, ~, labels] = unique(labels), or name another dataset in the job: labels: PATH."
      )
    }
    guard !info.isNull, isColumn(info.shape) || info.isCharacterMatrix else {
      throw ActivationsError(
        "\(file), dataset \(info.path): labels have the shape \(inWords(info.shape)). "
          + "One label a row is needed, a one-dimensional dataset; write the index of the class, not one column a class."
      )
    }
    if case .string = info.element { return .texts(try dataset.strings()) }
    if let packed = try packed(dataset, file: file) { return .integers(packed) }
    let values = try dataset.integers()
    guard let members = info.enumeration?.members else { return .integers(values) }
    let names = Dictionary(members.map { ($0.value, $0.name) }, uniquingKeysWith: { first, _ in first })
    if let row = values.firstIndex(where: { names[$0] == nil }) {
      throw ActivationsError(
        "\(file), dataset \(info.path): row \(row) holds \(values[row]), to which its enumeration gives no name. Leave such rows out of the dump, or write the labels as whole numbers."
      )
    }
    return .texts(values.map { names[$0]! })
  }

  /// Labels that are stored as other numbers, by netCDF's attributes, as the whole numbers they stand for; `nil`: they are what they are.
  /// - Throws: `ActivationsError` where one of them stands for no value, or for a number that is not whole.
  private static func packed(_ dataset: Dataset, file: String) throws -> [Int64]? {
    let info = dataset.info
    let names = ["scale_factor", "add_offset", "_FillValue", "missing_value"].filter { info.attributes[$0] != nil }
    guard !names.isEmpty, info.enumeration == nil, dataset.element.isNumeric else { return nil }
    let place = "\(file), dataset \(info.path)"
    guard let convention = try NumberConvention(info, LayerRequest(dataset: info.path), place: place) else {
      return nil
    }
    let stored = try dataset.numbers(of: info.shape.map { 0..<$0 })
    let name = info.path.dropFirst()
    if let row = stored.firstIndex(where: convention.missing.contains) {
      throw ActivationsError(
        "\(place): row \(row) holds \(plain(stored[row])), which by an attribute (\(names.joined(separator: ", "))) stands for no value. Leave such rows out of the dump; or to have them as a class, write them without the attribute, with h5py: f[\"\(name)_all\"] = f[\"\(name)\"][:], and in a job labels: \(name)_all."
      )
    }
    guard convention.isAffine else { return nil }
    return try stored.enumerated().map { row, value in
      let meant = value * convention.scale + convention.offset
      // Packing rounds: what is meant is the whole number beside it.
      guard abs(meant) < 0x1p53, abs(meant - meant.rounded()) <= 1e-6 * max(1, abs(meant)) else {
        throw ActivationsError(
          "\(place): row \(row) stands for \(meant) by its attributes (\(names.joined(separator: ", "))), where a whole number is due. Write the index of the class there, or name another dataset in the job, as in labels: PATH."
        )
      }
      return Int64(meant.rounded())
    }
  }

  private static func plain(_ number: Double) -> String { Int64(exactly: number).map(String.init) ?? "\(number)" }

  /// A text for each row of a char matrix of MATLAB, whose axes are reversed in the file.
  private static func charMatrix(_ dataset: Dataset) throws -> [String] {
    let (length, rows) = (dataset.info.shape[0], dataset.info.shape[1])
    let units = try dataset.integers().map { UInt16(truncatingIfNeeded: $0) }
    return (0..<rows).map { row in
      var text = Array((0..<length).map { units[$0 * rows + row] })
      while let last = text.last, last == 0 || last == 32 { text.removeLast() }
      return String(decoding: text, as: UTF16.self)
    }
  }

  /// Whether a dataset of this shape is one column of values.
  static func isColumn(_ shape: [Int]) -> Bool { shape.count < 2 || shape.count == 2 && shape.contains(1) }

  func prefix(_ count: Int) -> RawLabels {
    switch self {
    case .integers(let values): .integers(Array(values.prefix(count)))
    case .texts(let values): .texts(Array(values.prefix(count)))
    }
  }

  func some(_ rows: Range<Int>) -> RawLabels {
    switch self {
    case .integers(let values): .integers(Array(values[rows]))
    case .texts(let values): .texts(Array(values[rows]))
    }
  }

  /// Each label several times in a row.
  func repeated(_ times: Int) -> RawLabels {
    switch self {
    case .integers(let values): .integers(values.flatMap { Array(repeating: $0, count: times) })
    case .texts(let values): .texts(values.flatMap { Array(repeating: $0, count: times) })
    }
  }

  mutating func append(_ other: RawLabels, file: String) throws {
    switch (self, other) {
    case (.integers(let a), .integers(let b)): self = .integers(a + b)
    case (.texts(let a), .texts(let b)): self = .texts(a + b)
    default:
      throw ActivationsError(
        "\(file): its labels are not of the same kind, numbers or texts, as those of the files before it.")
    }
  }
}

extension LabelColumn {
  /// Finds the classes of `labels`.
  /// - Parameters:
  ///   - names: of the classes, if known: for whole numbers the name of class 0, 1, …; for texts the order of the classes.
  ///   - place: file and dataset, for errors.
  ///   - origin: where the names are from, for errors.
  public init(_ labels: RawLabels, names: [String]?, place: String, origin: String? = nil) throws {
    var evidence = Evidence()
    try self.init(labels, names: names, place: place, origin: origin, &evidence)
  }

  /// Finds the classes of `labels` with names of any kind.
  init(_ labels: RawLabels, named: ClassNames?, place: String, _ evidence: inout Evidence) throws {
    guard let named, let keys = named.labels else {
      try self.init(labels, names: named?.names, place: place, origin: named.map { "\($0.origin)" }, &evidence)
      return
    }
    let nameOf = Dictionary(zip(keys, named.names), uniquingKeysWith: { first, _ in first })
    let texts: [String]
    let classes: [Int32]
    switch labels {
    case .integers(let values):
      let numbers = try keys.map { key in
        guard let number = Int64(key), String(number) == key else {
          throw ActivationsError(
            "\(place): the labels are whole numbers, and \(named.origin) names a class by \"\(key)\". Name each by its number, as in class_names: { 0: cat, 1: dog }."
          )
        }
        return number
      }
      let all = Array(Set(values).union(numbers)).sorted()
      let index = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, Int32($0)) })
      classes = values.map { index[$0]! }
      texts = all.map(String.init)
    case .texts(let values):
      try Self.checkSpelling(values, place: place)
      let held = Set(values)
      guard keys.contains(where: held.contains) else {
        // Numbers beside texts: the names are in the order of their numbers.
        if held.isSubset(of: named.names) {
          try self.init(labels, names: named.names, place: place, origin: "\(named.origin)", &evidence)
          return
        }
        throw ActivationsError(
          "\(place): no label is called as \(named.origin) says (\(keys.prefix(3).joined(separator: ", "))). Name the classes in the job by their labels, as in class_names: { \(Self.sorted(Array(held)).prefix(2).map { "\($0): NAME" }.joined(separator: ", ")) }."
        )
      }
      let all = keys + Self.sorted(Array(held.subtracting(keys)))
      let index = Dictionary(all.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
      classes = values.map { index[$0]! }
      texts = all
    }
    let areIntegers = if case .integers = labels { true } else { false }
    self.init(
      classes: classes, texts: texts, names: Self.toldApart(texts.map { nameOf[$0] ?? $0 }), areIntegers: areIntegers)
    try Self.check(names: names, place: place)
  }

  /// - Parameter evidence: takes what was assumed.
  init(_ labels: RawLabels, names: [String]?, place: String, origin: String?, _ evidence: inout Evidence) throws {
    let from = origin.map { ", from \($0)" } ?? ""
    var labels = labels
    if let names, case .texts(let values) = labels, let numbers = Self.numbers(values, besides: names) {
      evidence.assume(
        "\(place): the labels are whole numbers written as texts, and are taken for the numbers of the \(names.count) class names\(from). If that is wrong, name each in a job: class_names: { \"0\": \(names[0]), … }."
      )
      labels = .integers(numbers)
    }
    let told = names.map(Self.toldApart)
    if let names, let told, names != told {
      evidence.assume(
        "Several classes share a name (\(Self.doubled(names).joined(separator: ", "))): they are told apart by their label. To call them otherwise, name the classes in a job: class_names: [cat, dog]."
      )
    }
    switch labels {
    case .integers(let values):
      areIntegers = true
      // As support vector machines have them.
      let areSigns = values.allSatisfy { $0 == -1 || $0 == 1 } && values.contains(-1) && values.contains(1)
      if areSigns, told?.count ?? 2 == 2 {
        classes = values.map { $0 < 0 ? 0 : 1 }
        texts = ["-1", "1"]
        self.names = told ?? texts
        evidence.assume(
          "\(place): the labels are -1 and 1, which are taken for two classes\(told.map { ", \"\($0[0])\" and \"\($0[1])\"" } ?? ""). If -1 stands for no class, leave such rows out of the dump."
        )
        try Self.check(names: self.names, place: place)
        return
      }
      if let row = values.firstIndex(where: { $0 < 0 }) {
        throw ActivationsError(
          "\(place): the label of row \(row) is \(values[row]). Labels must not be negative; leave such rows out of the dump, or give them a class of their own."
        )
      }
      if let names = told, let first = Self.oneBased(values, names) {
        // MATLAB, R and Julia count from 1.
        classes = values.map { Int32($0 - first) }
        texts = names.indices.map { String(Int64($0) + first) }
        self.names = names
        evidence.assume(
          "\(place): the labels begin at 1 and there are \(names.count) class names\(from): label 1 is taken for \"\(names[0])\". If \"\(names[0])\" is the label 0, name each label in a job: class_names: { 0: \(names[0]), 1: … }."
        )
      } else if let names = told {
        if let row = values.firstIndex(where: { $0 >= names.count }) {
          let held = Set(values).sorted()
          let each = zip(held, names).map { "\($0): \(Self.quoted($1))" }.joined(separator: ", ")
          let advice =
            held.count == names.count
            ? "If they are in the order of the labels, write in the job class_names: { \(each) }"
            : "Name every class, or other names in the job, as in class_names: [cat, dog]"
          throw ActivationsError(
            "\(place): the label of row \(row) is \(values[row]), but there are \(names.count) class names\(from), for the labels 0 to \(names.count - 1). \(advice)."
          )
        }
        classes = values.map(Int32.init)
        texts = names.indices.map(String.init)
        self.names = names
      } else {
        let distinct: [Int64]
        (distinct, classes) = Self.ranked(values)
        texts = distinct.map(String.init)
        self.names = texts
      }
    case .texts(let values):
      areIntegers = false
      try Self.checkSpelling(values, place: place)
      let distinct = names ?? Self.sorted(Array(Set(values)))
      let index = Dictionary(distinct.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
      if let row = values.firstIndex(where: { index[$0] == nil }) {
        throw ActivationsError(
          "\(place): the label of row \(row) is \"\(values[row])\", which is not one of the \(distinct.count) class names\(from). Name every class, or other names in the job, as in class_names: [cat, dog]."
        )
      }
      classes = values.map { index[$0]! }
      texts = distinct
      self.names = told ?? distinct
    }
    try Self.check(names: self.names, place: place)
  }

  /// The numbers that occur, in order, and the place of each value among them.
  /// - Parameter values: none is negative.
  private static func ranked(_ values: [Int64]) -> (distinct: [Int64], places: [Int32]) {
    guard let high = values.max(), high < 1 << 20 else {
      let distinct = Array(Set(values)).sorted()
      let index = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, Int32($0)) })
      return (distinct, values.map { index[$0]! })
    }
    // Small, as labels mostly are: marked in a table, since hashing every row would take longer than to read them.
    var places = [Int32](repeating: -1, count: Int(high) + 1)
    for value in values { places[Int(value)] = 0 }
    let distinct = places.indices.filter { places[$0] == 0 }
    for (place, number) in distinct.enumerated() { places[number] = Int32(place) }
    return (distinct.map(Int64.init), values.map { places[Int($0)] })
  }

  /// A name as YAML, quoted where it could be taken for something else.
  private static func quoted(_ name: String) -> String {
    let isPlain = name.unicodeScalars.allSatisfy { $0.isASCII && $0.properties.isAlphabetic }
    return isPlain && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(name.lowercased())
      ? name : "\"\(name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }

  /// The numbers that texts are, where all are whole numbers and none is a name.
  private static func numbers(_ values: [String], besides names: [String]) -> [Int64]? {
    let distinct = Set(values)
    guard distinct.isDisjoint(with: names), !names.isEmpty,
      distinct.allSatisfy({ text in Int64(text).map { String($0) == text } ?? false })
    else { return nil }
    return values.map { Int64($0)! }
  }

  /// The number that the labels begin with where they count from 1: as many as there are names, and none is 0; `nil` where they count from 0.
  private static func oneBased(_ values: [Int64], _ names: [String]) -> Int64? {
    guard let low = values.min(), let high = values.max(), low >= 1, high <= Int64(names.count) else { return nil }
    // A name for what is no class belongs to 0, whether it occurs or not.
    if high < names.count, nameOfNone.contains(names[0].lowercased()) { return nil }
    // Where the last name is used, 0 would be missing and one label too many. Where it is not, the first label tells.
    return high == Int64(names.count) || low == 1 ? 1 : nil
  }

  private static let nameOfNone: Set<String> = [
    "background", "__background__", "_background_", "bg", "none", "nothing", "unlabeled", "unlabelled", "ignore",
    "void",
    "unknown", "n/a", "pad", "<pad>", "[pad]",
  ]

  /// Texts in the order of their bytes; those that are all whole numbers in that of the numbers.
  private static func sorted(_ texts: [String]) -> [String] {
    let numbers = texts.map { Int64($0) }
    if !numbers.contains(nil) {
      return zip(numbers, texts).sorted { ($0.0!, $0.1) < ($1.0!, $1.1) }.map(\.1)
    }
    return texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Names that occur more than once, in their order.
  private static func doubled(_ names: [String]) -> [String] {
    let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    var told = Set<String>()
    return names.filter { counts[$0]! > 1 && told.insert($0).inserted }
  }

  /// Names of which none is that of another: those that are get the number of their class.
  private static func toldApart(_ names: [String]) -> [String] {
    let doubled = Set(doubled(names))
    guard !doubled.isEmpty else { return names }
    var taken = Set(names)
    return names.enumerated().map { number, name in
      guard doubled.contains(name) else { return name }
      var own = "\(name) [\(number)]"
      while !taken.insert(own).inserted { own += "'" }
      return own
    }
  }

  /// Predictions with the classes of the labels.
  /// - Returns: `nil` where numbers stand beside texts, or texts beside numbers, and nothing tells which is which.
  static func predictions(
    _ values: RawLabels, _ path: String, like labels: LabelColumn?, names: ClassNames?, _ evidence: inout Evidence
  ) -> LabelColumn? {
    guard let labels else { return LabelColumn(values, like: nil) }
    if case .integers(let numbers) = values, labels.areIntegers {
      let others = Set(numbers.map(String.init)).subtracting(labels.texts)
      if !others.isEmpty, let low = numbers.min() {
        evidence.assume(
          "\(path): it holds \(sorted(Array(others)).prefix(3).joined(separator: ", ")), which \(others.count == 1 ? "is the label" : "are labels") of no row: classes that only predictions have.\(low == 1 && labels.texts.contains("0") ? " If it counts from 1 and the labels from 0, write it anew, with h5py: f[\"predictions_from_0\"] = f[\"\(path.hasPrefix("/") ? String(path.dropFirst()) : path)\"][:] - 1, and in a job predictions: predictions_from_0." : "")"
        )
      }
    }
    switch values {
    case .integers(let numbers) where !labels.areIntegers:
      // Numbers beside texts: they are classes in the order in which these are named, or texts of numbers.
      let texts = Set(numbers.map(String.init))
      if texts.isSubset(of: labels.texts) { return LabelColumn(.texts(numbers.map(String.init)), like: labels) }
      guard names != nil, numbers.allSatisfy({ (0..<Int64(labels.texts.count)).contains($0) }) else {
        evidence.leaveOut(
          path,
          "its predictions are numbers and the labels are texts, and nothing says which is which; give class_names in the order of the numbers, as in class_names: [\(labels.names.prefix(2).joined(separator: ", ")), …]"
        )
        return nil
      }
      return LabelColumn(.texts(numbers.map { labels.texts[Int($0)] }), like: labels)
    case .texts(let texts) where labels.areIntegers:
      let known = Set(labels.names).union(labels.texts)
      let spelled = Dictionary(known.map { ($0.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
      guard texts.contains(where: known.contains) else {
        if let text = texts.first(where: { spelled[$0.lowercased()] != nil }), let name = spelled[text.lowercased()] {
          evidence.leaveOut(
            path,
            "its predictions are written otherwise than the names of the classes (\(text), but \(name)): write them alike"
          )
          return nil
        }
        evidence.leaveOut(
          path,
          "its predictions are texts (\(Set(texts).sorted().prefix(3).joined(separator: ", "))) and the labels are numbers, and nothing says which is which; give class_names in the order of the numbers"
        )
        return nil
      }
      return LabelColumn(values, like: labels)
    default: return LabelColumn(values, like: labels)
    }
  }

  /// Reads a second column, such as predictions, with the classes of `labels`; what is no class there becomes one of its own text.
  public init(_ values: RawLabels, like labels: LabelColumn?) {
    var texts = labels?.texts ?? []
    var names = labels?.names ?? []
    var index = Dictionary(zip(texts, texts.indices.map(Int32.init)), uniquingKeysWith: { first, _ in first })
    // Numbers are labels where labels are numbers: a class may well be called "5" without being the fifth.
    if case .integers = values, labels?.areIntegers == true {
    } else {
      for (number, name) in names.enumerated() where index[name] == nil { index[name] = Int32(number) }
    }
    func find(_ text: String) -> Int32 {
      if let known = index[text] { return known }
      let number = Int32(texts.count)
      index[text] = number
      texts.append(text)
      names.append(text)
      return number
    }
    switch values {
    case .integers(let values):
      areIntegers = true
      classes = values.map { find(String($0)) }
    case .texts(let values):
      areIntegers = false
      classes = values.map(find)
    }
    self.texts = texts
    self.names = names
  }

  /// Refuses texts that look alike and are equal to Unicode, but not to NumPy: whether they are one class or two, nobody can tell.
  private static func checkSpelling(_ values: [String], place: String) throws {
    var first: [String: Int] = [:]
    for (row, value) in values.enumerated() {
      guard let before = first[value] else {
        first[value] = row
        continue
      }
      guard values[before].utf8.elementsEqual(value.utf8) else {
        throw ActivationsError(
          "\(place): the labels of the rows \(before) and \(row) both read \"\(value)\", but are written with different bytes (accents by themselves and as part of a letter). Write them alike, for instance with Python's unicodedata.normalize(\"NFC\", label)."
        )
      }
    }
  }

  private static func check(names: [String], place: String) throws {
    var seen = Set<String>()
    for name in names where !seen.insert(name).inserted {
      throw ActivationsError("\(place): two classes are called \"\(name)\". Give each class a name of its own.")
    }
  }
}
