/// The natural logarithm, the same on every machine to the last bit: what a system's library makes of it depends on its version and on the
/// processor, and a store's bytes must not.
///
///     logarithm(0.5)   // -0.6931471805599453
///
/// - Parameter x: positive and finite.
/// - Complexity: O(1); off by about 2^-52 of the result.
func logarithm(_ x: Double) -> Double { logarithm(significand: x.significand) + Double(x.exponent) * ln2 }

let ln2 = 0.693147180559945309417232121458

/// Of 1 ... 2, by the series of the inverse hyperbolic tangent.
private func logarithm(significand m: Double) -> Double {
  let (half, extra) = m > 1.4142135623730951 ? (m / 2, ln2) : (m, 0)
  let ratio = (half - 1) / (half + 1)
  let square = ratio * ratio
  var sum = 0.0
  for odd in stride(from: 25.0, through: 1, by: -2) { sum = sum * square + 1 / odd }
  return extra + 2 * ratio * sum
}
