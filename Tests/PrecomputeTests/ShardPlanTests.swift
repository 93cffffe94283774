import Activations
import Fixtures
import Testing

@testable import Precompute

/// Work divided among shards: every neuron of every segment of rows in one of them, and no chunk in two.
@Suite struct ShardPlanTests {
  @Test(arguments: [1, 2, 3, 7, 16, 100])
  func everySegmentAndNeuronInOneShard(count: Int) throws {
    for sources in try Layers.dumps() {
      let plan = ShardPlan(sources, count: count)
      let pieces = (0..<count).flatMap { plan.pieces(of: $0, sources) }
      for (number, source) in sources.enumerated() {
        let own = pieces.filter { $0.layer == number }
        if own.contains(where: { $0.segments != nil }) {
          // Divided by rows: every shard counts all neurons.
          #expect(own.allSatisfy { $0.neurons == 0..<source.neurons })
          #expect(own.flatMap { $0.segments ?? [] }.sorted() == Array(source.segmentEnds.indices))
        } else {
          let ranges = own.map(\.neurons).sorted { $0.lowerBound < $1.lowerBound }
          #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == source.neurons)
          #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
          // Cuts part neither chunks nor what is written as one.
          let cuts = ranges.dropFirst().map(\.lowerBound)
          #expect(cuts.allSatisfy { $0 % source.neuronGranularity == 0 && $0 % 256 == 0 })
        }
      }
      if count == 1 { #expect(pieces.allSatisfy { $0.segments == nil } && pieces.count == sources.count) }
    }
  }

  /// The plan is a matter of the dump and the number of shards alone.
  @Test func thePlanIsTheSameOnEveryMachine() throws {
    for sources in try Layers.dumps() {
      let (one, other) = (ShardPlan(sources, count: 5), ShardPlan(sources, count: 5))
      for shard in 0..<5 { #expect(one.pieces(of: shard, sources) == other.pieces(of: shard, sources)) }
    }
  }

  /// A large layer is divided evenly: by rows no shard has many more segments than another.
  @Test func shardsHaveAlikeShares() throws {
    let all = try Layers.dumps().joined().filter { $0.segmentEnds.count >= 16 }
    #expect(!all.isEmpty)
    for source in all {
      let plan = ShardPlan([source], count: 4)
      let parts = (0..<4).map { plan.pieces(of: $0, [source]).reduce(0) { $0 + ($1.segments?.count ?? 0) } }
      let isByRows = parts.contains { $0 > 0 }
      if isByRows { #expect(parts.max()! - parts.min()! <= 1, "\(source.path): \(parts)") }
    }
  }
}
