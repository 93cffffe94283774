import Distributions
import TileStore

/// One of the two sides of a comparison: a group of a layer of a store, stored or of the moment.
struct PairSide: Sendable {
  let layer: LayerReader
  let grids: LayerGrids
  private let counts: Counts

  private enum Counts: Sendable {
    case stored(group: Int, zeros: [UInt32])
    case moment(SubsetCounter)
  }

  /// - Parameter zeros: `[neuron]`: of the group.
  init(_ layer: LayerReader, _ grids: LayerGrids, group: Int, zeros: [UInt32]) {
    (self.layer, self.grids, counts) = (layer, grids, .stored(group: group, zeros: zeros))
  }

  /// A group of the moment.
  init(_ grids: LayerGrids, _ counter: SubsetCounter) {
    (layer, self.grids, counts) = (counter.layer, grids, .moment(counter))
  }

  var neurons: Int { grids.count }

  /// Counts a group of the moment; `nil` of a stored one.
  var counter: SubsetCounter? { if case .moment(let counter) = counts { counter } else { nil } }

  /// A stored group's plane, and its zeros by neuron; `nil` of one of the moment.
  var stored: (plane: Int, zeros: [UInt32])? {
    guard case .stored(let group, let zeros) = counts, let plane = layer.plane(of: group) else { return nil }
    return (plane, zeros)
  }

  /// Neurons that are had as cheaply together as some of them.
  var neuronsAtOnce: Int {
    if case .moment(let counter) = counts {
      max(counter.neuronsAtOnce, PairBlock.neuronsMax)
    } else {
      PairBlock.neuronsMax
    }
  }

  /// Counts it where that is done neuron by neuron; `nil`: elsewhere, or many neurons at a time.
  fileprivate var counterByNeuron: SubsetCounter? {
    guard case .moment(let counter) = counts, counter.isSoonestByNeuron else { return nil }
    return counter
  }

  /// Bytes of a count, as they are read.
  fileprivate var countBytes: Int {
    if case .stored = counts { layer.counts(.own, .full).metadata.dataType.byteCount } else { 4 }
  }

  /// Counts of some neurons, as many as a block holds.
  fileprivate func read(_ neurons: Range<Int>, into block: PairBlock) throws {
    switch counts {
    case .stored(let group, let zeros):
      guard let plane = layer.plane(of: group) else { preconditionFailure("it is counted from codes") }
      block.zeros.replaceSubrange(0..<neurons.count, with: zeros[neurons])
      let array = layer.counts(.own, .full)
      let chunks = neurons.lowerBound / array.rowsPerChunk..<(neurons.upperBound - 1) / array.rowsPerChunk + 1
      try array.stream(plane: plane, chunks: chunks) { first, rows in
        let some = max(first, neurons.lowerBound)..<min(first + rows.count / array.rowBytes, neurons.upperBound)
        let start = (some.lowerBound - neurons.lowerBound) * array.rowBytes
        UnsafeMutableRawBufferPointer(rebasing: block.bytes[start...]).copyMemory(
          from: UnsafeRawBufferPointer(
            rebasing: rows[(some.lowerBound - first) * array.rowBytes..<(some.upperBound - first) * array.rowBytes]))
      }
    case .moment(let counter):
      let rowBytes = DyadicGrid.binCount * countBytes
      for (place, neuron) in neurons.enumerated() {
        if !block.ahead.contains(neuron) { try block.count(neuron, counter, neuronsAtOnce, all: self.neurons) }
        let counted = neuron - block.ahead.lowerBound
        UnsafeMutableRawBufferPointer(rebasing: block.bytes[(place * rowBytes)...]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: block.counts[counted * rowBytes..<(counted + 1) * rowBytes]))
        block.zeros[place] = block.zerosAhead[counted]
      }
    }
  }
}

/// Counts of a side in some neurons that follow each other: the memory of one thread.
final class PairBlock {
  /// Neurons that are read at once: what the kernel looks at stays in the cache.
  static let neuronsMax = 256

