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

extension FilterDescriptor {
  static let shuffle = FilterDescriptor(id: 2, name: "shuffle", secondsPerByte: 0.4e-9) {
    (parameters, elementBytes) throws(Fault) in
    let bytes = parameters.first.map(Int.init) ?? elementBytes
    guard bytes > 0 else { throw .badData("its shuffle filter has elements of 0 bytes") }
    return Stage(
      name: "shuffle", mostExpansion: 1, bytesAfter: { $0 },
      undo: .decode { (input, output, _) throws(Fault) in
        try Shuffle.decode(input, into: output, elementBytes: bytes)
      })
  }
}
