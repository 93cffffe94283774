import Foundation
import HDF5

/// Names of the classes, and where they were found.
public struct ClassNames: Sendable, Equatable {
  public enum Origin: Sendable, Equatable, CustomStringConvertible {
    case job
    case dataset(String)
    /// Of the labels' dataset, or of the file (`/`).
    case attribute(String, of: String)
    /// A group whose members, datasets or attributes, are called like the classes or like their labels.
    case group(String)
    /// The type of the labels, which are an enumeration or truth values.
    case type(of: String)
    /// A text file beside the dump.
    case sidecar(String)

    public var description: String {
      switch self {
      case .job: "the job"
      case .dataset(let path): path
      case .attribute(let name, let path):
        path == "/" ? "the file's attribute \(name)" : "the attribute \(name) of \(path)"
      case .group(let path): "the members of \(path)"
      case .type(let path): "the type of \(path), an enumeration or truth values"
      case .sidecar(let path): path
      }
    }
  }
  public let names: [String]
  public let origin: Origin
  /// The label of each name, where names say whose they are; `nil`: they are those of 0, 1, …, or the order of texts.
  public let labels: [String]?

  init(names: [String], origin: Origin, labels: [String]? = nil) {
    self.names = names
    self.origin = origin
    self.labels = labels
  }
}

extension ClassNames {
  /// What a dataset or attribute of names is called.
  static let usual = [
    "class_names", "classnames", "label_names", "classes", "categories", "id2label", "idx_to_class", "class_to_idx",
    "label_map",
  ]

  /// Whether every label of a dump has a name.
  private func fit(_ path: String?, in dump: Dump) -> Bool {
    guard let path else { return false }
    let known = labels.map(Set.init) ?? Set(names.indices.map(String.init))
    return dump.parts.allSatisfy { part in
      switch try? part.classes(path) {
      case .integers(let values)?: Set(values).allSatisfy { known.contains(String($0)) }
      case .texts?, nil: false
      }
    }
  }

  /// Parts in which names are looked for, at most.
  private static let partsMax = 64

  /// Whether they stand in a file of the dump.
  private var areOfFile: Bool {
    switch origin {
    case .dataset, .attribute, .group, .type: true
    case .job, .sidecar: false
    }
  }

  /// Finds the names of all files' classes: those of the first, which others need not repeat.
  /// - Throws: as for a file, and `ActivationsError` where files name their classes differently: a number would be another class in each.
  static func find(
    _ request: DumpRequest.ClassNames?, in dump: Dump, columns: RowColumns, _ evidence: inout Evidence
  ) throws -> ClassNames? {
    let labels = columns.labels
    // Beside the labels first; then in the file above, where groups are joined.
    var home = columns.home(dump)
    if case .dataset(let path)? = request, !home.has(path), dump.files[0].has(path) { home = dump.files[0] }
    var first = try find(request, in: home, columns, &evidence)
    if first == nil, dump.first.group != nil || columns.whole != nil {
      first = try find(request, in: dump.files[0], columns, &evidence)
    }
    // What one file names, others need not repeat; nor need it be the first.
    for file in dump.parts.dropFirst().prefix(first == nil ? partsMax : 0) where labels.map(file.has) ?? true {
      guard let found = try find(request, in: file, columns, &evidence), found.fit(labels, in: dump) else { continue }
      first = found
      evidence.assume(
        "\(file.group ?? file.name) names the classes, and those before it do not: \(list(found.names)). If that is wrong, name the classes in a job: class_names: [cat, dog]."
      )
      break
    }
    guard let first, first.areOfFile else { return first }
    for file in dump.parts.dropFirst() where labels.map(file.has) ?? true {
      if case .dataset(let path)? = request, !file.has(path) { continue }
      guard let other = try find(request, in: file, columns, &evidence), other.areOfFile,
        other.names != first.names || other.labels != first.labels
      else { continue }
      throw ActivationsError(
        "\(file.path): its classes are \(list(other.names)) (\(other.origin)), but \(list(first.names)) in \(dump.first.path). Files of one dump must agree; where the labels do, name the classes in the job, as in class_names: [cat, dog]."
      )
    }
    return first
  }

  /// Some names, for an error.
  static func list(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }

