import Distributions
import TileStore

/// A version of a data set whose store is open, and the tables that its names are looked up in.
final class ServedVersion: Sendable {
  /// `Library.Version.serial`.
  let serial: UInt64
  let store: Store
  let orders: OrderTable
  let layerIndices: [String: Int]

  init(_ store: Store, serial: UInt64) {
    self.serial = serial
    self.store = store
    orders = OrderTable(store.attributes)
    layerIndices = Dictionary(uniqueKeysWithValues: store.attributes.layers.enumerated().map { ($1.id, $0) })
  }

  /// About the bytes that it takes while it is open: decoded metadata take some times their bytes on disk. At least as much as makes 256
  /// stores the most that are open, and at most so much that four are.
  var byteCount: Int { min(max(Library.openBytesMax / 256, 4 * store.metadataBytes), Library.openBytesMax / 4) }
}

/// What answers are made of, by layer of a version.
struct PartKey: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case zeros(group: Int)
    case keys(OrderName.Item)
    case values(instance: Int)
    case exponents
    case origins
    case order(OrderRequest)
    case pyramid(PlaneKey, OrderRequest)
    /// Of an instance in the rows of a tile.
    case extents(instance: Int, OrderRequest, level: Int, index: Int)
    case summary(group: Int)
  }

  var version: UInt64
  var layer: Int
  var kind: Kind
}

/// One of those.
enum Part: Sendable {
  case counts([UInt32])
  case keys([Double])
  case values([Float])
  case exponents([Int16])
  case origins([Int64])
  case order(NeuronOrder)
  case pyramid(Pyramid)
  case extents([Float])
  case summary(GroupSummary)

  var byteCount: Int {
    switch self {
    case .counts(let values): values.count * 4 + 64
    case .keys(let values): values.count * 8 + 64
    case .values(let values): values.count * 4 + 64
    case .exponents(let values): values.count * 2 + 64
    case .origins(let values): values.count * 8 + 64
    case .order(let order): order.byteCount
    case .pyramid(let pyramid): pyramid.byteCount
    case .extents(let values): values.count * 4 + 64
    case .summary: BinCount.quarter.rawValue * 8 + 128
    }
  }
}

/// A plane of a layer of a version, as the store has it (`PlaneKey.stored`).
struct StoredPlane: Hashable, Sendable {
  var version: UInt64
  var layer: Int
  var plane: PlaneKey
}

/// The parts of one layer, made where they are not at hand. Only for build threads, see `SharedParts`.
struct LayerParts: Sendable {
  let version: ServedVersion
  /// Index of the layer.
  let index: Int
  let parts: SharedParts<PartKey, Part>
  /// `nil`: the plane takes more than is kept, as was found on decoding it.
  let planes: SharedParts<StoredPlane, DecodedPlane?>
  let helpers: HelperThreads
  /// Memory of decoded planes.
  let slabs: SlabPool
  /// Decodes planes that are likely to be looked at again.
  var background: BackgroundWork?

  var layer: LayerReader { version.store.layers[index] }
  var levels: Levels { Levels(neurons: layer.layer.neurons) }

  private func key(_ kind: PartKey.Kind) -> PartKey { PartKey(version: version.serial, layer: index, kind: kind) }
  private func stored(_ plane: PlaneKey) -> StoredPlane {
    StoredPlane(version: version.serial, layer: index, plane: plane.stored)
  }

  /// Neurons of a tile, at most.
  private func neurons(ofTileAt level: Int) -> Int { min(levels.neurons, Levels.tileRows << level) }

  /// What an answer takes that needs an ordering.
  func cost(of order: OrderRequest) -> Cost {
    let isAtHand = order.name == .index || parts.contains(key(.order(order)))
    return isAtHand ? .least : .least + .ordering(neurons: levels.neurons)
  }

  /// What a density tile takes: by what of its ordering, plane and pyramid is not at hand, and what it gathers.
  func cost(ofTile plane: PlaneKey, _ order: OrderRequest, level: Int) -> Cost {
    if parts.contains(key(.pyramid(plane, order))) { return .least }
    let isDecoded = planes.contains(stored(plane))
    let inMemory = isHeldInMemory(plane)
    let ordering = cost(of: order)
    if level >= TileMaker.pyramidLevel(levels, inMemory: inMemory) {
      if isDecoded { return ordering + .pyramid(neurons: levels.neurons) }
      let pass = ordering + .plane(neurons: levels.neurons)
      return inMemory ? pass + .pyramid(neurons: levels.neurons) : pass
    }
    if inMemory, level >= TileMaker.planeLevel, !isDecoded { return ordering + .plane(neurons: levels.neurons) }
    return ordering + .gathering(neurons: neurons(ofTileAt: level), inMemory: inMemory && isDecoded)
  }

