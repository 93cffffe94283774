import CKernels
import Distributions
import TileStore

/// The counts of a group of the moment, on an axis, made from codes when they are needed.
struct SubsetCounts: CountRows {
  private let counter: SubsetCounter
  private let axis: BinAxis
  private let binCount: BinCount
  /// `[neuron]`; where the axis is shared.
  private let exponents: [Int16]
  private let origins: [Int64]

  /// - Throws: `StoreError`.
  init(_ counter: SubsetCounter, _ axis: BinAxis, _ bins: BinCount) throws(StoreError) {
    self.counter = counter
    self.axis = axis
    binCount = bins
    exponents = axis == .shared ? try counter.layer.exponents() : []
    origins = axis == .shared ? try counter.layer.origins() : []
  }

  var neurons: Int { counter.layer.layer.neurons }
  var bins: Int { binCount.rawValue }
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
    row.update(repeating: 0, count: bins)
    let width = DyadicGrid.binCount / bins
    let shared = counter.layer.layer.shared
    for bin in 0..<DyadicGrid.binCount where counts[bin] > 0 {
      var place = bin
      if axis == .shared {
        let own = DyadicGrid(exponent: Int(exponents[neuron]), origin: origins[neuron])
        let common = DyadicGrid(exponent: shared.exponent, origin: Int64(shared.origin))
        // A store that contradicts itself leads nowhere beyond the row.
        place = min(max(common.index(ofBin: bin, of: own), 0), DyadicGrid.binCount - 1)
      }
      row[place / width] += counts[bin]
    }
  }
}