  let side: PairSide
  /// Counts the side where that is done neuron by neuron.
  let counter: SubsetCounter?
  /// `[neuron, bin]`, of `countBytes` each.
  let bytes: UnsafeMutableRawBufferPointer
  let countBytes: Int
  /// `[neuron]`.
  fileprivate(set) var zeros = [UInt32](repeating: 0, count: neuronsMax)
  /// Of a group of the moment, the neurons that were counted together with those that were asked for.
  fileprivate var ahead = 0..<0
  /// `[neuron, bin]`, of these.
  fileprivate var counts = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  fileprivate var zerosAhead: [UInt32] = []

  init(_ side: PairSide) {
    self.side = side
    counter = side.counterByNeuron
    countBytes = side.countBytes
    bytes = .allocate(byteCount: Self.neuronsMax * DyadicGrid.binCount * countBytes, alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit {
    bytes.deallocate()
    counts.deallocate()
  }

  /// Counts all neurons that lie together with this one.
  fileprivate func count(_ neuron: Int, _ counter: SubsetCounter, _ step: Int, all: Int) throws(StoreError) {
    let rowBytes = DyadicGrid.binCount * countBytes
    if counts.count == 0 {
      counts = .allocate(byteCount: step * rowBytes, alignment: 64)
      zerosAhead = Array(repeating: 0, count: step)
    }
    let first = neuron / step * step
    ahead = 0..<0
    try counter.each(first..<min(first + step, all)) { neuron, row, tally in
      UnsafeMutableRawBufferPointer(rebasing: counts[((neuron - first) * rowBytes)...]).copyMemory(
        from: UnsafeRawBufferPointer(start: row, count: rowBytes))
      zerosAhead[neuron - first] = tally.zeros
    }
    ahead = first..<min(first + step, all)
  }

  func read(_ neurons: Range<Int>) throws { try side.read(neurons, into: self) }

  /// Counts one neuron of a side that is counted neuron by neuron.
  func count(_ neuron: Int, _ codes: NeuronCodes, at place: Int) throws(StoreError) {
    guard let counter, let start = bytes.baseAddress else {
      preconditionFailure("it is counted otherwise")
    }
    let row = (start + place * DyadicGrid.binCount * countBytes).assumingMemoryBound(to: UInt32.self)
    zeros[place] = try counter.count(neuron, codes, into: row).zeros
  }

  /// Takes what all rows hold that another side does not, in some neurons that were read there.
  /// - Parameters:
  ///   - all: counts of all rows.
  ///   - zeros: `[neuron]`: theirs.
  func takeRest(of other: PairBlock, _ neurons: Range<Int>, _ all: PlaneRows, _ zeros: [UInt32]) throws(StoreError) {
    guard let start = bytes.baseAddress else { return }
    bytes.copyMemory(from: UnsafeRawBufferPointer(other.bytes))
    for (place, neuron) in neurons.enumerated() {
      let row = start + place * DyadicGrid.binCount * countBytes
      try all.subtract(from: neuron, row.assumingMemoryBound(to: UInt32.self))
      // Of a store that contradicts itself these wrap.
      self.zeros[place] = zeros[neuron] &- other.zeros[place]
    }
  }

  /// - Parameter neuron: at this place of those that were read.
  func histogram(_ place: Int, _ neuron: Int) -> PairCells.Histogram {
    let row = UnsafeRawBufferPointer(
      rebasing: bytes[place * DyadicGrid.binCount * countBytes..<(place + 1) * DyadicGrid.binCount * countBytes])
    let counts: [UInt32] =
      switch countBytes {
      case 1: row.map { UInt32($0) }
      case 2: row.bindMemory(to: UInt16.self).map { UInt32($0) }
      default: Array(row.bindMemory(to: UInt32.self))
      }
    return PairCells.Histogram(
      grid: side.grids[neuron].dyadic, hasTails: side.grids.tails[neuron] != 0, counts: counts, zeros: zeros[place])
  }
}

extension NeuronGrid {
  var dyadic: DyadicGrid { DyadicGrid(exponent: exponent, origin: Int64(origin)) }
}
