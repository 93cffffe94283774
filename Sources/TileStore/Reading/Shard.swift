import CKernels

/// One shard file: an index of its inner chunks at the start, then the chunks (`FORMAT.md` §7).
///
/// The index is checked once, when the shard is mapped; each inner chunk whenever it is decoded.
final class Shard: Sendable {
  private let file: MappedFile
  let path: String
  private let chunkCount: Int
  private let chunkBytes: Int
  private let codec: ChunkCodec

  /// - Throws: `StoreError` of kind `corrupt` where the file is too short for its index, or the index fails its checksum.
  init(_ file: MappedFile, path: String, metadata: ArrayMetadata) throws(StoreError) {
    let indexBytes = metadata.indexBytes
    guard file.byteCount >= indexBytes else {
      throw .corrupt(path, "the file has \(file.byteCount) bytes, its index alone takes \(indexBytes)")
    }
    let checked = indexBytes - 4
    let sound = file.withBytes { bytes in
      let sum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: checked, as: UInt32.self))
      return crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<checked])) == sum
    }
    guard sound else { throw .corrupt(path, "the index fails its checksum") }
    self.file = file
    self.path = path
    chunkCount = checked / 16
    chunkBytes = metadata.chunkBytes
    codec = metadata.codec
  }

  /// Bytes of the file.
  var byteCount: Int { file.byteCount }

  /// Where inner chunk `index` lies in the file; `nil` where the index calls it missing.
  ///
  /// - Parameter chunk: its place in the array, for the message.
  func range(ofChunk index: Int, chunk: @autoclosure () -> [Int]) throws(StoreError) -> Range<Int>? {
    precondition(index >= 0 && index < chunkCount)
    let (offset, length) = file.withBytes { bytes in
      (
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 16, as: UInt64.self)),
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 16 + 8, as: UInt64.self))
      )
    }
    if offset == .max && length == .max { return nil }
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard !overflow, end <= UInt64(file.byteCount), length <= UInt64(codec.maxEncodedBytes(chunkBytes)) else {
      throw .corrupt(path, chunk: chunk(), "bytes \(offset) to \(end) do not lie in the file, or are too many")
    }
    return Int(offset)..<Int(end)
  }

  /// Calls `body` with some bytes of the file, which are mapped only while it runs.
  func withBytes(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) {
    file.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// Compares an encoded inner chunk with its checksum, without decoding it.
  /// - Parameter range: where it lies, as `range(ofChunk:chunk:)` says.
  /// - Throws: `StoreError` of kind `corrupt`.
  func verify(_ range: Range<Int>, chunk: [Int]) throws(StoreError) {
    let isSound = file.withBytes { ChunkCodec.isSound(UnsafeRawBufferPointer(rebasing: $0[range])) }
    guard isSound else { throw .corrupt(path, chunk: chunk, "the inner chunk fails its checksum") }
  }

  /// As much as is fetched ahead: the processor itself follows whoever reads on, but not from one page to the next.
  private static let aheadBytes = 2048

  /// Decodes inner chunk `index` to `destination`, which has exactly its decoded size.
  ///
  /// - Throws: `StoreError` of kind `corrupt` where the chunk is missing, fails its checksum, or has another size.
  func decode(
    _ index: Int, chunk: @autoclosure () -> [Int], as form: ChunkForm = .elements,
    into destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard let range = try range(ofChunk: index, chunk: chunk()) else {
      throw .corrupt(path, chunk: chunk(), "the inner chunk is missing")
    }
    do throws(ChunkCodec.DecodingError) {
      try file.withBytes { bytes throws(ChunkCodec.DecodingError) in
        // Chunks mostly follow each other: while this one is decoded, the beginning of the next one comes.
        let ahead = min(bytes.count - range.upperBound, Self.aheadBytes)
        if let base = bytes.baseAddress { nd_fetch_ahead(base + range.upperBound, ahead) }
        try codec.decode(UnsafeRawBufferPointer(rebasing: bytes[range]), as: form, into: destination)
      }
    } catch {
      let what =
        switch error {
        case .checksum: "the inner chunk fails its checksum"
        case .size: "the inner chunk does not have \(destination.count) bytes"
        case .malformed: "the inner chunk is not \(destination.count) bytes in the array's codec"
        }
      throw .corrupt(path, chunk: chunk(), what)
    }
  }
}
