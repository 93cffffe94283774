import Distributions
import TileStore

/// The parts of one layer, made where they are not at hand. Only for build threads, see `SharedParts`.
package struct LayerParts: ItemSource {
  /// Tells versions apart in the caches.
  package let serial: UInt64
  package let store: Store
  /// Index of the layer.
  package let index: Int
  let parts: SharedParts<PartKey, Part>
  private let planes: SharedParts<StoredPlane, DecodedPlane?>
  let helpers: HelperThreads
  private let slabs: SlabPool
  private let background: BackgroundWork<StoredPlane>?
  /// The layer with the same id in other versions, of as many neurons, by their serial numbers: what it can be compared with.
  package var neighbours: [UInt64: LayerParts] = [:]

  /// - Parameters:
  ///   - serial: tells the version apart in the caches.
  ///   - index: of the layer.
  ///   - planes: `nil` in it: the plane takes more than is kept, as was found on decoding it.
  ///   - slabs: memory of decoded planes.
  ///   - background: decodes planes that are likely to be looked at again.
  package init(
    serial: UInt64, store: Store, index: Int, parts: SharedParts<PartKey, Part>,
    planes: SharedParts<StoredPlane, DecodedPlane?>, helpers: HelperThreads, slabs: SlabPool,
    background: BackgroundWork<StoredPlane>? = nil
  ) {
    self.serial = serial
    self.store = store
    self.index = index
    self.parts = parts
    self.planes = planes
    self.helpers = helpers
    self.slabs = slabs
    self.background = background
  }

  package var layer: LayerReader { store.layers[index] }
  package var levels: Levels { Levels(neurons: layer.layer.neurons) }

  /// This layer, or the one of the same id in another version.
  /// - Precondition: `neighbours` has it.
  func neighbour(_ serial: UInt64?) -> LayerParts {
    guard let serial else { return self }
    guard let layer = neighbours[serial] else { preconditionFailure("another version was looked up before") }
    return layer
  }

  func key(_ kind: PartKey.Kind) -> PartKey { PartKey(version: serial, layer: index, kind: kind) }
  /// Of what all layers share.
  func storeKey(_ kind: PartKey.Kind) -> PartKey { PartKey(version: serial, layer: 0, kind: kind) }
  private func stored(_ plane: PlaneKey) -> StoredPlane {
    StoredPlane(version: serial, layer: index, plane: plane.source)
  }

  /// Neurons of a tile, at most.
  private func neurons(ofTileAt level: Int) -> Int { min(levels.neurons, Levels.tileRows << level) }

  /// What an answer takes that needs an ordering.
  package func cost(of order: OrderRequest) -> Cost {
    if let of = order.of { return neighbour(of).cost(of: order.ofItself) }
    let isAtHand = order.name == .index || parts.contains(key(.order(order)))
    if isAtHand { return .least }
    return order.name.items.reduce(.least + .ordering(neurons: levels.neurons)) {
      $0 + cost(ofKeys: $1, with: order.with)
    }
  }

  /// What a density tile takes: by what of its ordering, plane and pyramid is not at hand, and what it gathers.
  package func cost(ofTile plane: PlaneKey, _ order: OrderRequest, level: Int) -> Cost {
    let plan = plan(plane, level: level)
    var cost = cost(of: order)
    switch plan.method {
    case .gather: cost += .gathering(neurons: neurons(ofTileAt: level), inMemory: plan.source.isMemory)
    case .pyramid:
      if parts.contains(key(.pyramid(plane, order))) { return .least }
      cost +=
        plan.source.isMemory
        ? .pyramid(neurons: levels.neurons, isWindow: plane.window != nil) : .plane(neurons: levels.neurons)
    }
    if plan.source == .decodeFirst { cost += .plane(neurons: levels.neurons) }
    guard let evaluating = self.cost(ofKnowingRows: plane) else { return cost }
    let isWhole = plan.source == .decodeFirst || plan.method != .gather
    return cost + evaluating
      + .counting(neurons: isWhole ? levels.neurons : neurons(ofTileAt: level), rows: samples(plane.group))
  }

  /// What the rows of a tile take: by the instances whose values are not at hand.
  package func cost(
    ofRows order: OrderRequest, instances: [OrderName.Argument], withSpreads: Bool = false, level: Int, index: Int
  ) -> Cost {
    let isKnown = !withSpreads || parts.contains(key(.reach(order, level: level, index: index)))
    let first = isKnown ? cost(of: order) : cost(of: order) + .gathering(neurons: Levels.tileRows, inMemory: false)
    return Set(instances).reduce(into: first) { cost, instance in
      if parts.contains(key(.extents(instance: instance, order, level: level, index: index))) { return }
      cost += .values(neurons(ofTileAt: level))
      switch instance {
      case .row(let row): cost += self.cost(ofRow: row)
      case .instance(let instance):
        if !parts.contains(key(.values(instance: instance))) { cost += .values(levels.neurons) }
      case .group, .moment: preconditionFailure("no instance")
      }
    }
  }

  private var costOfSpreads: Cost {
    if parts.contains(key(.spreadSummary)) { return Cost(units: 0) }
    return .gathering(neurons: min(levels.neurons, NeuronSpreads.sampleMax), inMemory: false)
  }

  /// What a summary takes: by the groups that nobody has asked for before.
  package func cost(ofSummary groups: [Int]) -> Cost {
    let missing = groups.filter { !parts.contains(key(.summary(group: $0))) }
    let counts = missing.contains { layer.plane(of: $0) == nil } && !parts.contains(key(.classDistributions))
    let cost = Cost.least + .summary(neurons: missing.count * levels.neurons) + costOfSpreads
    // All classes without planes are counted together.
    return counts ? cost + .counting(neurons: levels.neurons, rows: samples(0)) : cost
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
  /// - Parameter other: the version of which the second group of pairs is; `nil`: this one.
  func keys(_ item: OrderName.Item, with other: UInt64? = nil) throws -> [Double] {
    let part = try parts.part(key(.keys(item, with: other))) {
      // Values are kept as they are, too: the rows of tiles show them.
      .keys(try makeKeys(item, with: neighbour(other)))
    }
    guard case .keys(let values) = part else { preconditionFailure("kind and part differ") }
    return values
  }

  /// `[neuron]`: activations of an instance.
  func values(instance: Int) throws -> [Float] {
    let part = try parts.part(key(.values(instance: instance))) { .values(try layer.values(instance: instance)) }
    guard case .values(let values) = part else { preconditionFailure("kind and part differ") }
    return values
  }

  func codes(row: Int) throws -> RowCodes {
    let part = try parts.part(key(.codes(row: row))) { .codes(try RowCodes(layer, row: row, helpers)) }
    guard case .codes(let codes) = part else { preconditionFailure("kind and part differ") }
    return codes
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

  func spreads() throws -> NeuronSpreads {
    let part = try parts.part(key(.spreads)) { .spreads(try NeuronSpreads(layer)) }
    guard case .spreads(let spreads) = part else { preconditionFailure("kind and part differ") }
    return spreads
  }

  /// How far the neurons reach, over all of them.
  private func spread() throws -> JSONValue {
    let part = try parts.part(key(.spreadSummary)) { .json(try spreads().summary()) }
    guard case .json(let spread) = part else { preconditionFailure("kind and part differ") }
    return spread
  }

  package func order(_ request: OrderRequest) throws -> NeuronOrder {
    if let of = request.of { return try neighbour(of).order(request.ofItself) }
    let part = try parts.part(key(.order(request))) {
      .order(try NeuronOrder(request, of: layer) { try keys($0, with: request.with) })
    }
    guard case .order(let order) = part else { preconditionFailure("kind and part differ") }
    return order
  }

  /// Most bytes of a decoded plane, so that some fit beside each other.
  private var planeBytesMax: Int { planes.bytesMax / 3 }

  /// How a tile of a plane is made as things stand.
  private func plan(_ plane: PlaneKey, level: Int) -> TilePlan { plan(plane, level: level, state(of: plane)) }

  private func plan(_ plane: PlaneKey, level: Int, _ state: TilePlan.Plane) -> TilePlan {
    TilePlan(
      levels, level: level, samples: samples(plane.group), isWindow: plane.window != nil, plane: state)
  }

  /// What is known of the plane that a plane's tiles are added up from.
  private func state(of plane: PlaneKey) -> TilePlan.Plane {
    // Too large even if it were empty.
    guard DecodedPlane.bytesMin(rows: levels.neurons) <= planeBytesMax else { return .tooLarge }
    return switch planes.partAtHand(stored(plane)) {
    case .none: .notDecoded
    case .some(nil): .tooLarge
    case .some(.some): .decoded
    }
  }

  /// What a plane is made of, or `nil` where it turns out to take more than is kept. That is noted in its place, so that
  /// it is not decoded in vain again.
  private func decoded(_ plane: PlaneKey) throws -> DecodedPlane? {
    let stored = stored(plane)
    return try planes.part(stored) {
      try DecodedPlane(try counts(of: plane), helpers, slabs, bytesMax: planeBytesMax)
    }
  }

  /// The rows that a plane's tiles are added up from.
  private func counts(of plane: PlaneKey) throws -> any CountRows {
    let source = plane.source
    if source.moment == nil, let stored = layer.plane(of: source.group) {
      return StoredCounts(array: layer.counts(source.axis, source.bins), plane: stored)
    }
    return try SubsetCounts(counter(of: plane), source.axis, source.bins)
  }

  /// What a plan needs: the source that it reads, and the maker of tiles in an ordering. Where the plane turns out to take more memory than
  /// is kept, the plan without it.
  private func carryOut(
    _ plan: TilePlan, _ plane: PlaneKey, _ request: OrderRequest, level: Int, rows: Range<Int>? = nil
  ) throws -> (plan: TilePlan, maker: TileMaker, source: CountSource) {
    switch plan.source {
    case .store: break
    case .storeAndDecode:
      background?.submit(stored(plane)) {
        // Whoever asks for the plane itself will meet the error again, and tell it.
        _ = try? decoded(plane)
      }
    case .decoded:
      if let decoded = try decoded(plane) { return (plan, try maker(plane, request), .memory(decoded)) }
    case .decodeFirst:
      // One thread sorts while the others decode.
      let (decoded, maker) = try helpers.both {
        try self.decoded(plane)
      } and: {
        try self.maker(plane, request)
      }
      if let decoded { return (plan, maker, .memory(decoded)) }
    }
    let rest = plan.source.isMemory ? self.plan(plane, level: level, .tooLarge) : plan
    if isCounted(plane), rest.method == .gather, let rows {
      let chosen = try order(request).neurons[levels.ranks(ofRows: rows, at: level)]
      if chosen.count <= CountedRows.neuronsMax {
        let source = plane.source
        let counted = try CountedRows(
          try SubsetCounts(try counter(of: plane), source.axis, source.bins), chosen, helpers)
        return (rest, try maker(plane, request, zeros: counted.zeros), .rows(counted))
      }
    }
    return (rest, try maker(plane, request), .rows(try counts(of: plane)))
  }

  private func pyramid(_ plan: TilePlan, _ plane: PlaneKey, _ request: OrderRequest, level: Int) throws -> Pyramid {
    let part = try parts.part(key(.pyramid(plane, request))) {
      let (plan, maker, source) = try carryOut(plan, plane, request, level: level)
      guard case .pyramid(let lowest) = plan.method else {
        preconditionFailure("a pyramid from the store begins no higher than one from memory")
      }
      return .pyramid(try maker.pyramid(helpers, lowest: lowest, from: source, plan.word))
    }
    guard case .pyramid(let pyramid) = part else { preconditionFailure("kind and part differ") }
    return pyramid
  }

  /// Samples of a group in one neuron.
  package func samples(_ group: Int) -> Int { store.attributes.groups[group].rows * layer.layer.samples }

  /// - Parameter known: zeros of the neurons that are looked at; `nil`: they are looked up.
  private func maker(_ plane: PlaneKey, _ request: OrderRequest, zeros known: [UInt32]? = nil) throws -> TileMaker {
    let zeros: [UInt32]
    if let known {
      zeros = known
    } else if let moment = plane.moment {
      zeros = try self.zeros(moment)
    } else {
      zeros = try self.zeros(group: plane.group)
    }
    return TileMaker(
      order: try order(request), bins: plane.bins, zeros: zeros,
      grids: try plane.window.map { window in
        WindowGrids(
          window: window.kernel(on: layer.layer.shared), exponents: try exponents(), origins: try origins())
      })
  }

  /// A density tile, header and body.
  /// - Precondition: the layer has such a tile.
  package func tile(_ plane: PlaneKey, _ request: OrderRequest, level: Int, index: Int) throws -> [UInt8] {
    guard let rows = levels.rows(ofTile: index, at: level) else { preconditionFailure("checked before") }
    var plan = plan(plane, level: level)
    if plan.method == .gather {
      let (carried, maker, source) = try carryOut(plan, plane, request, level: level, rows: rows)
      if carried.method == .gather { return try maker.gather(rows, level: level, from: source, carried.word) }
      plan = carried
    }
    guard let tile = try pyramid(plan, plane, request, level: level).tile(level: level, index: index) else {
      preconditionFailure("a pyramid has every tile of its levels")
    }
    return tile
  }

  /// Neurons and instance values of displayed rows, header and body.
  /// - Precondition: the layer has such a tile.
  package func rows(
    _ request: OrderRequest, instances: [OrderName.Argument], withSpreads: Bool = false, level: Int, index: Int
  ) throws -> [UInt8] {
    guard let rows = levels.rows(ofTile: index, at: level) else { preconditionFailure("checked before") }
    let order = try order(request)
    // Kept by instance: whoever asks for others, or in another order, has these made once.
    let extents = try instances.map { instance in
      let part = try parts.part(key(.extents(instance: instance, request, level: level, index: index))) {
        .extents(try self.extents(of: instance, order.neurons[levels.ranks(ofRows: rows, at: level)], level))
      }
      guard case .extents(let values) = part else { preconditionFailure("kind and part differ") }
      return values
    }
    return RowsMaker(
      levels: levels, order: order, exponents: try exponents(), origins: try origins(), extents: extents,
      spreads: withSpreads ? (try spreads(), try reach(request, rows, level: level, index: index, order)) : nil
    ).make(rows, level: level)
  }

  /// How far the neurons of displayed rows reach: `[row][figure]`.
  private func reach(_ request: OrderRequest, _ rows: Range<Int>, level: Int, index: Int, _ order: NeuronOrder) throws
    -> [Float]
  {
    let part = try parts.part(key(.reach(request, level: level, index: index))) {
      let blocks = rows.map { order.neurons[levels.ranks(ofRows: $0..<($0 + 1), at: level)] }
      return .extents(try spreads().figures(ofRows: blocks))
    }
    guard case .extents(let figures) = part else { preconditionFailure("kind and part differ") }
    return figures
  }

  /// `[row][lowest, mean, highest]` of an instance in neurons of which `2^level` at a time are a displayed row.
  private func extents(of instance: OrderName.Argument, _ neurons: ArraySlice<UInt32>, _ level: Int) throws -> [Float] {
    switch instance {
    case .instance(let instance):
      let values = try values(instance: instance)
      return RowsMaker.extents(of: neurons.map { RowsMaker.Extent(values[Int($0)]) }, level)
    case .row(let row):
      let bounds = try codes(row: row).bounds(neurons.lazy.map { Int($0) }, layer)
      return RowsMaker.extents(of: bounds.map { RowsMaker.Extent($0.low, $0.high) }, level)
    case .group, .moment: preconditionFailure("no instance")
    }
  }

  /// The layer at a glance, in some groups. What is known of a group is kept, whichever others it is asked for with.
  package func summary(groups: [Int], moment: Moment? = nil) throws -> JSONValue {
    let summaries = try groups.map { group in
      let part = try parts.part(key(.summary(group: group))) {
        let tallies = try layer.tallies(group: group)
        guard let plane = layer.plane(of: group) else {
          // Classes follow the group of all rows.
          return .summary(GroupSummary(counts: try classDistributions()[group - 1], tallies))
        }
        return .summary(
          try GroupSummary(StoredCounts(array: layer.counts(.shared, .quarter), plane: plane), tallies))
      }
      guard case .summary(let summary) = part else { preconditionFailure("kind and part differ") }
      return (group: group, summary: summary)
    }
    return LayerSummary(
      layer: layer.layer, groups: summaries, spread: try spread(), moment: try moment.map(summary)
    ).json()
  }
}
