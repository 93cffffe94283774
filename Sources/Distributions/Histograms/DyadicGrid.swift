/// Equal bins whose edges are whole multiples of a power of two: bin `i` of 256 covers
/// `[(origin + i) · 2^exponent, (origin + i + 1) · 2^exponent)`.
///
/// Two neighbouring bins of an even and the next odd number add up to one bin of the next exponent, so a grid grows
/// without an error, whatever the order in which values come. Source: `Tiles/FORMAT.md` §4.
public struct DyadicGrid: Sendable, Equatable {
  public static let binCount = 256

  public var exponent: Int
  public var origin: Int64

  public init(exponent: Int, origin: Int64) {
    self.exponent = exponent
    self.origin = origin
  }

  /// The grid of a neuron without finite values.
  public static let empty = DyadicGrid(exponent: 0, origin: 0)

  /// `floor(value / 2^exponent)`: the number of the bin that holds `value`, counted from the bin that begins at 0.
  @inlinable public static func bin<Value: ActivationValue>(of value: Value, exponent: Int) -> Int64 {
    let scaled = Double(sign: .plus, exponent: -exponent, significand: Double(value)).rounded(.down)
    // A negative value so small that the quotient vanished still lies below 0.
    return value < 0 && scaled == 0 ? -1 : Int64(scaled)
  }

  /// The least exponent a grid that reaches to `magnitude` may have: the spacing of the numbers themselves.
  @inlinable public static func leastExponent<Value: ActivationValue>(magnitude: Value) -> Int {
    guard magnitude > 0 else { return Value.leastExponent }
    return max(Value.leastExponent, Int(magnitude.exponent) - Value.significandBits)
  }

  /// The smallest exponent with which `bins` bins hold `low ... high`.
  /// - Precondition: both are finite and `low <= high`.
  @inlinable public static func exponent<Value: ActivationValue>(
    low: Value, high: Value, bins: Int64 = 256
  ) -> Int {
    let least = leastExponent(magnitude: max(abs(low), abs(high)))
    let range = high / 2 - low / 2
    // 2^(E+1) <= range < 2^(E+2): fewer than 2^(E-8) per bin cannot do.
    var exponent = range > 0 ? max(least, Int(range.exponent) - 8) : least
    while bin(of: high, exponent: exponent) - bin(of: low, exponent: exponent) >= bins {
      exponent += 1
    }
    return exponent
  }

  /// The smallest grid that holds `low ... high`.
  @inlinable public init<Value: ActivationValue>(holding low: Value, _ high: Value) {
    exponent = Self.exponent(low: low, high: high)
    origin = Self.bin(of: low, exponent: exponent)
  }

  /// The grid at 256 bins that the windows of all `grids` share, no finer than any of them; `empty` without any.
  public static func shared(by grids: some Sequence<DyadicGrid>) -> DyadicGrid {
    var exponent = Int.min
    for grid in grids { exponent = max(exponent, grid.exponent) }
    guard exponent > Int.min else { return .empty }
    while true {
      var low = Int64.max
      var high = Int64.min
      for grid in grids {
        let shift = min(exponent - grid.exponent, 63)
        low = min(low, grid.origin >> shift)
        high = max(high, (grid.origin + Int64(binCount) - 1) >> shift)
      }
      if high - low < Int64(binCount) { return DyadicGrid(exponent: exponent, origin: low) }
      exponent += 1
    }
  }

  /// The bin of `self` that holds own bin `index` of the finer grid `own`.
  @inlinable public func index(ofBin index: Int, of own: DyadicGrid) -> Int {
    Int((own.origin + Int64(index)) >> min(exponent - own.exponent, 63) - origin)
  }

  /// Adds the counts of a finer grid, bin by bin, to those of this one.
  /// - Precondition: this grid holds each bin of `own` that is not empty.
  @inlinable public func add<Count: FixedWidthInteger & UnsignedInteger>(
    _ counts: UnsafePointer<Count>, of own: DyadicGrid, to sums: UnsafeMutablePointer<UInt32>
  ) {
    if own == self {
      for index in 0..<Self.binCount { sums[index] &+= UInt32(truncatingIfNeeded: counts[index]) }
      return
    }
    // That of a neuron without values may be any other.
    let shift = exponent - own.exponent
    guard (0..<32).contains(shift) else {
      for index in 0..<Self.binCount where counts[index] != 0 {
        sums[self.index(ofBin: index, of: own)] += UInt32(truncatingIfNeeded: counts[index])
      }
      return
    }
    var number = own.origin >> shift - origin
    var index = 0
    // Of the first bin, some neighbours may lie before the window.
    var end = min(Self.binCount, 1 << shift - Int(own.origin & (1 << shift - 1)))
    while index < Self.binCount {
      var sum: UInt32 = 0
      while index < end {
        sum &+= UInt32(truncatingIfNeeded: counts[index])
        index += 1
      }
      if sum != 0 { sums[Int(number)] += sum }
      number += 1
      end = min(Self.binCount, end + 1 << shift)
    }
  }
}

/// Two powers of two whose product is `2^-exponent`: by itself it may be beyond the type.
func powersOfTwo<Value: BinaryFloatingPoint>(_ exponent: Int, _: Value.Type) -> (Value, Value) {
  let half = -exponent / 2
  return (
    Value(sign: .plus, exponent: Value.Exponent(half), significand: 1),
    Value(sign: .plus, exponent: Value.Exponent(-exponent - half), significand: 1)
  )
}
