/// One of the arrays of a store's table of rows: a line of the table in `Tiles/FORMAT.md` §2.
///
/// All of them are cut along their first axis alone. Writer, reader and verifier follow `RowTableAttributes.arrays`.
public struct RowArray: Sendable, Equatable {
  /// Below the group `rows`.
  public let path: String
  /// What each axis counts.
  public let dimensions: [RowDimension]
  /// Types that a store may hold it in.
  public let types: [DataType]

  init(_ path: String, _ dimensions: [RowDimension], _ types: [DataType]) {
    self.path = path
    self.dimensions = dimensions
    self.types = types
  }
}

/// What an axis of an array of the table counts.
public enum RowDimension: Sendable, Equatable {
  case row, `class`, height, width, channel, byte
}

extension RowArray {
  /// Which of the classes in the group's attributes a row has; `RowTableAttributes.absent`: none.
  public static let label = RowArray("label", [.row], [.uint32])
  public static let prediction = RowArray("prediction", [.row], [.uint32])
  public static let scores = RowArray("scores", [.row, .class], [.float32])
  /// The largest score minus the second largest.
  public static let margin = RowArray("margin", [.row], [.float64])
  public static let pictures = RowArray("pictures", [.row, .height, .width, .channel], [.uint8])
  /// Texts in UTF-8, behind each other.
  public static let textBytes = RowArray("texts/bytes", [.byte], [.uint8])
  /// Where the text of each row ends in these.
  public static let textEnds = RowArray("texts/ends", [.row], [.int64])

  /// A column of the job: whole numbers, numbers, or places in its list of texts.
  public static func column(_ id: String) -> RowArray {
    RowArray("columns/\(id)", [.row], [.int64, .float64, .uint32])
  }

  /// Every array that a table may have; ID stands for that of a column.
  static let all = [label, prediction, scores, margin, column("ID"), pictures, textBytes, textEnds]
}

extension ArrayMetadata {
  /// Bytes of an inner chunk of several rows, at most.
  private static let rowChunkBytes = 64 << 10
  /// Inner chunks of a shard, at most.
  private static let rowChunksPerShard = 256

  /// An array that is cut along its first axis alone.
  static func ofRows(_ shape: [Int], _ dataType: DataType) -> ArrayMetadata {
    let behind = Array(shape.dropFirst())
    let rowBytes = behind.reduce(dataType.byteCount, *)
    var rows = 1
    while rows < shape[0], rows * 2 * rowBytes <= rowChunkBytes { rows *= 2 }
    let chunks = min((shape[0] + rows - 1) / rows, rowChunksPerShard)
    return ArrayMetadata(
      shape: shape, dataType: dataType, shardShape: [rows * chunks] + behind, chunkShape: [rows] + behind,
      codec: .usual(dataType))
  }
}

/// The largest of a row's scores minus the second largest, in float64; NaN where there are not two, or one of them is NaN.
public func margin(of scores: UnsafeBufferPointer<Float>) -> Double {
  guard scores.count > 1 else { return .nan }
  var (first, second) = (-Float.infinity, -Float.infinity)
  for score in scores {
    if score.isNaN { return .nan }
    if score > first {
      (first, second) = (score, first)
    } else if score > second {
      second = score
    }
  }
  // Of two infinities the difference is none.
  return Double(first) - Double(second)
}
