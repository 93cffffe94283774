import Distributions
import TileStore

/// A group that is compared: stored, by its index, or of the moment.
package enum PairMember: Hashable, Sendable {
  case group(Int)
  case moment(Moment)
}

/// A group of a layer of a store that is compared with another.
struct PairGroup: Sendable {
  let store: Store
  let layer: LayerReader
  let member: PairMember
  /// Of a group of the moment.
  let subset: Subset?

  /// - Throws: `SubsetError`, `StoreError`.
  init(_ store: Store, _ layer: LayerReader, _ member: PairMember) throws {
    var subset: Subset?
    if case .moment(let moment) = member { subset = try Subset(moment, of: store) }
    self.init(store, layer, member, subset: subset)
  }

  /// With the rows of a group of the moment, where they are known already.
  init(_ store: Store, _ layer: LayerReader, _ member: PairMember, subset: Subset?) {
    (self.store, self.layer, self.member, self.subset) = (store, layer, member, subset)
  }

  /// Index of a stored group.
  var index: Int? { if case .group(let index) = member { index } else { nil } }

  /// `nil` of a group of the moment.
  var kind: Group.Kind? { index.map { store.attributes.groups[$0].kind } }

  /// - Throws: `SubsetError`, `StoreError`.
  func rows() throws -> RowSet { try subset?.rows ?? Subset(group: index ?? 0, of: store).rows }

  /// Values of a neuron in the group, those that are not finite included.
  var samples: Int {
    (subset?.rows.count ?? store.attributes.groups[index ?? 0].rows) * layer.layer.samples
  }

  /// - Throws: `SubsetError` where the layer has no codes for a group of the moment; `StoreError`.
  func side(_ grids: LayerGrids) throws -> PairSide {
    if let counter = try counterOfCodes() { return PairSide(grids, counter) }
    let group = index ?? 0
    return PairSide(layer, grids, group: group, zeros: try layer.zeros(group: group, samples: samples))
  }

  /// `[neuron]` each; NaN of a group of the moment, of which they are only known by bins.
  func moments() throws(StoreError) -> (means: [Double], deviations: [Double]) {
    guard let index else {
      let unknown = [Double](repeating: .nan, count: layer.layer.neurons)
      return (unknown, unknown)
    }
    return (
      try layer.statistic(.mean).plane(index, as: Double.self),
      try layer.statistic(.deviation).plane(index, as: Double.self)
    )
  }
}

extension PairGroup {
  /// One neuron's counts.
  /// - Throws: as `side`.
  func histogram(_ neuron: Int) throws -> PairCells.Histogram {
    let grid = try NeuronGrid(layer, neuron: neuron)
    var counts = [UInt32](repeating: 0, count: DyadicGrid.binCount)
    var zeros: UInt32
    if let counter = try counterOfCodes() {
      zeros = try counts.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("there are 256 bins") }
        return try counter.count(neuron, NeuronCodes(layer), into: base).zeros
      }
    } else {
      let array = layer.counts(.own, .full)
      counts = try array.row(plane: layer.plane(of: index ?? 0) ?? 0, neuron).withUnsafeBytes {
        array.integers($0).map { UInt32($0) }
      }
      zeros = UInt32(try layer.statistic(.zeros).numbers(plane: index ?? 0, CollectionOfOne(UInt32(neuron)))[0])
    }
    return PairCells.Histogram(
      grid: grid.dyadic, hasTails: grid.hasTails, counts: counts,
      zeros: zeros)
  }

  /// Counts what has no plane; `nil`: it has one.
  private func counterOfCodes() throws -> SubsetCounter? {
    if let subset { return try SubsetCounter(layer, subset) }
    guard layer.plane(of: index ?? 0) == nil else { return nil }
    return try SmallClasses(layer, of: store).counter(of: index ?? 0)
  }

  /// One neuron's mean and deviation; NaN of a group of the moment.
  func moments(of neuron: Int) throws(StoreError) -> (mean: Double, deviation: Double) {
    guard let index else { return (.nan, .nan) }
    let place = CollectionOfOne(UInt32(neuron))
    return (
      try layer.statistic(.mean).numbers(plane: index, place)[0],
      try layer.statistic(.deviation).numbers(plane: index, place)[0]
    )
  }
}

extension PairGroup {
  /// The sides of two groups, of one store or of two.
  static func sides(_ first: PairGroup, _ second: PairGroup) throws -> (PairSide, PairSide) {
    let grids = try LayerGrids(first.layer)
    let others = first.store === second.store ? grids : try LayerGrids(second.layer)
    return (try first.side(grids), try second.side(others))
  }

  /// Why the rank-sum test has no meaning; `nil`: it has.
  static func untested(_ first: PairGroup, _ second: PairGroup) throws -> String? {
    if first.store !== second.store { return "two stores may hold the same rows" }
    if first.layer.layer.samples > 1 { return "the samples of a row depend on each other" }
    if first.member == second.member { return "the groups are the same" }
    // Classes have no row in common.
    if first.kind == .class, second.kind == .class { return nil }
    if first.kind == .all || second.kind == .all { return "the groups share rows" }
    do {
      return try first.rows().isDisjoint(with: second.rows()) ? nil : "the groups share rows"
    } catch is SubsetError {
      return "the groups may share rows"
    }
  }
}
