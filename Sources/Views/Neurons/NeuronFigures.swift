import Foundation
import TileStore

/// Everything about one neuron: its figures and counts in chosen groups, and where chosen instances stand in them.
package struct NeuronFigures {
  /// Most groups with histograms; beyond, figures come without counts and without percentiles.
  package static let histogramsMax = 64

  let store: Store
  let layer: LayerReader
  let neuron: Int
  let groups: [Int]
  /// Stored ones, and any rows.
  let instances: [OrderName.Argument]

  /// Counts stored groups that have no planes.
  let counters: (_ group: Int) throws -> SubsetCounter
  /// A group of the moment, and its expression in canonical form.
  let moment: (text: String, subset: Subset)?

  package init(
    store: Store, layer: LayerReader, neuron: Int, groups: [Int], instances: [OrderName.Argument],
    counters: @escaping (_ group: Int) throws -> SubsetCounter, moment: (text: String, subset: Subset)? = nil
  ) {
    self.counters = counters
    self.moment = moment
    self.store = store
    self.layer = layer
    self.neuron = neuron
    self.groups = groups
    self.instances = instances
  }

  /// The answer (`Tiles/HTTP.md`, "One neuron").
  /// - Throws: `StoreError`; `SubsetError` where the layer has no codes for a group of the moment.
  package func json() throws -> JSONValue {
    let grid = try NeuronGrid(layer, neuron: neuron)
    let withCounts = groups.count <= Self.histogramsMax
    let hasAllPlanes = groups.allSatisfy { layer.plane(of: $0) != nil }
    let codes = withCounts && !hasAllPlanes ? try NeuronCodes(layer) : nil
    var entries: [JSONValue] = []
    var distributions: [(group: Int, distribution: NeuronDistribution)] = []
    for group in groups {
      var entry: [String: JSONValue] = [
        "group": JSONValue(group), "name": .string(store.attributes.groups[group].name),
      ]
      var figures: [Statistic: Double] = [:]
      for statistic in layer.statistics {
        let figure = try figure(statistic, group)
        figures[statistic] = figure
        entry[statistic.rawValue] = Self.number(figure)
      }
      if withCounts {
        let counts = try counts(of: group, codes)
        entry["counts"] = JSONValue(counts)
        distributions.append(
          (
            group,
            NeuronDistribution(
              grid: grid, counts: counts, minimum: figures[.minimum] ?? .nan, maximum: figures[.maximum] ?? .nan)
          ))
      }
      entries.append(.object(entry))
    }
    if let moment { entries.append(try entry(moment.text, moment.subset)) }
    return [
      "neuron": JSONValue(neuron), "layer": .string(layer.layer.id),
      "grid": [
        "exponent": JSONValue(grid.exponent), "origin": JSONValue(grid.origin), "tails": .bool(grid.hasTails),
      ],
      "groups": .array(entries),
      "instances": .array(try instances.map { try entry($0, grid, distributions) }),
    ]
  }

  /// A group of the moment: what is not known exactly lies between two bounds.
  private func entry(_ text: String, _ subset: Subset) throws -> JSONValue {
    let figures = try SubsetFigures(SubsetCounter(layer, subset))
    let found = try figures.numbers(neuron, layer.statistics, NeuronCodes(layer))
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

  /// By bin of the own grid.
  /// - Parameter codes: of the layer, where a group has no plane.
  private func counts(of group: Int, _ codes: NeuronCodes?) throws -> [Int] {
    if let plane = layer.plane(of: group) {
      let array = layer.counts(.own, .full)
      return try array.row(plane: plane, neuron).withUnsafeBytes { array.integers($0) }
    }
    guard let codes else { preconditionFailure("a group has no plane") }
    return try counters(group).counts(neuron, codes).map { Int($0) }
  }

  private func figure(_ statistic: Statistic, _ group: Int) throws(StoreError) -> Double {
    let array = layer.statistic(statistic)
    let bytes = try array.row(plane: group, neuron)
    return bytes.withUnsafeBytes { raw in
      switch array.metadata.dataType {
      case .uint32: Double(raw.loadUnaligned(as: UInt32.self))
      case .float32: Double(raw.loadUnaligned(as: Float.self))
      default: raw.loadUnaligned(as: Double.self)
      }
    }
  }

  private typealias Distributions = [(group: Int, distribution: NeuronDistribution)]

  private func entry(_ instance: OrderName.Argument, _ grid: NeuronGrid, _ distributions: Distributions) throws
    -> JSONValue
  {
    switch instance {
    case .instance(let index): try self.instance(index, distributions)
    case .row(let row): try self.row(row, grid, distributions)
    case .group, .moment: preconditionFailure("no instance")
    }
  }

  /// Any row: its code tells in which bin its value lies.
  private func row(_ row: Int, _ grid: NeuronGrid, _ distributions: Distributions) throws -> JSONValue {
    guard layer.layer.samples == 1 else { throw SubsetError.severalSamples(layer.layer) }
    let place = try NeuronCodes(layer).place(ofRow: row, neuron: neuron, origin: grid.origin)
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

  private func instance(_ index: Int, _ distributions: Distributions) throws(StoreError) -> JSONValue {
    guard let values = layer.values else { preconditionFailure("an index of an instance was checked before") }
    let value = Double(try values.row(plane: index, neuron).withUnsafeBytes { $0.loadUnaligned(as: Float.self) })
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
