import CHDF5
import Synchronization

/// Reads chunks: the stored bytes by libhdf5, under its lock; everything else by us, outside it.
final class ChunkReader: Sendable {
  let dataset: hid_t
  let info: DatasetInfo
  let chunk: [Int]
  let file: File
  private let pipeline: Pipeline
  /// For chunks over the edge that are stored without filters.
  private let plain: Pipeline
  let fileBytes: Int
  /// Where the chunks lie, once somebody asked; see `fetchAhead(rows:)`.
  let stretchOfChunks = Mutex<Stretch?>(nil)

  /// Bytes of the file; `nil` where the chunks do not follow each other.
  struct Stretch { let stretch: Range<Int>? }

  init(_ file: File, _ info: DatasetInfo) throws(Fault) {
    guard case .chunked(let chunk) = info.layout else { preconditionFailure("not chunked") }
    self.file = file
    self.info = info
    self.chunk = chunk
    pipeline = try Pipeline(info)
    plain = Pipeline(withoutFilters: info)
    if let other = info.storageFile {
      fileBytes = try FileIdentity(path: other).bytes
    } else {
      fileBytes = file.identity.bytes
    }
    dataset = try LibraryReader.open(file, info)
  }

  deinit { Library.enter { _ = H5Dclose(dataset) } }

  /// The most that decoding takes of a lane: the stored bytes, two steps of the pipeline, and what its filters need besides.
  /// What a compressor makes of data that do not compress is hardly larger.
  var scratchBytes: Int {
    let chunkBytes = pipeline.chunkBytes
    let most = chunkBytes + chunkBytes / 16 + 65_536
    let steps = pipeline.stages.count { if case .decode = $0.undo { true } else { false } }
    return (1 + min(2, steps)) * most + (pipeline.stages.map { $0.scratchBytes(most) }.max() ?? 0)
  }

  func isWritten(_ piece: Piece) throws(Fault) -> Bool {
    try Library.enter { () throws(Fault) in
      try ChunkIndex.storedBytes(dataset, ChunkIndex.offset(of: piece)) != nil
    }
  }

  /// - Returns: Whether the chunk exists.
  func read(_ piece: Piece, _ target: Target, _ scratch: Scratch) throws(Fault) -> Bool {
    let whole = zip(piece.region, chunk).allSatisfy { $0.count == $1 }
    let pipeline = whole || !info.unfilteredEdgeChunks ? self.pipeline : plain
    // Where the chunk can be decoded to right away, if it is not to be cut or spread.
    let place =
      whole && target.region == piece.region
      ? target.oneRun(elementBytes: info.elementBytes) : nil
    let direct = pipeline.stages.isEmpty ? place : nil
    guard let (stored, mask) = try readStored(piece, direct, scratch) else { return false }
    let decoded = try pipeline.decode(stored, mask: mask, into: place, scratch: scratch)
    info.makeNative(UnsafeMutableRawBufferPointer(start: decoded, count: pipeline.chunkBytes))
    if place == nil {
      let holding = zip(piece.region, chunk).map { $0.lowerBound..<($0.lowerBound + $1) }
      target.copy(from: decoded, holding: holding, elementBytes: info.elementBytes)
    }
    return true
  }

  /// The bytes of a chunk as they are in the file, and which filters it went without; `nil` if it
  /// was never written.
  ///
  /// - Parameter direct: Takes the bytes of a chunk without filters; `nil`: they go to `scratch`.
  func readStored(
    _ piece: Piece, _ direct: UnsafeMutableRawPointer?, _ scratch: Scratch
  ) throws(Fault) -> (UnsafeMutableRawBufferPointer, UInt32)? {
    let offset = ChunkIndex.offset(of: piece)
    // One step under the lock: libhdf5 writes as many bytes as its index says at that moment.
    return try Library.enter { () throws(Fault) -> (UnsafeMutableRawBufferPointer, UInt32)? in
      guard let bytes = try ChunkIndex.storedBytes(dataset, offset) else { return nil }
      guard bytes <= fileBytes else {
        throw .badData("its index claims \(bytes) stored bytes in a file of \(fileBytes)")
      }
      let buffer: UnsafeMutableRawPointer
      if let direct {
        guard bytes == pipeline.chunkBytes else {
          throw Pipeline.wrongSize(got: bytes, expected: pipeline.chunkBytes, "stored bytes")
        }
        buffer = direct
      } else {
        try pipeline.checkRatio(stored: bytes)
        buffer = try scratch.buffer(.stored, bytes)
      }
      var mask: UInt32 = 0
      guard H5Dread_chunk(dataset, nd_default(), offset, &mask, buffer) >= 0 else {
        throw Library.failure("reading its stored bytes")
      }
      return (UnsafeMutableRawBufferPointer(start: buffer, count: bytes), mask)
    }
  }
}