  /// Finds the names: as the job says, else in the labels' type, in a dataset, in an attribute of the labels or of the file, or in a text file beside the dump.
  /// - Parameter columns: with the labels' path, if there are any.
  /// - Returns: `nil` where there are none.
  /// - Throws: `HDF5Error`, `ActivationsError` where they are, but cannot be read.
  private static func find(
    _ request: DumpRequest.ClassNames?, in file: DumpFile, _ columns: RowColumns, _ evidence: inout Evidence
  ) throws -> ClassNames? {
    let labels = columns.labels
    switch request {
    case .list(let names): return ClassNames(names: names, origin: .job)
    case .byLabel(let labels, let names): return ClassNames(names: names, origin: .job, labels: labels)
    case .dataset(let path):
      return try ofRows(try read(path, file), path, file, labels, &evidence)
        .map { numbered($0, path, file, labels, &evidence) }
    case nil: break
    }
    let ofLabels = labels.flatMap { file.has($0) ? try? file.catalogue.dataset(named: $0) : nil }
    if let info = ofLabels, let members = info.enumeration?.members {
      return ClassNames(names: members.map(\.name), origin: .type(of: info.path))
    }
    let isText: (DatasetInfo) -> Bool = { info in
      guard case .string = info.element, info.unsupportedReason == nil else { return false }
      return info.shape.count == 1 || info.isCharacterMatrix
    }
    if let path = nearest(file.catalogue, labels, isText), path != labels,
      let found = try ofRows(try read(path, file), path, file, labels, &evidence)
    {
      try refuseOthers(than: found, ofLabels, file)
      return numbered(found, path, file, labels, &evidence)
    }
    if let found = categories(ofTable: labels, file) ?? meanings(ofLabels) { return found }
    for (place, attributes) in [
      (ofLabels?.path ?? "/", ofLabels?.attributes ?? [:]), ("/", file.catalogue.rootAttributes),
    ] {
      for name in usual {
        switch attributes[name] {
        case .string(let text):
          guard let named = inOneText(text, .attribute(name, of: place)) else {
            evidence.leaveOut(
              "\(place == "/" ? "" : place)@\(name)",
              "it is called like names of the classes, but its text is no list of names; name them in a job: class_names: [cat, dog]"
            )
            continue
          }
          evidence.assume(
            "The attribute \(name) of \(place) names the classes in one text: \(list(named.names)). If that is wrong, name them in a job: class_names: [cat, dog]."
          )
          return named
        case .strings(let names):
          return numbered(
            ClassNames(names: names, origin: .attribute(name, of: place)), besides: name, attributes, of: place, file,
            labels, &evidence)
        case .unreadable(let why):
          throw ActivationsError(
            "\(file.path), attribute \(name) of \(place): \(sentence(why)) Name the classes in the job, as in class_names: [cat, dog]."
          )
        default: break
        }
      }
    }
    if let names = try members(file, &evidence) ?? elsewhere(file, columns, &evidence) { return names }
    if let path = sidecars(of: file.file.identity.path).first(where: { FileManager.default.fileExists(atPath: $0) }) {
      return inFile(try lines(ofFile: path), path, labels.flatMap { try? file.classes($0) }, &evidence)
    }
    guard let ofLabels, ofLabels.isBoolean else { return nil }
    return ClassNames(names: ["false", "true"], origin: .type(of: ofLabels.path), labels: ["0", "1"])
  }

  /// The dataset of names that stands nearest to the labels. The categories of a column that is not the labels name nothing of them.
  private static func nearest(_ catalogue: Catalogue, _ labels: String?, _ isText: (DatasetInfo) -> Bool) -> String? {
    let place = labels.map { Places.group(of: catalogue.canonicalPath(String($0.prefix { $0 != "@" }))) } ?? "/"
    let all = catalogue.datasets.filter { info in
      guard !info.path.hasPrefix("/instances/"), isText(info) else { return false }
      let group = Places.group(of: info.path)
      let name = DatasetName(info.path)
      // A field of a table of classes is called by what it holds.
      let isField =
        info.field != nil && usual.contains(DatasetName(group).last) && ["name", "names", "label"].contains(name.last)
      guard usual.contains(name.last) || isField else { return false }
      return !catalogue.has(group + "/codes") || group == labels.map(catalogue.canonicalPath)
    }
    func rank(_ info: DatasetInfo) -> Int { usual.firstIndex(of: DatasetName(info.path).last) ?? usual.count }
    let places = Places.Groups([place])
    return all.min { a, b in
      let (x, y) = (
        places.nearness(of: Places.group(of: a.path)), places.nearness(of: Places.group(of: b.path))
      )
      return x != y ? x > y : rank(a) < rank(b)
    }?.path
  }

  /// Names in a single text, or in what is called like labels but is none.
  private static func elsewhere(_ file: DumpFile, _ columns: RowColumns, _ evidence: inout Evidence) throws
    -> ClassNames?
  {
    let single = file.catalogue.path(named: usual) { info in
      if case .string = info.element { info.count == 1 && info.unsupportedReason == nil } else { false }
    }
    if let single, single != columns.labels, let text = try file.column(single).strings().first,
      let named = inOneText(text, .dataset(single))
    {
      evidence.assume(
        "\(single) names the classes in one text: \(list(named.names)). If that is wrong, name them in a job: class_names: [cat, dog]."
      )
      return named
    }
    guard let labels = columns.labels, let length = file.columnLength(labels) else { return nil }
    let other = columns.candidates.first { column in
      guard !column.isSingle, !column.isAttribute, column.path != labels, column.length < length,
        column.name.readsLikeLabels,
        let info = try? file.catalogue.dataset(named: column.path), case .string = info.element
      else { return false }
      return true
    }
    guard let other, case .integers? = try? file.classes(labels) else { return nil }
    evidence.assume(
      "\(other.path) names the classes, for it holds \(grouped(other.length)) texts, and \(labels) the labels, one a row. If that is wrong, write labels: PATH and class_names: PATH in a job."
    )
    return try read(other.path, file)
  }

