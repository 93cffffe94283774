/// Makes pictures small: what is longer than a side at most is scaled so that its longer side has just that, the shorter one in proportion.
///
/// A pixel of the small picture is the mean of the area that it covers in the large one, of the numbers as they are stored, rounded half
/// up. All of it in whole numbers: the same on every machine.
struct Thumbnail {
  let height: Int
  let width: Int
  private let sourceHeight: Int
  private let sourceWidth: Int
  private let channels: Int
  private let rows: [Span]
  private let columns: [Span]

  /// What a small pixel covers along an axis: the first large one, and how much of each. A large one has the size of the small axis.
  private struct Span {
    let first: Int
    let weights: [Int]

    /// - Returns: one for each of `small` pixels over `large` ones.
    static func all(_ large: Int, _ small: Int) -> [Span] {
      (0..<small).map { place in
        let (begin, end) = (place * large, (place + 1) * large)
        let first = begin / small
        let weights = (first..<(end + small - 1) / small).map { min(end, ($0 + 1) * small) - max(begin, $0 * small) }
        return Span(first: first, weights: weights)
      }
    }
  }

  /// - Precondition: sides are at most 65,535 long, so that sums have room in 64 bits.
  init(height: Int, width: Int, channels: Int, sideMax: Int) {
    let longer = max(height, width)
    func scaled(_ side: Int) -> Int { longer <= sideMax ? side : max(1, (2 * side * sideMax + longer) / (2 * longer)) }
    (sourceHeight, sourceWidth, self.channels) = (height, width, channels)
    (self.height, self.width) = (scaled(height), scaled(width))
    rows = Span.all(height, self.height)
    columns = Span.all(width, self.width)
  }

  /// Whether pictures are kept as they are.
  var isOriginal: Bool { height == sourceHeight && width == sourceWidth }
  /// Bytes of a small picture.
  var bytes: Int { height * width * channels }

  /// - Parameter picture: `[height, width, channel]`.
  func make(_ picture: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    let line = sourceWidth * channels
    precondition(picture.count == sourceHeight * line)
    let area = sourceHeight * sourceWidth
    var small: [UInt8] = []
    small.reserveCapacity(bytes)
    // Of the lines that a small line covers: their weighted sum, each number below 255 * sourceHeight.
    var sums = [Int](repeating: 0, count: line)
    for row in rows {
      for index in sums.indices { sums[index] = 0 }
      for (offset, weight) in row.weights.enumerated() {
        let start = (row.first + offset) * line
        for index in 0..<line { sums[index] &+= weight &* Int(picture[start + index]) }
      }
      for column in columns {
        for channel in 0..<channels {
          var sum = 0
          for (offset, weight) in column.weights.enumerated() {
            sum += weight * sums[(column.first + offset) * channels + channel]
          }
          small.append(UInt8((sum + area / 2) / area))
        }
      }
    }
    return small
  }
}
