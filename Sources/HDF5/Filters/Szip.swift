import CAec
import CKernels

/// Filter 4: the decoded size (little-endian u32), then samples coded by the adaptive Golomb-Rice coder of CCSDS 121.0-B.
///
/// Parameters: [options, samples of a block, bits of a sample, samples of a line]. Options: 16 samples are big-endian,
/// 32 differences to the sample before are coded. Elements of 32 and 64 bits are taken apart first: all their first
/// bytes, then all second ones, …, each byte a sample. A line that is no multiple of a block is filled up to one.
///
/// Source: H5Zszip.c; sz_compat.c of MathisRosenhauer/libaec, for what the coder sees.
struct Szip: Sendable {
  /// Bytes that one stored byte can stand for: 64 blocks of 32 samples of four bytes that are all zero, in nine bits.
  static let mostExpansion = 8192.0
  private static let mostSignificantFirst: UInt32 = 16
  private static let nearestNeighbour: UInt32 = 32
  private static let blocksPerLineMax = 128

  private let flags: UInt32
  private let blockSamples: Int
  private let bitsPerSample: Int
  /// Bytes of an element that is taken apart, else `nil`.
  private let planes: Int?
  private let lineSamples: Int

  init(_ parameters: [UInt32]) throws(Fault) {
    let wrong = Fault.badData("its szip filter has parameters \(parameters)")
    guard parameters.count == 4 else { throw wrong }
    let (block, bits, line) = (Int(parameters[1]), Int(parameters[2]), Int(parameters[3]))
    guard block % 2 == 0, (2...32).contains(block), line >= block, line <= block * Self.blocksPerLineMax,
      (1...24).contains(bits) || bits == 32 || bits == 64
    else { throw wrong }
    planes = bits >= 32 ? bits / 8 : nil
    bitsPerSample = bits >= 32 ? 8 : bits
    blockSamples = block
    lineSamples = line
    var flags: UInt32 = 0
    if parameters[0] & Self.mostSignificantFirst != 0 { flags |= UInt32(AEC_DATA_MSB) }
    if parameters[0] & Self.nearestNeighbour != 0 { flags |= UInt32(AEC_DATA_PREPROCESS) }
    self.flags = flags
  }

  private var sampleBytes: Int { bitsPerSample > 16 ? 4 : bitsPerSample > 8 ? 2 : 1 }
  private var blocksPerLine: Int { (lineSamples + blockSamples - 1) / blockSamples }
  private var paddedLineSamples: Int { blocksPerLine * blockSamples }

  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch: Scratch
  ) throws(Fault) -> Int {
    guard input.count >= 4 else { throw damaged("end within their size") }
    let total = Int(UInt32(littleEndian: input.loadUnaligned(as: UInt32.self)))
    guard total <= output.count else {
      throw Pipeline.wrongSize(got: total, expected: output.count, "bytes by its szip header")
    }
    guard total > 0, total % (planes ?? sampleBytes) == 0 else { throw damaged("have a size of \(total) bytes") }
    let lineBytes = lineSamples * sampleBytes
    let paddedBytes = paddedLineSamples * sampleBytes
    let lines = (total + lineBytes - 1) / lineBytes
    let isDirect = planes == nil && paddedBytes == lineBytes
    let room = paddedBytes == lineBytes ? total : lines * paddedBytes
    let samples = isDirect ? output.baseAddress! : try scratch.buffer(.block, room)
    // Behind the last sample a padded line may end.
    let due = (lines - 1) * paddedBytes + total - (lines - 1) * lineBytes
    let produced = try decodeSamples(
      UnsafeRawBufferPointer(rebasing: input.dropFirst(4)),
      into: UnsafeMutableRawBufferPointer(start: samples, count: room))
    guard produced >= due else { throw Pipeline.wrongSize(got: produced, expected: due, "bytes of szip samples") }
    if isDirect { return total }
    if paddedBytes > lineBytes {
      for line in 1..<max(lines, 1) {
        (samples + line * lineBytes)
          .copyMemory(from: samples + line * paddedBytes, byteCount: min(lineBytes, total - line * lineBytes))
      }
    }
    if let planes {
      nd_unshuffle(output.baseAddress!, samples, total, planes)
    } else {
      output.baseAddress!.copyMemory(from: samples, byteCount: total)
    }
    return total
  }

  /// - Returns: Bytes that came, from the first on.
  private func decodeSamples(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(Fault) -> Int {
    var stream = aec_stream()
    stream.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_in = input.count
    stream.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = output.count
    stream.bits_per_sample = UInt32(bitsPerSample)
    stream.block_size = UInt32(blockSamples)
    stream.rsi = UInt32(blocksPerLine)
    stream.flags = flags
    let began = aec_decode_init(&stream)
    guard began == AEC_OK else {
      throw began == AEC_MEM_ERROR
        ? .unsupported("there is no memory for a szip decoder") : damaged("have no such form")
    }
    let code = aec_decode(&stream, AEC_FLUSH)
    aec_decode_end(&stream)
    guard code == AEC_OK else { throw damaged("of \(input.count) bytes are damaged") }
    return stream.total_out
  }

  private func damaged(_ what: String) -> Fault {
    .damaged("its szip data \(what)")
  }
}

extension FilterDescriptor {
  static let szip = FilterDescriptor(id: 4, name: "szip", secondsPerByte: 3e-9) { (parameters, _) throws(Fault) in
    let szip = try Szip(parameters)
    // The samples before they are put together, of lines filled up to at most twice their length.
    return Stage(
      name: "szip", mostExpansion: Szip.mostExpansion, bytesAfter: { _ in nil }, scratchBytes: { 2 * $0 + 4096 },
      undo: .decode { (input, output, scratch) throws(Fault) in
        try szip.decode(input, into: output, scratch: scratch)
      })
  }
}