  /// What the rows of a tile take: by the instances whose values are not at hand.
  func cost(ofRows order: OrderRequest, instances: [Int], level: Int, index: Int) -> Cost {
    Set(instances).reduce(into: cost(of: order)) { cost, instance in
      if parts.contains(key(.extents(instance: instance, order, level: level, index: index))) { return }
      cost += .values(neurons(ofTileAt: level))
      if !parts.contains(key(.values(instance: instance))) { cost += .values(levels.neurons) }
    }
  }

  /// What a summary takes: by the groups that nobody has asked for before.
  func cost(ofSummary groups: [Int]) -> Cost {
    let missing = groups.count { !parts.contains(key(.summary(group: $0))) }
    return .least + .summary(neurons: missing * levels.neurons)
  }

  /// `[neuron]`: zeros of a group.
  func zeros(group: Int) throws -> [UInt32] {
    let part = try parts.part(key(.zeros(group: group))) {
      .counts(try layer.zeros(group: group, samples: samples(group)))
    }
    guard case .counts(let values) = part else { preconditionFailure("kind and part differ") }
    return values
  }

  /// `[neuron]`: keys of an item.
  func keys(_ item: OrderName.Item) throws -> [Double] {
    let part = try parts.part(key(.keys(item))) {
      switch item {
      case .median(let group): .keys(try layer.keys(of: layer.statistic(.median), plane: group))
      case .mean(let group): .keys(try layer.keys(of: layer.statistic(.mean), plane: group))
      case .value(let instance): .keys(try values(instance: instance).map(Double.init))
      }
    }
    guard case .keys(let values) = part else { preconditionFailure("kind and part differ") }
    return values
  }

  /// `[neuron]`: activations of an instance.
  func values(instance: Int) throws -> [Float] {
    let part = try parts.part(key(.values(instance: instance))) {
      guard let array = layer.values else { preconditionFailure("an index of an instance was checked before") }
      return .values(try array.plane(instance, as: Float.self))
    }
    guard case .values(let values) = part else { preconditionFailure("kind and part differ") }
    return values
  }

  func exponents() throws -> [Int16] {
    let part = try parts.part(key(.exponents)) { .exponents(try layer.exponents()) }
    guard case .exponents(let values) = part else { preconditionFailure("kind and part differ") }
    return values
  }

  func origins() throws -> [Int64] {
    let part = try parts.part(key(.origins)) { .origins(try layer.origins()) }
    guard case .origins(let values) = part else { preconditionFailure("kind and part differ") }
    return values
  }

  func order(_ request: OrderRequest) throws -> NeuronOrder {
    let part = try parts.part(key(.order(request))) { .order(try NeuronOrder(request, of: layer, keys: keys)) }
    guard case .order(let order) = part else { preconditionFailure("kind and part differ") }
    return order
  }

  /// Most bytes of a decoded plane, so that some fit beside each other.
  private var planeBytesMax: Int { planes.bytesMax / 3 }

  /// Whether what a plane is made of, once decoded, stays in memory: not where it would take too much even if it were
  /// empty, nor where its counts turned out to.
  private func isHeldInMemory(_ plane: PlaneKey) -> Bool {
    // Windows are summed in 64 bits anyway.
    guard plane.window != nil || TileMaker.fits32(levels, samples: samples(plane.group)),
      DecodedPlane.bytesMin(rows: levels.neurons) <= planeBytesMax
    else { return false }
    if case .some(nil) = planes.partAtHand(stored(plane)) { return false }
    return true
  }

  /// What a plane is made of, or `nil` where it turns out to take more than is kept. That is noted in its place, so that
  /// it is not decoded in vain again.
  private func decoded(_ plane: PlaneKey) throws -> DecodedPlane? {
    let stored = stored(plane)
    return try planes.part(stored) {
      try DecodedPlane(
        layer.counts(stored.plane.axis, stored.plane.bins), plane: stored.plane.group, helpers, slabs,
        bytesMax: planeBytesMax)
    }
  }

