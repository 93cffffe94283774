import CKernels
import Distributions
import TileStore

/// The counts of a group of the moment, on an axis, made from codes when they are needed.
struct SubsetCounts: CountRows {
  private let counter: SubsetCounter
  private let axis: AxisBins

  /// - Throws: `StoreError`.
  init(_ counter: SubsetCounter, _ axis: BinAxis, _ bins: BinCount) throws(StoreError) {
    self.counter = counter
    self.axis = try AxisBins(counter.layer, axis, bins)
  }

  var neurons: Int { counter.layer.layer.neurons }
  var bins: Int { axis.count.rawValue }
  var type: DataType { .uint32 }
  var neuronsPerChunk: Int { counter.neuronsAtOnce }

  func gather(
    _ chosen: ArraySlice<UInt32>, _ body: (_ position: Int, _ row: UnsafeRawPointer) -> Void
  ) throws(StoreError) {
    var places = chosen.enumerated().map { UInt64($1) << 32 | UInt64($0) }
    places.sort()
    try count(places.lazy.map { (Int($0 >> 32), Int($0 & 0xFFFF_FFFF)) }) { position, row, _ in
      if let row = row.baseAddress { body(position, row) }
    }
  }

  func stream(
    chunks: Range<Int>, _ body: (_ first: Int, _ rows: UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    let row = UnsafeMutablePointer<UInt32>.allocate(capacity: bins)
    defer { row.deallocate() }
    let chosen = chunks.lowerBound * neuronsPerChunk..<min(chunks.upperBound * neuronsPerChunk, neurons)
    try counter.each(chosen) { neuron, counts, _ in
      bring(counts, of: neuron, to: row)
      body(neuron, UnsafeRawBufferPointer(start: row, count: rowBytes))
    }
  }

  /// Calls `body` with the row of each neuron, what is given with it, and its exact zeros.
  func count(_ chosen: some Sequence<(Int, Int)>, _ body: (Int, UnsafeRawBufferPointer, UInt32) -> Void)
    throws(StoreError)
  {
    let codes = try NeuronCodes(counter)
    let counts = UnsafeMutablePointer<UInt32>.allocate(capacity: 2 * DyadicGrid.binCount)
    defer { counts.deallocate() }
    let row = counts + DyadicGrid.binCount
    for (neuron, tag) in chosen {
      let zeros = try counter.count(neuron, codes, into: counts).zeros
      bring(counts, of: neuron, to: row)
      body(tag, UnsafeRawBufferPointer(start: row, count: rowBytes), zeros)
    }
  }

  /// Brings a neuron's own bins to those of the axis.
  private func bring(_ counts: UnsafePointer<UInt32>, of neuron: Int, to row: UnsafeMutablePointer<UInt32>) {
    if axis.axis == .own, axis.count == .full { return row.update(from: counts, count: bins) }
    row.update(repeating: 0, count: bins)
    for bin in 0..<DyadicGrid.binCount where counts[bin] > 0 {
      row[axis.place(ofBin: bin, neuron: neuron)] += counts[bin]
    }
  }
}
