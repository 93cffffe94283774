/// A set of a grid's bins, numbered from its origin.
struct BinSet: Sendable, Equatable {
  private var words = SIMD4<UInt64>(repeating: 0)

  static let all = BinSet(words: SIMD4(repeating: .max))

  init() {}

  private init(words: SIMD4<UInt64>) { self.words = words }

  var isEmpty: Bool { words == SIMD4(repeating: 0) }

  @inline(__always)
  mutating func insert(_ bin: Int) { words[bin >> 6] |= 1 << UInt64(bin & 63) }

  mutating func formUnion(_ other: BinSet) { words |= other.words }

  /// Calls `body` for each run of neighbouring bins, ascending.
  @inline(__always)
  func eachRun(_ body: (Range<Int>) -> Void) {
    var end = 0
    while end < DyadicGrid.binCount {
      let first = next(from: end, isMember: true)
      guard first < DyadicGrid.binCount else { return }
      end = next(from: first, isMember: false)
      body(first..<end)
    }
  }

  /// The first bin from `bin` on that is, or is not, in the set; the number of bins if there is none.
  @inline(__always)
  private func next(from bin: Int, isMember: Bool) -> Int {
    var number = bin >> 6
    var skipped = UInt64.max << UInt64(bin & 63)
    while number < 4 {
      let word = (isMember ? words[number] : ~words[number]) & skipped
      if word != 0 { return number << 6 + word.trailingZeroBitCount }
      skipped = .max
      number += 1
    }
    return DyadicGrid.binCount
  }
}
