import Distributions
import TileStore

/// A layer's neurons in an order: who stands at a rank, at which rank somebody stands, and by which key.
package final class NeuronOrder: Sendable {
  /// `[rank]`: neuron.
  package let neurons: [UInt32]
  /// `[neuron]`: rank.
  package let ranks: [UInt32]
  /// `[neuron]`: what it is ordered by; empty for `index`, where a neuron's key is its index.
  let keys: [Double]

  init(neurons: [UInt32], ranks: [UInt32], keys: [Double]) {
    self.neurons = neurons
    self.ranks = ranks
    self.keys = keys
  }

  /// Bytes it takes in a cache.
  var byteCount: Int { neurons.count * 8 + keys.count * 8 + 64 }

  /// The key of a neuron.
  func key(of neuron: Int) -> Double { keys.isEmpty ? Double(neuron) : keys[neuron] }
}

extension NeuronOrder {
  /// Orders the neurons of a layer.
  ///
  /// Ascending orders by median and by value stand in the store; everything else is sorted here.
  /// - Parameter keys: gives the keys of an item: `[neuron]`.
  /// - Throws: `StoreError`; of kind `corrupt` also where a stored ordering is no permutation.
  /// - Complexity: O(n); about 8 ms for 262,144 neurons where it must sort.
  convenience init(
    _ request: OrderRequest, of layer: LayerReader, keys: (OrderName.Item) throws -> [Double]
  ) throws {
    switch request.name {
    case .index:
      let ascending = (0..<UInt32(layer.layer.neurons)).map(\.self)
      let neurons = request.direction == .ascending ? ascending : ascending.reversed()
      self.init(neurons: neurons, ranks: neurons, keys: [])
    case .item(let item):
      let keys = try keys(item)
      if request.direction == .ascending, let stored = try Self.stored(item, of: layer) {
        self.init(neurons: stored.neurons, ranks: stored.ranks, keys: keys)
      } else {
        self.init(sorting: keys, request.direction)
      }
    case .absolute(let item):
      self.init(sorting: try keys(item).map(abs), request.direction)
    case .difference(let first, let second):
      var difference = try keys(first)
      let subtrahend = try keys(second)
      for neuron in difference.indices { difference[neuron] -= subtrahend[neuron] }
      self.init(sorting: difference, request.direction)
    }
  }

  private convenience init(sorting keys: [Double], _ direction: Direction) {
    let neurons = stableOrder(keys: keys, direction: direction)
    self.init(neurons: neurons, ranks: Distributions.ranks(of: neurons), keys: keys)
  }

  /// The ordering that the store holds for an item, if it does. Checked to be a permutation: others index by it.
  private static func stored(_ item: OrderName.Item, of layer: LayerReader) throws(StoreError)
    -> (neurons: [UInt32], ranks: [UInt32])?
  {
    guard let array = item.kind.order(in: layer) else { return nil }
    let neurons = try array.plane(item.index, as: UInt32.self)
    var ranks = [UInt32](repeating: .max, count: neurons.count)
    for (rank, neuron) in neurons.enumerated() {
      guard Int(neuron) < ranks.count, ranks[Int(neuron)] == .max else {
        throw StoreError(
          .corrupt, file: array.path, "plane \(item.index) is no permutation: neuron \(neuron) at rank \(rank)")
      }
      ranks[Int(neuron)] = UInt32(rank)
    }
    return (neurons, ranks)
  }
}
