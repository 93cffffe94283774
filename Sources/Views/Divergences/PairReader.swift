import CKernels
import Distributions
import TileStore

/// What neurons can be ordered by of two groups.
package enum PairFigure: String, CaseIterable, Sendable {
  case auroc, wasserstein
  case kolmogorovSmirnov = "kolmogorov_smirnov"
}

/// What is known of two groups of the moment of which one is the rest of the other: it is not counted, but taken from what all rows hold.
struct PairRest: Sendable {
  /// Which of them is not counted.
  let isFirst: Bool
  /// `[neuron]`: of all rows.
  let zeros: [UInt32]

  /// `nil` where neither is the rest of the other.
  /// - Throws: `StoreError`.
  init?(_ first: PairSide, _ second: PairSide) throws(StoreError) {
    guard let mine = first.counter, let other = second.counter, mine.isRest(of: other) else { return nil }
    // One of them has no more than half of the rows.
    isFirst = !mine.looksAtGroup
    zeros = try first.layer.statistic(.zeros).plane(0, as: UInt32.self)
  }
}

/// Compares two sides, some neurons at a time; the memory of one thread.
final class PairReader {
  private let first: PairBlock
  private let second: PairBlock
  /// Of the sides that are counted neuron by neuron; of one layer they look at the same.
  private let (codes, others): (NeuronCodes?, NeuronCodes?)
  /// Where a side is the rest of the other: which of them is counted, and what all rows hold.
  private let rest: (counted: PairBlock, taken: PairBlock, all: PlaneRows, zeros: [UInt32])?
  private(set) var neurons = 0..<0
  /// `[neuron]`, of those that were read.
  private var zeroBins = [Int32](repeating: -1, count: PairBlock.neuronsMax)
  private var found = [nd_pair_figures](repeating: nd_pair_figures(), count: PairBlock.neuronsMax)

  /// - Throws: `StoreError`.
  init(_ first: PairSide, _ second: PairSide, _ rest: PairRest?) throws(StoreError) {
    precondition(first.neurons == second.neurons)
    (self.first, self.second) = (PairBlock(first), PairBlock(second))
    if let rest {
      let all = PlaneRows(first.layer.counts(.own, .full), plane: 0)
      let (counted, taken) = rest.isFirst ? (self.second, self.first) : (self.first, self.second)
      self.rest = (counted, taken, all, rest.zeros)
      codes = try counted.counter.map { counter throws(StoreError) in try NeuronCodes(counter) }
      others = nil
      return
    }
    self.rest = nil
    let (mine, other) = (self.first.counter, self.second.counter)
    codes = try mine.map { counter throws(StoreError) in try NeuronCodes(counter) }
    if let mine, let other, mine.layer.exponent.isSame(as: other.layer.exponent) {
      others = codes
    } else {
      others = try other.map { counter throws(StoreError) in try NeuronCodes(counter) }
    }
  }

  /// Reads at most `PairBlock.neuronsMax` neurons that follow each other.
  func read(_ neurons: Range<Int>) throws {
    self.neurons = neurons
    if let rest {
      if let codes {
        for (place, neuron) in neurons.enumerated() { try rest.counted.count(neuron, codes, at: place) }
      } else {
        try rest.counted.read(neurons)
      }
      return try rest.taken.takeRest(of: rest.counted, neurons, rest.all, rest.zeros)
    }
    if codes == nil { try first.read(neurons) }
    if others == nil { try second.read(neurons) }
    if codes != nil || others != nil {
      for (place, neuron) in neurons.enumerated() {
        if let codes { try first.count(neuron, codes, at: place) }
        if let others { try second.count(neuron, others, at: place) }
      }
    }
  }

  /// All figures of a neuron that was read.
  func figures(_ neuron: Int) -> PairFigures {
    let place = neuron - neurons.lowerBound
    return PairFigures(PairCells(first.histogram(place, neuron), second.histogram(place, neuron)))
  }

  /// Appends a figure of the neurons that were read: the same numbers as `figures`, but for rounding, and much sooner where both sides have
  /// the same grid.
  func append(_ figure: PairFigure, to keys: inout [Double]) {
    compare()
    let (mine, others) = (first.side.grids, second.side.grids)
    for (place, neuron) in neurons.enumerated() {
      keys.append(
        mine[neuron] == others[neuron]
          ? found[place].figure(figure, exponent: Int(mine.exponents[neuron])) : figures(neuron).figure(figure))
    }
  }

