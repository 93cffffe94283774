import Testing

@testable import Distributions

@Suite struct NearQuartilesTests {
  static let rows = 4000

  /// Columns of different kinds: signed, half zeros, almost all zeros, constant, with values that are not finite.
  private func values(_ random: inout Mix) -> [Float] {
    (0..<Self.rows * tileColumns).map { place in
      let normal = (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &random) }
      switch place % tileColumns {
      case 0..<20: return normal
      case 20..<40: return max(0, normal)
      case 40..<45: return Float.random(in: 0..<1, using: &random) < 0.002 ? normal : 0
      case 45..<50: return 1.5
      case 50..<55: return place % 97 == 0 ? .nan : place % 101 == 0 ? -.infinity : normal
      default: return (normal * 3).rounded()
      }
    }
  }

  private func eachRun(
    _ values: [Float], _ rows: Range<Int>, _ body: (_ cell: Int, TileRows<Float>, UnsafePointer<Float>) -> Void
  ) {
    let order = (0..<UInt32(255)).map { $0 }
    values.withUnsafeBufferPointer { values in
      order.withUnsafeBufferPointer { order in
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: 250) {
          let base = values.baseAddress! + first * tileColumns
          body(
            first / 250 % 2, TileRows(base: base, pitch: tileColumns, order: order.baseAddress!, count: 250), base)
        }
      }
    }
  }

  /// What is kept while rows are counted, and narrowed as they come, answers all questions as a second look at all rows does.
  @Test func keptValuesAnswerAllQuestions() {
    var random = Mix(state: 5)
    let values = values(&random)
    let groups = [[0, 1], [0], [1]]
    let band = BandCounters<Float>(neurons: tileColumns, cells: 2, samplesPerCellMax: Self.rows)
    var near = NearQuartiles<Float>.everything(cells: 2)
    var list: [UInt8] = []
    var lengths: [Int] = []
    for end in [500, 1000, 2000, 4000] {
      eachRun(values, (end == 500 ? 0 : end / 2)..<end) { cell, rows, base in
        band.add(tile: 0, cell: cell, rows: rows.count, values: base)
        near.collect(cell: cell, rows) { list.append(contentsOf: $0) }
      }
      near = NearQuartiles(
        band, tile: 0, groups: groups, integers: false, share: Double(end) / Double(Self.rows))
      list = narrowed(list, near)
      lengths.append(list.count)
    }
    // The counts tell that none of it is missing.
    #expect(valueCount(list) == near.valueCount)
    // The more rows there are, the smaller the share that is kept: of four times as many less than twice as much.
    #expect(lengths[3] < 2 * lengths[1])

    let questions = OpenQuestions(band, tile: 0, groups: groups, integers: false)
    func look(_ fill: (SecondLook<Float>) -> Void) -> [Quartiles<Float>] {
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: questions.valueCount + 1)
      defer { memory.deallocate() }
      let look = SecondLook(questions, of: band, values: memory)
      fill(look)
      #expect(look.isComplete)
      var scratch: [Float] = []
      return (0..<tileColumns).flatMap { neuron in
        groups.map { look.quartiles(neuron, of: $0, integers: false, scratch: &scratch) }
      }
    }
    let kept = look { look in #expect(list.withUnsafeBytes { look.add(list: $0) }) }
    let again = look { look in eachRun(values, 0..<Self.rows) { cell, rows, _ in look.add(cell: cell, rows) } }
    for (a, b) in zip(kept, again) { #expect(a.lower == b.lower && a.median == b.median && a.upper == b.upper) }
  }

  /// Values of all entries of a list.
  private func valueCount(_ list: [UInt8]) -> Int {
    var (entries, place) = (0, 0)
    while place < list.count {
      entries += 1
      place += 8 + 4 * (Int(list[place + 6]) | Int(list[place + 7]) << 8)
    }
    return (list.count - 8 * entries) / 4
  }

  private func narrowed(_ list: [UInt8], _ near: NearQuartiles<Float>) -> [UInt8] {
    var list = list
    var (from, to) = (0, 0)
    list.withUnsafeMutableBytes { bytes in
      while from < bytes.count {
        let place = bytes.baseAddress! + from
        let (old, new) = near.narrow(place)
        (bytes.baseAddress! + to).copyMemory(from: place, byteCount: new)
        from += old
        to += new
      }
    }
    return Array(list[..<to])
  }
}
