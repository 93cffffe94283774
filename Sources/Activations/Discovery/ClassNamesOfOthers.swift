import Foundation
import HDF5

/// Names of classes in the forms of Python, netCDF and pandas, and what contradicts them.
extension ClassNames {
  /// Names as they are, or where there is a text for each row, the text of each label.
  /// - Returns: `nil` where rows of one label have several texts.
  static func ofRows(
    _ names: ClassNames, _ path: String, _ file: DumpFile, _ labels: String?, _ evidence: inout Evidence
  ) throws -> ClassNames? {
    guard let labels, names.labels == nil, names.names.count > 1, Set(names.names).count < names.names.count,
      file.columnLength(labels) == names.names.count
    else { return names }
    let values = try file.classes(labels).asTexts
    var nameOf: [String: String] = [:]
    for (label, name) in zip(values, names.names) {
      if nameOf[label] ?? name == name {
        nameOf[label] = name
        continue
      }
      evidence.leaveOut(
        path,
        "it has a text for each row, and rows of the label \(label) have several; if it holds the labels, write labels: \(path)"
      )
      return nil
    }
    evidence.assume(
      "\(path) has a text for each row, which is taken for the name of the row's label. If that is wrong, name the classes in a job: class_names: [cat, dog]."
    )
    let sorted = nameOf.keys.sorted(by: naturallyPrecedes)
    return ClassNames(names: sorted.map { nameOf[$0]! }, origin: names.origin, labels: sorted)
  }

  /// What numbers beside names are called that say whose they are.
  private static let numberWords: Set<String> = [
    "class", "classes", "label", "labels", "category", "categories", "id", "ids", "code", "codes", "unique", "target",
    "targets",
  ]

  /// Names with the numbers that stand beside them, each in its place: in a dataset of their group, or in an attribute of theirs.
  static func numbered(
    _ names: ClassNames, _ path: String, _ file: DumpFile, _ labels: String?, _ evidence: inout Evidence
  ) -> ClassNames {
    guard names.labels == nil, let labels, let info = try? file.catalogue.dataset(named: path) else { return names }
    let ofOwn = numbered(names, besides: nil, info.attributes, of: info.path, file, labels, &evidence)
    if ofOwn.labels != nil { return ofOwn }
    let group = Places.group(of: info.path)
    let own = file.catalogue.canonicalPath(labels)
    for other in file.catalogue.datasets
    where other.shape == [names.names.count] && other.element.isInteger && other.path != own
      && Places.group(of: other.path) == group && DatasetName(other.path).words.allSatisfy(numberWords.contains)
    {
      guard case .integers(let numbers)? = try? file.classes(other.path) else { continue }
      if let found = numbered(names, numbers, other.path, file, labels, &evidence) { return found }
    }
    return names
  }

  /// The same for names in an attribute.
  /// - Parameter name: of the attribute that names; `nil`: it is a dataset that has the attributes.
  static func numbered(
    _ names: ClassNames, besides name: String?, _ attributes: [String: AttributeValue], of place: String,
    _ file: DumpFile, _ labels: String?, _ evidence: inout Evidence
  ) -> ClassNames {
    guard let labels else { return names }
    for (other, value) in attributes.sorted(by: { $0.key < $1.key })
    where other != name && DatasetName(other).words.allSatisfy(numberWords.contains) {
      guard case .integers(let numbers) = value,
        let found = numbered(
          names, numbers, "\(place == "/" ? "" : place)@\(other)", file, labels, &evidence)
      else { continue }
      return found
    }
    return names
  }

  /// Names with as many different numbers, all labels that occur among them; `nil` where they are no such, or those from 0 in order.
  private static func numbered(
    _ names: ClassNames, _ numbers: [Int64], _ place: String, _ file: DumpFile, _ labels: String,
    _ evidence: inout Evidence
  ) -> ClassNames? {
    let known = Set(numbers)
    guard numbers.count == names.names.count, known.count == numbers.count,
      !numbers.elementsEqual(0..<Int64(numbers.count)), case .integers(let values)? = try? file.classes(labels),
      values.allSatisfy(known.contains)
    else { return nil }
    evidence.assume(
      "\(place) holds the label of each of the names in \(names.origin). If that is wrong, name the classes in a job: class_names: [cat, dog]."
    )
    return ClassNames(names: names.names, origin: names.origin, labels: numbers.map(String.init))
  }

