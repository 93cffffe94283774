import Distributions
import TileStore

/// What each neuron says for one class over another, of one input: `ln p(a)` of the one less that of the other.
struct Contributions {
  private let counted: ContrastCells
  private let contrast: Contrast
  private let helpers: HelperThreads

  init(_ store: Store, _ layer: LayerReader, _ contrast: Contrast, helpers: HelperThreads) throws {
    counted = try ContrastCells(store, layer, contrast)
    self.contrast = contrast
    self.helpers = helpers
  }

  /// `[neuron]`: NaN where the input has no finite value.
  /// - Parameters:
  ///   - cell: where the input lies in a neuron.
  ///   - without: where the row lies that is taken out.
  func values(
    cell: @escaping @Sendable (_ neuron: Int, _ grid: DyadicGrid, _ hasTails: Bool) -> UInt8,
    without: (@Sendable (_ neuron: Int) -> UInt8)?
  ) throws -> [Double] {
    let counted = self.counted
    let blocks = counted.blocks
    // A small layer is done before a helper has woken up.
    let pieces = counted.grids.count < 4096 ? 1 : min(blocks, helpers.count + 1)
    let label = contrast.sourceLabel.map { $0 == contrast.named ? 0 : $0 == contrast.other ? 1 : 2 }
    return try helpers.map(pieces) { piece in
      let cells = counted.cells()
      var values: [Double] = []
      for number in blocks * piece / pieces..<blocks * (piece + 1) / pieces {
        let block = counted.block(number)
        try counted.fill(cells, block)
        for neuron in block {
          let own = cell(neuron, counted.grid(neuron), counted.grids.tails[neuron] != 0)
          guard own != ValueCell.none else {
            values.append(.nan)
            continue
          }
          var taken: (cell: UInt8, label: Int)?
          if let label, let without { taken = (without(neuron), label) }
          values.append(cells.evidence(own, neuron: neuron - block.lowerBound, without: taken))
        }
      }
      return values
    }.flatMap(\.self)
  }
}

extension ClassCells {
  /// What a value says for class 0 over class 1.
  func evidence(_ cell: UInt8, neuron: Int, without: (cell: UInt8, label: Int)?) -> Double {
    logShare(cell, of: 0, neuron: neuron, without: without) - logShare(cell, of: 1, neuron: neuron, without: without)
  }
}

/// The mean of those that are numbers; NaN where none is.
func meanOfNumbers(_ values: [Double]) -> Double {
  let there = values.filter { !$0.isNaN }
  return there.isEmpty ? .nan : there.reduce(0, +) / Double(there.count)
}

extension ValuePlace {
  /// The cell of what is known by its code.
  var cell: UInt8 {
    switch self {
    case .bin(let bin): UInt8(bin / ValueCell.bins)
    case .exactly(let value): value == 0 ? ValueCell.zero : ValueCell.none
    }
  }

  /// The cell, also of a value that no row has.
  func cell(on grid: DyadicGrid, hasTails: Bool) -> UInt8 {
    if case .exactly(let value) = self { grid.place(of: value, hasTails: hasTails).cell } else { cell }
  }
}
