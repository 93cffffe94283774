import TileStore

/// The rows of some neurons, counted beforehand: by several threads, and together with the zeros.
struct CountedRows: CountRows {
  /// Neurons that are counted beforehand, at most: 4 MiB.
  static let neuronsMax = 4096

  let neurons: Int
  let bins: Int
  /// In any order.
  private let chosen: ArraySlice<UInt32>
  /// `[position, bin]`.
  private let counts: [UInt32]
  /// `[position]`.
  private let zerosOfChosen: [UInt32]

  /// - Throws: `StoreError`.
  init(_ source: SubsetCounts, _ chosen: ArraySlice<UInt32>, _ helpers: HelperThreads) throws {
    neurons = source.neurons
    bins = source.bins
    self.chosen = chosen
    let order = chosen.enumerated().sorted { $0.element < $1.element }.map { (Int($0.element), $0.offset) }
    // A few neurons are done before a helper has woken up.
    let pieces = order.count < 32 ? 1 : helpers.count + 1
    let found = try helpers.map(pieces) { piece in
      let some = order[order.count * piece / pieces..<order.count * (piece + 1) / pieces]
      var counts: [UInt32] = []
      counts.reserveCapacity(some.count * source.bins)
      var zeros: [UInt32] = []
      try source.count(some) { _, row, zerosOfRow in
        counts.append(contentsOf: row.bindMemory(to: UInt32.self))
        zeros.append(zerosOfRow)
      }
      return (counts: counts, zeros: zeros)
    }
    var counts = [UInt32](repeating: 0, count: chosen.count * source.bins)
    var zeros = [UInt32](repeating: 0, count: chosen.count)
    var next = 0
    for piece in found {
      for (index, zerosOfRow) in piece.zeros.enumerated() {
        let position = order[next].1
        next += 1
        zeros[position] = zerosOfRow
        let row = piece.counts[index * source.bins..<(index + 1) * source.bins]
        counts.replaceSubrange(position * source.bins..<(position + 1) * source.bins, with: row)
      }
    }
    self.counts = counts
    zerosOfChosen = zeros
  }

  /// `[neuron]`: exact zeros; 0 of neurons that were not chosen.
  var zeros: [UInt32] {
    var zeros = [UInt32](repeating: 0, count: neurons)
    for (neuron, count) in zip(chosen, zerosOfChosen) { zeros[Int(neuron)] = count }
    return zeros
  }

  var type: DataType { .uint32 }
  var neuronsPerChunk: Int { 1 }

  func gather(
    _ chosen: ArraySlice<UInt32>, _ body: (_ position: Int, _ row: UnsafeRawPointer) -> Void
  ) throws(StoreError) {
    precondition(chosen.count == self.chosen.count, "others were counted")
    counts.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for position in chosen.indices.map({ $0 - chosen.startIndex }) { body(position, base + position * rowBytes) }
    }
  }

  func stream(
    chunks: Range<Int>, _ body: (_ first: Int, _ rows: UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    preconditionFailure("only chosen neurons were counted")
  }
}