  /// Words of the head of a table of names.
  private static let headWords: Set<String> = numberWords.union([
    "name", "names", "index", "idx", "number", "synset", "description",
  ])

  /// Names in a text file, one a line, or with the number of each: `2 eel`, `2,eel`, `eel,2`. Names may well have numbers of their own:
  /// such are taken for labels where all labels that occur are among them.
  static func inFile(_ lines: [String], _ path: String, _ labels: RawLabels?, _ evidence: inout Evidence) -> ClassNames
  {
    let whole = lines.joined(separator: "\n")
    if let first = whole.first, "[{".contains(first), let named = inOneText(whole, .sidecar(path)) { return named }
    let plain = ClassNames(names: lines, origin: .sidecar(path))
    guard case .integers(let values)? = labels, let least = values.min(), let most = values.max() else { return plain }
    if lines.count > 1, lines[0].hasPrefix("#"), !lines.dropFirst().contains(where: { $0.hasPrefix("#") }), least >= 0,
      most == Int64(lines.count) - 2
    {
      evidence.assume(
        "The first line of \(path), \(lines[0]), is taken for a remark. If it is a name, name the classes in a job: class_names: [cat, dog]."
      )
      return ClassNames(names: Array(lines.dropFirst()), origin: .sidecar(path))
    }
    func parts(_ line: String) -> (label: Int64, name: String)? {
      for separator: Character in [",", ";", "\t", ":", " "] {
        let parts = line.split(separator: separator, maxSplits: 1).map {
          $0.trimmingCharacters(in: CharacterSet.whitespaces.union(["\""]))
        }
        guard parts.count == 2, !parts.contains("") else { continue }
        if let label = Int64(parts[0]) { return (label, parts[1]) }
        if ![" ", ":"].contains(separator), let label = Int64(parts[1]) { return (label, parts[0]) }
      }
      return nil
    }
    let hasHead =
      lines.first.map { line in
        let words = line.split { ",;\t ".contains($0) }.flatMap { DatasetName(String($0)).words }
        return words.count > 1 && words.allSatisfy(headWords.contains)
      } ?? false
    let named = lines.dropFirst(hasHead ? 1 : 0).map(parts)
    let found = named.compactMap(\.self)
    let known = Set(found.map(\.label))
    guard found.count > 1, found.count == named.count, known.count == found.count, values.allSatisfy(known.contains)
    else { return plain }
    evidence.assume(
      "\(path) gives each name its label: \(found.prefix(3).map { "\($0.label) \($0.name)" }.joined(separator: ", "))\(found.count > 3 ? ", …" : ""). If that is wrong, name the classes in a job: class_names: [cat, dog]."
    )
    let sorted = found.sorted { $0.label < $1.label }
    return ClassNames(names: sorted.map(\.name), origin: .sidecar(path), labels: sorted.map { String($0.label) })
  }

  /// Refuses names that the labels' own attributes contradict.
  static func refuseOthers(than found: ClassNames, _ labels: DatasetInfo?, _ file: DumpFile) throws {
    guard let labels, labels.element.isNumeric else { return }
    func table(_ names: ClassNames) -> [String: String] {
      let keys = names.labels ?? names.names.indices.map(String.init)
      return Dictionary(zip(keys, names.names), uniquingKeysWith: { first, _ in first })
    }
    let these = table(found)
    for name in usual {
      let other: ClassNames? =
        switch labels.attributes[name] {
        case .strings(let names): ClassNames(names: names, origin: .attribute(name, of: labels.path))
        case .string(let text): inOneText(text, .attribute(name, of: labels.path))
        default: nil
        }
      // The labels themselves are no names, and capitals no contradiction.
      guard let other, table(other).contains(where: { $0.key != $0.value }),
        table(other).contains(where: { (these[$0.key] ?? $0.value).lowercased() != $0.value.lowercased() })
      else { continue }
      throw ActivationsError(
        "\(file.path): the classes are \(list(found.names)) as \(found.origin) says, and \(list(other.names)) as \(other.origin) says. Say in a job which is right: class_names: [\(found.names.joined(separator: ", "))], or class_names: [\(other.names.joined(separator: ", "))]."
      )
    }
  }

