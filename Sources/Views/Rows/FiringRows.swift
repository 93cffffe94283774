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

  /// Rows that are told, at most.
  public static let countMax = 1 << 20

  /// - Parameters:
  ///   - subset: those among which are looked for.
  ///   - top: how many, as far as there are so many.
  ///   - lowest: whether the least active come first.
  /// - Throws: `SubsetError` where the layer has no codes or no such neuron; `StoreError`.
  /// - Complexity: reads the neuron's codes.
  public init(_ store: Store, _ layer: LayerReader, neuron: Int, subset: Subset, top: Int, lowest: Bool) throws {
    guard (0..<layer.layer.neurons).contains(neuron) else {
      throw SubsetError(
        .notHeld,
        "The layer “\(layer.layer.name)” has \(layer.layer.neurons) neurons, numbered from 0: there is no \(neuron).")
    }
    let codes = try NeuronCodes(layer)
    try codes.readCodes(neuron)
    try codes.readApart(neuron)
    let grid = try NeuronGrid(layer, neuron: neuron)
    let cells = try Self.cells(codes, grid, neuron, subset, samples: layer.layer.samples, lowest: lowest)
    // Few rows share the wanted places: whole cells are taken, from the outermost one inwards, in the order of rows.
    let chosen = cells.sorted { a, b in
      a.cell != b.cell ? (lowest ? a.cell < b.cell : a.cell > b.cell) : a.row < b.row
    }.prefix(min(max(top, 0), Self.countMax))
    let names = try Self.names(store, chosen.map(\.row))
    rows = chosen.enumerated().map { rank, found in
      let (low, high) = Self.bounds(found.cell, grid)
      return Row(
        rank: rank, row: found.row, low: low, high: high, label: names[rank].label, prediction: names[rank].prediction)
    }
  }

  /// The cell of a row's highest (lowest) finite sample, of rows that have one: twice the bin, and one more but for exact zeros.
  private static func cells(
    _ codes: NeuronCodes, _ grid: NeuronGrid, _ neuron: Int, _ subset: Subset, samples: Int, lowest: Bool
  ) throws(StoreError) -> [(row: Int, cell: Int)] {
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
