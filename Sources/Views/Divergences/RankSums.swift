import CKernels
import Distributions
import TileStore

/// AUROC of a group of the moment against a stored one, or against the rest: the sum of its values' ranks among what the store has counted,
/// looked up by code. Neither of the two groups is counted.
///
/// All numbers are whole and below 2^53, so that the figure is that of `PairReader` to the last bit.
struct RankSums: Sendable {
  /// Most values of a neuron.
  private static let samplesMax = 1 << 26

  /// Of the group of the moment, whose samples are looked at.
  private let counter: SubsetCounter
  private let grids: LayerGrids
  /// Of the group that the store has counted, and its zeros by neuron.
  private let plane: Int
  private let zeros: [UInt32]
  private let against: Against
  private let isFirst: Bool

  private enum Against { case stored, rest }

  /// `nil` where it is not sooner, or no such pair.
  /// - Throws: `StoreError`.
  init?(_ first: PairSide, _ second: PairSide) throws(StoreError) {
    guard first.layer.exponent.isSame(as: second.layer.exponent) else { return nil }
    if let rest = try PairRest(first, second) {
      (plane, zeros, against, isFirst) = (0, rest.zeros, .rest, !rest.isFirst)
    } else if let stored = second.stored ?? first.stored {
      (plane, zeros, against, isFirst) = (stored.plane, stored.zeros, .stored, second.stored != nil)
    } else {
      return nil
    }
    let side = isFirst ? first : second
    guard let counter = side.counter, counter.looksAtGroup, counter.isSoonestByNeuron,
      counter.group.length <= Self.samplesMax
    else { return nil }
    (self.counter, grids) = (counter, side.grids)
  }

  /// `[neuron]`; NaN without values of one of the groups. Threads share the neurons.
  /// - Throws: `StoreError`.
  func aurocs(_ helpers: HelperThreads) throws -> [Double] {
    try helpers.map(neurons: grids.count, step: counter.layer.counts(.own, .full).rowsPerChunk) { neurons in
      let reader = try Reader(self)
      return try neurons.map { try reader.auroc($0) }
    }
  }

  /// The memory of one thread.
  private final class Reader {
    private let sums: RankSums
    private let planes: NeuronPlanes
    private let counts: PlaneRows
    private let countBytes: Int
    /// As `nd_double_ranks` has them.
    private let ranks: UnsafeMutableBufferPointer<UInt32>

    init(_ sums: RankSums) throws {
      let counts = sums.counter.layer.counts(.own, .full)
      self.sums = sums
      planes = try NeuronPlanes(sums.counter)
      self.counts = PlaneRows(counts, plane: sums.plane)
      countBytes = counts.metadata.dataType.byteCount
      ranks = .allocate(capacity: DyadicGrid.binCount + 1)
      ranks.initialize(repeating: 0)
    }

    deinit { ranks.deallocate() }

    func auroc(_ neuron: Int) throws(StoreError) -> Double {
      guard let ranks = ranks.baseAddress else { preconditionFailure("nothing was allocated") }
      // The bin that begins at 0 has its zeros before the rest of it, but where it is a tail.
      let edge = sums.grids.tails[neuron] != 0 ? 1 : 0
      let bin = Int(exactly: -sums.counter.origins[neuron]) ?? -1
      let zeroBin = (edge..<DyadicGrid.binCount - edge).contains(bin) ? bin : -1
      let counted = nd_double_ranks(
        ranks, try counts.row(neuron).baseAddress, countBytes, Int32(zeroBin), sums.zeros[neuron])
      try planes.read(neuron)
      let tally = planes.tally
      var ranked = Double(try planes.sum(ranks))
      if zeroBin >= 0 {
        // So far they were taken for the rest of their bin.
        ranked -= Double(tally.zeros) * (Double(ranks[zeroBin]) - Double(ranks[DyadicGrid.binCount]))
      }
      let own = Double(tally.count)
      var others = Double(counted)
      if sums.against == .rest {
        // Among itself, half of its pairs are in order.
        ranked -= own * own
        others -= own
      }
      guard own > 0, others > 0 else { return .nan }
      let pairs = sums.isFirst ? 2 * own * others - ranked : ranked
      return pairs / (2 * (own * others))
    }
  }
}
