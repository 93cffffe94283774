import Foundation
import TileStore

/// Everything about some neurons: their figures and counts in chosen groups, and where chosen instances stand in them.
package struct NeuronFigures {
  /// Most groups with histograms; beyond, figures come without counts and without percentiles.
  package static let histogramsMax = 64
  /// Most neurons of one answer: as many as a tile has rows.
  package static let neuronsMax = 256
  /// Most histograms of one answer, and most places of instances in groups: about 4 MB each.
  package static let (histogramsInAllMax, placesInAllMax) = (4096, 65_536)

  let store: Store
  let layer: LayerReader
  let neurons: [Int]
  let groups: [Int]
  /// Stored ones, and any rows.
  let instances: [OrderName.Argument]

  /// Counts stored groups that have no planes.
  let counters: (_ group: Int) throws -> SubsetCounter
  /// A group of the moment, and its expression in canonical form.
  let moment: (text: String, subset: Subset)?

  /// - Parameter neurons: of the layer, in any order.
  package init(
    store: Store, layer: LayerReader, neurons: [Int], groups: [Int], instances: [OrderName.Argument],
    counters: @escaping (_ group: Int) throws -> SubsetCounter, moment: (text: String, subset: Subset)? = nil
  ) {
    self.counters = counters
    self.moment = moment
    self.store = store
    self.layer = layer
    self.neurons = neurons
    self.groups = groups
    self.instances = instances
  }

  /// A stored group in all of the neurons.
  private struct Column {
    let group: Int
    /// `[statistic][neuron]`.
    let figures: [(statistic: Statistic, values: [Double])]
    /// `[neuron, bin]` of the own grids; empty where counts are not told, or counted from codes.
    let counts: [[Int]]
  }

  /// The answers (`Tiles/HTTP.md`, "One neuron"), a neuron at a time.
  /// - Throws: `StoreError`; `SubsetError` where the layer has no codes for a group of the moment, or for a row.
  package func answers(_ body: (JSONValue) throws -> Void) throws {
    let withCounts = groups.count <= Self.histogramsMax
    let columns = try groups.map { try column(of: $0, withCounts: withCounts) }
    let values = try instances.map { try self.values(of: $0) }
    let moment = try moment.map { try SubsetFigures(SubsetCounter(layer, $0.subset)) }
    let hasAllPlanes = groups.allSatisfy { layer.plane(of: $0) != nil }
    let needsCodes = withCounts && !hasAllPlanes || moment != nil || values.contains { $0 == nil }
    let codes = needsCodes ? try NeuronCodes(layer) : nil
    for (place, neuron) in neurons.enumerated() {
      let grid = try NeuronGrid(layer, neuron: neuron)
      var entries: [JSONValue] = []
      var distributions: Distributions = []
      for column in columns {
        var entry: [String: JSONValue] = [
          "group": JSONValue(column.group), "name": .string(store.attributes.groups[column.group].name),
        ]
        var figures: [Statistic: Double] = [:]
        for (statistic, values) in column.figures {
          figures[statistic] = values[place]
          entry[statistic.rawValue] = Self.number(values[place])
        }
        if withCounts {
          let counts = column.counts.isEmpty ? try counted(column.group, neuron, codes) : column.counts[place]
          entry["counts"] = JSONValue(counts)
          distributions.append(
            (
              column.group,
              NeuronDistribution(
                grid: grid, counts: counts, minimum: figures[.minimum] ?? .nan, maximum: figures[.maximum] ?? .nan)
            ))
        }
        entries.append(.object(entry))
      }
      if let moment, let codes { entries.append(try entry(moment, neuron, codes)) }
      var told: [JSONValue] = []
      for (instance, values) in zip(instances, values) {
        told.append(try entry(instance, values?[place], neuron, grid, codes, distributions))
      }
      try body([
        "neuron": JSONValue(neuron), "layer": .string(layer.layer.id),
        "grid": [
          "exponent": JSONValue(grid.exponent), "origin": JSONValue(grid.origin), "tails": .bool(grid.hasTails),
        ],
        "groups": .array(entries), "instances": .array(told),
      ])
    }
  }

  private var chosen: some Sequence<UInt32> { neurons.lazy.map { UInt32($0) } }

  private func column(of group: Int, withCounts: Bool) throws(StoreError) -> Column {
    var figures: [(statistic: Statistic, values: [Double])] = []
    for statistic in layer.statistics { figures.append((statistic, try self.figures(statistic, group))) }
    var counts: [[Int]] = []
    if withCounts, let plane = layer.plane(of: group) {
      let array = layer.counts(.own, .full)
      counts = [[Int]](repeating: [], count: neurons.count)
      try array.gather(plane: plane, chosen) { counts[$0] = array.integers($1) }
    }
    return Column(group: group, figures: figures, counts: counts)
  }

  /// `[neuron]`.
  private func figures(_ statistic: Statistic, _ group: Int) throws(StoreError) -> [Double] {
    let array = layer.statistic(statistic)
    let type = array.metadata.dataType
    var values = [Double](repeating: .nan, count: neurons.count)
    try array.gather(plane: group, chosen) { place, row in
      values[place] =
        switch type {
        case .uint32: Double(row.loadUnaligned(as: UInt32.self))
        case .float32: Double(row.loadUnaligned(as: Float.self))
        default: row.loadUnaligned(as: Double.self)
        }
    }
    return values
  }

  /// `[neuron]`: activations of a stored instance; `nil` of any other row, whose values are in the codes.
  private func values(of instance: OrderName.Argument) throws -> [Double]? {
    switch instance {
    case .instance(let index):
      guard let array = layer.values else { preconditionFailure("an index of an instance was checked before") }
      var values = [Double](repeating: .nan, count: neurons.count)
      try array.gather(plane: index, chosen) { values[$0] = Double($1.loadUnaligned(as: Float.self)) }
      return values
    case .row:
      guard layer.layer.samples == 1 else { throw SubsetError.severalSamples(layer.layer) }
      return nil
    case .group, .moment: preconditionFailure("no instance")
    }
  }

  /// A group of the moment: what is not known exactly lies between two bounds.
  private func entry(_ figures: SubsetFigures, _ neuron: Int, _ codes: NeuronCodes) throws -> JSONValue {
    guard let (text, subset) = moment else { preconditionFailure("its figures are of it") }
    let found = try figures.numbers(neuron, layer.statistics, codes)
    var entry: [String: JSONValue] = [
      "where": .string(text), "moved": .array(subset.moved.map { .string($0) }),
      "counts": JSONValue(found.counts.map { Int($0) }),
    ]
    entry["sample"] = subset.sample?.json(neurons: 1)
    for (name, figure) in zip(SubsetFigures.names(layer.statistics), found.figures) {
      entry[name] = Self.number(figure)
    }
    return .object(entry)
  }

  /// By bin of the own grid, of a group without a plane.
  private func counted(_ group: Int, _ neuron: Int, _ codes: NeuronCodes?) throws -> [Int] {
    guard let codes else { preconditionFailure("a group has no plane") }
    return try counters(group).counts(neuron, codes).map { Int($0) }
  }

  private typealias Distributions = [(group: Int, distribution: NeuronDistribution)]

  /// - Parameter value: of a stored instance.
  private func entry(
    _ instance: OrderName.Argument, _ value: Double?, _ neuron: Int, _ grid: NeuronGrid, _ codes: NeuronCodes?,
    _ distributions: Distributions
  ) throws -> JSONValue {
    switch (instance, value, codes) {
    case (.instance(let index), let value?, _): self.instance(index, value, distributions)
    case (.row(let row), _, let codes?): try self.row(row, neuron, grid, codes, distributions)
    default: preconditionFailure("an instance has values, a row has codes")
    }
  }

  /// Any row: its code tells in which bin its value lies.
  private func row(
    _ row: Int, _ neuron: Int, _ grid: NeuronGrid, _ codes: NeuronCodes, _ distributions: Distributions
  ) throws -> JSONValue {
    let place = try codes.place(ofRow: row, neuron: neuron, origin: grid.origin)
    let bounds = try (place ?? .exactly(.nan)).bounds(neuron, grid, layer)
    var entry: [String: JSONValue] = [
      "row": JSONValue(row), "name": .string("row \(row)"), "low": Self.number(bounds.low),
      "high": Self.number(bounds.high),
    ]
    if place == nil {
      entry["value_text"] = "missing"
    } else if !bounds.low.isFinite {
      entry["value_text"] = Self.text(bounds.low)
    }
    entry["percentiles"] = Self.percentiles(place ?? .exactly(.nan), distributions)
    return .object(entry)
  }

  private static func text(_ value: Double) -> JSONValue { value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }

  private static func percentiles(_ place: ValuePlace, _ distributions: Distributions) -> JSONValue {
    .array(
      distributions.compactMap { group, distribution in
        distribution.percentile(of: place).map {
          ["group": JSONValue(group), "low": .double($0.low), "high": .double($0.high)]
        }
      })
  }

  private func instance(_ index: Int, _ value: Double, _ distributions: Distributions) -> JSONValue {
    var entry: [String: JSONValue] = [
      "instance": JSONValue(index), "name": .string(store.attributes.instances[index].name),
      "value": Self.number(value),
    ]
    if !value.isFinite { entry["value_text"] = Self.text(value) }
    entry["percentiles"] = Self.percentiles(.exactly(value), distributions)
    return .object(entry)
  }

  /// NaN and infinities have no number in JSON.
  static func number(_ value: Double) -> JSONValue {
    JSONValue(figure: value)
  }
}
