import CKernels

/// What is known of the rows that are judged together.
public struct JudgedRows: Sendable {
  /// `[row]`: the class that the network named; below 0: none that has rows.
  public var named: [Int32]
  /// `[row]`: the class of the row of the store that is taken out before this one is judged: of a row of the store itself, its own label;
  /// below 0: none is.
  public var taken: [Int32]
  /// `[row]`: the class that the named one is compared with, where there are too many to compare with all; below 0: none.
  public var rivals: [Int32]

  public init(named: [Int32], taken: [Int32], rivals: [Int32]) {
    self.named = named
    self.taken = taken
    self.rivals = rivals
  }

  public var count: Int { named.count }

  public subscript(rows: Range<Int>) -> JudgedRows {
    JudgedRows(named: Array(named[rows]), taken: Array(taken[rows]), rivals: Array(rivals[rows]))
  }
}

/// How far a row lies from the class that the network gave it, in one layer. NaN: there is no such figure.
public struct RowFigures: Sendable, Equatable {
  /// Mean distance from the medians of its class, in the unit of the activations.
  public var distance = Double.nan
  /// How unusual it is for its class: mean of `-ln p`.
  public var typicality = Double.nan
  /// By how much another class explains it better: the largest mean of `ln p` of the others, less that of its own.
  public var rival = Double.nan

  public init() {}
  public init(distance: Double, typicality: Double, rival: Double) {
    (self.distance, self.typicality, self.rival) = (distance, typicality, rival)
  }

  public var numbers: [Double] { [distance, typicality, rival] }
}

/// Judges rows in a layer, neuron by neuron: products of shares and sums of distances, until all neurons were seen.
///
/// The neurons come in order, so that sums are the same whoever adds them; different rows may be judged by different callers at once.
/// Source: `Tiles/FORMAT.md` §10.
public final class RowJudge: @unchecked Sendable {
  // Unchecked: every row has one caller at a time.

  /// With more classes a row is compared with its rival alone.
  public static let classesMax = 32

  private let rows: JudgedRows
  private let samples: Int
  private let classes: Int
  /// Products of a row.
  private let pitch: Int
  private let isChosen: Bool
  private let chosen: Pages<Int32>
  private let products: Pages<Double>
  private let powers: Pages<Int64>
  private let own: Pages<Double>
  private let ownPowers: Pages<Int64>
  private let sums: Pages<Double>
  private let compared: Pages<Double>
  private let finite: Pages<Double>

  /// Bytes it takes for a row.
  public static func bytesPerRow(classes: Int) -> Int {
    16 * (classes > classesMax ? 2 : ClassCells.pitch(classes: classes)) + 64
  }

  /// - Parameter samples: values of a row at a neuron.
  public init(_ rows: JudgedRows, samples: Int, classes: Int) {
    self.rows = rows
    self.samples = samples
    self.classes = classes
    isChosen = classes > Self.classesMax
    pitch = isChosen ? 2 : ClassCells.pitch(classes: classes)
    let count = max(1, rows.count)
    chosen = Pages(count: count * 2)
    products = Pages(count: count * pitch)
    powers = Pages(count: count * pitch)
    own = Pages(count: count)
    ownPowers = Pages(count: count)
    sums = Pages(count: count)
    compared = Pages(count: count)
    finite = Pages(count: count)
    products.base.update(repeating: 1, count: products.count)
    own.base.update(repeating: 1, count: own.count)
    for row in 0..<rows.count {
      chosen.base[2 * row] = rows.named[row]
      chosen.base[2 * row + 1] = rows.rivals[row]
    }
  }

  deinit {
    chosen.deallocate()
    for pages in [products, own, sums, compared, finite] { pages.deallocate() }
    for pages in [powers, ownPowers] { pages.deallocate() }
  }

  /// The values of some rows at some neurons.
  public struct Values: @unchecked Sendable {
    // Unchecked: nobody writes while they are looked at.
    /// Of the first neuron, `[row, sample]`: bins of the own grid, and cells.
    let codes: UnsafePointer<UInt8>
    let cells: UnsafePointer<UInt8>
    /// Cells of the rows that are taken out.
    let without: UnsafePointer<UInt8>
    /// Bytes from a neuron to the next.
    let pitch: Int

