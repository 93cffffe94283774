import Distributions
import TileStore

/// The neurons of a layer in an ordering, with their figures in chosen groups, stored or of the moment, and the values of chosen instances:
/// what `divergence export` writes.
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
  /// Groups of the moment, as they were written.
  public let moments: [(text: String, subset: Subset)]
  /// Whether the counts of each group are among the columns.
  private let withCounts: Bool
  /// What whoever wrote expressions must know (`Subset.remarks`), wherever they stand.
  public let remarks: [String]
  private let neurons: NeuronOrder
  /// Ranks of the neurons that are told.
  private let ranks: [Int]

  /// - Parameters:
  ///   - id: the layer's id, or its name.
  ///   - order: as in `Tiles/HTTP.md`.
  ///   - groups: names or indices; `nil`: all.
  ///   - instances: names or indices.
  ///   - moments: expressions.
  ///   - condition: on neurons (`NeuronCondition`); `nil`: all.
  ///   - withCounts: whether columns have the counts of each group, too.
  ///   - helpers: threads that share the work.
  /// - Throws: `Unknown` naming what is not in the store; `SubsetError`, `StoreError`.
  public init(
    _ store: Store, layer id: String, order: String, direction: Direction, groups: [String]?, instances: [String],
    moments: [String] = [], neurons condition: String? = nil, withCounts: Bool = false, helpers: HelperThreads
  ) throws {
    let attributes = store.attributes
    let layer = try Self.layer(id, of: store)
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
    self.moments = try moments.map { (text: $0, subset: try Subset(Moment(parsing: $0), of: store)) }
    self.withCounts = withCounts
    let items = FreshItems(store: store, layer: layer, helpers: helpers)
    neurons = try NeuronOrder(OrderRequest(name: name, direction: direction), of: layer) { try items.makeKeys($0) }
    let condition = try condition.map { try NeuronConditionParser.parse($0, OrderTable(attributes)) }
    ranks = try Self.ranks(neurons, condition, items)
    let named = try ([name] + (condition?.orders ?? [])).flatMap(\.moments).map { try items.subset($0) }
    remarks = (self.moments.map(\.subset) + named).flatMap(\.remarks).reduce(into: []) { told, remark in
      if !told.contains(remark) { told.append(remark) }
    }
  }

  /// The layer with an id or a name.
  public static func layer(_ id: String, of store: Store) throws(Unknown) -> LayerReader {
    if let layer = store.layer(id) ?? store.layers.first(where: { $0.layer.name == id }) { return layer }
    throw Unknown(description: SubsetError.noLayer(id, of: store.attributes.layers.map(\.id)).description)
  }

  /// The index of a group, given by name or index.
  public static func group(_ text: String, of store: Store) throws -> Int {
    try indices([text], store.attributes.groups.map(\.name), "group")[0]
  }

  private static func ranks(_ order: NeuronOrder, _ condition: NeuronCondition?, _ items: FreshItems) throws -> [Int] {
    guard let condition else { return Array(order.neurons.indices) }
    let neurons = order.neurons.count
    let holds = try condition.holds(neurons) { try $0.keys(neurons) { try items.makeKeys($0) } }
    return order.neurons.indices.filter { holds[Int(order.neurons[$0])] }
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
    var names = ["rank", "neuron", "key"]
    for group in groups { names += columns(layer.statistics.map(\.rawValue), of: store.attributes.groups[group].name) }
    for moment in moments { names += columns(SubsetFigures.names(layer.statistics), of: moment.text) }
    return names + instances.map { "value(\(store.attributes.instances[$0].name))" }
  }

  private func columns(_ figures: [String], of group: String) -> [String] {
    let bins = withCounts ? (0..<BinCount.full.rawValue).map { "bin_\($0)" } : []
    return (figures + bins).map { "\($0)(\(group))" }
  }

  /// Most numbers that are held at a time.
  private static let numbersMax = 16 << 20

  /// Calls `body` with every row, by rank: one number for each column.
  public func forEachRow(_ body: ([Double]) throws -> Void) throws {
    let width = columns.count
    let step = max(256, Self.numbersMax / width)
    let subsets = try moments.map { try SubsetFigures(SubsetCounter(layer, $0.subset)) }
    let codes = try moments.isEmpty ? nil : NeuronCodes(layer)
    let small = withCounts ? groups.filter { layer.plane(of: $0) == nil } : []
    let classes = small.isEmpty ? nil : try SmallClasses(layer, of: store)
    let counters = classes.map { classes in small.map { (group: $0, counter: classes.counter(of: $0)) } } ?? []
    for first in stride(from: 0, to: ranks.count, by: step) {
      let ranks = ranks[first..<min(first + step, ranks.count)]
      let chosen = ranks.map { neurons.neurons[$0] }
      var rows = zip(ranks, chosen).map { rank, neuron in
        [Double(rank), Double(neuron), neurons.key(of: Int(neuron))]
      }
      let counted = try Self.counts(of: counters, chosen, layer)
      for group in groups { try append(group: group, chosen, counted[group], to: &rows) }
      for subset in subsets {
        for (index, neuron) in chosen.enumerated() {
          guard let codes else { continue }
          let found = try subset.numbers(Int(neuron), layer.statistics, codes)
          rows[index] += found.figures + (withCounts ? found.counts.map(Double.init) : [])
        }
      }
      for instance in instances {
        let values = try layer.values.map { try $0.numbers(plane: instance, chosen) } ?? []
        for (index, value) in values.enumerated() { rows[index].append(value) }
      }
      for row in rows { try body(row) }
    }
  }

  /// Counts of groups without planes, by group, `[neuron][bin]`. Each neuron's codes are read once.
  private static func counts(
    of counters: [(group: Int, counter: SubsetCounter)], _ chosen: [UInt32], _ layer: LayerReader
  ) throws -> [Int: [[UInt32]]] {
    guard !counters.isEmpty else { return [:] }
    let codes = try NeuronCodes(layer)
    var counts = counters.map { _ in [[UInt32]]() }
    for neuron in chosen {
      for (place, counter) in counters.enumerated() {
        counts[place].append(try counter.counter.counts(Int(neuron), codes))
      }
    }
    return Dictionary(uniqueKeysWithValues: zip(counters.map(\.group), counts))
  }

  /// Appends the figures of a stored group in some neurons, each to its row.
  /// - Parameter counted: `[neuron][bin]` where the group has no plane.
  private func append(
    group: Int, _ chosen: [UInt32], _ counted: [[UInt32]]?, to rows: inout [[Double]]
  ) throws(StoreError) {
    for statistic in layer.statistics {
      for (index, number) in try layer.statistic(statistic).numbers(plane: group, chosen).enumerated() {
        rows[index].append(number)
      }
    }
    guard withCounts else { return }
    guard let plane = layer.plane(of: group) else {
      for (index, counts) in (counted ?? []).enumerated() { rows[index] += counts.map(Double.init) }
      return
    }
    let array = layer.counts(.own, .full)
    try array.gather(plane: plane, chosen) { position, row in
      rows[position] += array.integers(row).map(Double.init)
    }
  }
}
