import CKernels
import TileStore

/// Counts the values of some rows, neuron by neuron, from codes: what a stored group of these rows would hold.
///
/// Of a group of more than half of the rows the others are counted, and taken from what the store holds of all: whatever the group, at most
/// half of the rows are looked at.
package struct SubsetCounter: Sendable {
  let layer: LayerReader
  /// Those that are looked at.
  private let samples: RowSet
  let chosen: [UInt32]
  /// `[neuron]`: what all rows hold, where it is the others that are looked at.
  private let whole: [NeuronTally]?
  /// `[neuron]`: origin of its grid.
  let origins: [Int64]
  /// `[neuron]`: whether of all its values only zeros stand apart.
  let hasOnlyZerosApart: [Bool]

  /// The samples of the group.
  var group: RowSet { whole == nil ? samples : samples.inverted }

  /// Whether the samples that are looked at are the group, and not the others.
  var looksAtGroup: Bool { whole == nil }

  /// Whether the group is every sample of the layer but those of another counter's group.
  func isRest(of other: SubsetCounter) -> Bool {
    layer.exponent.isSame(as: other.layer.exponent) && group == other.group.inverted
  }

  /// Whether all codes by neuron are looked through sooner than those by row of the samples that are looked at.
  var isSoonestByNeuron: Bool { layer.codeRows == nil || 3 * chosen.count > samples.length }

  /// Bytes it takes in a cache.
  var byteCount: Int {
    samples.byteCount + chosen.count * 4 + origins.count * 9 + (whole?.count ?? 0) * MemoryLayout<NeuronTally>.stride
      + 64
  }

  /// - Throws: `SubsetError` where the layer has no codes; `StoreError`.
  init(_ layer: LayerReader, _ subset: Subset) throws { try self.init(layer, subset.rows) }

  /// - Throws: `SubsetError` where the layer has no codes; `StoreError`.
  init(_ layer: LayerReader, _ rows: RowSet) throws {
    guard layer.codeColumns != nil else { throw SubsetError.noCodes(layer.layer) }
    self.layer = layer
    let isMost = 2 * rows.count > rows.length
    samples = (isMost ? rows.inverted : rows).samples(layer.layer.samples)
    chosen = samples.members
    origins = try layer.origins()
    let tallies = try layer.tallies(group: 0)
    whole = isMost ? tallies : nil
    let all = samples.length
    hasOnlyZerosApart = tallies.map { $0.isFinite && $0.count == all }
  }

  /// Of other rows of the same layer.
  init(_ rows: RowSet, beside other: SubsetCounter) {
    layer = other.layer
    samples = rows.samples(other.layer.layer.samples)
    chosen = samples.members
    whole = nil
    origins = other.origins
    hasOnlyZerosApart = other.hasOnlyZerosApart
  }

  /// Counts a neuron's values.
  /// - Parameters:
  ///   - codes: of the layer; holds the neuron's afterwards.
  ///   - counts: `[bin]`, 256 of them: replaced.
  func count(_ neuron: Int, _ codes: NeuronCodes, into counts: UnsafeMutablePointer<UInt32>) throws(StoreError)
    -> NeuronTally
  {
    try codes.readCodes(neuron)
    try codes.readApart(neuron)
    counts.update(repeating: 0, count: Int(ND_BINS))
    samples.words.withUnsafeBufferPointer {
      nd_count_chosen(counts, codes.codes.baseAddress, $0.baseAddress, codes.apart.baseAddress, $0.count)
    }
    let tally = try looked(at: neuron, codes)
    // Of what stands apart only zeros are in a bin; the code that says so is this one.
    counts[Int(UInt8(truncatingIfNeeded: -origins[neuron]))] += tally.zeros
    return try finish(neuron, counts, tally, codes.ofAllRows)
  }

  /// What was counted of the rows that were looked at becomes what the group holds.
  /// - Parameter all: counts of all rows.
  func finish(
    _ neuron: Int, _ counts: UnsafeMutablePointer<UInt32>, _ tally: NeuronTally, _ all: PlaneRows
  ) throws(StoreError) -> NeuronTally {
    if whole != nil { try all.subtract(from: neuron, counts) }
    return ofGroup(tally, neuron)
  }

  private func ofGroup(_ tally: NeuronTally, _ neuron: Int) -> NeuronTally {
    guard let whole else { return tally }
    let all = whole[neuron]
    // Of a store that contradicts itself these wrap.
    return NeuronTally(
      count: all.count &- tally.count, zeros: all.zeros &- tally.zeros, nan: all.nan &- tally.nan,
      infinite: all.infinite &- tally.infinite)
  }

  /// A neuron's counts by bin of its own grid.
  func counts(_ neuron: Int, _ codes: NeuronCodes) throws(StoreError) -> [UInt32] {
    let counts = UnsafeMutablePointer<UInt32>.allocate(capacity: Int(ND_BINS))
    defer { counts.deallocate() }
    _ = try count(neuron, codes, into: counts)
    return Array(UnsafeBufferPointer(start: counts, count: Int(ND_BINS)))
  }

  /// What a neuron's values are, but for where they lie.
  func tally(_ neuron: Int, _ codes: NeuronCodes) throws(StoreError) -> NeuronTally {
    if !hasOnlyZerosApart[neuron] { try codes.readCodes(neuron) }
    return ofGroup(try looked(at: neuron, codes), neuron)
  }

  /// A neuron's exact zeros.
  func zeros(_ neuron: Int, _ codes: NeuronCodes) throws(StoreError) -> UInt32 {
    try tally(neuron, codes).zeros
  }

  /// What a neuron's values are in the samples that are looked at.
  /// - Precondition: its codes were read, but where only zeros stand apart.
  private func looked(at neuron: Int, _ codes: NeuronCodes) throws(StoreError) -> NeuronTally {
    try codes.readApart(neuron)
    var tally = NeuronTally(count: UInt32(chosen.count), zeros: 0, nan: 0, infinite: 0)
    if hasOnlyZerosApart[neuron] {
      tally.zeros = UInt32(
        samples.words.withUnsafeBufferPointer {
          nd_count_bits(codes.apart.baseAddress, $0.baseAddress, $0.count)
        })
      return tally
    }
    for (index, word) in samples.words.enumerated() {
      var rest = word & codes.apart[index]
      while rest != 0 {
        let sample = index << 6 + rest.trailingZeroBitCount
        tally.add(try codes.kind(sample, origin: origins[neuron], neuron: neuron))
        rest &= rest - 1
      }
    }
    return tally
  }
}

extension NeuronTally {
  /// Notes one of its values that stands apart.
  mutating func add(_ kind: NeuronCodes.Kind) {
    if kind == .zero {
      zeros += 1
      return
    }
    count -= 1
    if kind == .nan { nan += 1 } else if kind != .missing { infinite += 1 }
  }
}
