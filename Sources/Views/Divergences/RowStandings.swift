import Distributions
import Synchronization
import TileStore

/// What is ordinary among the rows of a store, class by class: by this a row or an instance is judged.
public final class RowStandings: Sendable {
  public let store: Store
  private let table: RowTable
  private let divergences: DivergenceTable
  /// Names of the classes.
  public let classes: [String]
  /// The class that the network named, of each row; -1: none that has rows.
  private let named: [Int32]
  /// Places of the layers that take part in the omnibus.
  public let layers: [Int]
  private let known = Mutex<[Int: Standing]>([:])

  /// The rows with one prediction.
  private struct Standing: Sendable {
    var rows: [Int]
    var calibration: RowCalibration
  }

  /// - Returns: `nil` where the rows of the store were not judged.
  /// - Throws: `StoreError`.
  public init?(_ store: Store) throws {
    guard let table = store.table, let divergences = store.divergences else { return nil }
    self.store = store
    self.table = table
    self.divergences = divergences
    let groups = store.attributes.groups.filter { $0.kind == .class }
    classes = groups.map(\.name)
    named = try table.namedRows(sizes: groups.map(\.rows), withRivals: false).named
    layers = divergences.attributes.layers.indices.filter {
      divergences.attributes.layers[$0] != divergences.attributes.scores
    }
  }

  public var hasMargins: Bool { table.attributes.scores != nil }

  /// D, T and R of all layers, one after another.
  /// - Parameter figures: `[layer]`.
  public static func gauges(_ figures: [DivergenceTable.Figures]) -> [Double] {
    figures.flatMap { [$0.d, $0.t, $0.r] }
  }

  private func standing(of label: Int) throws -> Standing {
    if let known = known.withLock({ $0[label] }) { return known }
    let rows = named.indices.filter { named[$0] == label }
    var gauges = [[Double]](repeating: [], count: rows.count)
    for layer in divergences.attributes.layers.indices {
      let all = try figures(of: rows, layer: layer)
      for (place, own) in all.enumerated() { gauges[place] += [own.d, own.t, own.r] }
    }
    let margins = hasMargins ? try Self.gather(rows) { some throws(StoreError) in try table.margins(some) } : []
    let chosen = layers.flatMap { [3 * $0, 3 * $0 + 1, 3 * $0 + 2] }
    let standing = Standing(
      rows: rows, calibration: RowCalibration(gauges: gauges, margins: margins, chosen: chosen))
    known.withLock { $0[label] = standing }
    return standing
  }

  private func figures(of rows: [Int], layer: Int) throws -> [DivergenceTable.Figures] {
    try Self.gather(rows) { some throws(StoreError) in try divergences.rows(some, layer: layer) }
  }

  /// Reads ascending rows, some at a time.
  private static func gather<Element>(_ rows: [Int], _ read: (Range<Int>) throws(StoreError) -> [Element]) throws
    -> [Element]
  {
    var gathered: [Element] = []
    var next = 0
    while next < rows.count {
      let first = rows[next]
      let end = next + rows[next...].prefix { $0 < first + 8192 }.count
      let some = try read(first..<rows[end - 1] + 1)
      gathered += rows[next..<end].map { some[$0 - first] }
      next = end
    }
    return gathered
  }

  /// Judges a row that the store has not.
  /// - Parameters:
  ///   - label: the class that the network named.
  ///   - sourceRow: the row of the store that it comes from, which then does not count.
  ///   - isRow: whether it is that row.
  /// - Throws: `StoreError`.
  public func judge(gauges: [Double], margin: Double, named label: Int, sourceRow: Int? = nil, isRow: Bool = false)
    throws -> RowCalibration.Judgement
  {
    guard classes.indices.contains(label) else {
      return RowCalibration(gauges: [], margins: [], chosen: []).judge(gauges: gauges, margin: margin, leavingOut: nil)
    }
    let standing = try standing(of: label)
    let place = sourceRow.flatMap { row in standing.rows.firstIndex(of: row) }
    return standing.calibration.judge(
      gauges: gauges, margin: margin, leavingOut: place, isSame: isRow && place != nil)
  }

  /// Rows that calibrate a class.
  public func rows(named label: Int) throws -> Int { try standing(of: label).rows.count }
}

/// An instance or a row of a store beside the rows that the network took for the same class.
public struct InputStanding: Sendable {
  /// Of the row or the instance.
  public var number: Int
  public var isRow: Bool
  /// Of an instance.
  public var name: String?
  /// The class that the network named, as it is called; and among those that have rows.
  public var prediction: String?
  public var named: Int?
  public var label: String?
  public var sourceRow: Int?
  /// NaN: there is none.
  public var margin: Double
  /// `[layer]`.
  public var figures: [DivergenceTable.Figures]
  public var judgement: RowCalibration.Judgement
}

extension RowStandings {
  /// - Throws: `StoreError`.
  public func instance(_ number: Int) throws -> InputStanding {
    let instance = store.attributes.instances[number]
    let figures = try divergences.attributes.layers.indices.map { layer in
      try divergences.instances(number..<number + 1, layer: layer)[0]
    }
    let named = instance.prediction?.string.flatMap { classes.firstIndex(of: $0) }
    let margin = try margin(number, instance)
    return InputStanding(
      number: number, isRow: false, name: instance.name, prediction: instance.prediction?.string, named: named,
      label: instance.label?.string, sourceRow: instance.sourceRow, margin: margin, figures: figures,
      judgement: try judge(
        gauges: Self.gauges(figures), margin: margin, named: named ?? -1, sourceRow: instance.sourceRow,
        isRow: instance.kind == "row"))
  }

  /// - Throws: `StoreError`.
  public func row(_ row: Int) throws -> InputStanding {
    let own = row..<row + 1
    let figures = try divergences.attributes.layers.indices.map { try divergences.rows(own, layer: $0)[0] }
    let margin = try table.margins(own).first ?? .nan
    return InputStanding(
      number: row, isRow: true, name: nil,
      prediction: try table.predictions(own)[0].flatMap { table.attributes.prediction?.names[$0] },
      named: named[row] < 0 ? nil : Int(named[row]),
      label: try table.labels(own)[0].flatMap { table.attributes.label?.names[$0] }, sourceRow: nil, margin: margin,
      figures: figures,
      judgement: try judge(
        gauges: Self.gauges(figures), margin: margin, named: Int(named[row]), sourceRow: row, isRow: true))
  }

  private func margin(_ number: Int, _ instance: Instance) throws -> Double {
    if instance.kind == "row", let row = instance.sourceRow {
      return try table.margins(row..<row + 1).first ?? .nan
    }
    guard let id = divergences.attributes.scores, let values = store.layer(id)?.values else { return .nan }
    return try values.plane(number, as: Float.self).withUnsafeBufferPointer { TileStore.margin(of: $0) }
  }

  /// Whether the store keeps where the rows of the classes stand.
  var hasLadders: Bool { divergences.attributes.classes > 0 }

  /// Where the rows of both classes stand between them, by the median of what speaks for the named one. NaN: not known.
  func rungs(_ contrast: Contrast, layer: Int) throws(StoreError) -> (named: Double, other: Double) {
    let other = try divergences.rung(own: contrast.other, other: contrast.named, layer: layer)
    let named = try divergences.rung(own: contrast.named, other: contrast.other, layer: layer)
    return (named.map { -$0 } ?? .nan, other ?? .nan)
  }

  /// About the bytes that it takes in a cache when all classes were looked at.
  package var byteCount: Int { named.count * (8 + 16 * (3 * divergences.attributes.layers.count + 1)) }
}
