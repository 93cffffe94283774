/// The shapes in which a store cuts its arrays; see `Tiles/FORMAT.md` §7.
extension ArrayMetadata {
  static let shardRows = 65536
  static let blockNeurons = 256

  /// Counts of a layer, `[group, neuron, bin]`.
  public static func counts(
    groups: Int, neurons: Int, bins: Int, dataType: DataType, attributes: [String: JSONValue] = [:]
  ) -> ArrayMetadata {
    let width = min(roundUp(neurons, to: blockNeurons), shardRows)
    return ArrayMetadata(
      shape: [groups, neurons, bins], dataType: dataType,
      shardShape: [groupsPerShard(groups, width: width), width, bins], chunkShape: [1, 4096 / bins, bins],
      attributes: attributes)
  }

  /// Figures of a layer's neurons, `[row, neuron]`: statistics, orderings, values.
  public static func figures(rows: Int, neurons: Int, dataType: DataType) -> ArrayMetadata {
    let (chunk, width) = figureWidths(neurons)
    return ArrayMetadata(
      shape: [rows, neurons], dataType: dataType,
      shardShape: [groupsPerShard(rows, width: width), width], chunkShape: [1, chunk])
  }

  /// One figure a neuron, `[neuron]`: the grid.
  public static func perNeuron(_ neurons: Int, dataType: DataType) -> ArrayMetadata {
    let (chunk, width) = figureWidths(neurons)
    return ArrayMetadata(shape: [neurons], dataType: dataType, shardShape: [width], chunkShape: [chunk])
  }

  /// Pictures, `[picture, height, width, channel]`.
  public static func images(_ shape: [Int]) -> ArrayMetadata {
    ArrayMetadata(
      shape: shape, dataType: .uint8, shardShape: shape, chunkShape: [1] + shape.dropFirst())
  }

  private static func figureWidths(_ neurons: Int) -> (chunk: Int, shard: Int) {
    let chunk = min(roundUp(neurons, to: blockNeurons), 16384)
    return (chunk, min(roundUp(neurons, to: chunk), shardRows))
  }

  private static func groupsPerShard(_ groups: Int, width: Int) -> Int {
    min(max(1, shardRows / width), groups)
  }

  private static func roundUp(_ count: Int, to multiple: Int) -> Int {
    max(1, (count + multiple - 1) / multiple) * multiple
  }
}
