import Distributions
import TileStore

/// Where the rows of each class stand between it and every other one: the median of what speaks for the other.
struct Ladders {
  /// `[class, row]`: means of `ln p`.
  let evidence: ScratchMatrixFile
  /// `[row]`.
  let labels: [Int32]
  let classes: Int
  let lanes: Lanes

  private static let rowsAtOnce = 1 << 16

  /// `[own class, other class]`; NaN where the own class has no rows with values.
  func medians() throws -> [Double] {
    let results = LaneResults<[Double]>(classes)
    try lanes.run(classes) { _, own in
      let base = try gather(own, rowsOf: own)
      results[own] = try (0..<classes).map { other in
        middle(zip(try gather(other, rowsOf: own), base).map { $0 - $1 }.filter { !$0.isNaN })
      }
    }
    return (0..<classes).flatMap { results[$0] ?? [] }
  }

  /// The evidence of a class for the rows of another.
  private func gather(_ label: Int, rowsOf own: Int) throws -> [Double] {
    var gathered: [Double] = []
    var some = [Double](repeating: 0, count: min(labels.count, Self.rowsAtOnce))
    for first in stride(from: 0, to: labels.count, by: Self.rowsAtOnce) {
      let count = min(Self.rowsAtOnce, labels.count - first)
      try some.withUnsafeMutableBufferPointer {
        try evidence.read(into: UnsafeMutableBufferPointer(rebasing: $0[..<count]), at: label * labels.count + first)
      }
      for row in 0..<count where labels[first + row] == own { gathered.append(some[row]) }
    }
    return gathered
  }

  private func middle(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] + 0 : (sorted[half - 1] + sorted[half]) / 2 + 0
  }
}
