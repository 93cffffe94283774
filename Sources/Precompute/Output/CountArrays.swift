import Distributions
import TileStore

/// The counts of a layer on one axis, at 256, 64 and 16 bins, written block by block.
final class CountArrays {
  /// At 256 bins.
  let finest: ArrayWriter
  /// At every number of bins, the finest first.
  private let writers: [ArrayWriter]
  private let groups: Int
  private let dataType: DataType
  /// At every number of bins.
  private let codecs: [ChunkCodec]

  /// Neurons that are encoded as one, and stand together in a shard.
  static var blockNeurons: Int { 256 }
  /// Groups of a block that are encoded as one.
  private static var groupsPerTask: Int { 2 }
  /// Tasks that are encoded, or are on their way, before their chunks are in the files: fewer for each of many lanes, for they are held.
  private static func tasksAtOnce(lanes: Int) -> Int { lanes * (lanes <= 4 ? 8 : 4) }

  /// Bytes that writing takes at most, whatever the layer's size.
  static func bytes(lanes: Int) -> Int {
    let block = blockNeurons * DyadicGrid.binCount * 4
    return tasksAtOnce(lanes: lanes) * groupsPerTask * block * 3 / 2 + lanes * 2 * block
  }

  init(
    _ layer: LayerWriter, _ axis: BinAxis, dataType: DataType, attributes: [String: JSONValue] = [:]
  ) throws {
    groups = layer.sizes[.plane]
    self.dataType = dataType
    writers = try BinCount.allCases.map {
      try layer.begin(.counts(axis, $0, of: layer.sizes.countsBy), as: dataType, attributes: attributes)
    }
    finest = writers[0]
    codecs = writers.map(\.metadata.codec)
  }

  func finish() {
    for writer in writers { writer.finish() }
  }

  /// Writes a band of neurons.
  /// - Parameters:
  ///   - band: begins at a whole block.
  ///   - fill: puts the 256 counts of a neuron in a plane to its place.
  func write(
    band: Range<Int>, lanes: Lanes,
    fill: @escaping @Sendable (_ neuron: Int, _ plane: Int, _ counts: UnsafeMutablePointer<UInt32>) -> Void
  ) throws {
    try write(band: band, lanes: lanes) { block, group, counts in
      for neuron in block {
        fill(neuron, group, counts + (neuron - block.lowerBound) * DyadicGrid.binCount)
      }
    }
  }

  /// Writes a band of neurons from an array of counts.
  func write(
    band: Range<Int>, lanes: Lanes, reading reader: ArrayReader,
    fill: @escaping @Sendable (_ neuron: Int, _ row: UnsafeRawPointer, _ counts: UnsafeMutablePointer<UInt32>) -> Void
  ) throws {
    try write(band: band, lanes: lanes) { block, group, counts in
      let chunks = block.lowerBound / reader.rowsPerChunk..<(block.upperBound - 1) / reader.rowsPerChunk + 1
      try reader.stream(plane: group, chunks: chunks) { first, rows in
        for place in 0..<rows.count / reader.rowBytes {
          let neuron = first + place
          fill(
            neuron, rows.baseAddress! + place * reader.rowBytes,
            counts + (neuron - block.lowerBound) * DyadicGrid.binCount)
        }
      }
    }
  }

  /// Some groups of a block of neurons.
  private struct Piece: Sendable {
    var block: Range<Int>
    var groups: Range<Int>
  }

  /// Encoded chunks of one shard, behind each other.
  private struct Chunks: Sendable {
    var bytes: [UInt8] = []
    var chunks: [(number: Int, length: Int)] = []
  }

  /// A piece at every number of bins.
  private struct Encoded: Sendable {
    let piece: Piece
    var levels = [Chunks](repeating: Chunks(), count: BinCount.allCases.count)
  }

  private func write(
    band: Range<Int>, lanes: Lanes,
    fill: @escaping @Sendable (_ block: Range<Int>, _ group: Int, _ counts: UnsafeMutablePointer<UInt32>) throws -> Void
  ) throws {
    precondition(band.lowerBound % Self.blockNeurons == 0)
    let shardNeurons = finest.metadata.shardShape[1]
    let shardGroups = finest.metadata.shardShape[0]
    var tasks: [Piece] = []
    // Shard by shard, so that reading maps no more than one or two at a time.
    var column = band.lowerBound
    while column < band.upperBound {
      let end = min((column / shardNeurons + 1) * shardNeurons, band.upperBound)
      for group in stride(from: 0, to: groups, by: shardGroups) {
        let groupEnd = min(group + shardGroups, groups)
        for first in stride(from: column, to: end, by: Self.blockNeurons) {
          for some in stride(from: group, to: groupEnd, by: Self.groupsPerTask) {
            tasks.append(
              Piece(
                block: first..<min(first + Self.blockNeurons, end),
                groups: some..<min(some + Self.groupsPerTask, groupEnd)))
          }
        }
      }
      column = end
    }
    let (dataType, codecs) = (dataType, codecs)
    let chunkBytes = codecs.map { $0.maxEncodedBytes(4096 * dataType.byteCount) }.max() ?? 0
    let buffers = LaneLocal(lanes) { Buffers(chunkBytes: chunkBytes) }
    let target = Target(
      writers: writers, shardNeurons: shardNeurons, shardGroups: shardGroups)
    try lanes.run(tasks.count, aheadMax: Self.tasksAtOnce(lanes: lanes.count)) { [tasks] lane, number in
      try Self.encode(
        tasks[number], shardNeurons: shardNeurons, shardGroups: shardGroups, dataType, codecs, buffers[lane], fill)
    } inOrder: {
      try target.append($0)
    }
  }

