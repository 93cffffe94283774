import Activations
import Distributions
import TileStore

/// The activations of the instances in one layer, and the neurons ordered by each.
struct InstanceValues<Value: ActivationValue & ReadableValue> {
  let instances: InstanceSet
  let dump: Dump
  let source: LayerSource
  /// The job's mask; instances of a group may have theirs at the same path in it.
  let mask: String?
  /// Rows of the layer that were never written.
  let missingRows: [Range<Int>]
  let lanes: Lanes

  /// Bytes of instances that are read at once.
  private static var blockBytesMax: Int { 32 << 20 }

  func write(_ layer: LayerWriter) throws {
    guard !instances.instances.isEmpty else { return }
    let neurons = source.neurons
    let values = try layer.begin(.values)
    let orders = try layer.begin(.valueOrder)
    let step = values.metadata.shardShape[0]
    var rows: [Float] = []
    var first = 0
    func flush(_ last: Bool) throws {
      while rows.count >= step * neurons || last && !rows.isEmpty {
        let some = min(step, rows.count / neurons)
        let part = Array(rows.prefix(some * neurons))
        rows.removeFirst(some * neurons)
        try part.withUnsafeBufferPointer { try values.write(rows: first..<first + some, $0) }
        var order: [UInt32] = []
        for row in 0..<some {
          order += part[row * neurons..<(row + 1) * neurons].withUnsafeBufferPointer { stableOrder(keys: $0) }
        }
        try order.withUnsafeBufferPointer { try orders.write(rows: first..<first + some, $0) }
        first += some
      }
    }
    for kind in instances.kinds {
      try eachInstance(of: kind) { row in
        rows += row
        try flush(false)
      }
    }
    try flush(true)
    values.finish()
    orders.finish()
  }

  /// The values of each instance of a kind, in order, `[neuron]`; NaN where the kind has nothing on this layer.
  private func eachInstance(of kind: InstanceKind, _ body: ([Float]) throws -> Void) throws {
    switch kind.origin {
    case .group(let group):
      guard
        dump.files[0].catalogue.has(group + source.path)
      else {
        for _ in 0..<kind.count { try body(Array(repeating: .nan, count: source.neurons)) }
        return
      }
      let instances = try LayerSource(
        source.requestForInstances(at: group + source.path), dump: Dump(files: [dump.files[0]]), rows: [kind.count],
        mask: mask.flatMap { mask in
          let path = group + dump.files[0].catalogue.canonicalPath(mask)
          return dump.files[0].catalogue.has(path) ? path : nil
        })
      guard instances.convention == source.convention else {
        throw ActivationsError(
          "\(instances.place): its numbers stand for \(instances.convention?.words ?? "themselves"), but those of the layer \(source.path) for \(source.convention?.words ?? "themselves"). Write the same attributes to both."
        )
      }
      guard instances.neurons == source.neurons, instances.geometry.positions == source.geometry.positions else {
        throw ActivationsError(
          "\(dump.first.path), dataset \(instances.path): it has the shape \(inWords(instances.info.shape)), but the layer \(source.path) has \(inWords(source.info.shape)). An instance has the same neurons as a row of its layer."
        )
      }
      try eachRow(of: instances, Array(0..<kind.count), body)
    case .rows(let rows):
      try eachRow(of: source, rows, body)
    }
  }

  private func eachRow(of source: LayerSource, _ rows: [Int], _ body: ([Float]) throws -> Void) throws {
    if source.fitsFloat {
      try eachRow(of: source, rows, as: Float.self, body)
    } else {
      try eachRow(of: source, rows, as: Double.self, body)
    }
  }

  /// Reads the blocks that hold the rows, and hands the rows on in the order asked for. Some rows at a time, and of these as many neurons
  /// as there is room for where a block of all would be too large.
  private func eachRow<Stored: ReadableValue>(
    of source: LayerSource, _ rows: [Int], as: Stored.Type, _ body: ([Float]) throws -> Void
  ) throws {
    let granularity = min(RowBlocks<Stored>.rowGranularity(source), source.rows)
    func bytes(_ neurons: Int) -> Int {
      RowBlocks<Stored>.bytes(source, neurons: 0..<neurons, rowsPerBlock: granularity)
    }
    var width = source.neurons
    while width > CountArrays.blockNeurons, bytes(width) > Self.blockBytesMax { width = (width + 1) / 2 }
    let rowsPerBlock = granularity * max(1, Self.blockBytesMax / max(1, bytes(width)))
    let rowsAtOnce = max(1, Self.blockBytesMax / (source.neurons * MemoryLayout<Float>.size))
    for first in stride(from: 0, to: rows.count, by: rowsAtOnce) {
      let some = rows[first..<min(first + rowsAtOnce, rows.count)]
      var values = some.map { _ in [Float](repeating: .nan, count: source.neurons) }
      for start in stride(from: 0, to: source.neurons, by: width) {
        let band = start..<min(start + width, source.neurons)
        let blocks = RowBlocks<Stored>(source, neurons: band, rowsPerBlock: rowsPerBlock, lanes: lanes.count)
        for (number, row) in some.enumerated() where !isMissing(row, of: source) {
          try blocks.withBlock(blocks.index(ofRow: row), lanes.run) { block in
            Self.take(block, row: row, to: &values[number][band])
          }
        }
      }
      for row in values { try body(row) }
    }
  }

  private func isMissing(_ row: Int, of source: LayerSource) -> Bool {
    source.path == self.source.path && missingRows.contains { $0.contains(row) }
  }

  /// An instance is one dot: its value, or the mean of its positions that count; NaN where none does.
  private static func take<Stored: ReadableValue>(
    _ block: RowBlock<Stored>, row: Int, to values: inout ArraySlice<Float>
  ) {
    let samples = (row - block.firstRow) * block.samplesPerRow..<(row - block.firstRow + 1) * block.samplesPerRow
    let counted = samples.filter { sample in block.counts.map { $0[sample] != 0 } ?? true }
    if counted.isEmpty { return }
    let scratch = UnsafeMutablePointer<Stored>.allocate(capacity: values.count)
    defer { scratch.deallocate() }
    if block.samplesPerRow == 1 {
      let stored = block.values(of: counted[0], 0..<values.count, scratch: scratch)
      for (column, index) in values.indices.enumerated() { values[index] = Float(stored[column]) }
      return
    }
    var sums = [Double](repeating: 0, count: values.count)
    for sample in counted {
      let stored = block.values(of: sample, 0..<values.count, scratch: scratch)
      for column in sums.indices { sums[column] += Double(stored[column]) }
    }
    for (column, index) in values.indices.enumerated() { values[index] = Float(sums[column] / Double(counted.count)) }
  }
}
