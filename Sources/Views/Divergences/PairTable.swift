import Distributions
import TileStore

/// What tells two groups of a layer apart, or the same group of a layer in two stores, neuron by neuron: what `divergence compare` writes.
public struct PairTable: Sendable {
  /// What cannot be compared as asked.
  public struct Unknown: Error, CustomStringConvertible {
    public let description: String
  }

  /// What the rows can be ordered by.
  public enum Figure: String, Sendable, CaseIterable {
    case neuron, auroc, wasserstein
    case kolmogorovSmirnov = "kolmogorov_smirnov"
    case jensenShannon = "jensen_shannon"
    case cohensD = "cohens_d"
    case p, q

    /// What matters most comes first: the largest difference, the smallest p.
    var direction: Direction { [.neuron, .p, .q].contains(self) ? .ascending : .descending }
  }

  public struct Row: Sendable {
    public var neuron: Int
    public var figures: PairFigures
    /// 0 where both sides are constant.
    public var cohensD: Double
    /// Of the layer's neurons together; NaN where there is no p.
    public var q: Double

    /// In the order of `columns`.
    public var numbers: [Double] {
      [
        Double(neuron), Double(figures.countFirst), Double(figures.countSecond), figures.auroc, figures.aurocBound,
        figures.wasserstein, figures.wassersteinBound, figures.kolmogorovSmirnov, figures.kolmogorovSmirnovBound,
        figures.jensenShannon, cohensD, figures.p, q,
      ]
    }
  }

  public static let columns = [
    "neuron", "n_a", "n_b", "auroc", "auroc_bound", "wasserstein", "wasserstein_bound", "kolmogorov_smirnov",
    "kolmogorov_smirnov_bound", "jensen_shannon", "cohens_d", "p", "q",
  ]

  /// By the figure asked for; equal ones by neuron.
  public let rows: [Row]
  /// Why there is no p; `nil`: there is.
  public let untested: String?
  /// What whoever wrote an expression must know (`Subset.remarks`).
  public private(set) var remarks: [String] = []
  /// Whether a side is a group of the moment, so that there is no Cohen's d.
  public private(set) var isOfMoment = false

  /// Neurons that are compared as one piece of work.
  private static let neuronsAtOnce = 1024

  /// - Parameter untested: why p has no meaning here.
  private init(
    _ first: PairSide, _ second: PairSide, order: Figure, untested: String?, helpers: HelperThreads
  ) throws {
    precondition(first.neurons == second.neurons)
    let pieces = (first.neurons + Self.neuronsAtOnce - 1) / Self.neuronsAtOnce
    let threads = min(pieces, helpers.count + 1)
    let parts = try helpers.map(threads) { thread in
      try stride(from: thread, to: pieces, by: threads).flatMap { piece in
        let neurons = piece * Self.neuronsAtOnce..<min((piece + 1) * Self.neuronsAtOnce, first.neurons)
        return try Self.rows(first, second, neurons)
      }
    }
    var rows = parts.flatMap(\.self).sorted { $0.neuron < $1.neuron }
    if untested == nil {
      for (neuron, rate) in falseDiscoveryRates(rows.map(\.figures.p)).enumerated() { rows[neuron].q = rate }
    } else {
      for neuron in rows.indices { rows[neuron].figures.p = .nan }
    }
    let keys = rows.map { $0.key(order) }
    self.rows = stableOrder(keys: keys, direction: order.direction).map { rows[Int($0)] }
    self.untested = untested
  }

  private static func rows(_ first: PairSide, _ second: PairSide, _ neurons: Range<Int>) throws -> [Row] {
    let (a, b) = (try first.histograms(neurons), try second.histograms(neurons))
    return neurons.map { neuron in
      let place = neuron - neurons.lowerBound
      return Row(
        neuron: neuron, figures: PairFigures(PairCells(a[place], b[place])),
        cohensD: PairFigures.cohensD(
          means: (first.mean(neuron), second.mean(neuron)),
          deviations: (first.deviation(neuron), second.deviation(neuron))), q: .nan)
    }
  }
}

extension PairTable.Row {
  func key(_ figure: PairTable.Figure) -> Double {
    switch figure {
    case .neuron: Double(neuron)
    case .auroc: figures.auroc
    case .wasserstein: figures.wasserstein
    case .kolmogorovSmirnov: figures.kolmogorovSmirnov
    case .jensenShannon: figures.jensenShannon
    case .cohensD: cohensD
    case .p: figures.p
    case .q: q
    }
  }
}

