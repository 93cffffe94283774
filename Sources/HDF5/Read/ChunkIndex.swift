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

/// The regular grid of a dataset's chunks, numbered row-major.
struct ChunkGrid: Sendable {
  let shape: [Int]
  let chunk: [Int]
  /// Chunks along each axis.
  let along: [Int]

  /// - Precondition: `chunk` has as many axes as `shape`, none of them 0.
  init(shape: [Int], chunk: [Int]) {
    self.shape = shape
    self.chunk = chunk
    along = zip(shape, chunk).map { $0 / $1 + ($0 % $1 == 0 ? 0 : 1) }
  }

  /// Number of chunks, `nil` if beyond `Int`.
  var count: Int? {
    var product = 1
    if along.contains(0) { return 0 }
    for extent in along {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      product = next
    }
    return product
  }

  /// Coordinates of the first element of chunk `number`.
  func first(_ number: Int) -> [Int] {
    var rest = number
    var first = shape
    for axis in along.indices.reversed() {
      first[axis] = rest % along[axis] * chunk[axis]
      rest /= along[axis]
    }
    return first
  }

  /// What the chunk that begins at `first` covers of the dataset: edge chunks hang over.
  func region(from first: [Int]) -> [Range<Int>] {
    shape.indices.map { first[$0]..<min(shape[$0], first[$0] + chunk[$0]) }
  }
}