  /// The conventions of netCDF: an attribute `flag_meanings`, words with blanks between, for the numbers of `flag_values`.
  static func meanings(_ labels: DatasetInfo?) -> ClassNames? {
    guard let labels, case .string(let text)? = labels.attributes["flag_meanings"] else { return nil }
    let values: [Int64]
    switch labels.attributes["flag_values"] {
    case .integers(let several): values = several
    case .integer(let one): values = [one]
    default: return nil
    }
    let names = text.split(whereSeparator: \.isWhitespace).map(String.init)
    guard names.count == values.count, Set(values).count == values.count else { return nil }
    return ClassNames(
      names: names, origin: .attribute("flag_meanings", of: labels.path), labels: values.map(String.init))
  }

  /// The categories of a column of a table of pandas: it keeps the codes, and the categories in a table of their own.
  static func categories(ofTable labels: String?, _ file: DumpFile) -> ClassNames? {
    guard let labels else { return nil }
    let parts = file.catalogue.canonicalPath(labels).split(separator: "/").map(String.init)
    guard parts.count > 2, parts[parts.count - 2] == "table" else { return nil }
    let path =
      "/" + (parts.dropLast(2) + ["meta", parts[parts.count - 1], "meta", "table", "values"]).joined(separator: "/")
    guard file.has(path), let names = try? file.column(path).strings() else { return nil }
    return ClassNames(names: names, origin: .dataset(path))
  }

  /// A group such as `class_to_idx`, whose members are called like the classes and hold their labels, or the other way round.
  static func members(_ file: DumpFile, _ evidence: inout Evidence) throws -> ClassNames? {
    for name in usual {
      for group in file.catalogue.groups where DatasetName(group).last == name && !file.catalogue.has(group + "/codes")
      {
        var named: [(label: String, name: String)] = []
        var count = 0
        func add(_ member: String, _ number: Int64?, _ text: String?) {
          count += 1
          if let number, Int64(member) == nil { named.append((String(number), member)) }
          if let text, let label = Int64(member) { named.append((String(label), text)) }
        }
        for (member, value) in file.catalogue.groupAttributes[group] ?? [:] {
          switch value {
          case .integer(let number): add(member, number, nil)
          case .string(let text): add(member, nil, text)
          default: count += 1
          }
        }
        for info in file.catalogue.datasets where Places.group(of: info.path) == group {
          let member = DatasetName(info.path).original
          guard info.count == 1, !info.isNull else {
            count += 1
            continue
          }
          switch try? file.classes(info.path) {
          case .integers(let values)?: add(member, values.first, nil)
          case .texts(let values)?: add(member, nil, values.first)
          case nil: count += 1
          }
        }
        guard count > 1 else { continue }
        guard named.count == count, Set(named.map(\.label)).count == count else {
          evidence.leaveOut(
            group,
            "it is called like names of the classes, but its members are not numbers of names; name them in a job: class_names: [cat, dog]"
          )
          continue
        }
        named.sort { naturallyPrecedes($0.label, $1.label) }
        return ClassNames(names: named.map(\.name), origin: .group(group), labels: named.map(\.label))
      }
    }
    return nil
  }

  /// A list, tuple or dictionary as Python prints it, with its texts in single quotes, as JSON; `nil` where it is none.
  static func pythonAsJSON(_ text: String) -> String? {
    guard let first = text.first, "[{(".contains(first), text.contains("'") else { return nil }
    var json = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "'", "\"":
        var content = ""
        while let next = rest.popFirst(), next != character {
          content.append(next == "\\" ? rest.popFirst() ?? next : next)
        }
        guard let quoted = try? JSONEncoder().encode(content) else { return nil }
        // NumPy prints no commas.
        if json.last == "\"" { json += "," }
        json += String(decoding: quoted, as: UTF8.self)
      case "0"..."9", "-":
        var number = String(character)
        while let next = rest.first, next.isNumber { number.append(rest.removeFirst()) }
        json += rest.drop(while: \.isWhitespace).first == ":" ? "\"\(number)\"" : number
      case "(": json += "["
      case ")", "]", "}":
        if json.last == "," { json.removeLast() }
        json.append(character == ")" ? "]" : character)
      case "[", "{", ",", ":": json.append(character)
      case _ where character.isWhitespace: break
      default: return nil
      }
    }
    return json
  }
}