  /// What a plane is made of, or `nil` where that is not held in memory; and who makes its tiles in an ordering.
  private func decodedAndMaker(_ plane: PlaneKey, _ request: OrderRequest) throws -> (DecodedPlane?, TileMaker) {
    guard isHeldInMemory(plane) else { return (nil, try maker(plane, request)) }
    if planes.contains(stored(plane)) { return (try decoded(plane), try maker(plane, request)) }
    // One thread sorts while the others decode.
    return try helpers.both {
      try decoded(plane)
    } and: {
      try maker(plane, request)
    }
  }

  /// What a plane is made of where it is decoded already. Otherwise that begins, and nobody waits for it.
  private func decodedAlready(_ plane: PlaneKey) throws -> DecodedPlane? {
    guard isHeldInMemory(plane) else { return nil }
    if planes.contains(stored(plane)) { return try decoded(plane) }
    background?.submit(stored(plane)) {
      // Whoever asks for the plane itself will meet the error again, and tell it.
      _ = try? decoded(plane)
    }
    return nil
  }

  private func pyramid(_ plane: PlaneKey, _ request: OrderRequest) throws -> Pyramid {
    let part = try parts.part(key(.pyramid(plane, request))) {
      // Decoded first where it stays: a pass over the store, and decoding beside it for the next, would be twice the work.
      let (decoded, maker) = try decodedAndMaker(plane, request)
      if let decoded { return .pyramid(try maker.pyramid(helpers, from: decoded)) }
      return .pyramid(try maker.pyramid(helpers, lowest: TileMaker.pyramidLevel(levels, inMemory: false)))
    }
    guard case .pyramid(let pyramid) = part else { preconditionFailure("kind and part differ") }
    return pyramid
  }

  private func samples(_ group: Int) -> Int { version.store.attributes.groups[group].rows * layer.layer.samples }

  private func maker(_ plane: PlaneKey, _ request: OrderRequest) throws -> TileMaker {
    TileMaker(
      layer: layer, plane: plane, order: try order(request), zeros: try zeros(group: plane.group),
      samples: samples(plane.group),
      grids: try plane.window.map { window in
        WindowGrids(
          window: window.kernel(on: layer.layer.shared), exponents: try exponents(), origins: try origins())
      })
  }

  /// A density tile, header and body.
  /// - Precondition: the layer has such a tile.
  func tile(_ plane: PlaneKey, _ request: OrderRequest, level: Int, index: Int) throws -> [UInt8] {
    guard let rows = levels.rows(ofTile: index, at: level) else { preconditionFailure("checked before") }
    var inMemory = isHeldInMemory(plane)
    var decoded: DecodedPlane?
    if inMemory, level < TileMaker.pyramidLevel(levels, inMemory: true) {
      if level >= TileMaker.planeLevel {
        (decoded, _) = try decodedAndMaker(plane, request)
        inMemory = decoded != nil
      } else if level > 0 {
        decoded = try decodedAlready(plane)
      }
    }
    if level < TileMaker.pyramidLevel(levels, inMemory: inMemory) {
      let maker = try maker(plane, request)
      return try decoded.map { maker.gather(rows, level: level, from: $0) } ?? maker.gather(rows, level: level)
    }
    guard let tile = try pyramid(plane, request).tile(level: level, index: index) else {
      preconditionFailure("a pyramid has every tile of its levels")
    }
    return tile
  }

  /// Neurons and instance values of displayed rows, header and body.
  /// - Precondition: the layer has such a tile.
  func rows(_ request: OrderRequest, instances: [Int], level: Int, index: Int) throws -> [UInt8] {
    guard let rows = levels.rows(ofTile: index, at: level) else { preconditionFailure("checked before") }
    let order = try order(request)
    // Kept by instance: whoever asks for others, or in another order, has these made once.
    let extents = try instances.map { instance in
      let part = try parts.part(key(.extents(instance: instance, request, level: level, index: index))) {
        .extents(RowsMaker.extents(of: try values(instance: instance), rows, level, levels, order))
      }
      guard case .extents(let values) = part else { preconditionFailure("kind and part differ") }
      return values
    }
    return RowsMaker(
      levels: levels, order: order, exponents: try exponents(), origins: try origins(), extents: extents
    ).make(rows, level: level)
  }

  /// The layer at a glance, in some groups. What is known of a group is kept, whichever others it is asked for with.
  func summary(groups: [Int]) throws -> JSONValue {
    let summaries = try groups.map { group in
      let part = try parts.part(key(.summary(group: group))) { .summary(try GroupSummary(layer, group: group)) }
      guard case .summary(let summary) = part else { preconditionFailure("kind and part differ") }
      return (group: group, summary: summary)
    }
    return LayerSummary(layer: layer.layer, groups: summaries).json()
  }
}
