import Distributions
import TileStore

/// Where the rows of two classes stand between them in a layer: how the means of what speaks for the one over the other are spread, each row
/// judged without itself (`Tiles/HTTP.md`, "Divergences").
struct LadderBands {
  /// Shares of the rows below what is told.
  static let shares = [0.05, 0.25, 0.5, 0.75, 0.95]
  /// Rows of each class, and neurons evenly over the layer, that are looked at where there are more.
  static let rowsMax = 512
  static let neuronsMax = 4096

  /// Neurons that were looked at.
  let neurons: Int
  /// `[row]`: of those labelled with the class that the network named, and with the other; ascending.
  let named: [Double]
  let other: [Double]

  /// - Parameters:
  ///   - named: rows labelled with the one class.
  ///   - other: rows labelled with the other.
  /// - Throws: `SubsetError` where the layer has no codes, or several samples a row; `StoreError`.
  init(
    _ store: Store, _ layer: LayerReader, _ contrast: Contrast, named: [Int], other: [Int], _ helpers: HelperThreads
  ) throws {
    guard layer.layer.samples == 1 else { throw SubsetError.severalSamples(layer.layer) }
    let counted = try ContrastCells(store, layer, contrast)
    let runs = min(counted.blocks, Self.neuronsMax / ContrastCells.blockNeurons)
    let blocks = (0..<runs).map { counted.block($0 * counted.blocks / runs) }
    let rows = named.map { (row: $0, label: 0) } + other.map { (row: $0, label: 1) }
    let pieces = runs < 4 ? 1 : min(runs, helpers.count + 1)
    let parts = try helpers.map(pieces) { piece in
      let cells = counted.cells()
      let codes = try NeuronCodes(layer)
      return try blocks[runs * piece / pieces..<runs * (piece + 1) / pieces].map { block in
        try counted.fill(cells, block)
        var sums = Sums(rows: rows.count)
        for neuron in block {
          try sums.add(rows, cells, neuron: neuron - block.lowerBound) { row throws(StoreError) in
            try codes.place(ofRow: row, neuron: neuron, origin: Int(counted.grids.origins[neuron]))?.cell
              ?? ValueCell.none
          }
        }
        return sums
      }
    }.flatMap(\.self)
    // Block after block, whoever added them: sums are the same for ever.
    let means = parts.reduce(into: Sums(rows: rows.count)) { $0.add($1) }.means
    neurons = blocks.reduce(0) { $0 + $1.count }
    self.named = means[..<named.count].filter { !$0.isNaN }.sorted()
    self.other = means[named.count...].filter { !$0.isNaN }.sorted()
  }

  /// What neurons say of each row, added up.
  private struct Sums {
    private var sums: [Double]
    private var counts: [Int]

    init(rows: Int) {
      sums = [Double](repeating: 0, count: rows)
      counts = [Int](repeating: 0, count: rows)
    }

    var means: [Double] { zip(sums, counts).map { $1 == 0 ? .nan : $0 / Double($1) } }

    /// Adds a neuron.
    /// - Parameter rows: with the class of each, in `cells`.
    mutating func add(
      _ rows: [(row: Int, label: Int)], _ cells: ClassCells, neuron: Int, cell: (Int) throws(StoreError) -> UInt8
    ) throws(StoreError) {
      // A row says what all rows of its class in its cell say.
      var known = [Double](repeating: .nan, count: 2 * ValueCell.count)
      for (place, (row, label)) in rows.enumerated() {
        let own = try cell(row)
        guard own != ValueCell.none else { continue }
        let entry = 2 * Int(own) + label
        if known[entry].isNaN { known[entry] = cells.evidence(own, neuron: neuron, without: (own, label)) }
        sums[place] += known[entry]
        counts[place] += 1
      }
    }

    mutating func add(_ other: Sums) {
      for place in sums.indices {
        sums[place] += other.sums[place]
        counts[place] += other.counts[place]
      }
    }
  }

  /// What is told of all layers.
  /// - Throws: `StoreError`.
  static func json(_ store: Store, _ contrast: Contrast, _ layers: [LayerReader], _ helpers: HelperThreads) throws
    -> JSONValue
  {
    let labels = try store.table?.labels(0..<store.attributes.dataset.rows) ?? []
    func rows(of label: Int) -> [Int] {
      let all = RowSet(length: labels.count) { labels[$0] == label }
      return (RowSample(rowsMax, of: all)?.rows ?? all).members.map { Int($0) }
    }
    let (named, other) = (rows(of: contrast.named), rows(of: contrast.other))
    let entries = try layers.map { layer in
      var entry: [String: JSONValue] = ["id": .string(layer.layer.id)]
      do {
        entry.merge(try LadderBands(store, layer, contrast, named: named, other: other, helpers).json) { $1 }
      } catch let error as SubsetError {
        entry["untold"] = .string(error.description)
      }
      return JSONValue.object(entry)
    }
    let names = store.classNames
    return [
      "named": .string(names[contrast.named]), "other": .string(names[contrast.other]),
      "shares": .array(shares.map { .double($0) }), "layers": .array(entries),
    ]
  }

  /// What is told of it; `null` where a class has no rows with values.
  private var json: [String: JSONValue] {
    func told(_ sorted: [Double]) -> JSONValue {
      sorted.isEmpty ? .null : .array(Self.shares.map { .double(Self.quantile($0, of: sorted)) })
    }
    return [
      "neurons": JSONValue(neurons), "named": told(named), "other": told(other), "named_rows": JSONValue(named.count),
      "other_rows": JSONValue(other.count),
    ]
  }

  /// Between the two nearest numbers, in proportion; of a half the median.
  private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let (below, rest) = (Int(place), place - place.rounded(.down))
    guard rest > 0 else { return sorted[below] + 0 }
    return sorted[below] * (1 - rest) + sorted[below + 1] * rest + 0
  }
}
