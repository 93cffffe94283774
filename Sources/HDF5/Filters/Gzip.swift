import CDeflate

/// Filter 1: a zlib stream, checked by its Adler-32.
enum Gzip {
  static func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch: Scratch
  ) throws(Fault) -> Int {
    var consumed = 0
    var produced = 0
    // Bytes behind the stream's end are let pass, as libhdf5 does: the stream has a checksum of its
    // own, and some writers round the stored size up.
    let result = libdeflate_zlib_decompress_ex(
      try scratch.deflateDecoder(), input.baseAddress, input.count, output.baseAddress,
      output.count, &consumed, &produced)
    switch result {
    case LIBDEFLATE_SUCCESS: return produced
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      throw .decodesToMore(than: output.count, "gzip")
    default:
      throw .damaged(
        "its gzip stream of \(input.count) bytes is damaged")
    }
  }
}

extension FilterDescriptor {
  static let gzip = FilterDescriptor(id: 1, name: "gzip", secondsPerByte: 1.6e-9) {
    (parameters, _) throws(Fault) in
    // The level says nothing of how to decode, but libhdf5 reads no file in which it is none: there is damage.
    if let level = parameters.first(where: { $0 > 9 }) {
      throw .badData("its gzip filter has the level \(level), and there are 0 to 9")
    }
    // Deflate: 258 bytes for two bits.
    return Stage(name: "gzip", mostExpansion: 1032, bytesAfter: { _ in nil }, undo: .decode(Gzip.decode))
  }
}