    public init(
      codes: UnsafePointer<UInt8>, cells: UnsafePointer<UInt8>, without: UnsafePointer<UInt8>, pitch: Int
    ) {
      (self.codes, self.cells, self.without, self.pitch) = (codes, cells, without, pitch)
    }
  }

  /// Adds the next neurons to some rows.
  /// - Parameters:
  ///   - neurons: their places in `cells`.
  ///   - values: of all rows at these neurons.
  public func add(_ cells: ClassCells, _ neurons: Range<Int>, _ values: Values, rows some: Range<Int>) {
    let sample = some.lowerBound * samples
    rows.taken.withUnsafeBufferPointer { taken in
      rows.named.withUnsafeBufferPointer { named in
        guard let taken = taken.baseAddress, let named = named.baseAddress else { return }
        let sums = nd_judgement(
          products: products.base + some.lowerBound * pitch, powers: powers.base + some.lowerBound * pitch,
          own: own.base + some.lowerBound, own_powers: ownPowers.base + some.lowerBound)
        let distances = nd_distances(
          sums: self.sums.base + some.lowerBound, compared: compared.base + some.lowerBound,
          finite: finite.base + some.lowerBound)
        var factors = 0
        for neuron in neurons {
          let place = (neuron - neurons.lowerBound) * values.pitch + sample
          let judged = nd_judged_rows(
            rows: some.count, samples: samples, cells: values.cells + place, without: values.without + place,
            labels: taken + some.lowerBound)
          factors = nd_judge(
            cells.cells(of: neuron), judged, isChosen ? UnsafePointer(chosen.base + 2 * some.lowerBound) : nil, sums,
            factors)
          nd_add_distances(
            distances, values.codes + place, values.cells + place, some.count, samples, cells.places(of: neuron),
            cells.medians(of: neuron), named + some.lowerBound)
        }
        nd_renew(sums.products, sums.powers, some.count * pitch)
        nd_renew(sums.own, sums.own_powers, some.count)
      }
    }
  }

  /// Rows that are judged at once, so that what is added to stays in the nearest caches.
  public var rowsAtOnce: Int { max(16, (96 << 10) / Self.bytesPerRow(classes: classes)) }

  /// The mean of `ln p` of a row in a class; NaN where it has no finite value, or the class is none of those that were looked at.
  public func evidence(_ row: Int, of label: Int) -> Double {
    let values = finite.base[row]
    guard values > 0 else { return .nan }
    func mean(_ product: Double, _ power: Int64) -> Double { (logarithm(product) + Double(power) * ln2) / values }
    var place = label
    if isChosen {
      guard let found = (0..<2).first(where: { chosen.base[2 * row + $0] == label }) else { return .nan }
      place = found
    }
    if rows.taken[row] == label { return mean(own.base[row], ownPowers.base[row]) }
    return mean(products.base[row * pitch + place], powers.base[row * pitch + place])
  }

  /// The figures of a row when all neurons were added.
  /// - Parameter sizes: rows of each class that have values in the layer: one without is no candidate.
  public func figures(_ row: Int, sizes: [Int]) -> RowFigures {
    let label = Int(rows.named[row])
    guard label >= 0, label < classes, sizes[label] > 0 else { return RowFigures() }
    func hasRows(_ other: Int) -> Bool { sizes[other] > (rows.taken[row] == other ? 1 : 0) }
    let own = evidence(row, of: label)
    var best = -Double.infinity
    let others = isChosen ? (rows.rivals[row] >= 0 ? [Int(rows.rivals[row])] : []) : Array(0..<classes)
    for other in others where other != label && hasRows(other) { best = max(best, evidence(row, of: other)) }
    let compared = compared.base[row]
    return RowFigures(
      distance: compared > 0 ? sums.base[row] / compared : .nan, typicality: own.isNaN ? .nan : -own + 0,
      rival: own.isNaN || best == -.infinity ? .nan : best - own)
  }
}
