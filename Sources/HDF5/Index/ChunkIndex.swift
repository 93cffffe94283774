import CHDF5

/// Where chunks are, as libhdf5's index of them says. Runs inside ``Library/enter(_:)``.
enum ChunkIndex {
  /// Bytes a chunk takes in the file, `nil` if it was never written.
  ///
  /// - Parameter offset: Coordinates of the chunk's first element.
  static func storedBytes(_ dataset: hid_t, _ offset: [hsize_t]) throws(Fault) -> Int? {
    let bytes = nd_chunk_bytes(dataset, offset)
    if bytes > 0 { return Int(bytes) }
    if bytes == 0 { return nil }
    throw Library.failure("looking up its chunk at \(offset)")
  }

  /// A chunk as libhdf5 names it.
  static func offset(of piece: Piece) -> [hsize_t] {
    piece.region.map { hsize_t($0.lowerBound) }
  }
}
