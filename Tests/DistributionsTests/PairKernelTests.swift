import CKernels
import Distributions
import Fixtures
import Testing

/// The kernel of `pairs.h` beside `PairFigures`, its slow twin.
struct PairKernelTests {
  /// Two groups in some neurons.
  private struct Pairs {
    var grids: [DyadicGrid] = []
    var tails: [Bool] = []
    var first: [[UInt32]] = []
    var second: [[UInt32]] = []
    var zeros: ([UInt32], [UInt32]) = ([], [])

    /// Groups of every size, among them empty ones, with values in few bins or in all, with and without zeros and tails.
    init(_ neurons: Int, most: UInt32, using random: inout SplitMix) {
      for neuron in 0..<neurons {
        grids.append(
          DyadicGrid(exponent: .random(in: -40...40, using: &random), origin: .random(in: -270...20, using: &random)))
        tails.append(neuron % 3 == 0)
        first.append(Self.counts(neuron % 7, most, using: &random))
        second.append(Self.counts(neuron % 11, most, using: &random))
        // More than there are values, too, as a stranger's store may say.
        let zeros = (0..<2).map { _ in [0, 1, most / 2, .max].randomElement(using: &random)! }
        self.zeros.0.append(zeros[0])
        self.zeros.1.append(zeros[1])
      }
    }

    private static func counts(_ kind: Int, _ most: UInt32, using random: inout SplitMix) -> [UInt32] {
      let density = [0, 0.004, 0.02, 0.3, 1][min(kind, 4)]
      return (0..<DyadicGrid.binCount).map { _ in
        .random(in: 0..<1, using: &random) < density ? .random(in: 0...most, using: &random) : 0
      }
    }

    func figures(_ neuron: Int) -> PairFigures {
      PairFigures(
        PairCells(
          .init(grid: grids[neuron], hasTails: tails[neuron], counts: first[neuron], zeros: zeros.0[neuron]),
          .init(grid: grids[neuron], hasTails: tails[neuron], counts: second[neuron], zeros: zeros.1[neuron])))
    }

    func compared<First: FixedWidthInteger, Second: FixedWidthInteger>(_: First.Type, _: Second.Type)
      -> [nd_pair_figures]
    {
      var found = [nd_pair_figures](repeating: nd_pair_figures(), count: grids.count)
      let a = first.joined().map { First($0) }
      let b = second.joined().map { Second($0) }
      let zeroBins = grids.map { Int32(clamping: -$0.origin) }
      a.withUnsafeBytes { a in
        b.withUnsafeBytes { b in
          zeros.0.withUnsafeBufferPointer { x in
            zeros.1.withUnsafeBufferPointer { y in
              nd_compare_pairs(
                nd_pair_side(
                  counts: a.baseAddress, count_bytes: MemoryLayout<First>.size, zeros: x.baseAddress),
                nd_pair_side(
                  counts: b.baseAddress, count_bytes: MemoryLayout<Second>.size, zeros: y.baseAddress),
                grids.count, zeroBins, tails.map { $0 ? 1 : 0 }, &found)
            }
          }
        }
      }
      return found
    }
  }

  private func check(_ pairs: Pairs, _ found: [nd_pair_figures]) {
    for (neuron, figures) in found.enumerated() {
      let expected = pairs.figures(neuron)
      guard !expected.auroc.isNaN else {
        #expect(figures.auroc.isNaN && figures.area.isNaN && figures.distance.isNaN)
        continue
      }
      // To the bit: both are quotients of the same whole numbers.
      #expect(figures.auroc == expected.auroc)
      #expect(figures.distance == expected.kolmogorovSmirnov)
      let exponent = pairs.grids[neuron].exponent
      #expect(Double(sign: .plus, exponent: exponent, significand: figures.area) == expected.wasserstein)
    }
  }

  @Test func `The kernel finds what its twin finds, in counts of every width`() {
    var random = SplitMix(seed: 20)
    for neurons in [1, 7, 8, 9, 16, 17, 100] {
      let small = Pairs(neurons, most: 255, using: &random)
      check(small, small.compared(UInt8.self, UInt8.self))
      check(small, small.compared(UInt8.self, UInt32.self))
      check(small, small.compared(UInt16.self, UInt8.self))
      let large = Pairs(neurons, most: 16_000, using: &random)
      check(large, large.compared(UInt16.self, UInt16.self))
      check(large, large.compared(UInt32.self, UInt16.self))
    }
  }

  @Test func `Counts too large for whole numbers are compared but for rounding`() {
    var random = SplitMix(seed: 21)
    let pairs = Pairs(60, most: .max, using: &random)
    for (neuron, figures) in pairs.compared(UInt32.self, UInt32.self).enumerated() {
      let expected = pairs.figures(neuron)
      guard !expected.auroc.isNaN else { continue }
      #expect(abs(figures.auroc - expected.auroc) <= 1e-13)
      #expect(abs(figures.distance - expected.kolmogorovSmirnov) <= 1e-13)
      let area = Double(sign: .plus, exponent: -pairs.grids[neuron].exponent, significand: expected.wasserstein)
      #expect(abs(figures.area - area) <= 1e-13 * (1 + area))
    }
  }
}
