import CKernels
import Expressions
import Fixtures
import Testing

@testable import Views

/// The kernels that count codes beside the same in plain words, and what sets of rows and edges of grids say.
struct SubsetTests {
  @Test func `Chosen codes that do not stand apart are counted as one by one`() {
    var random = SplitMix(seed: 19)
    for samples in [1, 3, 4, 5, 63, 64, 65, 1000, 2113] {
      let words = (samples + 63) / 64
      // Whole words of codes are read.
      let codes = (0..<words * 64).map { _ in
        UInt8.random(in: 0...255, using: &random) & .random(in: 0...255, using: &random)
      }
      for share in [0, 0.1, 0.5, 1] {
        let chosen = RowSet(length: samples) { _ in .random(in: 0..<1, using: &random) < share }
        for apart in [0, 0.4, 1] {
          let apart = RowSet(length: samples) { _ in .random(in: 0..<1, using: &random) < apart }
          var found = (0..<256).map { UInt32($0) }
          var (plain, expected) = (found, found)
          for sample in 0..<samples where chosen.contains(sample) && !apart.contains(sample) {
            expected[Int(codes[sample])] += 1
          }
          nd_count_chosen(&found, codes, chosen.words, apart.words, words)
          #expect(found == expected)
          // What other processors do.
          nd_count_chosen_portable(&plain, codes, chosen.words, apart.words, words)
          #expect(plain == expected)
        }
        let other = RowSet(length: samples) { _ in .random(in: 0..<1, using: &random) < 0.5 }
        let both = (0..<samples).count { chosen.contains($0) && other.contains($0) }
        #expect(nd_count_bits(chosen.words, other.words, chosen.words.count) == both)
      }
    }
  }

  @Test func `Codes and bits by row are counted as one by one`() {
    var random = SplitMix(seed: 20)
    let block = Int(ND_ROW_BLOCK)
    for rows in [0, 1, 7, 255, 256, 600] {
      let pitch = block + 64
      let codes = (0..<max(rows, 1) * pitch).map { _ in
        UInt8.random(in: 0...255, using: &random) & .random(in: 0...255, using: &random)
      }
      var found = (0..<block * 256).map { UInt32($0) }
      var expected = found
      for row in 0..<rows {
        for neuron in 0..<block { expected[neuron * 256 + Int(codes[row * pitch + neuron])] += 1 }
      }
      nd_count_code_rows(&found, codes, pitch, rows)
      #expect(found == expected)
      for columns in [8, 64, 504, 512, 1160] {
        let pitch = columns / 8 + 5
        let bits = (0..<max(rows, 1) * pitch).map { _ in UInt8.random(in: 0...255, using: &random) }
        var sums = (0..<columns).map { UInt32($0) }
        let counted = (0..<columns).map { column in
          UInt32(column + (0..<rows).count { bits[$0 * pitch + column / 8] >> UInt8(column % 8) & 1 == 1 })
        }
        nd_count_bit_rows(&sums, bits, pitch, rows, columns)
        #expect(sums == counted)
      }
    }
  }

  @Test func `Rows that stand for many are the same every time, and as many as asked for`() throws {
    let most = RowSet(length: 10_000) { $0 % 7 != 0 }
    let sample = try #require(RowSample(1024, of: most))
    let again = try #require(RowSample(1024, of: most))
    #expect(sample.rows == again.rows)
    #expect(sample.rows.count == 1024)
    #expect(sample.rows.intersection(most) == sample.rows)
    #expect(sample.of == most.count)
    // Of a hundred stretches each has its share: ten of them, give or take.
    let shares = (0..<100).map { stretch in sample.rows.members.count { Int($0) / 100 == stretch } }
    #expect(shares.allSatisfy { (1...25).contains($0) })
    #expect(RowSample(most.count, of: most) == nil)
    #expect(abs(sample.bound(neurons: 1) - 0.0424) < 1e-4)
    #expect(abs(sample.bound(neurons: 262_144) - 0.0888) < 1e-4)
  }

  @Test func `Sets of rows are what their bits say`() {
    for length in [0, 1, 63, 64, 65, 130] {
      let even = RowSet(length: length) { $0 % 2 == 0 }
      let third = RowSet(length: length) { $0 % 3 == 0 }
      func rows(_ holds: (Int) -> Bool) -> [UInt32] { (0..<length).filter(holds).map { UInt32($0) } }
      let either: (Int) -> Bool = { $0 % 2 == 0 || $0 % 3 == 0 }
      let samples = (0..<3 * length).filter { ($0 / 3) % 2 == 0 }.map { UInt32($0) }
      #expect(even.members == rows { $0 % 2 == 0 })
      #expect(even.inverted.members == rows { $0 % 2 == 1 })
      #expect(even.inverted.inverted == even)
      #expect(even.union(third).members == rows(either))
      #expect(even.intersection(third).members == rows { $0 % 6 == 0 })
      #expect(even.isDisjoint(with: even.inverted))
      #expect(even.samples(3).members == samples)
    }
  }

  /// By values on a fine raster: a comparison as it is taken holds for all values of a bin, or for none.
  @Test func `A comparison is taken at the nearest edge of the grid`() {
    for hasTails in [false, true] {
      for origin in [-300, -128, -1, 0, 7] {
        let grid = NeuronGrid(exponent: -2, origin: origin, hasTails: hasTails)
        for eighth in stride(from: (origin - 3) * 8, through: (origin + 259) * 8, by: 3) where eighth != 0 {
          let number = Double(eighth) / 32
          let edge = Edge(.greaterOrEqual, number, on: grid, extremes: (-100, 100))
          let below = Edge(.lessOrEqual, number, on: grid, extremes: (-100, 100))
          let nearest = ((eighth + 4) >> 3) - origin
          let place = hasTails ? min(max(nearest, 1), 255) : min(max(nearest, 0), 256)
          for bin in 0..<256 {
            #expect(edge.holds(bin: bin) == (bin >= place))
            #expect(below.holds(bin: bin) == (bin < place))
          }
          let isInside = hasTails || (origin * 8..<(origin + 256) * 8).contains(eighth)
          let isTold = isInside && (eighth % 8 != 0 || nearest != place)
          let moved: Double? = isTold ? Double(place + origin) / 4 : nil
          #expect(edge.moved == moved)
          #expect((below.moved != nil) == isInside)
        }
      }
    }
  }

  @Test func `Comparisons with 0 are exact wherever the sign of a value is known`() {
    let plain = NeuronGrid(exponent: 0, origin: -10, hasTails: false)
    for (comparison, holds): (RowExpression.Comparison, (Int) -> Bool) in [
      (.less, { $0 < 10 }), (.lessOrEqual, { $0 < 10 }), (.greater, { $0 >= 10 }), (.greaterOrEqual, { $0 >= 10 }),
      (.equal, { _ in false }), (.unequal, { _ in true }),
    ] {
      let edge = Edge(comparison, 0, on: plain, extremes: (-10, 200))
      #expect(edge.moved == nil)
      #expect((0..<256).allSatisfy { edge.holds(bin: $0) == holds($0) })
    }
    let window = NeuronGrid(exponent: 0, origin: 50, hasTails: true)
    let positive = Edge(.greater, 0, on: window, extremes: (1, 1e6))
    #expect(positive.moved == nil && (0..<256).allSatisfy { positive.holds(bin: $0) })
    let both = Edge(.greater, 0, on: window, extremes: (-3, 1e6))
    #expect(both.moved == 51 && !both.holds(bin: 0) && both.holds(bin: 1))
  }
}
