import CHDF5

/// Where chunks are, as libhdf5's index of them says. Runs inside ``Library/enter(_:)``.
enum ChunkIndex {
  /// Bytes a chunk takes in the file, `nil` if it was never written.
  ///
  /// - Parameter first: Coordinates of the chunk's first element.
  static func storedBytes(_ dataset: hid_t, _ first: [Int]) throws(Fault) -> Int? {
    let offset = first.map { hsize_t($0) }
    var bytes: hsize_t = 0
    if H5Dget_chunk_storage_size(dataset, offset, &bytes) >= 0 {
      // Zero: no chunk of the dataset was ever written.
      return bytes == 0 ? nil : Int(clamping: bytes)
    }
    // "Not there" and "went wrong" are the same −1. In the first case nothing below the function
    // that looked has complained.
    let innermost = Library.errorTrace().first
    if innermost?.function == "H5D__get_chunk_storage_size",
      innermost?.words.contains("not allocated") == true
    {
      return nil
    }
    throw Library.failure("looking up its chunk at \(first)")
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
