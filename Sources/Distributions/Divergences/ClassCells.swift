import CKernels

/// Where a value of a neuron lies, as rows are judged: one of 16 groups of 16 bins of its own grid, or a cell of its own for exact zeros, and
/// for what is below or above the grid. Source: `Tiles/FORMAT.md` §10.
public enum ValueCell {
  /// Bins of the own grid in a cell.
  public static let bins = 16
  public static let zero = UInt8(ND_CELL_ZERO)
  public static let below = UInt8(ND_CELL_BELOW)
  public static let above = UInt8(ND_CELL_ABOVE)
  public static let count = Int(ND_CELLS)
  /// Of what is not finite, or missing.
  public static let none = UInt8(ND_CELL_NONE)
}

/// The values of each class in the cells of some neurons, with the medians of the classes: what rows are judged by.
///
///     let cells = ClassCells(neurons: 256, classes: 10)
///     cells.clear()
///     cells.add(counts, zeros: zeros, of: 3, neuron: 17, grid: grid)     // for each class and neuron
///     cells.finish(17, grid: grid, hasTails: false)                     // for each neuron
public final class ClassCells: @unchecked Sendable {
  // Unchecked: while it is filled, each class or neuron has one caller; then it is only read.
  public let neurons: Int
  public let classes: Int
  /// Classes, rounded up to whole vectors.
  public let pitch: Int
  private let counts: Pages<UInt32>
  private let sizes: Pages<Double>
  private let shares: Pages<Double>
  private let all: Pages<Double>
  private let totals: Pages<Double>
  private let medians: Pages<Double>
  private let places: Pages<Double>

  /// Numbers of `places` of a neuron: one for each bin, zeros, below and above.
  private static let placesEach = DyadicGrid.binCount + 3

  /// Classes, rounded up.
  public static func pitch(classes: Int) -> Int { classes <= 2 ? 2 : classes <= 4 ? 4 : (classes + 7) / 8 * 8 }

  /// Bytes it takes.
  public static func bytes(neurons: Int, classes: Int) -> Int {
    let pitch = pitch(classes: classes)
    return neurons * (ValueCell.count * (pitch * 4 + 8) + pitch * 16 + 8 + (classes + placesEach) * 8)
  }

  public init(neurons: Int, classes: Int) {
    self.neurons = neurons
    self.classes = classes
    pitch = Self.pitch(classes: classes)
    counts = Pages(count: neurons * ValueCell.count * pitch)
    sizes = Pages(count: neurons * pitch)
    shares = Pages(count: neurons * pitch)
    all = Pages(count: neurons * ValueCell.count)
    totals = Pages(count: neurons)
    medians = Pages(count: neurons * classes)
    places = Pages(count: neurons * Self.placesEach)
  }

  deinit {
    counts.deallocate()
    for pages in [sizes, shares, all, totals, medians, places] { pages.deallocate() }
  }

  /// Forgets what was added.
  public func clear() { counts.base.update(repeating: 0, count: counts.count) }

  /// Sets the counts of a class.
  /// - Parameters:
  ///   - bins: the counts in 16 cells of the own grid, zeros among them.
  ///   - zeros: how many of these are exactly 0.
  ///   - median: NaN where the class has no finite values.
  public func set<Count: FixedWidthInteger>(
    _ bins: UnsafePointer<Count>, zeros: UInt32, median: Double, of label: Int, neuron: Int, grid: DyadicGrid
  ) {
    let base = counts.base + neuron * ValueCell.count * pitch + label
    for cell in 0..<ValueCell.bins { base[cell * pitch] = UInt32(truncatingIfNeeded: bins[cell]) }
    if let cell = grid.zeroCell {
      let there = base + cell * pitch
      let taken = min(zeros, there.pointee)
      there.pointee -= taken
      base[Int(ValueCell.zero) * pitch] = taken
    }
    medians.base[neuron * classes + label] = median
  }

  /// Takes out or sets a median.
  public func setMedian(_ median: Double, of label: Int, neuron: Int) {
    medians.base[neuron * classes + label] = median
  }

  /// Counts of a neuron, `[cell, pitch]`.
  public func counts(_ neuron: Int) -> UnsafeMutablePointer<UInt32> {
    counts.base + neuron * ValueCell.count * pitch
  }

