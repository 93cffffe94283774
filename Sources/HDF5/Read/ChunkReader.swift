import CHDF5

/// Reads chunks: the stored bytes by libhdf5, under its lock; everything else by us, outside it.
final class ChunkReader: Sendable {
  private let dataset: hid_t
  private let info: DatasetInfo
  private let chunk: [Int]
  private let pipeline: Pipeline
  /// For chunks over the edge that are stored without filters.
  private let plain: Pipeline
  private let fileBytes: Int

  init(_ file: File, _ info: DatasetInfo) throws(Fault) {
    guard case .chunked(let chunk) = info.layout else { preconditionFailure("not chunked") }
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

  func isWritten(_ piece: Piece) throws(Fault) -> Bool {
    try Library.enter { () throws(Fault) in
      try ChunkIndex.storedBytes(dataset, piece.first) != nil
    }
  }

  /// - Returns: Whether the chunk exists.
  func read(_ piece: Piece, _ target: Target, _ scratch: Scratch) throws(Fault) -> Bool {
    guard let (stored, mask) = try readStored(piece.first, scratch) else { return false }
    let whole = zip(piece.region, chunk).allSatisfy { $0.count == $1 }
    let pipeline = whole || !info.unfilteredEdgeChunks ? self.pipeline : plain
    let elementBytes = info.elementBytes
    if whole, target.region == piece.region, let place = target.oneRun(elementBytes: elementBytes) {
      try pipeline.decode(stored, mask: mask, into: place, scratch: scratch)
      swapToNative(
        UnsafeMutableRawBufferPointer(start: place, count: pipeline.chunkBytes),
        elementBytes: elementBytes, from: info.byteOrder)
      return true
    }
    let decoded = try scratch.buffer(.chunk, pipeline.chunkBytes)
    try pipeline.decode(stored, mask: mask, into: decoded, scratch: scratch)
    swapToNative(
      UnsafeMutableRawBufferPointer(start: decoded, count: pipeline.chunkBytes),
      elementBytes: elementBytes, from: info.byteOrder)
    let holding = zip(piece.first, chunk).map { $0..<($0 + $1) }
    target.copy(from: decoded, holding: holding, elementBytes: elementBytes)
    return true
  }

  /// The bytes of a chunk as they are in the file, and which filters it went without; `nil` if it
  /// was never written.
  private func readStored(_ first: [Int], _ scratch: Scratch) throws(Fault) -> (
    UnsafeRawBufferPointer, UInt32
  )? {
    // One step under the lock: libhdf5 writes as many bytes as its index says at that moment.
    try Library.enter { () throws(Fault) -> (UnsafeRawBufferPointer, UInt32)? in
      guard let bytes = try ChunkIndex.storedBytes(dataset, first) else { return nil }
      guard bytes <= fileBytes else {
        throw .badData("its index claims \(bytes) stored bytes in a file of \(fileBytes)")
      }
      try pipeline.checkRatio(stored: bytes)
      let buffer = try scratch.buffer(.stored, bytes)
      var mask: UInt32 = 0
      guard H5Dread_chunk(dataset, nd_default(), first.map { hsize_t($0) }, &mask, buffer) >= 0
      else { throw Library.failure("reading its stored bytes") }
      return (UnsafeRawBufferPointer(start: buffer, count: bytes), mask)
    }
  }
}
