/// The shapes in which a store cuts its arrays; see `Tiles/FORMAT.md` §7.
extension ArrayMetadata {
  static let shardRows = 65536
  static let blockNeurons = 256

  /// An array of a layer, `[neuron]`, `[group or instance, neuron]` or, of counts, `[group, neuron, bin]`.
  /// - Parameters:
  ///   - first: length of the axis before the neurons.
  ///   - bins: length of the axis behind them.
  static func ofNeurons(
    _ neurons: Int, first: Int?, bins: Int?, dataType: DataType, codec: ChunkCodec, attributes: [String: JSONValue]
  ) -> ArrayMetadata {
    let blocks = roundUp(neurons, to: blockNeurons)
    let chunk = bins.map { 4096 / $0 } ?? min(blocks, 16384)
    let width = min(bins == nil ? roundUp(neurons, to: chunk) : blocks, shardRows)
    let before = first.map { [min(max(1, shardRows / width), $0)] } ?? []
    let behind = bins.map { [$0] } ?? []
    return ArrayMetadata(
      shape: (first.map { [$0] } ?? []) + [neurons] + behind, dataType: dataType,
      shardShape: before + [width] + behind, chunkShape: before.map { _ in 1 } + [chunk] + behind,
      codec: codec, attributes: attributes)
  }

  /// Some numbers of each neuron.
  static func ofExtremes(_ neurons: Int, _ dataType: DataType, codec: ChunkCodec) -> ArrayMetadata {
    ArrayMetadata(
      shape: [neurons, ExtremeEnd.rows], dataType: dataType,
      shardShape: [min(roundUp(neurons, to: blockNeurons), shardRows), ExtremeEnd.rows],
      chunkShape: [blockNeurons, ExtremeEnd.rows], codec: codec)
  }

  /// Codes, or the bits beside them: a plane for each neuron or sample, with all samples or neurons.
  /// - Parameter perByte: 1, or 8 of bits.
  static func ofCodes(_ planes: Int, _ length: Int, perByte: Int, codec: ChunkCodec) -> ArrayMetadata {
    let chunk = min(roundUp(length, to: blockNeurons), codesPerChunk)
    let width = min(roundUp(length, to: chunk), codesPerShard)
    // Planes are written 64 at a time: as many as are counted at once.
    let most = codesPerShard / width
    let some = min(most >= codePlanes ? most / codePlanes * codePlanes : most, planes)
    return ArrayMetadata(
      shape: [planes, (length + perByte - 1) / perByte], dataType: .uint8, shardShape: [some, width / perByte],
      chunkShape: [1, chunk / perByte], codec: codec)
  }

  private static let codesPerChunk = 16384
  private static let codesPerShard = 1 << 24
  private static let codePlanes = 64

  /// Pictures, `[picture, height, width, channel]`.
  public static func images(_ shape: [Int]) -> ArrayMetadata {
    ArrayMetadata(
      shape: shape, dataType: .uint8, shardShape: shape, chunkShape: [1] + shape.dropFirst(),
      codec: .usual(.uint8))
  }

  private static func roundUp(_ count: Int, to multiple: Int) -> Int {
    max(1, (count + multiple - 1) / multiple) * multiple
  }
}

extension ChunkCodec {
  /// How chunks of a type are written where nothing else was measured to be better. Integers of several bytes are shuffled, since their
  /// upper bytes are mostly equal; floating-point numbers are not: many are exactly 0, and of the others shuffling makes little.
  /// - Parameter isBitShuffled: whether shuffling bits was.
  static func usual(_ type: DataType, isBitShuffled: Bool = false, level: Int = Blosc.levelMax) -> ChunkCodec {
    let shuffle: Blosc.Shuffle =
      switch type {
      case _ where isBitShuffled: .bits
      case .uint16, .uint32, .int16, .int64: .bytes
      case .uint8, .float32, .float64: .none
      }
    return .blosc(Blosc(shuffle, elementBytes: type.byteCount, level: level))
  }
}
