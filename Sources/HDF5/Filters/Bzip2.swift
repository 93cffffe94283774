import CBzip2

/// Filter 307: one bzip2 stream, checked by its CRCs.
///
/// Source: H5Zbzip2.c of PyTables.
enum Bzip2 {
  /// Bytes that one stored byte can stand for: a block of 900,000 bytes, each five a run of 259, from 20 bytes.
  static let mostExpansion = 2_331_000.0
  /// What libbz2 allocates for the largest blocks: 100 kB and four times 900 kB.
  static let decoderBytes = 100_000 + 4 * 900_000

  static func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch _: Scratch
  ) throws(Fault) -> Int {
    guard let inputBytes = UInt32(exactly: input.count) else {
      throw damaged("has \(input.count) bytes, more than 4 GiB")
    }
    let room = UInt32(clamping: output.count)
    let (code, left, free) = withUnsafeTemporaryAllocation(of: bz_stream.self, capacity: 1) { memory in
      // libbz2 holds on to the address of the stream.
      let stream = memory.baseAddress!
      stream.initialize(to: bz_stream())
      let began = BZ2_bzDecompressInit(stream, 0, 0)
      guard began == BZ_OK else { return (began, inputBytes, room) }
      stream.pointee.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: CChar.self)
      stream.pointee.avail_in = inputBytes
      stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: CChar.self)
      stream.pointee.avail_out = room
      let code = BZ2_bzDecompress(stream)
      BZ2_bzDecompressEnd(stream)
      return (code, stream.pointee.avail_in, stream.pointee.avail_out)
    }
    switch code {
    case BZ_STREAM_END where left == 0: return Int(room - free)
    case BZ_STREAM_END: throw damaged("goes on behind its end")
    case BZ_OK where free == 0:
      throw .decodesToMore(than: output.count, "bzip2")
    case BZ_OK: throw damaged("ends after \(room - free) of \(output.count) bytes")
    case BZ_MEM_ERROR: throw .unsupported("there is no memory for a bzip2 decoder")
    default: throw damaged("of \(input.count) bytes is damaged")
    }
  }

  private static func damaged(_ what: String) -> Fault {
    .damaged("its bzip2 stream \(what)")
  }
}

extension FilterDescriptor {
  static let bzip2 = FilterDescriptor(id: 307, name: "bzip2", secondsPerByte: 15e-9) { _, _ in
    Stage(
      name: "bzip2", mostExpansion: Bzip2.mostExpansion, bytesAfter: { _ in nil },
      scratchBytes: { _ in Bzip2.decoderBytes }, undo: .decode(Bzip2.decode))
  }
}
