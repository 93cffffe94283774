import Distributions
import Fixtures
import Testing

/// The ordering of `Tiles/FORMAT.md` §6, by comparing: what the radix sort must equal.
func orderByComparing<Key: BinaryFloatingPoint>(_ keys: [Key], _ direction: Direction) -> [UInt32] {
  keys.indices.sorted { a, b in
    let (x, y) = (keys[a], keys[b])
    if x.isNaN || y.isNaN { return x.isNaN && y.isNaN ? a < b : y.isNaN }
    if x == y { return a < b }
    return direction == .ascending ? x < y : x > y
  }.map(UInt32.init)
}

struct OrderingTests {
  static let awkward: [Double] = [
    0, -0.0, .nan, -.nan, .infinity, -.infinity, .signalingNaN, 5e-324, -5e-324, .leastNormalMagnitude,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1, -1, 1.0.nextUp, 1, 0, -0.0, .nan, .infinity,
  ]

  @Test(arguments: Direction.allCases)
  func `Awkward keys stand as the format says`(direction: Direction) {
    #expect(stableOrder(keys: Self.awkward, direction: direction) == orderByComparing(Self.awkward, direction))
    let floats =
      Self.awkward.map { Float($0) } + [.leastNonzeroMagnitude, -.leastNonzeroMagnitude, .greatestFiniteMagnitude]
    #expect(stableOrder(keys: floats, direction: direction) == orderByComparing(floats, direction))
  }

  @Test(arguments: Direction.allCases)
  func `Random keys with many ties`(direction: Direction) {
    var random = SplitMix(seed: 9)
    for count in [0, 1, 2, 3, 255, 1000, 5000] {
      let bits = (0..<count).map { _ in Double(bitPattern: random.next()) }
      #expect(stableOrder(keys: bits, direction: direction) == orderByComparing(bits, direction))
      let relu = (0..<count).map { _ in max(0, Float.random(in: -1...1, using: &random)) }
      #expect(stableOrder(keys: relu, direction: direction) == orderByComparing(relu, direction))
      let few = (0..<count).map { _ in Double(Int.random(in: -3...3, using: &random)) }
      #expect(stableOrder(keys: few, direction: direction) == orderByComparing(few, direction))
    }
  }

  @Test func `Ranks are the inverse`() {
    var random = SplitMix(seed: 2)
    let order = (0..<1000).map(UInt32.init).shuffled(using: &random)
    let ranks = ranks(of: order)
    #expect(order.indices.allSatisfy { ranks[Int(order[$0])] == UInt32($0) })
  }
}
