import CKernels

/// Filter 2: all first bytes of the elements, then all second bytes, …; what is left over beyond
/// whole elements stays at the end.
enum Shuffle {
  static func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, elementBytes: Int
  ) throws(Fault) -> Int {
    guard input.count <= output.count else {
      throw Pipeline.wrongSize(got: input.count, expected: output.count, "shuffled bytes")
    }
    guard let from = input.baseAddress, let to = output.baseAddress else { return 0 }
    nd_unshuffle(to, from, input.count, elementBytes)
    return input.count
  }
}
