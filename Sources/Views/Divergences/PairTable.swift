import Distributions
import TileStore

/// What tells two groups of a layer apart, or the same group of a layer in two stores, neuron by neuron: what `divergence compare` and the
/// server write (`Tiles/COMPARING.md`).
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

  /// `[neuron]`.
  public let rows: [Row]
  /// Why there is no p; `nil`: there is.
  public let untested: String?
  /// What whoever wrote an expression must know (`Subset.remarks`).
  public let remarks: [String]
  /// Whether a side is a group of the moment, so that there is no Cohen's d.
  public let isOfMoment: Bool

  /// - Precondition: the layers have the same number of neurons.
  /// - Throws: `SubsetError`, `StoreError`.
  init(_ first: PairGroup, _ second: PairGroup, helpers: HelperThreads) throws {
    let (a, b) = try PairGroup.sides(first, second)
    let (x, y) = (try first.moments(), try second.moments())
    var rows = try PairReader.collect(a, b, helpers) { neuron, figures in
      Row(
        neuron: neuron, figures: figures,
        cohensD: PairFigures.cohensD(
          means: (x.means[neuron], y.means[neuron]), deviations: (x.deviations[neuron], y.deviations[neuron])),
        q: .nan)
    }
    untested = try PairGroup.untested(first, second)
    if untested == nil {
      for (neuron, rate) in falseDiscoveryRates(rows.map(\.figures.p)).enumerated() { rows[neuron].q = rate }
    } else {
      for neuron in rows.indices { rows[neuron].figures.p = .nan }
    }
    self.rows = rows
    remarks = [first, second].flatMap { $0.subset?.remarks ?? [] }
    isOfMoment = first.subset != nil || second.subset != nil
  }

  /// One neuron's row; without `q`, which is of the layer's neurons together.
  /// - Throws: `SubsetError`, `StoreError`.
  static func row(_ neuron: Int, _ first: PairGroup, _ second: PairGroup) throws -> Row {
    let (x, y) = (try first.moments(of: neuron), try second.moments(of: neuron))
    var row = Row(
      neuron: neuron, figures: PairFigures(PairCells(try first.histogram(neuron), try second.histogram(neuron))),
      cohensD: PairFigures.cohensD(means: (x.mean, y.mean), deviations: (x.deviation, y.deviation)), q: .nan)
    if try PairGroup.untested(first, second) != nil { row.figures.p = .nan }
    return row
  }

  /// Bytes it takes in a cache.
  var byteCount: Int { rows.count * MemoryLayout<Row>.stride + 128 }

  /// `[rank]`: neurons, what differs most first; equal ones by neuron.
  public func order(by figure: Figure) -> [UInt32] {
    stableOrder(keys: rows.map { $0.key(figure) }, direction: figure.direction)
  }

  /// What an AUROC is off 1/2 without any difference: its standard deviation, and about how far the farthest of the layer's neurons is.
  /// By the numbers of values of the first neuron that has any; `nil`: none has.
  public var nullFloor: (first: Int, second: Int, deviation: Double, farthest: Double)? {
    guard let row = rows.first(where: { !$0.figures.auroc.isNaN }) else { return nil }
    let (n, m) = (row.figures.countFirst, row.figures.countSecond)
    let deviation = PairFigures.nullDeviation(n, m)
    return (n, m, deviation, min(deviation * PairFigures.farthestDeviations(of: rows.count), 0.5))
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