extension PairTable {
  /// Compares two groups of a store: names, indices, or expressions behind `where:`.
  /// - Throws: `Unknown`, `SubsetError`, `StoreError`.
  public init(
    _ store: Store, layer id: String, _ first: String, _ second: String, order: Figure, helpers: HelperThreads
  ) throws {
    let layer = try Self.layer(id, of: store)
    let (a, b) = (try Member(first, of: store), try Member(second, of: store))
    try self.init(
      a.side(layer, of: store), b.side(layer, of: store), order: order,
      untested: Self.untested(store, layer, a, b), helpers: helpers)
    remarks = [a, b].flatMap { $0.subset?.remarks ?? [] }
    isOfMoment = a.subset != nil || b.subset != nil
  }

  /// A group as it is named: stored or of the moment.
  private struct Member {
    /// Of a stored group.
    var group: Int?
    /// Of the moment.
    var subset: Subset?

    init(_ name: String, of store: Store) throws {
      // A stored group may be called so.
      if name.hasPrefix("where:"), !store.attributes.groups.contains(where: { $0.name == name }) {
        subset = try Subset(Moment(parsing: String(name.dropFirst(6))), of: store)
      } else {
        group = try PairTable.group(name, of: store)
      }
    }

    func side(_ layer: LayerReader, of store: Store) throws -> PairSide {
      if let subset { return try PairSide(layer, subset) }
      return try PairTable.side(layer, group ?? 0, of: store)
    }

    func rows(of store: Store) throws -> RowSet { try subset?.rows ?? Subset(group: group ?? 0, of: store).rows }
  }

  /// Compares a group in two stores, which have the same neurons in the layer.
  /// - Throws: `Unknown`, `StoreError`.
  public init(
    _ store: Store, and other: Store, layer id: String, group: String, order: Figure, helpers: HelperThreads
  ) throws {
    let (layer, second) = (try Self.layer(id, of: store), try Self.layer(id, of: other))
    guard layer.layer.neurons == second.layer.neurons else {
      throw Unknown(
        description:
          "The layer “\(id)” has \(layer.layer.neurons) neurons in \(store.path) and \(second.layer.neurons) in \(other.path). Two stores are compared neuron by neuron."
      )
    }
    try self.init(
      Self.side(layer, Self.group(group, of: store), of: store),
      Self.side(second, Self.group(group, of: other), of: other), order: order,
      untested: "two stores may hold the same rows", helpers: helpers)
  }

  private static func layer(_ id: String, of store: Store) throws(Unknown) -> LayerReader {
    if let layer = store.layer(id) ?? store.layers.first(where: { $0.layer.name == id }) { return layer }
    let known = store.attributes.layers.map(\.id).joined(separator: ", ")
    throw Unknown(description: "There is no layer “\(id)” in \(store.path). Its layers: \(known).")
  }

  private static func group(_ name: String, of store: Store) throws(Unknown) -> Int {
    let names = store.attributes.groups.map(\.name)
    if let index = names.firstIndex(of: name) { return index }
    if let index = wholeNumber(name), index < names.count { return index }
    throw Unknown(description: "There is no group “\(name)” in \(store.path); `divergence show` lists them.")
  }

  private static func side(_ layer: LayerReader, _ group: Int, of store: Store) throws -> PairSide {
    try PairSide(layer, group: group, of: store)
  }

  /// Why the rank-sum test has no meaning; `nil`: it has.
  private static func untested(_ store: Store, _ layer: LayerReader, _ first: Member, _ second: Member) throws
    -> String?
  {
    if layer.layer.samples > 1 { return "the samples of a row depend on each other" }
    if let group = first.group, group == second.group { return "the groups are the same" }
    let kinds = [first, second].map { $0.group.map { store.attributes.groups[$0].kind } }
    // Classes have no row in common.
    if kinds == [.class, .class] { return nil }
    if kinds.contains(.all) { return "the groups share rows" }
    do {
      return try first.rows(of: store).isDisjoint(with: second.rows(of: store)) ? nil : "the groups share rows"
    } catch is SubsetError {
      return "the groups may share rows"
    }
  }
}
