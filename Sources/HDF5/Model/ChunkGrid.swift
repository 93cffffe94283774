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
