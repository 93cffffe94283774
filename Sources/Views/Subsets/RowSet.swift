/// A set of rows, or of samples: a bit each, number `i` at bit `i & 63` of word `i >> 6`, as `codes/columns_apart` has them.
package struct RowSet: Sendable, Equatable {
  /// Rows that there are.
  package let length: Int
  /// Bits behind the last row are 0.
  private(set) var words: [UInt64]

  /// Those of `0..<length` for which the condition holds.
  package init(length: Int, where holds: (Int) throws -> Bool) rethrows {
    self.length = length
    words = [UInt64](repeating: 0, count: (length + 63) / 64)
    for row in 0..<length where try holds(row) { words[row >> 6] |= 1 << UInt64(row & 63) }
  }

  private init(length: Int, words: [UInt64]) {
    self.length = length
    self.words = words
    assert(words.count == (length + 63) / 64 && (length & 63 == 0 || words.last! >> UInt64(length & 63) == 0))
  }

  package func contains(_ row: Int) -> Bool { words[row >> 6] >> UInt64(row & 63) & 1 != 0 }

  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// In ascending order.
  package var members: [UInt32] {
    var members: [UInt32] = []
    members.reserveCapacity(count)
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        members.append(UInt32(index << 6 + rest.trailingZeroBitCount))
        rest &= rest - 1
      }
    }
    return members
  }

  func union(_ other: RowSet) -> RowSet { combined(other) { $0 | $1 } }
  func intersection(_ other: RowSet) -> RowSet { combined(other) { $0 & $1 } }
  package func isDisjoint(with other: RowSet) -> Bool { zip(words, other.words).allSatisfy { $0 & $1 == 0 } }

  /// All others.
  var inverted: RowSet {
    var words = words.map { ~$0 }
    if length & 63 != 0, let last = words.indices.last { words[last] &= (1 << UInt64(length & 63)) - 1 }
    return RowSet(length: length, words: words)
  }

  /// The samples of the rows, which have so many each.
  func samples(_ perRow: Int) -> RowSet {
    perRow == 1 ? self : RowSet(length: length * perRow) { contains($0 / perRow) }
  }

  var byteCount: Int { words.count * 8 + 64 }

  private func combined(_ other: RowSet, _ join: (UInt64, UInt64) -> UInt64) -> RowSet {
    precondition(length == other.length)
    return RowSet(length: length, words: zip(words, other.words).map(join))
  }
}
