import Foundation
import TileStore

/// Some rows that stand for many: chosen by a hash of their numbers, so that the same are chosen every time, whatever the order of the dump.
package struct RowSample: Sendable {
  package let rows: RowSet
  /// How many there are.
  package let count: Int
  /// How many they stand for.
  package let of: Int

  /// What may be asked for.
  package static let countRange = 64...65_536

  /// - Returns: `nil` where there are no more rows than that.
  init?(_ count: Int, of all: RowSet) {
    let members = all.members
    guard members.count > count else { return nil }
    // The smallest hashes. Of very many rows about twice as many as are needed are sorted.
    let hashed = members.map { (hash: splitMix(Int($0)), row: $0) }
    var some = hashed
    if members.count > 4 * count {
      let limit = UInt64(0x1p64 * 2 * Double(count) / Double(members.count))
      some = hashed.filter { $0.hash < limit }
      if some.count < count { some = hashed }
    }
    some.sort { ($0.hash, $0.row) < ($1.hash, $1.row) }
    let chosen = Set(some.prefix(count).map { Int($0.row) })
    rows = RowSet(length: all.length) { chosen.contains($0) }
    self.count = count
    of = members.count
  }

  /// How far the share of values below any number is at most from that of all rows, in so many neurons at once, with 95 % certainty
  /// (Dvoretzky, Kiefer, Wolfowitz; Massart 1990, https://doi.org/10.1214/aop/1176990746).
  package func bound(neurons: Int) -> Double {
    (log(2 * Double(neurons) / 0.05) / (2 * Double(count))).squareRoot()
  }
}
