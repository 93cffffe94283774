import Distributions
import TileStore

/// The figures of neurons in a group of the moment: numbers of values exactly, of the others two bounds.
struct SubsetFigures: Sendable {
  let counter: SubsetCounter
  private let grids: LayerGrids
  /// `[neuron]`: extremes in all rows.
  private let least: [Double]
  private let greatest: [Double]
  private let isSingle: Bool

  /// - Throws: `StoreError`.
  init(_ counter: SubsetCounter) throws(StoreError) {
    let layer = counter.layer
    self.counter = counter
    grids = try LayerGrids(layer)
    least = try layer.keys(of: layer.statistic(.minimum), plane: 0)
    greatest = try layer.keys(of: layer.statistic(.maximum), plane: 0)
    isSingle = layer.statistic(.median).metadata.dataType == .float32
  }

  /// Names of the figures in the order of `numbers`: `count`, …, `minimum_low`, `minimum_high`, ….
  static func names(_ statistics: [Statistic]) -> [String] {
    statistics.flatMap {
      $0.kind == .count ? [$0.rawValue] : ["\($0.rawValue)_low", "\($0.rawValue)_high"]
    }
  }

  /// The figures of a neuron, and its counts by bin of its own grid.
  /// - Parameter codes: of the layer.
  func numbers(_ neuron: Int, _ statistics: [Statistic], _ codes: NeuronCodes) throws(StoreError)
    -> (figures: [Double], counts: [UInt32])
  {
    var counts = [UInt32](repeating: 0, count: DyadicGrid.binCount)
    var figures: [Double] = []
    var failure: StoreError?
    counts.withUnsafeMutableBufferPointer { buffer in
      guard let counts = buffer.baseAddress else { return }
      do throws(StoreError) {
        let tally = try counter.count(neuron, codes, into: counts)
        let cells = cells(neuron, counts, tally)
        for statistic in statistics {
          if let count = tally[statistic] {
            figures.append(Double(count))
          } else if let bounds = cells.bounds(statistic) {
            figures += [bounds.low, bounds.high]
          }
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return (figures, counts)
  }

  /// What bounds a neuron's figures, as long as the counts are there.
  func cells(_ neuron: Int, _ counts: UnsafePointer<UInt32>, _ tally: NeuronTally) -> CellBounds {
    CellBounds(UnsafeBufferPointer(start: counts, count: DyadicGrid.binCount), cells(neuron, tally))
  }

  /// Where the group's values of a neuron can lie.
  func cells(_ neuron: Int, _ tally: NeuronTally) -> NeuronCells {
    NeuronCells(
      zeros: Int(tally.zeros), on: grids[neuron], extremes: (least[neuron], greatest[neuron]), isSingle: isSingle)
  }

  /// Whether no value of a neuron is negative.
  func startsAtZero(_ neuron: Int) -> Bool { least[neuron] >= 0 }
}

extension NeuronTally {
  /// One of the numbers of values; nil for what is none.
  subscript(statistic: Statistic) -> UInt32? {
    switch statistic {
    case .count: count
    case .zeros: zeros
    case .nan: nan
    case .infinite: infinite
    case .minimum, .maximum, .mean, .deviation, .median, .lowerQuartile, .upperQuartile: nil
    }
  }
}
