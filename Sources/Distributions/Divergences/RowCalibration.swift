import Algorithms

/// What is ordinary among the rows that the network took for one class: so many of them lie farther out than a row.
///
///     let calibration = RowCalibration(gauges: [[d, t, r], …], margins: [0.3, …], chosen: [0, 1, 2])
///     calibration.judge(gauges: [d, t, r], margin: 0.1, leavingOut: nil).alarm       // the chance of that, or less, for an ordinary row
///
/// Source: `Tiles/FORMAT.md` §10.
public struct RowCalibration: Sendable {
  /// `[gauge]`: those of all rows that have it, in order.
  private let gauges: [[Double]]
  private let margins: [Double]
  private let given: [[Double]]
  private let givenMargins: [Double]
  private let omnibus: Omnibus
  private let chosen: [Int]
  private let distances: [Double]
  /// `[row]`: NaN where it has not all gauges.
  private let own: [Double]

  /// Rows that calibrate, at least.
  public static let rowsMin = 3

  public var rows: Int { given.count }

  /// - Parameters:
  ///   - gauges: `[row][gauge]`, NaN where one is missing.
  ///   - margins: `[row]`, or empty.
  ///   - chosen: gauges that take part in the omnibus.
  public init(gauges: [[Double]], margins: [Double], chosen: [Int]) {
    self.chosen = chosen
    given = gauges
    givenMargins = margins
    self.gauges = (gauges.first ?? []).indices.map { gauge in gauges.map { $0[gauge] }.filter { !$0.isNaN }.sorted() }
    self.margins = margins.filter { !$0.isNaN }.sorted()
    omnibus = Omnibus(gauges.map { row in chosen.map { row[$0] } })
    var own = [Double](repeating: .nan, count: gauges.count)
    for (number, distance) in zip(omnibus.numbers, omnibus.own) { own[number] = distance }
    self.own = own
    distances = omnibus.own.filter { !$0.isNaN }.sorted()
  }

  /// What a row is among those that calibrate. NaN where there is no such figure.
  public struct Judgement: Sendable {
    /// `[gauge]`: two-sided.
    public var gauges: [Double]
    /// `[gauge]`: the share of rows that lie below, and half of those that are equal.
    public var percentiles: [Double]
    /// The chance of a margin as small.
    public var margin = Double.nan
    public var omnibus = Double.nan
    /// The chance of an omnibus as large.
    public var omnibusChance = Double.nan
    /// The chance of one of both.
    public var alarm = Double.nan
    /// The least that it can be; NaN where there is none.
    public var alarmLeast = Double.nan
  }

  /// - Parameters:
  ///   - gauges: `[gauge]`.
  ///   - margin: NaN: there is none.
  ///   - number: of the row among those that calibrate, where it is one of them, or comes from one of them.
  ///   - isSame: whether it is that row, so that its omnibus is known.
  public func judge(gauges: [Double], margin: Double, leavingOut number: Int?, isSame: Bool = false) -> Judgement {
    var judgement = Judgement(gauges: [], percentiles: [])
    for (gauge, value) in gauges.enumerated() {
      let sorted = gauge < self.gauges.count ? self.gauges[gauge] : []
      let ranks = Ranks(value, in: sorted, without: number.map { given[$0][gauge] })
      judgement.gauges.append(ranks.twoSided)
      judgement.percentiles.append(ranks.percentile)
    }
    let margins = Ranks(
      margin, in: self.margins, without: number.flatMap { givenMargins.isEmpty ? nil : givenMargins[$0] })
    judgement.margin = margins.low
    judgement.omnibus = isSame ? number.map { own[$0] } ?? .nan : omnibus.distance(chosen.map { gauges[$0] })
    let ranks = Ranks(judgement.omnibus, in: distances, without: number.map { own[$0] })
    judgement.omnibusChance = ranks.high
    let hasMargins = !self.margins.isEmpty
    if hasMargins ? !margins.low.isNaN : true {
      let least = hasMargins ? min(margins.low, ranks.high) : ranks.high
      judgement.alarm = ranks.high.isNaN ? .nan : min(1, hasMargins ? 2 * least : least)
      judgement.alarmLeast = ranks.high.isNaN ? .nan : (hasMargins ? 2 : 1) * ranks.least
    }
    return judgement
  }

  /// How many of some numbers are as large, or as small, as one.
  private struct Ranks {
    private let above: Int
    private let below: Int
    private let count: Int
    private let value: Double

    /// - Parameter without: one of the numbers that does not count; NaN or `nil`: all do.
    init(_ value: Double, in sorted: [Double], without: Double?) {
      let taken = without.map { $0.isNaN ? nil : $0 } ?? nil
      self.value = value
      count = sorted.count - (taken == nil ? 0 : 1)
      above = sorted.count - sorted.partitioningIndex { $0 >= value } - (taken.map { $0 >= value ? 1 : 0 } ?? 0)
      below = sorted.partitioningIndex { $0 > value } - (taken.map { $0 <= value ? 1 : 0 } ?? 0)
    }

    private var isKnown: Bool { !value.isNaN && count >= RowCalibration.rowsMin }
    var least: Double { 1 / Double(count + 1) }
    var high: Double { isKnown ? Double(1 + above) / Double(count + 1) : .nan }
    var low: Double { isKnown ? Double(1 + below) / Double(count + 1) : .nan }
    var twoSided: Double { isKnown ? min(1, 2 * min(high, low)) : .nan }
    var percentile: Double { isKnown ? (1 + Double(below - above) / Double(count)) / 2 : .nan }
  }
}
