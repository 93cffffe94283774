import Distributions
import TileStore

/// The neurons of a layer in an ordering, with their figures in chosen groups and the values of chosen instances: what
/// `divergence export` writes.
public struct LayerTable: Sendable {
  /// What cannot be exported as asked.
  public struct Unknown: Error, CustomStringConvertible {
    public let description: String
  }

  public let store: Store
  public let layer: LayerReader
  public let order: String
  public let direction: Direction
  public let groups: [Int]
  public let instances: [Int]
  private let neurons: NeuronOrder

  /// - Parameters:
  ///   - id: the layer's id, or its name.
  ///   - order: as in `Tiles/HTTP.md`.
  ///   - groups: names or indices; `nil`: all.
  ///   - instances: names or indices.
  /// - Throws: `Unknown` naming what is not in the store; `StoreError`.
  public init(
    _ store: Store, layer id: String, order: String, direction: Direction, groups: [String]?, instances: [String]
  ) throws {
    let attributes = store.attributes
    guard let layer = store.layer(id) ?? store.layers.first(where: { $0.layer.name == id }) else {
      let known = attributes.layers.map(\.id).joined(separator: ", ")
      throw Unknown(description: "There is no layer “\(id)” in this store. Its layers: \(known).")
    }
    guard let name = OrderTable(attributes).parse(order) else {
      throw Unknown(
        description:
          "“\(order)” is no ordering of this store. Use \(OrderName.forms) with names that `divergence show` lists.")
    }
    self.store = store
    self.layer = layer
    self.order = order
    self.direction = direction
    self.groups =
      try groups.map { try Self.indices($0, attributes.groups.map(\.name), "group") }
      ?? Array(attributes.groups.indices)
    self.instances = try Self.indices(instances, attributes.instances.map(\.name), "instance")
    neurons = try NeuronOrder(OrderRequest(name: name, direction: direction), of: layer) { try layer.keys($0) }
  }

  private static func indices(_ texts: [String], _ names: [String], _ what: String) throws -> [Int] {
    try texts.map { text in
      if let index = names.firstIndex(of: text) { return index }
      if let index = wholeNumber(text), index < names.count { return index }
      throw Unknown(description: "There is no \(what) “\(text)” in this store; `divergence show` lists them.")
    }
  }

  /// Names of the columns: `rank`, `neuron`, `key`, then `median(cat)` and the like.
  public var columns: [String] {
    ["rank", "neuron", "key"]
      + groups.flatMap { group in
        layer.statistics.map { "\($0.rawValue)(\(store.attributes.groups[group].name))" }
      } + instances.map { "value(\(store.attributes.instances[$0].name))" }
  }

  /// Most numbers that are held at a time.
  private static let numbersMax = 16 << 20

  /// Calls `body` with every row, by rank: one number for each column.
  public func forEachRow(_ body: ([Double]) throws -> Void) throws {
    let width = columns.count
    let step = max(256, Self.numbersMax / width)
    for first in stride(from: 0, to: neurons.neurons.count, by: step) {
      let chosen = neurons.neurons[first..<min(first + step, neurons.neurons.count)]
      var columns: [[Double]] = []
      for group in groups {
        for statistic in layer.statistics {
          columns.append(try layer.statistic(statistic).numbers(plane: group, chosen))
        }
      }
      for instance in instances {
        columns.append(try layer.values.map { try $0.numbers(plane: instance, chosen) } ?? [])
      }
      for (index, neuron) in chosen.enumerated() {
        let head = [Double(first + index), Double(neuron), neurons.key(of: Int(neuron))]
        try body(head + columns.map { $0[index] })
      }
    }
  }
}

extension ArrayReader {
  /// One number of a plane for each chosen row, whatever type it is held in.
  func numbers(plane: Int, _ chosen: some Collection<UInt32>) throws(StoreError) -> [Double] {
    var numbers = [Double](repeating: .nan, count: chosen.count)
    try gather(plane: plane, chosen) { position, row in
      numbers[position] =
        switch metadata.dataType {
        case .uint32: Double(row.loadUnaligned(as: UInt32.self))
        case .float32: Double(row.loadUnaligned(as: Float.self))
        default: row.loadUnaligned(as: Double.self)
        }
    }
    return numbers
  }
}
