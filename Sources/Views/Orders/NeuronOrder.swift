import Distributions
import TileStore

/// A layer's neurons in an order: who stands at a rank, at which rank somebody stands, and by which key.
package final class NeuronOrder: Sendable {
  /// `[rank]`: neuron.
  package let neurons: [UInt32]
  /// `[neuron]`: what it is ordered by; empty for `index`, where a neuron's key is its index.
  let keys: [Double]

  /// - Parameter neurons: each once.
  init(neurons: [UInt32], keys: [Double]) {
    assert(Self.fault(in: neurons) == nil && (keys.isEmpty || keys.count == neurons.count))
    self.neurons = neurons
    self.keys = keys
  }

  /// The first rank at which a neuron stands that is none, or stands elsewhere, too.
  fileprivate static func fault(in neurons: [UInt32]) -> Int? {
    var isThere = [Bool](repeating: false, count: neurons.count)
    return neurons.firstIndex { neuron in
      guard Int(neuron) < isThere.count, !isThere[Int(neuron)] else { return true }
      isThere[Int(neuron)] = true
      return false
    }
  }

  /// Bytes it takes in a cache.
  var byteCount: Int { neurons.count * 4 + keys.count * 8 + 64 }

  /// The rank of a neuron.
  /// - Complexity: O(n), a tenth of a millisecond for a quarter million: too seldom asked for to be kept.
  package func rank(of neuron: Int) -> Int {
    guard let rank = neurons.firstIndex(of: UInt32(neuron)) else { preconditionFailure("an order has every neuron") }
    return rank
  }

  /// The ranks at which the key is that of a rank: neurons that only their index orders. Without a key they are equal, too.
  /// - Complexity: O(n) in how many there are.
  package func tied(with rank: Int) -> Range<Int> {
    if keys.isEmpty { return rank..<rank + 1 }
    let key = keys[Int(neurons[rank])]
    func isTied(_ other: Int) -> Bool {
      let own = keys[Int(neurons[other])]
      return own == key || own.isNaN && key.isNaN
    }
    var (first, end) = (rank, rank + 1)
    while first > 0, isTied(first - 1) { first -= 1 }
    while end < neurons.count, isTied(end) { end += 1 }
    return first..<end
  }

  /// `[neuron]`: rank.
  func ranks() -> [UInt32] { Distributions.ranks(of: neurons) }

  /// The key of a neuron.
  func key(of neuron: Int) -> Double { keys.isEmpty ? Double(neuron) : keys[neuron] }
}

extension OrderName {
  /// `[neuron]`: what it orders by.
  /// - Parameter keys: gives the keys of an item: `[neuron]`.
  func keys(_ neurons: Int, _ keys: (Item) throws -> [Double]) rethrows -> [Double] {
    switch self {
    case .index: return (0..<neurons).map(Double.init)
    case .item(let item): return try keys(item)
    case .absolute(let item): return try keys(item).map(abs)
    case .difference(let first, let second):
      var difference = try keys(first)
      let subtrahend = try keys(second)
      for neuron in difference.indices { difference[neuron] -= subtrahend[neuron] }
      return difference
    case .distance(let first, let second):
      return try OrderName.difference(first, second).keys(neurons, keys).map(abs)
    }
  }
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
      self.init(neurons: neurons, keys: [])
    case .item(let item):
      let keys = try keys(item)
      if request.direction == .ascending, let stored = try Self.stored(item, of: layer) {
        self.init(neurons: stored, keys: keys)
      } else {
        self.init(sorting: keys, request.direction)
      }
    case .absolute, .difference, .distance:
      self.init(sorting: try request.name.keys(layer.layer.neurons, keys), request.direction)
    }
  }

  private convenience init(sorting keys: [Double], _ direction: Direction) {
    self.init(neurons: stableOrder(keys: keys, direction: direction), keys: keys)
  }

  /// The ordering that the store holds for an item, if it does. Checked to be a permutation: others index by it.
  private static func stored(_ item: OrderName.Item, of layer: LayerReader) throws(StoreError) -> [UInt32]? {
    let index: Int
    switch item.arguments[0] {
    case .group(let group): index = group
    case .instance(let instance): index = instance
    case .moment, .row: return nil
    }
    guard let (array, plane) = item.kind.order(of: index, in: layer) else { return nil }
    let neurons = try array.plane(plane, as: UInt32.self)
    if let rank = fault(in: neurons) {
      throw StoreError(
        .corrupt, file: array.path, "plane \(plane) is no permutation: neuron \(neurons[rank]) at rank \(rank)")
    }
    return neurons
  }
}
