import CKernels
import Fixtures
import Foundation
import Testing

@testable import Distributions

/// `RowJudge` and its kernels against the formulas of `Tiles/FORMAT.md` §10, one value after another.
@Suite struct RowJudgeTests {
  /// Random rows of a layer, with the histograms that they make.
  private struct Layer {
    let rows: Int
    let samples: Int
    let classes: Int
    let neurons: Int
    let labels: [Int32]
    let named: [Int32]
    let grids: [DyadicGrid]
    let tails: [Bool]
    /// `[neuron][row * samples + sample]`.
    var codes: [[UInt8]] = []
    var cells: [[UInt8]] = []
    /// `[neuron][class]`.
    let medians: [[Double]]

    init(rows: Int, samples: Int, classes: Int, neurons: Int, _ random: inout SplitMix) {
      (self.rows, self.samples, self.classes, self.neurons) = (rows, samples, classes, neurons)
      labels = (0..<rows).map { _ in Int32.random(in: -1..<Int32(classes), using: &random) }
      named = (0..<rows).map { _ in Int32.random(in: -1..<Int32(classes), using: &random) }
      grids = (0..<neurons).map { _ in
        DyadicGrid(
          exponent: Int.random(in: -9...3, using: &random), origin: Int64.random(in: -300...40, using: &random))
      }
      tails = (0..<neurons).map { _ in Bool.random(using: &random) }
      medians = (0..<neurons).map { _ in
        (0..<classes).map { _ in
          Int.random(in: 0..<9, using: &random) == 0 ? .nan : Double.random(in: -1...1, using: &random)
        }
      }
      for _ in 0..<neurons {
        let codes = (0..<rows * samples).map { _ in UInt8.random(in: 0...255, using: &random) }
        self.codes.append(codes)
        cells.append(
          codes.map { code in
            let chance = Int.random(in: 0..<20, using: &random)
            return chance == 0 ? ValueCell.none : chance < 5 ? ValueCell.zero : code / 16
          })
      }
    }

    /// As a store has it: zeros are in their bin as well as counted apart.
    func classCells() -> ClassCells {
      let filled = ClassCells(neurons: neurons, classes: classes)
      filled.clear()
      for neuron in 0..<neurons {
        for label in 0..<classes {
          var bins = [UInt32](repeating: 0, count: 16)
          var zeros: UInt32 = 0
          for row in 0..<rows where labels[row] == label {
            for cell in cells[neuron][row * samples..<(row + 1) * samples] {
              if cell < 16 { bins[Int(cell)] += 1 }
              if cell == ValueCell.zero { zeros += 1 }
            }
          }
          if let cell = grids[neuron].zeroCell { bins[cell] += zeros }
          bins.withUnsafeBufferPointer {
            filled.set(
              $0.baseAddress!, zeros: zeros, median: medians[neuron][label], of: label, neuron: neuron,
              grid: grids[neuron])
          }
        }
        filled.finish(neuron, grid: grids[neuron], hasTails: tails[neuron])
      }
      return filled
    }

    /// Where a value of a cell stands.
    func place(_ neuron: Int, _ sample: Int) -> Double {
      let (code, cell) = (Int(codes[neuron][sample]), cells[neuron][sample])
      if cell == ValueCell.zero { return 0 }
      let width = Foundation.exp2(Double(grids[neuron].exponent))
      let origin = Double(grids[neuron].origin)
      if tails[neuron], code == 0 { return origin * width }
      if tails[neuron], code == 255 { return (origin + 256) * width }
      return (origin + Double(code) + 0.5) * width
    }

    /// The mean of `ln p` of a row in each class, and D.
    func slow(_ row: Int) -> (evidence: [Double], distance: Double) {
      var (sums, values) = ([Double](repeating: 0, count: classes), 0.0)
      var (far, compared) = (0.0, 0.0)
      for neuron in 0..<neurons {
        var counts = [[Double]](repeating: [Double](repeating: 0, count: 19), count: classes)
        for other in 0..<rows where labels[other] >= 0 && !(other == row) {
          for cell in cells[neuron][other * samples..<(other + 1) * samples] where cell < 19 {
            // Zeros of a grid without 0 are in no bin.
            if cell == ValueCell.zero, grids[neuron].zeroCell == nil { continue }
            counts[Int(labels[other])][Int(cell)] += 1
          }
        }
        let total = counts.flatMap { $0 }.reduce(0, +)
        for sample in row * samples..<(row + 1) * samples where cells[neuron][sample] < 19 {
          let cell = Int(cells[neuron][sample])
          values += 1
          let common = (counts.reduce(0) { $0 + $1[cell] } + 0.5) / (total + 9.5)
          for label in 0..<classes {
            sums[label] += Foundation.log((counts[label][cell] + common) / (counts[label].reduce(0, +) + 1))
          }
          if named[row] >= 0, case let median = medians[neuron][Int(named[row])], !median.isNaN {
            far += abs(place(neuron, sample) - median)
            compared += 1
          }
        }
      }
      return (sums.map { $0 / values }, far / compared)
    }
  }