  /// Where encoded pieces go, in their order.
  private final class Target: @unchecked Sendable {
    // Unchecked: a writer has one caller at a time, the lane that writes.
    private let writers: [ArrayWriter]
    private let shardNeurons: Int
    private let shardGroups: Int

    init(writers: [ArrayWriter], shardNeurons: Int, shardGroups: Int) {
      self.writers = writers
      self.shardNeurons = shardNeurons
      self.shardGroups = shardGroups
    }

    func append(_ pieces: [Encoded]) throws {
      for encoded in pieces {
        let piece = encoded.piece
        let shard = [piece.groups.lowerBound / shardGroups, piece.block.lowerBound / shardNeurons, 0]
        for (writer, chunks) in zip(writers, encoded.levels) {
          try chunks.bytes.withUnsafeBytes { try writer.append(shard: shard, chunks: chunks.chunks, bytes: $0) }
        }
      }
    }
  }

  /// What a lane works in: the counts of a block, the same in the array's type, and an encoded chunk.
  private final class Buffers: @unchecked Sendable {
    // Unchecked: each is used by its lane only.
    let counts: Pages<UInt32>
    let packed: Pages<UInt8>
    let target: Pages<UInt8>

    /// - Parameter chunkBytes: most that an encoded chunk takes.
    init(chunkBytes: Int) {
      let size = blockNeurons * DyadicGrid.binCount
      counts = Pages(count: size)
      packed = Pages(count: size * 4)
      target = Pages(count: chunkBytes)
    }

    deinit {
      counts.deallocate()
      packed.deallocate()
      target.deallocate()
    }
  }

  private static func encode(
    _ piece: Piece, shardNeurons: Int, shardGroups: Int, _ dataType: DataType, _ codecs: [ChunkCodec],
    _ buffers: Buffers,
    _ fill: (_ block: Range<Int>, _ group: Int, _ counts: UnsafeMutablePointer<UInt32>) throws -> Void
  ) throws -> Encoded {
    let block = piece.block
    let counts = UnsafeMutableBufferPointer(start: buffers.counts.base, count: buffers.counts.count)
    let packed = UnsafeMutableRawBufferPointer(start: buffers.packed.base, count: buffers.packed.count)
    let target = UnsafeMutableRawBufferPointer(start: buffers.target.base, count: buffers.target.count)
    var result = Encoded(piece: piece)
    for group in piece.groups {
      counts.update(repeating: 0)
      try fill(block, group, counts.baseAddress!)
      for (level, count) in BinCount.allCases.enumerated() {
        let bins = count.rawValue
        if level > 0 {
          // A quarter of the bins: the coarser counts take the front of the finer ones' place.
          for index in 0..<blockNeurons * bins {
            let from = index * 4
            counts[index] = counts[from] + counts[from + 1] + counts[from + 2] + counts[from + 3]
          }
        }
        pack(UnsafeBufferPointer(rebasing: counts[..<(blockNeurons * bins)]), dataType, into: packed)
        let rows = 4096 / bins
        let chunkBytes = 4096 * dataType.byteCount
        let perGroup = shardNeurons / rows
        for chunk in 0..<(block.count + rows - 1) / rows {
          let length = codecs[level].encode(
            UnsafeRawBufferPointer(rebasing: packed[chunk * chunkBytes..<(chunk + 1) * chunkBytes]), into: target)
          result.levels[level].bytes.append(contentsOf: target[..<length])
          let number = group % shardGroups * perGroup + block.lowerBound % shardNeurons / rows + chunk
          result.levels[level].chunks.append((number, length))
        }
      }
    }
    return result
  }

  private static func pack(
    _ counts: UnsafeBufferPointer<UInt32>, _ dataType: DataType, into packed: UnsafeMutableRawBufferPointer
  ) {
    func narrow<Count: FixedWidthInteger>(_: Count.Type) {
      let target = packed.bindMemory(to: Count.self)
      for index in counts.indices { target[index] = Count(truncatingIfNeeded: counts[index]).littleEndian }
    }
    switch dataType {
    case .uint8: narrow(UInt8.self)
    case .uint16: narrow(UInt16.self)
    default: narrow(UInt32.self)
    }
  }
}