  /// Sums a neuron's counts when those of all classes are there.
  public func finish(_ neuron: Int, grid: DyadicGrid, hasTails: Bool) {
    let counts = counts(neuron)
    let sizes = sizes.base + neuron * pitch
    for label in 0..<pitch { sizes[label] = 0 }
    var total = 0.0
    for cell in 0..<ValueCell.count {
      var sum = 0.0
      for label in 0..<classes {
        let count = Double(counts[cell * pitch + label])
        sum += count
        sizes[label] += count
      }
      all.base[neuron * ValueCell.count + cell] = sum
      total += sum
    }
    totals.base[neuron] = total
    for label in 0..<pitch { shares.base[neuron * pitch + label] = 1 / (sizes[label] + 1) }
    grid.fill(places: places.base + neuron * Self.placesEach, hasTails: hasTails)
  }

  /// Finite values of a class at a neuron.
  public func size(of label: Int, neuron: Int) -> Double { sizes.base[neuron * pitch + label] }

  func cells(of neuron: Int) -> nd_class_cells {
    nd_class_cells(
      counts: counts(neuron), sizes: sizes.base + neuron * pitch, shares: shares.base + neuron * pitch,
      all: all.base + neuron * ValueCell.count, total: totals.base[neuron], pitch: pitch)
  }

  func medians(of neuron: Int) -> UnsafePointer<Double> { UnsafePointer(medians.base + neuron * classes) }
  func places(of neuron: Int) -> UnsafePointer<Double> { UnsafePointer(places.base + neuron * Self.placesEach) }
}

extension ClassCells {
  /// How likely a value is in a class: `ln p`, the class's share of values in the cell, smoothed by that of all classes.
  /// - Parameters:
  ///   - without: the cell and the class of the row that is taken out first.
  public func logShare(_ cell: UInt8, of label: Int, neuron: Int, without: (cell: UInt8, label: Int)?) -> Double {
    let place = neuron * ValueCell.count + Int(cell)
    var (total, all) = (totals.base[neuron], self.all.base[place])
    var (count, size) = (Double(counts.base[place * pitch + label]), sizes.base[neuron * pitch + label])
    if let without, without.cell != ValueCell.none {
      let isSame = without.cell == cell
      total -= 1
      if isSame { all -= 1 }
      if without.label == label {
        size -= 1
        if isSame { count -= 1 }
      }
    }
    let common = (all + 0.5) / (total + Double(ValueCell.count) / 2)
    return logarithm((count + common) / (size + 1))
  }
}

extension DyadicGrid {
  /// The cell of the bin that begins at 0; `nil` where it is not in the grid.
  public var zeroCell: Int? {
    origin <= 0 && origin > -Int64(Self.binCount) ? Int(-origin) / ValueCell.bins : nil
  }

  /// Where values in each bin stand, in the unit of the activations: in the middle of the bin; at 0; at the nearest edge of the grid beyond
  /// it, and in tails.
  fileprivate func fill(places: UnsafeMutablePointer<Double>, hasTails: Bool) {
    func edge(_ halves: Int64) -> Double {
      Double(sign: .plus, exponent: exponent - 1, significand: Double(2 * origin + halves))
    }
    let last = Int64(Self.binCount)
    for bin in 0..<Self.binCount { places[bin] = edge(2 * Int64(bin) + 1) }
    (places[Self.binCount], places[Self.binCount + 1], places[Self.binCount + 2]) = (0, edge(0), edge(2 * last))
    if hasTails { (places[0], places[Self.binCount - 1]) = (edge(0), edge(2 * last)) }
  }

  /// The code and the cell of a value.
  /// - Parameter hasTails: whether the end bins hold what is beyond them.
  public func place(of value: Double, hasTails: Bool) -> (code: UInt8, cell: UInt8) {
    guard value.isFinite else { return (0, ValueCell.none) }
    if value == 0 { return (0, ValueCell.zero) }
    let scaled = Double(sign: .plus, exponent: -exponent, significand: value).rounded(.down)
    // A negative value so small that the quotient vanished still lies below 0.
    let bin = (value < 0 && scaled == 0 ? -1 : scaled) - Double(origin)
    if bin < 0 { return (0, hasTails ? 0 : ValueCell.below) }
    if bin >= Double(Self.binCount) { return (255, hasTails ? 15 : ValueCell.above) }
    return (UInt8(bin), UInt8(bin) >> 4)
  }
}
