/// A number that looks random, the same for the same place at every run: SplitMix64.
///
/// Source: Steele, Lea and Flood, *Fast splittable pseudorandom number generators* (2014).
package func splitMix(_ place: Int) -> UInt64 {
  var bits = (UInt64(place) + 1) &* 0x9E37_79B9_7F4A_7C15
  bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
  bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
  return bits ^ (bits >> 31)
}
