import Distributions
import TileStore

/// What the keys of items are made of, in one layer: read anew for a table, kept between requests by a server.
protocol ItemSource: Sendable {
  var store: Store { get }
  var layer: LayerReader { get }
  var helpers: HelperThreads { get }

  /// `[neuron]`: values of a stored instance.
  func values(instance: Int) throws -> [Float]
  /// The codes of a row.
  /// - Throws: `SubsetError` where the layer has none, or several samples a row.
  func codes(row: Int) throws -> RowCodes
  func subset(_ moment: Moment) throws -> Subset
  func counter(_ moment: Moment) throws -> SubsetCounter
}

/// Read where it is needed.
struct FreshItems: ItemSource {
  let store: Store
  let layer: LayerReader
  let helpers: HelperThreads

  func values(instance: Int) throws -> [Float] { try layer.values(instance: instance) }
  func codes(row: Int) throws -> RowCodes { try RowCodes(layer, row: row, helpers) }
  func subset(_ moment: Moment) throws -> Subset { try Subset(moment, of: store) }
  func counter(_ moment: Moment) throws -> SubsetCounter { try SubsetCounter(layer, subset(moment)) }
}

extension LayerReader {
  /// `[neuron]`: values of a stored instance.
  func values(instance: Int) throws(StoreError) -> [Float] {
    guard let values else { preconditionFailure("an index of an instance was checked before") }
    return try values.plane(instance, as: Float.self)
  }
}

extension ItemSource {
  /// `[neuron]`: what an item orders by. Where only bounds are known it is their middle.
  /// - Parameter other: of which the second group of pairs is; `nil`: of this one.
  /// - Throws: `SubsetError`, `StoreError`.
  func makeKeys(_ item: OrderName.Item, with other: (any ItemSource)? = nil) throws -> [Double] {
    switch item.kind {
    case .median, .mean, .deviation, .minimum, .maximum, .zeros:
      switch item.arguments[0] {
      case .group(let group): try layer.keys(item.kind, group: group)
      case .moment(let moment): try keys(item.kind, of: moment)
      case .instance, .row: preconditionFailure("\(item.kind) is of a group")
      }
    case .value:
      switch item.arguments[0] {
      case .instance(let instance): try values(instance: instance).map(Double.init)
      case .row(let row): try codes(row: row).bounds(0..<layer.layer.neurons, layer).map { $0.low / 2 + $0.high / 2 }
      case .group, .moment: preconditionFailure("a value is of an instance")
      }
    case .percentile: try percentiles(item.arguments[0], item.arguments[1])
    case .auroc, .wasserstein, .kolmogorovSmirnov:
      try pairs(item.kind.ofPair ?? .auroc, pairGroup(item.arguments[0]), (other ?? self).pairGroup(item.arguments[1]))
    case .contribution: try contributions(Contrast(item.arguments[0], of: store), of: item.arguments[0])
    }
  }

  private func pairs(_ figure: PairFigure, _ first: PairGroup, _ second: PairGroup) throws -> [Double] {
    let (a, b) = try PairGroup.sides(first, second)
    return try PairReader.keys(figure, a, b, helpers)
  }

  fileprivate func pairGroup(_ argument: OrderName.Argument) throws -> PairGroup {
    guard let member = argument.member else { preconditionFailure("pairs are of groups") }
    return try pairGroup(member)
  }

  /// A group that is compared.
  func pairGroup(_ member: PairMember) throws -> PairGroup {
    guard case .moment(let moment) = member else { return PairGroup(store, layer, member, subset: nil) }
    return PairGroup(store, layer, member, subset: try subset(moment))
  }

  /// Computes `body` of all neurons, threads sharing them by chunks of so many.
  private func map(_ neuronsPerChunk: Int, _ body: @escaping @Sendable (Range<Int>) throws -> [Double]) throws
    -> [Double]
  {
    let neurons = layer.layer.neurons
    let chunks = (neurons + neuronsPerChunk - 1) / neuronsPerChunk
    // A small layer is done before a helper has woken up.
    let pieces = neurons < 4096 ? 1 : min(chunks, helpers.count + 1)
    return try helpers.map(pieces) { try body(chunks * $0 / pieces..<chunks * ($0 + 1) / pieces) }.flatMap(\.self)
  }

  /// Figures of a group of the moment.
  private func keys(_ kind: ItemKind, of moment: Moment) throws -> [Double] {
    let figures = try SubsetFigures(counter(moment))
    let (neurons, step) = (layer.layer.neurons, figures.counter.neuronsAtOnce)
    if SubsetFigures.isOfRanks(kind), figures.counter.isSoonestByNeuron {
      return try map(1) { chosen in
        let planes = try NeuronPlanes(figures.counter)
        return try chosen.map { try figures.key(kind, of: $0, planes) }
      }
    }
    return try map(step) { chunks in
      var keys: [Double] = []
      try figures.counter.each(chunks.lowerBound * step..<min(chunks.upperBound * step, neurons)) {
        keys.append(figures.key(kind, of: $0, $1, $2))
      }
      return keys
    }
  }

