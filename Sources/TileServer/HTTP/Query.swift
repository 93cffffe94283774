import Distributions
import Foundation
import TileStore
import Views

/// The parameters of a request, each at most once and only those that its route knows: a misspelt parameter is an
/// error, not a default.
struct Query {
  private var values: [String: String] = [:]
  /// Of those in which a `+` stands: what they are where it stands for a space.
  private var spaced: [String: String] = [:]

  /// - Throws: `Problem` 400 naming the parameter.
  init(_ text: String?, allowing known: Set<String>) throws(Problem) {
    guard let text, !text.isEmpty else { return }
    for part in text.utf8.split(separator: UInt8(ascii: "&")) {
      let name = part.prefix { $0 != UInt8(ascii: "=") }
      let raw = part.dropFirst(name.count + 1)
      guard let key = Self.decode(name), known.contains(key) else {
        let listed = known.sorted().joined(separator: ", ")
        throw .badRequest(
          "Unknown parameter “\(String(decoding: name.prefix(100), as: UTF8.self))”. Known here: \(listed.isEmpty ? "none" : listed)."
        )
      }
      guard let value = Self.decode(raw) else {
        throw .badRequest("The parameter \(key) is not percent-encoded UTF-8.")
      }
      guard values.updateValue(value, forKey: key) == nil else {
        throw .badRequest("The parameter \(key) occurs twice.")
      }
      if raw.contains(UInt8(ascii: "+")) {
        spaced[key] = Self.decode(raw.lazy.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 })
      }
    }
  }

  /// Percent-decoded; `nil` where that is not UTF-8. A `+` stays one.
  static func decode(_ text: some StringProtocol) -> String? {
    text.utf8.contains(UInt8(ascii: "%")) ? decode(text.utf8) : String(text)
  }

  private static func decode(_ bytes: some Collection<UInt8>) -> String? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var rest = bytes.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "%") else {
        decoded.append(byte)
        continue
      }
      guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
      decoded.append(high << 4 | low)
    }
    return String(validating: decoded, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }

  subscript(name: String) -> String? { values[name] }

  /// A whole number, at least 0.
  func count(_ name: String) throws(Problem) -> Int? {
    guard let text = values[name] else { return nil }
    guard let number = wholeNumber(text) else {
      throw .badRequest("\(name) must be a whole number, not “\(text.prefix(100))”.")
    }
    return number
  }

  /// How much of a list is asked for.
  /// - Parameter usual: where nothing is said.
  /// - Throws: `Problem` 400.
  func length(usual: Int, most: Int) throws(Problem) -> Int {
    let count = try count("count") ?? usual
    guard (1...most).contains(count) else { throw .badRequest("count must be 1 to \(most).") }
    return count
  }

  /// One of the values of an enumeration.
  func choice<Value: RawRepresentable<String> & CaseIterable>(_ name: String, _ type: Value.Type) throws(Problem)
    -> Value?
  {
    guard let text = values[name] else { return nil }
    guard let value = Value(rawValue: text) else {
      throw .badRequest("\(name) must be \(Value.allCases.map(\.rawValue).joined(separator: " or ")).")
    }
    return value
  }

  /// Comma-separated indices below `limit`.
  /// - Throws: `Problem` 400 where the text is none, 404 where there is no such thing.
  func indices(_ name: String, below limit: Int, most: Int) throws(Problem) -> [Int]? {
    guard let text = values[name] else { return nil }
    if text.isEmpty { return [] }
    var indices: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let index = wholeNumber(part) else { throw .badRequest("\(name) must be indices, comma-separated.") }
      guard index < limit else { throw .notFound("\(name) names \(index); there are \(limit), numbered from 0.") }
      guard indices.count < most else { throw .badRequest("\(name) may hold at most \(most) indices.") }
      indices.append(index)
    }
    return indices
  }

  /// Indices of which neither order nor repeats matter: ascending, each once, so that all ways to write a choice are one
  /// key in the caches.
  /// - Throws: as `indices`.
  func set(_ name: String, below limit: Int, most: Int) throws(Problem) -> [Int]? {
    guard let indices = try indices(name, below: limit, most: most) else { return nil }
    return Set(indices).sorted()
  }

  /// The same, of which there must be one.
  /// - Parameter words: what they are called.
  /// - Throws: as `indices`, and `Problem` 400 where there is none.
  func some(_ name: String, _ words: String, below limit: Int, most: Int) throws(Problem) -> [Int] {
    guard let chosen = try set(name, below: limit, most: most), !chosen.isEmpty else {
      throw .badRequest("\(name) is missing: at most \(most) \(words), comma-separated.")
    }
    return chosen
  }

  /// The group of the moment.
  /// - Throws: `Problem` 400 that shows where in the expression the fault is.
  func moment() throws(Problem) -> Moment? {
    let rows = try sample()
    guard let text = values["where"] else { return nil }
    return try moment(text, spaced["where"]).sampled(rows)
  }

  /// - Parameter plain: the text where a `+` stands for a space, as many clients write it.
  private func moment(_ text: String, _ plain: String?) throws(Problem) -> Moment {
    if let plain, (try? Moment(parsing: text)) == nil, let moment = try? Moment(parsing: plain) { return moment }
    do throws(SubsetError) {
      return try Moment(parsing: text)
    } catch {
      throw Problem(error)
    }
  }

  /// A group that is compared: an index, or an expression behind `where:`.
  /// - Parameter usual: the group where the parameter is missing; `nil`: it must be there.
  /// - Throws: `Problem` 400 where there is none or it cannot be understood, 404 where there is no such group.
  func member(_ name: String, of groups: Int, usual: Int? = nil) throws(Problem) -> PairMember {
    guard let text = values[name] else {
      if let usual { return .group(usual) }
      throw .badRequest("\(name) is missing: the index of a group, or where:EXPR.")
    }
    let prefix = "where:"
    if text.hasPrefix(prefix) {
      return .moment(
        try moment(String(text.dropFirst(prefix.count)), spaced[name].map { String($0.dropFirst(prefix.count)) }))
    }
    guard let index = wholeNumber(text) else {
      throw .badRequest("\(name) must be the index of a group, or where:EXPR, not “\(text.prefix(100))”.")
    }
    guard index < groups else { throw .notFound("\(name) names group \(index); there are \(groups), numbered from 0.") }
    return .group(index)
  }

  /// Rows that stand for all of a group of the moment.
  /// - Throws: `Problem` 400.
  func sample() throws(Problem) -> Int? {
    guard let rows = try count("sample") else { return nil }
    let range = RowSample.countRange
    guard range.contains(rows) else {
      throw .badRequest("sample must be \(range.lowerBound) to \(range.upperBound) rows.")
    }
    return rows
  }

  /// Instances: indices, and rows as `row 17`, comma-separated.
  /// - Throws: `Problem` 400 where the text is none, 404 where there is no such thing.
  func instances(below limit: Int, _ table: OrderTable, most: Int) throws(Problem) -> [OrderName.Argument]? {
    guard let text = values["instances"] else { return nil }
    if text.isEmpty { return [] }
    var instances: [OrderName.Argument] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard instances.count < most else { throw .badRequest("instances may hold at most \(most).") }
      if let index = wholeNumber(part) {
        guard index < limit else { throw .notFound("instances names \(index); there are \(limit), numbered from 0.") }
        instances.append(.instance(index))
        continue
      }
      // Many clients write a space as `+`.
      let name = String(part.replacing("+", with: " "))
      guard name.hasPrefix("row "), wholeNumber(name.dropFirst(4)) != nil else {
        throw .badRequest("instances must be indices, or rows such as “row 17”, comma-separated.")
      }
      guard let row = table.row(name) else {
        throw .notFound("There is no “\(name)”: rows are numbered from 0, without zeros in front.")
      }
      instances.append(.row(row))
    }
    return instances
  }

  /// An ordering of the store's, and its direction.
  /// - Parameter table: names of the store's groups and instances.
  /// - Throws: `Problem` 400 where the text is no ordering, 404 where it names what the store does not hold.
  func order(_ table: OrderTable) throws(Problem) -> OrderRequest {
    let direction = try choice("direction", Direction.self) ?? .ascending
    let rows = try sample()
    guard let text = values["order"] else { return OrderRequest(name: .index, direction: direction) }
    // Many clients write a space as `+`. A name that holds a `+` itself is found first.
    let plain = text.utf8.contains(UInt8(ascii: "+")) ? text.replacingOccurrences(of: "+", with: " ") : text
    guard let name = table.parse(text) ?? table.parse(plain) else {
      guard OrderTable.isWellFormed(text) else { throw .badRequest("order must be \(OrderName.forms).") }
      throw .notFound("“\(text.prefix(200))” names what this store does not hold. Names are those of the metadata.")
    }
    return OrderRequest(name: name.sampled(rows), direction: direction)
  }
}
