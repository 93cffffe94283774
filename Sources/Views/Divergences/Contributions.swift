import Distributions
import TileStore

/// What each neuron says for one class over another, of one input: `ln p(a)` of the one less that of the other.
struct Contributions {
  private let store: Store
  private let layer: LayerReader
  private let contrast: Contrast
  private let groups: [Int]
  /// Group 0 where every row has a class: then what is in neither of the two is in the rest of it.
  private let hasAll: Bool
  private let helpers: HelperThreads

  private static let blockNeurons = 256

  init(_ store: Store, _ layer: LayerReader, _ contrast: Contrast, helpers: HelperThreads) {
    self.store = store
    self.layer = layer
    self.contrast = contrast
    groups = store.classGroups
    let labelled = groups.reduce(0) { $0 + store.attributes.groups[$1].rows }
    hasAll = labelled == store.attributes.dataset.rows
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
    let (exponents, origins) = (try layer.exponents(), try layer.origins())
    let tails = try layer.tails.plane(0, as: UInt8.self)
    let stored = try GroupCounts(layer, of: store, groups: groups)
    let sides = try [
      [contrast.named], [contrast.other], groups.indices.filter { $0 != contrast.named && $0 != contrast.other },
    ]
    .enumerated().map { try Side(layer, stored, side: $0.offset, $0.element.map { groups[$0] }, hasAll: hasAll) }
    let neurons = layer.layer.neurons
    let blocks = (neurons + Self.blockNeurons - 1) / Self.blockNeurons
    // A small layer is done before a helper has woken up.
    let pieces = neurons < 4096 ? 1 : min(blocks, helpers.count + 1)
    let label = contrast.sourceLabel.map { $0 == contrast.named ? 0 : $0 == contrast.other ? 1 : 2 } ?? 2
    return try helpers.map(pieces) { piece in
      let cells = ClassCells(neurons: Self.blockNeurons, classes: 3)
      var values: [Double] = []
      for number in blocks * piece / pieces..<blocks * (piece + 1) / pieces {
        let block = number * Self.blockNeurons..<min((number + 1) * Self.blockNeurons, neurons)
        let grids = block.map { DyadicGrid(exponent: Int(exponents[$0]), origin: origins[$0]) }
        cells.clear()
        let counted = try sides.map { try $0.counts(block) }
        for neuron in 0..<block.count {
          for (side, counts) in counted.enumerated() {
            var own = Array(counts.bins[neuron * ValueCell.bins..<(neuron + 1) * ValueCell.bins])
            var zeros = counts.zeros[neuron]
            if side == 2, hasAll {
              // All rows, less those of the two.
              for other in counted[..<2] {
                for bin in own.indices { own[bin] &-= min(own[bin], other.bins[neuron * ValueCell.bins + bin]) }
                zeros -= min(zeros, other.zeros[neuron])
              }
            }
            own.withUnsafeBufferPointer {
              guard let base = $0.baseAddress else { return }
              cells.set(base, zeros: zeros, median: .nan, of: side, neuron: neuron, grid: grids[neuron])
            }
          }
          cells.finish(neuron, grid: grids[neuron], hasTails: false)
          let place = cell(block.lowerBound + neuron, grids[neuron], tails[block.lowerBound + neuron] != 0)
          guard place != ValueCell.none else {
            values.append(.nan)
            continue
          }
          let taken =
            contrast.sourceLabel == nil ? nil : without.map { (cell: $0(block.lowerBound + neuron), label: label) }
          values.append(
            cells.logShare(place, of: 0, neuron: neuron, without: taken)
              - cells.logShare(place, of: 1, neuron: neuron, without: taken))
        }
      }
      return values
    }.flatMap(\.self)
  }

  /// The values of some groups together.
  private struct Side: Sendable {
    private let stored: [StoredCounts]
    /// `[neuron]`: of these.
    private let zeros: [UInt32]
    /// Classes without planes.
    private let small: SubsetCounts?

    init(_ layer: LayerReader, _ counts: GroupCounts, side: Int, _ groups: [Int], hasAll: Bool) throws {
      let parts = try counts.parts(of: side == 2 && hasAll ? [0] : groups, .own, .sixteenth)
      (stored, small) = (parts.stored.map(\.counts), parts.small)
      var zeros = [UInt32](repeating: 0, count: layer.layer.neurons)
      for (group, _) in parts.stored {
        for (neuron, count) in try layer.statistic(.zeros).plane(group, as: UInt32.self).enumerated() {
          zeros[neuron] &+= count
        }
      }
      self.zeros = zeros
    }

    /// `[neuron, bin]` and `[neuron]` of a block.
    func counts(_ block: Range<Int>) throws(StoreError) -> (bins: [UInt32], zeros: [UInt32]) {
      var bins = [UInt32](repeating: 0, count: block.count * ValueCell.bins)
      var zeros = Array(self.zeros[block])
      func add<Count: FixedWidthInteger>(_ counts: UnsafeBufferPointer<Count>, at first: Int) {
        for (place, count) in counts.enumerated() { bins[first + place] &+= UInt32(truncatingIfNeeded: count) }
      }
      for rows in stored {
        let bytes = try rows.bytes(block)
        bytes.withUnsafeBytes { bytes in
          switch rows.type {
          case .uint8: add(bytes.bindMemory(to: UInt8.self), at: 0)
          case .uint16: add(bytes.bindMemory(to: UInt16.self), at: 0)
          default: add(bytes.bindMemory(to: UInt32.self), at: 0)
          }
        }
      }
      try small?.count(block.map { ($0, $0 - block.lowerBound) }) { place, row, zerosOfRow in
        add(row.bindMemory(to: UInt32.self), at: place * ValueCell.bins)
        zeros[place] &+= zerosOfRow
      }
      return (bins, zeros)
    }
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
