import Foundation
import TileStore

extension JSONValue {
  /// The value as UTF-8, keys sorted.
  package func encoded() -> [UInt8] { encodedJSON(self) }
}

extension JSONValue {
  /// A number; `null` of NaN and infinities, which JSON does not have.
  init(figure value: Double) {
    guard value.isFinite else {
      self = .null
      return
    }
    self = Int64(exactly: value).map { $0.magnitude < 1 << 53 ? .int($0) : .double(value) } ?? .double(value)
  }
}

/// A value as UTF-8, keys sorted.
///
/// Encoding fails only for numbers that are not finite, which the types of this module do not hold: they say `null`.
package func encodedJSON(_ value: some Encodable) -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  do {
    return Array(try encoder.encode(value))
  } catch {
    preconditionFailure("a number that is not finite reached JSON: \(error)")
  }
}
