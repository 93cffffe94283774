import CKernels
import Distributions
import Fixtures
import Testing

@testable import Views

/// The kernels of `cells.h` beside the same in plain words, to the last bit.
struct CellKernelTests {
  /// Values that lie between the same two numbers.
  private struct Cell {
    var low, high, size: Double
  }

  /// The centre that sixty halvings find by the sign of the sum in order.
  private func centre(_ cells: [Cell], _ least: Double, _ greatest: Double) -> Double {
    var (low, high) = (least, greatest)
    for _ in 0..<60 {
      let centre = low + (high - low) / 2
      if centre == low { break }
      var sum = 0.0
      for cell in cells { sum += cell.size * (centre - min(max(centre, cell.low), cell.high)) }
      if sum > 0 { high = centre } else { low = centre }
    }
    return low
  }

  private func spread(_ cells: [Cell], _ count: Double, _ distance: (Cell) -> Double) -> Double {
    let largest = cells.reduce(0) { max($0, abs(distance($1))) }
    guard largest > 0 else { return 0 }
    var sum = 0.0
    for cell in cells {
      let scaled = distance(cell) / largest
      sum += cell.size / count * scaled * scaled
    }
    return largest * sum.squareRoot()
  }

  private func mean(_ cells: [Cell], _ count: Double) -> (low: Double, high: Double) {
    var (low, high, largest) = (0.0, 0.0, 0.0)
    for cell in cells {
      low += cell.size / count * cell.low
      high += cell.size / count * cell.high
      largest = max(largest, abs(cell.low), abs(cell.high))
    }
    return (low - 1e-12 * largest, high + 1e-12 * largest)
  }

  /// A neuron's counts in a group, and what is known of all its values.
  private struct Neuron {
    var counts: [UInt32]
    var grid: NeuronGrid
    var zeros: UInt32
    var least, greatest: Double

    init(_ kind: Int, using random: inout SplitMix) {
      let exponent =
        kind % 7 == 6 ? Int.random(in: -1060...990, using: &random) : Int.random(in: -20...5, using: &random)
      grid = NeuronGrid(
        exponent: exponent, origin: .random(in: -300...50, using: &random), hasTails: kind % 5 == 4)
      var counts: [UInt32] = (0..<256).map { bin in
        switch kind % 6 {
        case 0: .random(in: 0...3000, using: &random)
        case 1: Bool.random(using: &random) ? 0 : .random(in: 0...3, using: &random)
        case 2: abs(bin - 128) < 20 ? .random(in: 0...50, using: &random) : 0
        case 3: Int.random(in: 0..<60, using: &random) == 0 ? .random(in: 0...100_000, using: &random) : 0
        case 4: bin == 7 || bin == 250 ? 1_000_000 : .random(in: 0...1, using: &random)
        default: bin == 31 ? 5 : 0
        }
      }
      if !counts.contains(where: { $0 > 0 }) { counts[99] = 1 }
      zeros = 0
      let ofZero = -grid.origin
      if counts.indices.contains(ofZero) {
        if kind % 3 == 0 { counts[ofZero] += 5000 }
        zeros = [0, counts[ofZero], counts[ofZero] / 2].randomElement(using: &random)!
      }
      self.counts = counts
      let held = counts.indices.filter { counts[$0] > 0 }
      let width = Double(sign: .plus, exponent: exponent, significand: 1)
      // Some way into the first and the last bin that hold something, and beyond a window where there are tails.
      least = (Double(grid.origin + held.first!) + (kind % 2 == 0 ? 0 : 0.3)) * width
      greatest = (Double(grid.origin + held.last!) + (kind % 2 == 0 ? 1 : 0.7)) * width
      if ofZero == held.first!, zeros > 0 { least = 0 }
      if grid.hasTails { (least, greatest) = (least - 77 * width, greatest + 900 * width) }
    }

    var cells: [Cell] {
      var cells: [Cell] = []
      for bin in counts.indices where counts[bin] > 0 {
        let (low, high) = grid.edges(ofBin: bin)
        let points = bin == -grid.origin ? zeros : 0
        if points > 0 { cells.append(Cell(low: 0, high: 0, size: Double(points))) }
        if counts[bin] > points {
          cells.append(Cell(low: max(low, least), high: min(high, greatest), size: Double(counts[bin] - points)))
        }
      }
      return cells
    }
  }

  @Test func `Bounds of mean and deviation are those of the cells in ascending order`() {
    var random = SplitMix(seed: 11)
    for kind in 0..<1500 {
      let neuron = Neuron(kind, using: &random)
      let cells = neuron.cells
      let count = Double(neuron.counts.reduce(0, +))
      neuron.counts.withUnsafeBufferPointer { counts in
        let found = CellBounds(
          counts,
          NeuronCells(
            zeros: Int(neuron.zeros), on: neuron.grid, extremes: (neuron.least, neuron.greatest), isSingle: true))
        let mean = mean(cells, count)
        #expect(found.bounds(.mean)! == mean, "neuron \(kind)")
        let (first, last) = (cells.first!.low, cells.last!.high)
        guard last - first < .infinity else {
          #expect(found.bounds(.deviation)! == (0, .infinity))
          return
        }
        let (centre, middle) = (centre(cells, first, last), mean.low + (mean.high - mean.low) / 2)
        let slack = 1e-7 * max(abs(first), abs(last))
        let nearest = spread(cells, count) { min(max(centre, $0.low), $0.high) - centre }
        let farthest = spread(cells, count) { max(abs($0.low - middle), abs($0.high - middle)) }
        #expect(found.bounds(.deviation)! == (max(0, nearest - slack), farthest + slack), "neuron \(kind)")
      }
    }
  }

  @Test func `The centre is that of sixty halvings, each by the sum in order, also where that all but vanishes`() {
    var random = SplitMix(seed: 5)
    var close = 0
    for count in [1, 2, 3, 7, 8, 9, 31, 256, 257] {
      for _ in 0..<150 {
        let width = Double.random(in: 1e-3...1e3, using: &random)
        let start = Double.random(in: -300...100, using: &random).rounded()
        let cells = (0..<count).map {
          Cell(
            low: (start + Double($0)) * width, high: (start + Double($0) + 1) * width,
            size: Double(Int.random(in: 1...5000, using: &random)))
        }
        let (least, greatest) = (cells[0].low, cells[count - 1].high)
        let expected = centre(cells, least, greatest)
        let found = nd_centre_of_cells(
          cells.map(\.low), cells.map(\.high), cells.map(\.size), count, least, greatest)
        #expect(found == expected)
        let sum = cells.reduce(0) { $0 + $1.size * (expected - min(max(expected, $1.low), $1.high)) }
        close += abs(sum) < 1e-9 * width ? 1 : 0
      }
    }
    #expect(close > 100)
  }
}
