import CKernels
import Distributions
import Fixtures
import Testing
import TileStore

@testable import Views

/// Pairs of which a side is not counted: ranks looked up by code, and the rest of a group taken from all rows.
struct RankSumTests {
  private let store: Store

  init() throws {
    store = try Store.goldenWithCodes()
  }

  private func group(_ layer: LayerReader, _ text: String) throws -> PairGroup {
    let member: PairMember =
      switch store.attributes.groups.firstIndex(where: { $0.name == text }) {
      case let group?: .group(group)
      case nil: .moment(try Moment(parsing: text))
      }
    return try PairGroup(store, layer, member)
  }

  /// `[neuron]`: from the counts of both groups.
  private func expected(_ figure: PairFigure, _ first: PairGroup, _ second: PairGroup) throws -> [Double] {
    try (0..<first.layer.layer.neurons).map { neuron in
      let figures = PairFigures(PairCells(try first.histogram(neuron), try second.histogram(neuron)))
      return switch figure {
      case .auroc: figures.auroc
      case .wasserstein: figures.wasserstein
      case .kolmogorovSmirnov: figures.kolmogorovSmirnov
      }
    }
  }

  private func check(_ first: String, _ second: String, isByRanks: Bool? = nil) throws {
    let helpers = HelperThreads(count: 0)
    for layer in store.layers {
      let (a, b) = (try group(layer, first), try group(layer, second))
      let (x, y) = try PairGroup.sides(a, b)
      if let isByRanks { #expect((try RankSums(x, y) != nil) == isByRanks) }
      for figure in PairFigure.allCases {
        let found = try PairReader.keys(figure, x, y, helpers)
        let expected = try expected(figure, a, b)
        #expect(found.count == expected.count)
        for (neuron, (found, expected)) in zip(found, expected).enumerated() {
          #expect(
            found.bitPattern == expected.bitPattern || found.isNaN && expected.isNaN,
            "\(figure) of \(first) and \(second), \(layer.layer.id), neuron \(neuron): \(found), not \(expected)")
        }
      }
    }
  }

  @Test(arguments: [
    ("row >= 110", true), ("row >= 120", true), ("row < 140", true), ("row < 30", false), ("row != 3", false),
    ("row >= 0", nil), ("row < 0", nil),
  ])
  func `A group and the rest differ as if both were counted`(text: String, isByRanks: Bool?) throws {
    try check(text, "not (\(text))", isByRanks: isByRanks)
    try check("not (\(text))", text, isByRanks: isByRanks)
  }

  @Test func `A group of the moment and a stored one differ as if both were counted`() throws {
    let stored = store.attributes.groups.map(\.name)
    for name in stored {
      try check("row >= 120", name, isByRanks: true)
      try check(name, "row >= 120", isByRanks: true)
      try check("row < 7", name)
    }
  }

  @Test func `Groups that share rows, or leave some out, are counted`() throws {
    try check("row >= 120", "row < 121", isByRanks: false)
    try check("row >= 120", "row < 119", isByRanks: false)
    try check("row >= 120", "row >= 120", isByRanks: false)
  }

  @Test(arguments: [1, 2, 4])
  func `Ranks are twice the values before and once those beside`(countBytes: Int) {
    var random = SplitMix(seed: UInt64(countBytes))
    for zeroBin in [-1, 0, 17, 255] {
      let counts = (0..<256).map { _ in UInt32.random(in: 0...(countBytes == 1 ? 255 : 3000), using: &random) }
      let zeros = zeroBin < 0 ? 5 : UInt32.random(in: 0...counts[zeroBin] + 3, using: &random)
      let bytes: [UInt8] = counts.flatMap { count in
        (0..<countBytes).map { UInt8(truncatingIfNeeded: count >> UInt32(8 * $0)) }
      }
      for kernel in [nd_double_ranks, nd_double_ranks_portable] {
        var ranks = [UInt32](repeating: 7, count: 257)
        #expect(kernel(&ranks, bytes, countBytes, Int32(zeroBin), zeros) == counts.reduce(0, +))
        let points = zeroBin < 0 ? 0 : min(zeros, counts[zeroBin])
        for bin in 0..<256 {
          let below = counts[..<bin].reduce(0, +)
          if bin == zeroBin {
            #expect(ranks[256] == 2 * below + points)
            #expect(ranks[bin] == 2 * (below + points) + counts[bin] - points)
          } else {
            #expect(ranks[bin] == 2 * below + counts[bin])
          }
        }
        if zeroBin < 0 { #expect(ranks[256] == 0) }
      }
    }
  }
}