  /// Names as JSON, `["cat", "dog"]`, `{"0": "cat", "7": "dog"}` or `{"cat": 0, "dog": 7}`, or with commas between; `nil` where the text
  /// is none of these.
  static func inOneText(_ text: String, _ origin: Origin) -> ClassNames? {
    let text = pythonAsJSON(text) ?? text
    let (decoder, data) = (JSONDecoder(), Data(text.utf8))
    if let names = try? decoder.decode([String].self, from: data) {
      return names.isEmpty ? nil : ClassNames(names: names, origin: origin)
    }
    var named: [(label: String, name: String)] = []
    if let numbered = try? decoder.decode([String: String].self, from: data) {
      named = numbered.map { ($0.key, $0.value) }
    } else if let numbered = try? decoder.decode([String: Int64].self, from: data) {
      named = numbered.map { (String($0.value), $0.key) }
    }
    if !named.isEmpty {
      // Two spellings of a number may stand for one label: which name it has, nobody can tell.
      guard named.allSatisfy({ Int64($0.label).map(String.init) ?? $0.label == $0.label }) else { return nil }
      guard Set(named.map(\.label)).count == named.count else { return nil }
      named.sort { a, b in
        if let x = Int64(a.label), let y = Int64(b.label) { return x < y }
        return a.label.utf8.lexicographicallyPrecedes(b.label.utf8)
      }
      return ClassNames(names: named.map(\.name), origin: origin, labels: named.map(\.label))
    }
    return inOneLine(text).map { ClassNames(names: $0, origin: origin) }
  }

  /// Names with commas, semicolons or line breaks between.
  private static func inOneLine(_ text: String) -> [String]? {
    guard !text.hasPrefix("{"), !text.hasPrefix("[") else { return nil }
    for separator: Character in ["\n", ",", ";"] where text.contains(separator) {
      let names = text.split(separator: separator).map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
      return names.count > 1 && !names.contains("") ? names : nil
    }
    return nil
  }

  private static func read(_ path: String, _ file: DumpFile) throws -> ClassNames {
    let dataset = try file.column(path)
    if case .string = dataset.info.element, dataset.info.count == 1, let text = try dataset.strings().first,
      let named = inOneText(text, .dataset(path))
    {
      return named
    }
    guard case .string = dataset.info.element, dataset.info.shape.count == 1 || dataset.info.isCharacterMatrix else {
      throw ActivationsError(
        "\(file.path), dataset \(dataset.info.path): class names are a one-dimensional list of texts, but this is \(inWords(dataset.info.shape)) \(dataset.info.element). Name another dataset in the job, or list the names there: class_names: [cat, dog]."
      )
    }
    return ClassNames(names: try dataset.strings(), origin: .dataset(path))
  }

  /// Text files that name the classes of a dump, one a line: `dump.classes.txt`, or `class_names.txt` for all dumps of a folder.
  static func sidecars(of dump: String) -> [String] {
    let url = URL(fileURLWithPath: dump)
    let folder = dump.lastIndex(of: "/").map { String(dump[...$0]) } ?? ""
    return [folder + url.deletingPathExtension().lastPathComponent + ".classes.txt", folder + "class_names.txt"]
  }

  /// Names from a text file, one a line.
  /// - Throws: `ActivationsError` where it is not there, or not UTF-8.
  public static func lines(ofFile path: String) throws -> [String] {
    guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
      throw ActivationsError(
        "\(path): the file of class names is not there, or is not UTF-8 text. It has one name a line.", kind: .noInput)
    }
    // A line feed after a carriage return is one character to Swift: split by scalars.
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
      String(String.UnicodeScalarView($0.filter { $0 != "\r" && $0 != "\u{FEFF}" }))
    }
    while lines.last == "" { lines.removeLast() }
    return lines
  }
}

extension Catalogue {
  /// The first dataset, outside the instances, whose last name is one of `names`, in the order of these.
  func path(named names: [String], where fits: (DatasetInfo) -> Bool) -> String? {
    for name in names {
      let found = datasets.first {
        $0.path.split(separator: "/").last?.lowercased() == name && !$0.path.hasPrefix("/instances/") && fits($0)
      }
      if let found { return found.path }
    }
    return nil
  }
}