  /// Where an instance stands among the values of a group, in percent.
  private func percentiles(_ instance: OrderName.Argument, _ group: OrderName.Argument) throws -> [Double] {
    if case .moment(let moment) = group, case let counter = try counter(moment), counter.isSoonestByNeuron {
      return try percentiles(places(of: instance), among: counter)
    }
    let counts: any CountRows
    let extremesOf: Int
    switch group {
    case .group(let group):
      (counts, extremesOf) = (try GroupCounts(layer, of: store, groups: [group]).rows(of: group, .own, .full), group)
    case .moment(let moment):
      // Of all rows: no value of a part of them lies beyond.
      (counts, extremesOf) = (try SubsetCounts(counter(moment), .own, .full), 0)
    case .instance, .row: preconditionFailure("a percentile is in a group")
    }
    let least = try layer.keys(of: layer.statistic(.minimum), plane: extremesOf)
    let greatest = try layer.keys(of: layer.statistic(.maximum), plane: extremesOf)
    let grids = try LayerGrids(layer)
    let place = try places(of: instance)
    return try map(counts.neuronsPerChunk) { chunks in
      var keys: [Double] = []
      try counts.stream(chunks: chunks) { first, rows in
        for start in stride(from: 0, to: rows.count, by: counts.rowBytes) {
          let neuron = first + start / counts.rowBytes
          let row = UnsafeRawBufferPointer(rebasing: rows[start..<start + counts.rowBytes])
          let bounds = NeuronDistribution(
            grid: grids[neuron], counts: counts.type.numbers(row), minimum: least[neuron], maximum: greatest[neuron]
          ).percentile(of: place(neuron))
          keys.append(bounds.map { $0.low / 2 + $0.high / 2 } ?? .nan)
        }
      }
      return keys
    }
  }

  /// The same among the values of a group of the moment, of which only what lies below is counted.
  private func percentiles(_ place: @escaping @Sendable (Int) -> ValuePlace, among counter: SubsetCounter) throws
    -> [Double]
  {
    // Of all rows: no value of a part of them lies beyond.
    let least = try layer.keys(of: layer.statistic(.minimum), plane: 0)
    let greatest = try layer.keys(of: layer.statistic(.maximum), plane: 0)
    let grids = try LayerGrids(layer)
    return try map(1) { chosen in
      let planes = try NeuronPlanes(counter)
      return try chosen.map { neuron in
        let place = place(neuron)
        guard let bin = place.bin(on: grids[neuron]) else { return .nan }
        try planes.read(neuron)
        let bounds = try planes.held(bin: bin).percentile(
          of: place, among: Int(planes.tally.count), from: least[neuron], to: greatest[neuron])
        return bounds.map { $0.low / 2 + $0.high / 2 } ?? .nan
      }
    }
  }

  /// `[neuron]`: what it says for one class over another.
  /// - Parameter instance: or a row.
  func contributions(_ contrast: Contrast, of instance: OrderName.Argument) throws -> [Double] {
    guard layer.layer.samples == 1 else { throw SubsetError.severalSamples(layer.layer) }
    let place = try places(of: instance)
    var source: RowCodes?
    if contrast.sourceLabel != nil, let row = contrast.sourceRow { source = try codes(row: row) }
    var without: (@Sendable (Int) -> UInt8)?
    if let source { without = { neuron in source[neuron].cell } }
    return try Contributions(store, layer, contrast, helpers: helpers).values(
      cell: { neuron, grid, hasTails in place(neuron).cell(on: grid, hasTails: hasTails) }, without: without)
  }

  /// Gives the place of an instance in each neuron.
  private func places(of instance: OrderName.Argument) throws -> @Sendable (Int) -> ValuePlace {
    switch instance {
    case .instance(let instance):
      let values = try values(instance: instance)
      return { .exactly(Double(values[$0])) }
    case .row(let row):
      let codes = try codes(row: row)
      return { codes[$0] }
    case .group, .moment: preconditionFailure("a percentile is of an instance")
    }
  }
}

extension Contrast {
  /// - Parameter input: an instance or a row.
  init(_ input: OrderName.Argument, of store: Store, named: Int? = nil, other: Int? = nil) throws {
    switch input {
    case .instance(let instance): try self.init(instance: instance, of: store, named: named, other: other)
    case .row(let row): try self.init(row: row, of: store, named: named, other: other)
    case .group, .moment: preconditionFailure("no input")
    }
  }
}

extension DataType {
  /// A row of counts of this type.
  func numbers(_ row: UnsafeRawBufferPointer) -> [Int] {
    switch self {
    case .uint8: row.map { Int($0) }
    case .uint16: row.bindMemory(to: UInt16.self).map { Int($0) }
    default: row.bindMemory(to: UInt32.self).map { Int($0) }
    }
  }
}
