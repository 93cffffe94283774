import Activations
import HDF5

/// How a job is divided among shards: every chunk belongs to one of them.
///
/// The plan follows from the job, the dump and the number of shards alone. Layers are laid behind each other on a line, each as long
/// as its work, and the line is cut into equal parts; where a cut falls inside a layer, it moves to the nearest place that parts no
/// chunk: between columns of chunks where the layer has enough of them, for neurons are then complete where they are counted, else between
/// segments of rows.
public struct ShardPlan: Sendable {
  /// What a shard does of a layer.
  struct Piece: Sendable, Equatable {
    let layer: Int
    let neurons: Range<Int>
    /// Numbers of the segments that are counted; `nil`: all rows, so that the neurons' figures are complete.
    let segments: [Int]?
  }

  let count: Int
  /// Of each layer: how its work is parted.
  private let partings: [Parting]

  private enum Parting {
    /// Shard of each segment.
    case rows([Int])
    /// Neurons of each shard that has any.
    case neurons([(shard: Int, neurons: Range<Int>)])
  }

  /// Shards of counts are written in blocks of so many neurons.
  private static let neuronUnit = MemoryModel.bandUnit
  /// Bytes of a row that are read at once, at least, where rows are parted and lie in one piece.
  private static let contiguousBytesMin = 64 << 10

  public init(_ layers: [LayerSource], count: Int) {
    self.count = count
    let costs = layers.map(Self.cost)
    let total = max(1, costs.reduce(0, +))
    var begin = 0.0
    var partings: [Parting] = []
    for (layer, cost) in zip(layers, costs) {
      let segments = layer.segmentEnds.count
      let unit = Self.neuronUnit(layer)
      let columns = (layer.neurons + unit - 1) / unit
      /// Of `units` equal parts of the layer, those before the begin of a shard.
      func cut(_ shard: Int, _ units: Int) -> Int {
        if shard == 0 { return 0 }
        if shard == count { return units }
        let place = total / Double(count) * Double(shard)
        return cost > 0 ? Int(min(max((place - begin) / cost, 0), 1) * Double(units) + 0.5) : 0
      }
      let byNeurons = layer.info.isInChunks ? columns >= min(segments, count) : segments < min(columns, count)
      if byNeurons {
        partings.append(
          .neurons(
            (0..<count).compactMap { shard in
              let first = cut(shard, columns) * unit
              let end = min(cut(shard + 1, columns) * unit, layer.neurons)
              return first < end ? (shard, first..<end) : nil
            }))
      } else {
        let quotas = (0..<count).map { cut($0 + 1, segments) - cut($0, segments) }
        partings.append(.rows(Self.interleave(quotas)))
      }
      begin += cost
    }
    self.partings = partings
  }

  /// What a shard does, layer by layer.
  func pieces(of shard: Int, _ layers: [LayerSource]) -> [Piece] {
    layers.indices.flatMap { layer -> [Piece] in
      switch partings[layer] {
      case .neurons(let parts):
        return parts.filter { $0.shard == shard }.map { Piece(layer: layer, neurons: $0.neurons, segments: nil) }
      case .rows(let shards):
        let own = shards.indices.filter { shards[$0] == shard }
        guard !own.isEmpty else { return [] }
        return [
          Piece(layer: layer, neurons: 0..<layers[layer].neurons, segments: own.count == shards.count ? nil : own)
        ]
      }
    }
  }

  /// Deals out segments, as many to each shard as its quota says, evenly over the layer: rows are often sorted by class, and each shard
  /// should see of everything.
  private static func interleave(_ quotas: [Int]) -> [Int] {
    quotas.indices.flatMap { shard in
      (0..<quotas[shard]).map { (place: (Double($0) + 0.5) / Double(quotas[shard]), shard: shard) }
    }.sorted { ($0.place, $0.shard) < ($1.place, $1.shard) }.map(\.shard)
  }

  /// Neurons that are not parted.
  private static func neuronUnit(_ layer: LayerSource) -> Int {
    var granularity = layer.neuronGranularity
    if granularity == 1 {
      // Parts of rows that lie in one piece are read by themselves, and should not be too short for that.
      let perNeuron = max(1, layer.geometry.positions * (layer.element.bytes ?? 8))
      granularity = max(1, contiguousBytesMin / perNeuron)
    }
    // The least common multiple.
    var (a, b) = (granularity, neuronUnit)
    while b > 0 { (a, b) = (b, a % b) }
    return granularity / a * neuronUnit
  }

  /// Picoseconds that both passes take for a value, about.
  private static let countingCost = 3000.0

  /// About how many picoseconds a core takes for a layer. Rates are whole numbers, so that every machine comes to the same plan.
  private static func cost(_ layer: LayerSource) -> Double {
    let decoding = layer.info.filters.reduce(0.0) { $0 + ($1.secondsPerByte * 1e12).rounded() }
    let values = layer.logicalBytes / max(1, layer.element.bytes ?? 4)
    return Double(layer.logicalBytes) * decoding + Double(values) * countingCost
  }
}

extension PreparedJob {
  func pieces(of shard: ShardNumber) -> [ShardPlan.Piece] {
    let sources = plans.map(\.source)
    return ShardPlan(sources, count: shard.count).pieces(of: shard.index, sources)
  }
}
