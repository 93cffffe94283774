import Distributions
import TileStore

/// The rows in which a neuron is most, or least, active: what `divergence rows` writes. Infinities and NaN are left out.
public struct FiringRows: Sendable {
  public struct Row: Sendable {
    /// From 0.
    public var rank: Int
    public var row: Int
    /// The activation lies between these; both are equal where it is known exactly. Beyond a window, nobody knows how far.
    public var low: Double
    public var high: Double
    public var label: String?
    public var prediction: String?
  }

  public let rows: [Row]
  /// Rows that could stand in the last place as well as the one that does, itself and what is told of them included: all exact zeros where
  /// its value is 0, else those of its bin of which nothing tells that they lie further in or out. `nil`: without codes nobody knows.
  public let tied: Int?

  /// Rows that are told, at most.
  public static let countMax = 1 << 20

  /// - Parameters:
  ///   - subset: those among which are looked for; `nil`: all, of which a store may keep the extreme ones exactly.
  ///   - top: how many, as far as there are so many.
  ///   - lowest: whether the least active come first.
  /// - Throws: `SubsetError` where the layer has no codes or no such neuron; `StoreError`.
  /// - Complexity: reads the neuron's codes.
  public init(_ store: Store, _ layer: LayerReader, neuron: Int, subset: Subset?, top: Int, lowest: Bool) throws {
    guard (0..<layer.layer.neurons).contains(neuron) else { throw SubsetError.noNeuron(neuron, layer.layer) }
    let wanted = min(max(top, 0), Self.countMax)
    let kept = subset == nil ? try Self.extremes(layer, neuron, lowest: lowest) : nil
    let exact = kept ?? []
    var found = exact.prefix(wanted).map { (row: $0.row, bounds: (low: $0.value, high: $0.value)) }
    // Whether no other row can follow those that are kept, or tie with the last that is told.
    let isAllKept = kept.map { $0.count < ExtremeEnd.rows } ?? false
    if isAllKept || found.count == wanted && found.last?.bounds.low != exact.last?.value {
      tied = exact.count { $0.value == found.last?.bounds.low }
    } else if found.count == wanted, layer.codeColumns == nil {
      tied = nil
    } else {
      let cells = try Self.cells(layer, neuron, subset ?? Subset(group: 0, of: store), lowest: lowest)
      let known = Set(exact.map(\.row))
      let others = cells.filter { !known.contains($0.row) }
      if found.count < wanted {
        let grid = try NeuronGrid(layer, neuron: neuron)
        found += others.sorted { a, b in
          a.cell != b.cell ? (lowest ? a.cell < b.cell : a.cell > b.cell) : a.row < b.row
        }.prefix(wanted - found.count).map { (row: $0.row, bounds: Self.bounds($0.cell, grid)) }
      }
      let last = found.last
      let cell = cells.first { $0.row == last?.row }?.cell
      tied =
        exact.count { $0.value == last?.bounds.low && $0.value == last?.bounds.high } + others.count { $0.cell == cell }
    }
    let names = try Self.names(store, found.map(\.row))
    rows = found.enumerated().map { rank, found in
      Row(
        rank: rank, row: found.row, low: found.bounds.low, high: found.bounds.high, label: names[rank].label,
        prediction: names[rank].prediction)
    }
  }

  /// The rows that the store keeps with their exact values, the outermost first; `nil`: it keeps none.
  private static func extremes(_ layer: LayerReader, _ neuron: Int, lowest: Bool) throws(StoreError)
    -> [(row: Int, value: Double)]?
  {
    let end = lowest ? ExtremeEnd.lowest : .highest
    guard let values = layer.extremes(end), let numbers = layer.extremeRows(end) else { return nil }
    let rows = try numbers.row(plane: 0, neuron).withUnsafeBytes { numbers.integers($0) }
    let exact = try values.row(plane: 0, neuron).withUnsafeBytes { values.doubles($0) }
    return zip(rows, exact).filter { !$1.isNaN }.map { (row: $0, value: $1) }
  }

  /// The cell of each row's highest (lowest) finite sample, of rows that have one: twice the bin, and one more but for exact zeros.
  private static func cells(
    _ layer: LayerReader, _ neuron: Int, _ subset: Subset, lowest: Bool
  ) throws -> [(row: Int, cell: Int)] {
    let codes = try NeuronCodes(layer)
    try codes.readCodes(neuron)
    try codes.readApart(neuron)
    let grid = try NeuronGrid(layer, neuron: neuron)
    let samples = layer.layer.samples
    var cells: [(row: Int, cell: Int)] = []
    for row in subset.rows.members {
      var best: Int?
      for sample in Int(row) * samples..<(Int(row) + 1) * samples {
        var cell = Int(codes.codes[sample]) * 2 + 1
        if codes.isApart(sample) {
          guard try codes.kind(sample, origin: Int64(grid.origin), neuron: neuron) == .zero else { continue }
          cell -= 1
        }
        best = best.map { lowest ? min($0, cell) : max($0, cell) } ?? cell
      }
      if let best { cells.append((Int(row), best)) }
    }
    return cells
  }

  private static func bounds(_ cell: Int, _ grid: NeuronGrid) -> (low: Double, high: Double) {
    cell & 1 == 0 ? (0, 0) : grid.edges(ofBin: cell / 2)
  }

  private static func names(_ store: Store, _ rows: [Int]) throws(StoreError) -> [(label: String?, prediction: String?)]
  {
    guard let table = store.table else { return rows.map { _ in (nil, nil) } }
    var names: [(label: String?, prediction: String?)] = []
    for row in rows {
      let label = try table.labels(row..<row + 1)[0].flatMap { table.attributes.label?.names[$0] }
      let prediction = try table.predictions(row..<row + 1)[0].flatMap { table.attributes.prediction?.names[$0] }
      names.append((label, prediction))
    }
    return names
  }
}