  /// Calls `body` with what tells the groups apart in each neuron that was read and has values of both.
  /// - Precondition: both sides have the same grids.
  func forEach(_ body: (_ neuron: Int, _ auroc: Double, _ distance: Double) -> Void) {
    compare()
    for (place, neuron) in neurons.enumerated() where !found[place].auroc.isNaN {
      body(neuron, found[place].auroc, found[place].distance)
    }
  }

  private func compare() {
    let grids = first.side.grids
    for (place, neuron) in neurons.enumerated() {
      let bin = -grids.origins[neuron]
      zeroBins[place] = (0..<Int64(DyadicGrid.binCount)).contains(bin) ? Int32(bin) : -1
    }
    first.zeros.withUnsafeBufferPointer { zeros in
      second.zeros.withUnsafeBufferPointer { otherZeros in
        grids.tails.withUnsafeBufferPointer { tails in
          guard let tails = tails.baseAddress else { return }
          nd_compare_pairs(
            nd_pair_side(
              counts: first.bytes.baseAddress, count_bytes: first.countBytes, zeros: zeros.baseAddress),
            nd_pair_side(
              counts: second.bytes.baseAddress, count_bytes: second.countBytes, zeros: otherZeros.baseAddress),
            neurons.count, zeroBins, tails + neurons.lowerBound, &found)
        }
      }
    }
  }
}

extension PairReader {
  /// `[neuron]`: what neurons are ordered by.
  /// - Throws: `SubsetError`, `StoreError`.
  static func keys(_ figure: PairFigure, _ first: PairSide, _ second: PairSide, _ helpers: HelperThreads) throws
    -> [Double]
  {
    if figure == .auroc, let ranks = try RankSums(first, second) { return try ranks.aurocs(helpers) }
    return try read(first, second, helpers) { reader, keys in reader.append(figure, to: &keys) }
  }

  /// `[neuron]`: what `make` makes of all figures.
  /// - Throws: `SubsetError`, `StoreError`.
  static func collect<Value: Sendable>(
    _ first: PairSide, _ second: PairSide, _ helpers: HelperThreads,
    _ make: @escaping @Sendable (_ neuron: Int, PairFigures) -> Value
  ) throws -> [Value] {
    try read(first, second, helpers) { reader, values in
      for neuron in reader.neurons { values.append(make(neuron, reader.figures(neuron))) }
    }
  }

  /// `[neuron]`: what `append` appends of the neurons that were read. Threads share the neurons.
  private static func read<Value: Sendable>(
    _ first: PairSide, _ second: PairSide, _ helpers: HelperThreads,
    _ append: @escaping @Sendable (PairReader, inout [Value]) -> Void
  ) throws -> [Value] {
    let rest = try PairRest(first, second)
    return try helpers.map(neurons: first.neurons, step: max(first.neuronsAtOnce, second.neuronsAtOnce)) { neurons in
      let reader = try PairReader(first, second, rest)
      var values: [Value] = []
      values.reserveCapacity(neurons.count)
      for start in stride(from: neurons.lowerBound, to: neurons.upperBound, by: PairBlock.neuronsMax) {
        try reader.read(start..<min(start + PairBlock.neuronsMax, neurons.upperBound))
        append(reader, &values)
      }
      return values
    }
  }
}

extension nd_pair_figures {
  fileprivate func figure(_ figure: PairFigure, exponent: Int) -> Double {
    // 0/0 is another NaN on another processor: answers must not differ by that.
    if auroc.isNaN { return .nan }
    return switch figure {
    case .auroc: auroc
    case .wasserstein: Double(sign: .plus, exponent: exponent, significand: area)
    case .kolmogorovSmirnov: distance
    }
  }
}

extension PairFigures {
  fileprivate func figure(_ figure: PairFigure) -> Double {
    switch figure {
    case .auroc: auroc
    case .wasserstein: wasserstein
    case .kolmogorovSmirnov: kolmogorovSmirnov
    }
  }
}