  // Of one sample and few classes, each rounded number of classes has a loop of its own.
  @Test(
    arguments: [(1, 1), (1, 2), (1, 3), (1, 8), (1, 11), (1, 17), (1, 32), (5, 4), (19, 2), (1, 40), (3, 33)],
    [false, true])
  func `Figures are those of the formulas`(shape: (Int, Int), takesOutCopies: Bool) throws {
    let (samples, classes) = shape
    var random = SplitMix(seed: OracleFolder.seed &+ UInt64(samples * 100 + classes))
    var layer = Layer(rows: 60, samples: samples, classes: classes, neurons: 37, &random)
    // Zeros that a grid cannot have would be taken out of nothing.
    for neuron in 0..<layer.neurons where layer.grids[neuron].zeroCell == nil {
      layer.cells[neuron] = zip(layer.cells[neuron], layer.codes[neuron]).map { $0 == ValueCell.zero ? $1 / 16 : $0 }
    }
    let rivals = layer.named.map { ($0 + 1) % Int32(classes) }
    let judge = RowJudge(
      JudgedRows(named: layer.named, taken: layer.labels, rivals: rivals), samples: samples, classes: classes)
    let filled = layer.classCells()
    let pitch = layer.rows * samples
    let (codes, cells) = (layer.codes.flatMap { $0 }, layer.cells.flatMap { $0 })
    // Rows that are taken out of themselves may go another way.
    let copies = cells + [0]
    func add(codes: UnsafePointer<UInt8>, cells: UnsafePointer<UInt8>, without: UnsafePointer<UInt8>) {
      for neurons in [0..<11, 11..<12, 12..<37] {
        let place = neurons.lowerBound * pitch
        let values = RowJudge.Values(
          codes: codes + place, cells: cells + place, without: (takesOutCopies ? without : cells) + place, pitch: pitch)
        for rows in [0..<17, 17..<60] { judge.add(filled, neurons, values, rows: rows) }
      }
    }
    codes.withUnsafeBufferPointer { codes in
      cells.withUnsafeBufferPointer { cells in
        copies.withUnsafeBufferPointer { copies in
          add(codes: codes.baseAddress!, cells: cells.baseAddress!, without: copies.baseAddress!)
        }
      }
    }
    let sizes = (0..<classes).map { label in layer.labels.count { $0 == label } }
    for row in 0..<layer.rows {
      let (evidence, distance) = layer.slow(row)
      let figures = judge.figures(row, sizes: sizes)
      let label = Int(layer.named[row])
      guard label >= 0, sizes[label] > 0 else {
        #expect(!figures.numbers.contains { !$0.isNaN })
        continue
      }
      let own = Int(layer.labels[row])
      let others = (classes > 32 ? [Int(rivals[row])] : Array(0..<classes)).filter {
        $0 != label && sizes[$0] > ($0 == own ? 1 : 0)
      }
      #expect(abs(figures.typicality + evidence[label]) < 1e-12)
      #expect(figures.distance.isNaN && distance.isNaN || abs(figures.distance - distance) < 1e-12 * max(1, distance))
      let best = others.map { evidence[$0] }.max()
      #expect(best.map { abs(figures.rival - ($0 - evidence[label])) < 1e-12 } ?? figures.rival.isNaN)
    }
  }

