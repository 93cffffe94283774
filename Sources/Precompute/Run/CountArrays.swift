import Distributions
import TileStore

/// The counts of a layer on one axis, at 256, 64 and 16 bins, written block by block.
final class CountArrays {
  /// At 256 bins.
  let finest: ArrayWriter
  private let coarser: [(bins: Int, writer: ArrayWriter)]
  private let groups: Int
  private let neurons: Int
  private let dataType: DataType

  /// Neurons that are encoded as one, and stand together in a shard.
  static var blockNeurons: Int { 256 }
  /// Groups of a block that are encoded as one.
  private static var groupsPerTask: Int { 4 }
  /// Tasks a lane whose encoded chunks wait in memory for their turn in the file.
  private static var tasksPerLane: Int { 2 }

  /// Bytes that writing takes at most, whatever the layer's size.
  static func bytes(lanes: Int) -> Int {
    let block = blockNeurons * DyadicGrid.binCount * 4
    return lanes * (tasksPerLane * groupsPerTask * block * 3 / 2 + 2 * block)
  }

  init(
    _ builder: StoreBuilder, path: String, groups: Int, neurons: Int, dataType: DataType,
    attributes: [String: JSONValue] = [:]
  ) throws {
    self.groups = groups
    self.neurons = neurons
    self.dataType = dataType
    func array(_ bins: Int) throws -> ArrayWriter {
      try builder.makeArray(
        "\(path)/\(bins)",
        .counts(groups: groups, neurons: neurons, bins: bins, dataType: dataType, attributes: attributes))
    }
    finest = try array(256)
    coarser = try [(64, array(64)), (16, array(16))]
  }

  func finish() {
    finest.finish()
    for (_, writer) in coarser { writer.finish() }
  }

  /// Writes a band of neurons.
  /// - Parameters:
  ///   - band: begins at a whole block.
  ///   - fill: puts the 256 counts of a neuron in a group to its place.
  func write(
    band: Range<Int>, lanes: Lanes,
    fill: @escaping @Sendable (_ neuron: Int, _ group: Int, _ counts: UnsafeMutablePointer<UInt32>) -> Void
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

  /// Encoded chunks of one shard, behind each other.
  private struct Encoded: Sendable {
    var bytes: [UInt8] = []
    var chunks: [(number: Int, length: Int)] = []
  }

  private func write(
    band: Range<Int>, lanes: Lanes,
    fill: @escaping @Sendable (_ block: Range<Int>, _ group: Int, _ counts: UnsafeMutablePointer<UInt32>) throws -> Void
  ) throws {
    precondition(band.lowerBound % Self.blockNeurons == 0)
    let shardNeurons = finest.metadata.shardShape[1]
    let shardGroups = finest.metadata.shardShape[0]
    var tasks: [(block: Range<Int>, groups: Range<Int>)] = []
    // Shard by shard, so that reading maps no more than one or two at a time.
    var column = band.lowerBound
    while column < band.upperBound {
      let end = min((column / shardNeurons + 1) * shardNeurons, band.upperBound)
      for group in stride(from: 0, to: groups, by: shardGroups) {
        let groupEnd = min(group + shardGroups, groups)
        for first in stride(from: column, to: end, by: Self.blockNeurons) {
          for some in stride(from: group, to: groupEnd, by: Self.groupsPerTask) {
            tasks.append(
              (first..<min(first + Self.blockNeurons, end), some..<min(some + Self.groupsPerTask, groupEnd)))
          }
        }
      }
      column = end
    }
    let writers = [(bins: 256, writer: finest)] + coarser
    let atOnce = lanes.count * Self.tasksPerLane
    for start in stride(from: 0, to: tasks.count, by: atOnce) {
      let some = tasks[start..<min(start + atOnce, tasks.count)]
      let results = Slots<[Encoded]>(some.count)
      let dataType = dataType
      try lanes.run(some.count) { [tasks] _, number in
        let task = tasks[start + number]
        results[number] = try Self.encode(
          task.block, task.groups, shardNeurons: shardNeurons, shardGroups: shardGroups, dataType, fill)
      }
      for (number, task) in some.enumerated() {
        let shard = [task.groups.lowerBound / shardGroups, task.block.lowerBound / shardNeurons, 0]
        for (writer, encoded) in zip(writers, results[number]!) {
          try encoded.bytes.withUnsafeBytes {
            try writer.writer.append(shard: shard, chunks: encoded.chunks, bytes: $0)
          }
        }
      }
    }
  }

  /// Encodes a block of neurons of some groups at 256, 64 and 16 bins.
  private static func encode(
    _ block: Range<Int>, _ groups: Range<Int>, shardNeurons: Int, shardGroups: Int, _ dataType: DataType,
    _ fill: (_ block: Range<Int>, _ group: Int, _ counts: UnsafeMutablePointer<UInt32>) throws -> Void
  ) throws -> [Encoded] {
    let size = blockNeurons * DyadicGrid.binCount
    let counts = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: size)
    let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: size * 4, alignment: 64)
    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: ChunkCodec.maxEncodedBytes(4096 * 4), alignment: 64)
    defer {
      counts.deallocate()
      packed.deallocate()
      target.deallocate()
    }
    var results = [Encoded](repeating: Encoded(), count: 3)
    for group in groups {
      counts.update(repeating: 0)
      try fill(block, group, counts.baseAddress!)
      var bins = DyadicGrid.binCount
      for level in 0..<3 {
        pack(UnsafeBufferPointer(rebasing: counts[..<(blockNeurons * bins)]), dataType, into: packed)
        let rows = 4096 / bins
        let chunkBytes = 4096 * dataType.byteCount
        let perGroup = shardNeurons / rows
        for chunk in 0..<(block.count + rows - 1) / rows {
          let length = ChunkCodec.encode(
            UnsafeRawBufferPointer(rebasing: packed[chunk * chunkBytes..<(chunk + 1) * chunkBytes]), into: target)
          results[level].bytes.append(contentsOf: target[..<length])
          let number = group % shardGroups * perGroup + block.lowerBound % shardNeurons / rows + chunk
          results[level].chunks.append((number, length))
        }
        guard level < 2 else { break }
        // The coarser counts take the front of the finer ones' place.
        bins /= 4
        for index in 0..<blockNeurons * bins {
          let from = index * 4
          counts[index] = counts[from] + counts[from + 1] + counts[from + 2] + counts[from + 3]
        }
      }
    }
    return results
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
