import Distributions
import TileStore

/// What the rows of two classes, and all others together, are counted by in the cells of a layer: what speaks for the one over the other
/// (`Tiles/FORMAT.md` §10).
struct ContrastCells: Sendable {
  static let blockNeurons = 256

  let grids: LayerGrids
  /// The classes that the network named and that it might have named, and the rest.
  private let sides: [Side]
  /// Group 0 where every row has a class: then what is in neither of the two is in the rest of it.
  private let hasAll: Bool
  private let neurons: Int

  init(_ store: Store, _ layer: LayerReader, _ contrast: Contrast) throws {
    let groups = store.classGroups
    let labelled = groups.reduce(0) { $0 + store.attributes.groups[$1].rows }
    let hasAll = labelled == store.attributes.dataset.rows
    let stored = try GroupCounts(layer, of: store, groups: groups)
    self.hasAll = hasAll
    neurons = layer.layer.neurons
    grids = try LayerGrids(layer)
    sides = try [
      [contrast.named], [contrast.other], groups.indices.filter { $0 != contrast.named && $0 != contrast.other },
    ]
    .enumerated().map { try Side(layer, stored, side: $0.offset, $0.element.map { groups[$0] }, hasAll: hasAll) }
  }

  /// Blocks of neurons.
  var blocks: Int { (neurons + Self.blockNeurons - 1) / Self.blockNeurons }

  /// The neurons of a block.
  func block(_ number: Int) -> Range<Int> {
    number * Self.blockNeurons..<min((number + 1) * Self.blockNeurons, neurons)
  }

  /// Memory for a block: class 0 is the one that the network named, 1 the other, 2 the rest.
  func cells() -> ClassCells { ClassCells(neurons: Self.blockNeurons, classes: 3) }

  func grid(_ neuron: Int) -> DyadicGrid {
    DyadicGrid(exponent: Int(grids.exponents[neuron]), origin: grids.origins[neuron])
  }

  /// Counts the neurons of a block.
  func fill(_ cells: ClassCells, _ block: Range<Int>) throws(StoreError) {
    cells.clear()
    var bins: [[UInt32]] = []
    for side in sides { bins.append(try side.bins(block)) }
    for neuron in 0..<block.count {
      let grid = grid(block.lowerBound + neuron)
      for (side, counted) in bins.enumerated() {
        var own = Array(counted[neuron * ValueCell.bins..<(neuron + 1) * ValueCell.bins])
        var zeros = sides[side].zeros[block.lowerBound + neuron]
        if side == 2, hasAll {
          // All rows, less those of the two.
          for other in bins[..<2] {
            for bin in own.indices { own[bin] &-= min(own[bin], other[neuron * ValueCell.bins + bin]) }
          }
          for other in sides[..<2] { zeros -= min(zeros, other.zeros[block.lowerBound + neuron]) }
        }
        own.withUnsafeBufferPointer {
          guard let base = $0.baseAddress else { return }
          cells.set(base, zeros: zeros, median: .nan, of: side, neuron: neuron, grid: grid)
        }
      }
      cells.finish(neuron, grid: grid, hasTails: false)
    }
  }

  /// The values of some groups together.
  private struct Side: Sendable {
    let counts: [any CountRows]
    /// `[neuron]`.
    let zeros: [UInt32]

    init(_ layer: LayerReader, _ stored: GroupCounts, side: Int, _ groups: [Int], hasAll: Bool) throws {
      let groups = side == 2 && hasAll ? [0] : groups
      counts = try stored.parts(of: groups, .own, .sixteenth)
      var zeros = [UInt32](repeating: 0, count: layer.layer.neurons)
      for group in groups {
        for (neuron, count) in try layer.statistic(.zeros).plane(group, as: UInt32.self).enumerated() {
          zeros[neuron] &+= count
        }
      }
      self.zeros = zeros
    }

    /// `[neuron, bin]` of a block.
    func bins(_ block: Range<Int>) throws(StoreError) -> [UInt32] {
      var sums = [UInt32](repeating: 0, count: block.count * ValueCell.bins)
      for rows in counts {
        let bytes = try rows.bytes(block)
        bytes.withUnsafeBytes { bytes in
          func add<Count: FixedWidthInteger>(_: Count.Type) {
            for (place, count) in bytes.bindMemory(to: Count.self).enumerated() {
              sums[place] &+= UInt32(truncatingIfNeeded: count)
            }
          }
          switch rows.type {
          case .uint8: add(UInt8.self)
          case .uint16: add(UInt16.self)
          default: add(UInt32.self)
          }
        }
      }
      return sums
    }
  }
}