  // More values than are looked at together, and rows that begin and end among them.
  @Test(arguments: [(600, 1), (256, 1), (150, 7), (3, 256), (2, 700), (0, 1)])
  func `Distances are added as one value after another would add them`(rows: Int, samples: Int) {
    var random = SplitMix(seed: OracleFolder.seed &+ UInt64(rows * 1000 + samples))
    let codes = (0..<rows * samples).map { _ in UInt8.random(in: 0...255, using: &random) }
    let cells = codes.map { code in Bool.random(using: &random) ? code / 16 : UInt8.random(in: 16...19, using: &random)
    }
    let places = (0..<259).map { _ in Double.random(in: -9...9, using: &random) }
    let medians = [0.25, .nan, -3]
    let classes = (0..<rows).map { _ in Int32.random(in: -1...2, using: &random) }
    var found = [[Double]](repeating: (0..<rows).map(Double.init), count: 3)
    var expected = found
    for row in 0..<rows {
      for sample in row * samples..<(row + 1) * samples where cells[sample] != ValueCell.none {
        expected[2][row] += 1
        let place = places[cells[sample] < 16 ? Int(codes[sample]) : 240 + Int(cells[sample])]
        guard classes[row] >= 0, !medians[Int(classes[row])].isNaN else { continue }
        expected[1][row] += 1
        expected[0][row] += abs(place - medians[Int(classes[row])])
      }
    }
    var (sums, compared, finite) = (found[0], found[1], found[2])
    sums.withUnsafeMutableBufferPointer { sums in
      compared.withUnsafeMutableBufferPointer { compared in
        finite.withUnsafeMutableBufferPointer { finite in
          let to = nd_distances(sums: sums.baseAddress, compared: compared.baseAddress, finite: finite.baseAddress)
          nd_add_distances(to, codes, cells, rows, samples, places, medians, classes)
        }
      }
    }
    found = [sums, compared, finite]
    #expect(found == expected)
  }

  @Test func `Products of many small shares do not vanish`() {
    let cells = ClassCells(neurons: 1, classes: 2)
    cells.clear()
    let bins = [UInt32](repeating: 0, count: 15) + [UInt32.max]
    bins.withUnsafeBufferPointer { bins in
      for label in 0..<2 {
        cells.set(
          bins.baseAddress!, zeros: 0, median: 1, of: label, neuron: 0, grid: DyadicGrid(exponent: 0, origin: 1))
      }
    }
    cells.finish(0, grid: DyadicGrid(exponent: 0, origin: 1), hasTails: false)
    let judge = RowJudge(JudgedRows(named: [0], taken: [-1], rivals: [-1]), samples: 1001, classes: 2)
    let empty = [UInt8](repeating: ValueCell.below, count: 1001)
    empty.withUnsafeBufferPointer { empty in
      for _ in 0..<30 {
        judge.add(
          cells, 0..<1,
          RowJudge.Values(
            codes: empty.baseAddress!, cells: empty.baseAddress!, without: empty.baseAddress!, pitch: 1001),
          rows: 0..<1)
      }
    }
    let size = Double(UInt32.max)
    let expected = Foundation.log(0.5 / (2 * size + 9.5) / (size + 1))
    #expect(abs(judge.evidence(0, of: 1) - expected) < 1e-12 * abs(expected))
  }

  @Test func `Logarithms are those of the system`() {
    var random = SplitMix(seed: OracleFolder.seed)
    for _ in 0..<20_000 {
      let x =
        Double.random(in: 0.5...2, using: &random) * Foundation.exp2(Double(Int.random(in: -300...300, using: &random)))
      #expect(abs(logarithm(x) - Foundation.log(x)) <= 4e-16 * max(1, abs(Foundation.log(x))))
    }
    #expect(logarithm(1) == 0)
  }

  @Test func `Values are placed as they are counted`() {
    let grid = DyadicGrid(exponent: -2, origin: -8)  // -2 ..< 62
    func place(_ value: Double, tails: Bool = false) -> [UInt8] {
      let (code, cell) = grid.place(of: value, hasTails: tails)
      return cell == ValueCell.none ? [cell] : cell < 16 ? [code, cell] : [cell]
    }
    #expect(place(-2) == [0, 0] && place(61.99) == [255, 15] && place(2) == [16, 1])
    #expect(place(0) == [ValueCell.zero] && place(-0.0) == [ValueCell.zero])
    #expect(place(-2.01) == [ValueCell.below] && place(62) == [ValueCell.above])
    #expect(place(-9, tails: true) == [0, 0] && place(1e300, tails: true) == [255, 15])
    #expect(place(.nan) == [ValueCell.none] && place(.infinity) == [ValueCell.none])
    #expect(place(-5e-324) == [7, 0])
  }
}
