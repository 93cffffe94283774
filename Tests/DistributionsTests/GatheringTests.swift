import CKernels
import Fixtures
import Testing

@testable import Distributions

/// Collecting from rows, against looking at each value: intervals few and many, rows few and many, lists too short.
@Suite struct GatheringTests {
  private func check<Value: ActivationValue>(
    _: Value.Type, rows: Int, intervals: Int, room: Int, random: inout SplitMix
  ) {
    let pitch = tileColumns + Int.random(in: 0...9, using: &random)
    let odd: [Value] = [.nan, .infinity, -.infinity, 0, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude]
    // Rows that stand behind them in the order are asked for, and not looked at.
    let following = Int.random(in: 0...40, using: &random)
    let data = (0..<(rows + following) * pitch).map { _ in
      Int.random(in: 0..<20, using: &random) == 0
        ? odd.randomElement(using: &random)! : Value(Int.random(in: -40...40, using: &random)) / 4
    }
    let order = (0..<rows + following).map { UInt32($0) }.shuffled(using: &random)
    // Intervals of each column, disjoint or empty, `[interval, column]`.
    var low = [Value](repeating: .infinity, count: intervals * tileColumns)
    var high = low
    for column in 0..<tileColumns {
      let bounds = (0..<2 * intervals).map { _ in
        let bound = Value(Int.random(in: -40...40, using: &random)) / 4
        return Int.random(in: 0..<10, using: &random) == 0 ? odd.dropFirst().randomElement(using: &random)! : bound
      }.sorted()
      for interval in 0..<intervals where Bool.random(using: &random) {
        low[interval * tileColumns + column] = bounds[2 * interval]
        high[interval * tileColumns + column] = bounds[2 * interval + 1]
      }
    }
    let starts = (0..<tileColumns).map { UInt64($0 * room) }
    let ends = starts.map { $0 + UInt64(room) }

    var cursors = starts
    var values = [Value](repeating: 1e9, count: tileColumns * room)
    data.withUnsafeBufferPointer { data in
      order.withUnsafeBufferPointer { order in
        Value.collect(
          TileRows(base: data.baseAddress!, pitch: pitch, order: order.baseAddress!, count: rows, following: following),
          intervals: intervals, low: low, high: high, cursors: &cursors, ends: ends, values: &values)
      }
    }

    var expectedCursors = starts
    var expected = [Value](repeating: 1e9, count: tileColumns * room)
    for row in order[..<rows] {
      for column in 0..<tileColumns {
        let value = data[Int(row) * pitch + column]
        let isWanted = (0..<intervals).contains {
          low[$0 * tileColumns + column] <= value && value < high[$0 * tileColumns + column]
        }
        guard isWanted else { continue }
        if expectedCursors[column] < ends[column] { expected[Int(expectedCursors[column])] = value }
        expectedCursors[column] += 1
      }
    }
    #expect(cursors == expectedCursors)
    #expect(values.elementsEqual(expected) { $0 == $1 && $0.sign == $1.sign })
  }

  @Test(arguments: 1...7) func everyNumberOfIntervals(_ intervals: Int) {
    var random = SplitMix(seed: UInt64(intervals))
    for rows in [1, 2, 31, 32, 33, 64, 255, 300] {
      check(Float.self, rows: rows, intervals: intervals, room: rows, random: &random)
      check(Double.self, rows: rows, intervals: intervals, room: rows, random: &random)
      check(Float.self, rows: rows, intervals: intervals, room: rows / 3, random: &random)
    }
  }
}
