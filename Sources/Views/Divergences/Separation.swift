import Distributions
import TileStore

/// How well a layer's neurons tell two groups of a store apart, all of them together (`Tiles/HTTP.md`, "Layers and classes").
struct Separation: Sendable {
  /// Neurons that are looked at where many pairs of groups are compared.
  static let sampleMax = 4096

  /// Neurons with values of both groups, of those that were looked at.
  private(set) var neurons = 0
  /// Of |2 AUROC - 1|; NaN without neurons.
  var mean: Double { sum / Double(neurons) }
  /// Of Kolmogorov-Smirnov distances; NaN without neurons.
  var distance: Double { distances / Double(neurons) }
  /// The neuron that tells them apart best.
  private(set) var best: (neuron: Int, auroc: Double)?
  /// Neurons whose AUROC is farther from 1/2 than the farthest of the layer's would be, about, without any difference.
  private(set) var beyond = 0
  /// The standard deviation of an AUROC without any difference.
  let nullDeviation: Double

  private var sum = 0.0
  private var distances = 0.0
  private let farthest: Double

  /// Looks at all neurons.
  /// - Throws: `SubsetError`, `StoreError`.
  init(_ first: PairGroup, _ second: PairGroup, _ helpers: HelperThreads) throws {
    let (a, b) = try PairGroup.sides(first, second)
    try self.init(a, b, nothing: Separation(first.samples, second.samples, neurons: a.neurons), most: .max, helpers)
  }

  /// Of a group and each of some others of its store, in `sampleMax` neurons evenly over the layer.
  /// - Throws: `SubsetError`, `StoreError`.
  static func sampled(_ first: PairGroup, and others: [PairGroup], _ helpers: HelperThreads) throws -> [Separation] {
    let grids = try LayerGrids(first.layer)
    let side = try first.side(grids)
    return try others.map { other in
      let nothing = Separation(first.samples, other.samples, neurons: side.neurons)
      return try Separation(side, other.side(grids), nothing: nothing, most: sampleMax, helpers)
    }
  }

  private init(_ a: PairSide, _ b: PairSide, nothing: Separation, most: Int, _ helpers: HelperThreads) throws {
    let ranges = Self.ranges(of: a.neurons, most: most)
    let pieces = ranges.count < 16 ? 1 : helpers.count + 1
    let rest = try PairRest(a, b)
    let parts = try helpers.map(pieces) { piece in
      let reader = try PairReader(a, b, rest)
      var part = nothing
      for range in ranges[ranges.count * piece / pieces..<ranges.count * (piece + 1) / pieces] {
        try reader.read(range)
        reader.forEach { part.add($0, $1, $2) }
      }
      return part
    }
    self = parts.dropFirst().reduce(parts[0]) { $0.joined($1) }
  }

  private init(_ first: Int, _ second: Int, neurons: Int) {
    nullDeviation = first > 0 && second > 0 ? PairFigures.nullDeviation(first, second) : .nan
    farthest = nullDeviation * PairFigures.farthestDeviations(of: neurons)
  }

  /// Neurons in runs, as they are read at once.
  private static func ranges(of all: Int, most: Int) -> [Range<Int>] {
    let runs = (all + PairBlock.neuronsMax - 1) / PairBlock.neuronsMax
    let taken = min(runs, max(1, most / PairBlock.neuronsMax))
    return (0..<taken).map { run in
      let start = run * runs / taken * PairBlock.neuronsMax
      return start..<min(start + PairBlock.neuronsMax, all)
    }
  }

  private mutating func add(_ neuron: Int, _ auroc: Double, _ distance: Double) {
    neurons += 1
    sum += abs(2 * auroc - 1)
    distances += distance
    if abs(auroc - 0.5) > farthest { beyond += 1 }
    take((neuron, auroc))
  }

  /// Of neurons that are equally good the first stays.
  private mutating func take(_ other: (neuron: Int, auroc: Double)) {
    if let best, abs(other.auroc - 0.5) <= abs(best.auroc - 0.5) { return }
    best = other
  }

  private func joined(_ other: Separation) -> Separation {
    var joined = self
    joined.neurons += other.neurons
    joined.sum += other.sum
    joined.distances += other.distances
    joined.beyond += other.beyond
    if let best = other.best { joined.take(best) }
    return joined
  }
}

extension Separation {
  /// What the server says of it; figures are `null` without neurons.
  var json: [String: JSONValue] {
    var answer: [String: JSONValue] = [
      "neurons": JSONValue(neurons), "separation": JSONValue(figure: mean),
      "kolmogorov_smirnov": JSONValue(figure: distance), "beyond": JSONValue(beyond),
      // Of the distance from 0 of a normal number with this deviation.
      "null": JSONValue(figure: 2 * nullDeviation * 0.797_884_560_802_865_4),
    ]
    if let best { answer["best"] = ["neuron": JSONValue(best.neuron), "auroc": .double(best.auroc)] }
    return answer
  }

  /// By how well the groups are told apart; those of which nothing is known come last, equal ones stay as they are.
  static func ordered<Value>(_ all: [(Value, Separation)], _ direction: Direction) -> [(Value, Separation)] {
    let order = stableOrder(keys: all.map(\.1.mean), direction: direction)
    return order.map { all[Int($0)] }
  }
}
