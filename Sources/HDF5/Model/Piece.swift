/// A part of a dataset that is read and decoded by itself: a whole chunk, or a run of rows of a
/// dataset without chunks.
public struct Piece: Sendable, Hashable {
  /// What it covers, within the dataset's shape: `[axis]`.
  public let region: [Range<Int>]

  /// Coordinates of its first element; of a chunk, its name.
  public var first: [Int] { region.map(\.lowerBound) }

  /// Number of elements.
  public var count: Int { region.reduce(1) { $0 * $1.count } }
}

extension Layout {
  /// The pieces of a dataset that meet `box`, row-major.
  ///
  /// - Parameters:
  ///   - runBytes: The least size of a run, where there are no chunks.
  func pieces(shape: [Int], elementBytes: Int, box: [Range<Int>], runBytes: Int) -> [Piece] {
    if box.contains(where: \.isEmpty) { return [] }
    if case .chunked(let chunk) = self {
      let grid = ChunkGrid(shape: shape, chunk: chunk)
      let numbers = box.indices.map { axis in
        (box[axis].lowerBound / chunk[axis])..<((box[axis].upperBound - 1) / chunk[axis] + 1)
      }
      return product(numbers) { grid.region(from: zip($0, chunk).map { $0 * $1 }) }
    }
    // Runs: the innermost axes whole, as long as they stay below the size; one axis in steps; the
    // outer ones element by element.
    var axis = box.count
    var bytes = elementBytes
    while axis > 0, bytes * box[axis - 1].count <= runBytes {
      axis -= 1
      bytes *= box[axis].count
    }
    guard axis > 0 else { return [Piece(region: box)] }
    let step = max(1, runBytes / bytes)
    let steps = box[axis - 1]
    let outer = (0..<(axis - 1)).map { box[$0] } + [0..<((steps.count + step - 1) / step)]
    return product(outer) { at in
      let from = steps.lowerBound + at[axis - 1] * step
      return at[..<(axis - 1)].map { $0..<($0 + 1) }
        + [from..<min(from + step, steps.upperBound)] + box[axis...]
    }
  }

  /// A piece for every combination of numbers, the last axis fastest.
  private func product(_ ranges: [Range<Int>], _ region: ([Int]) -> [Range<Int>]) -> [Piece] {
    var pieces: [Piece] = []
    pieces.reserveCapacity(ranges.reduce(1) { $0 * $1.count })
    var at = ranges.map(\.lowerBound)
    while true {
      pieces.append(Piece(region: region(at)))
      var axis = ranges.count - 1
      while axis >= 0 {
        at[axis] += 1
        if at[axis] < ranges[axis].upperBound { break }
        at[axis] = ranges[axis].lowerBound
        axis -= 1
      }
      if axis < 0 { return pieces }
    }
  }
}
