import Yams

/// Keys and values of a part of a job file, taken one by one; what is left over is an error, for it would be a silent typing error.
struct JobMap {
  private let file: String
  private let place: String
  private let line: Int?
  private var values: [String: (value: Node, line: Int?)] = [:]
  private var known: [String] = []

  init(_ node: Node, file: String, place: String) throws {
    self.file = file
    self.place = place
    line = node.mark?.line
    guard let mapping = node.mapping else { throw fault(nil, "keys and values are needed here") }
    for (key, value) in mapping {
      guard let name = key.string else { throw fault(nil, "a key is not a text") }
      values[name] = (value, key.mark?.line)
    }
  }

  func fault(_ key: String?, _ what: String) -> PrecomputeError {
    let line = key.flatMap { values[$0]?.line ?? nil } ?? lines[key ?? ""] ?? line
    let path = [place, key ?? ""].filter { !$0.isEmpty }.joined(separator: ".")
    return PrecomputeError(
      .job, "\(file)\(line.map { ", line \($0)" } ?? "")\(path.isEmpty ? "" : ", \(path)"): \(what).")
  }

  /// Lines of keys taken already.
  private var lines: [String: Int] = [:]

  mutating func take(_ key: String) -> Node? {
    known.append(key)
    guard let (value, line) = values.removeValue(forKey: key) else { return nil }
    lines[key] = line
    if value.null != nil { return nil }
    return value
  }

  mutating func text(_ key: String) throws -> String? {
    guard let node = take(key) else { return nil }
    guard let text = node.string else { throw fault(key, "a text is needed") }
    return text
  }

  mutating func texts(_ key: String) throws -> [String]? {
    guard let node = take(key) else { return nil }
    return try texts(of: node, key)
  }

  func texts(of node: Node, _ key: String) throws -> [String] {
    if let one = node.string { return [one] }
    guard let sequence = node.sequence else { throw fault(key, "a list of texts is needed") }
    return try sequence.map {
      guard let text = $0.string else { throw fault(key, "a list of texts is needed") }
      return text
    }
  }

  mutating func integer(_ key: String) throws -> Int? {
    guard let node = take(key) else { return nil }
    guard let number = node.int else { throw fault(key, "a whole number is needed") }
    return number
  }

  mutating func integers(_ key: String) throws -> [Int]? {
    guard let node = take(key) else { return nil }
    guard let sequence = node.sequence else { throw fault(key, "a list of whole numbers is needed") }
    return try sequence.map {
      guard let number = $0.int else { throw fault(key, "a list of whole numbers is needed") }
      return number
    }
  }

  mutating func number(_ key: String) throws -> Double? {
    guard let node = take(key) else { return nil }
    guard let number = node.float else { throw fault(key, "a number is needed") }
    return number
  }

  mutating func flag(_ key: String) throws -> Bool? {
    guard let node = take(key) else { return nil }
    guard let flag = node.bool else { throw fault(key, "true or false is needed") }
    return flag
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws -> Choice?
  where Choice.RawValue == String {
    guard let text = try text(key) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw fault(
        key, "\"\(text)\" is not a choice; these are: \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
  }

  /// Refuses keys that nobody asked for.
  func finish() throws {
    guard let key = values.keys.sorted().first else { return }
    throw fault(key, "there is no such key; known here are \(known.sorted().joined(separator: ", "))")
  }
}
