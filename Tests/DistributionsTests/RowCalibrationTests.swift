import Fixtures
import Foundation
import Testing

@testable import Distributions

/// Chances among rows of one prediction, and whether they are what they say.
@Suite struct RowCalibrationTests {
  private static func normal(_ random: inout SplitMix) -> Double {
    let (a, b) = (Double.random(in: 1e-12...1, using: &random), Double.random(in: 0...1, using: &random))
    return (-2 * Foundation.log(a)).squareRoot() * Foundation.cos(2 * .pi * b)
  }

  /// Correlated gauges and a margin.
  private static func rows(_ count: Int, gauges: Int, _ random: inout SplitMix) -> [(gauges: [Double], margin: Double)]
  {
    (0..<count).map { _ in
      let common = normal(&random)
      return ((0..<gauges).map { _ in Foundation.exp(common + normal(&random)) }, normal(&random))
    }
  }

  @Test func `A distance is that of the definition, also of a row that calibrates`() {
    var random = SplitMix(seed: OracleFolder.seed)
    let given = Self.rows(30, gauges: 5, &random).map(\.gauges)
    let omnibus = Omnibus(given)
    for (number, row) in given.enumerated() {
      let others = given.enumerated().filter { $0.offset != number }.map(\.element)
      // Measured anew by the others alone, it is the distance of a row that is none of them.
      #expect(abs(omnibus.own[number] - Omnibus(others).distance(row)) < 1e-9 * omnibus.own[number])
    }
    let two = Omnibus([[0, 0], [2, 2], [0, 2], [2, 0]])
    #expect(abs(two.distance([3, 3]) - 8) < 1e-12)  // uncorrelated: 2² + 2²
    let one = Omnibus([[0, 0], [2, 2], [0, 0], [2, 2]])
    #expect(abs(one.distance([3, 3]) - 8 / 1.9) < 1e-12)  // (1, 1) has the eigenvalue 0.9·2 + 0.1
  }

  @Test func `Gauges that say nothing take no part`() {
    let nan = Double.nan
    let rows: [[Double]] = [[1, 7, nan], [2, 7, nan], [4, 7, 1], [5, 7, nan], [nan, 7, 2]]
    let omnibus = Omnibus(rows)
    #expect(omnibus.numbers == [0, 1, 2, 3] && omnibus.own.count == 4)
    #expect(omnibus.distance([3, 99, nan]) == 0 && omnibus.distance([nan, 7, 1]).isNaN)
    // An outlier has all the variance of the second gauge: without it, that says nothing.
    let outlier = Omnibus([[1, 0], [2, 0], [4, 1e9], [5, 0]])
    #expect(outlier.own[2].isFinite && outlier.own[0] > 0)
    #expect(Omnibus([]).distance([]).isNaN && Omnibus([[1], [1]]).distance([1]).isNaN)
  }

  @Test func `Chances count the rows that are as far out`() {
    let gauges: [[Double]] = [[1], [2], [3], [4]]
    let calibration = RowCalibration(gauges: gauges, margins: [0.1, 0.2, 0.3, 0.4], chosen: [0])
    let far = calibration.judge(gauges: [9], margin: 0.05, leavingOut: nil)
    #expect(far.gauges == [0.4] && far.margin == 0.2 && far.omnibusChance == 0.2 && far.alarm == 0.4)
    #expect(far.alarmLeast == 0.4 && far.percentiles == [1])
    let same = calibration.judge(gauges: [1], margin: 0.1, leavingOut: 0, isSame: true)
    #expect(same.gauges == [0.5] && same.margin == 0.25 && same.percentiles == [0])
    let few = RowCalibration(gauges: [[1], [2]], margins: [], chosen: [0])
    let judged = few.judge(gauges: [3], margin: .nan, leavingOut: nil)
    #expect(judged.gauges[0].isNaN && judged.omnibusChance.isNaN && judged.alarm.isNaN)
  }

  @Test(arguments: [20, 60, 300])
  func `Of exchangeable rows as many alarm as were asked for`(calibrating: Int) {
    var random = SplitMix(seed: OracleFolder.seed &+ UInt64(calibrating))
    let (fresh, repeats) = (200, 12)
    for asked in [0.05, 0.1] {
      var (omnibus, alarms) = (0, 0)
      for _ in 0..<repeats {
        let rows = Self.rows(calibrating, gauges: 6, &random)
        let calibration = RowCalibration(
          gauges: rows.map(\.gauges), margins: rows.map(\.margin), chosen: Array(0..<6))
        for row in Self.rows(fresh, gauges: 6, &random) {
          let judged = calibration.judge(gauges: row.gauges, margin: row.margin, leavingOut: nil)
          if judged.omnibusChance <= asked { omnibus += 1 }
          if judged.alarm <= asked { alarms += 1 }
        }
      }
      // Of a calibration, the number of alarms is beta-binomial: 4 deviations of the sum of all.
      let ranks = Double(Int(asked * Double(calibrating + 1) + 1e-9))
      let (a, b) = (ranks, Double(calibrating + 1) - ranks)
      let share = a / (a + b)
      let each = Double(fresh) * share * (1 - share) * (Double(fresh) + a + b) / (a + b + 1)
      let away = 4 * (Double(repeats) * each).squareRoot()
      let expected = Double(repeats * fresh) * share
      // Distances measured by the others are as those of fresh rows, but for the one row fewer.
      #expect(
        abs(Double(omnibus) - expected) < away, "\(omnibus) of \(repeats * fresh) at \(asked), expected \(expected)")
      #expect(Double(alarms) < Double(repeats * fresh) * asked + away)
    }
  }
}
