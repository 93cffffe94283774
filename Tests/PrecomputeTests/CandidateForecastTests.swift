import Activations
import Distributions
import Testing

@testable import Precompute

/// When candidates for quartiles are predicted anew while rows are counted.
@Suite struct CandidateForecastTests {
  private static func forecast(rows: Int, classes: Int, part: Double = 1) throws -> CandidateForecast {
    let labels = try LabelColumn(.integers((0..<rows).map { Int64($0 * 7 % classes) }), names: nil, place: "")
    let grouping = try Grouping(rows: rows, labels: labels, predictions: nil, conditions: [])
    let counting = CountingCells(rowsOfCell: grouping.rowsOfCell, members: grouping.members)
    return CandidateForecast(grouping, counting, samplesPerRow: 1, part: part)
  }

  /// What is kept after each block of rows, and in front of it.
  private static func kept(_ forecast: CandidateForecast, blocks: Int) -> [(seen: Double, isDue: Bool, share: Double)] {
    var forecast = forecast
    return (1...blocks).map {
      let seen = Double($0) / Double(blocks)
      let isDue = forecast.isDue(seen: seen)
      return (seen, isDue, forecast.share)
    }
  }

  @Test func onlyWhereCandidatesBecomeMuchFewer() throws {
    for (rows, classes, part) in [(20_000, 10, 1.0), (20_000, 200, 1), (80_000, 2, 1), (80_000, 10, 0.25)] {
      let kept = Self.kept(try Self.forecast(rows: rows, classes: classes, part: part), blocks: 40)
      for (before, next) in zip(kept, kept.dropFirst()) {
        #expect(next.isDue ? next.share <= 0.8 * before.share : next.share == before.share)
      }
      #expect(kept.allSatisfy { !$0.isDue || $0.seen < 0.9 }, "of the last rows few are spared")
      #expect(kept.contains { $0.isDue } == (classes < 200))
    }
  }

  /// Half as many rows more each time would have been five times.
  @Test func threeTimesOfTenBlocks() throws {
    let kept = Self.kept(try Self.forecast(rows: 20_000, classes: 10), blocks: 10)
    #expect(kept.count { $0.isDue } == 3)
  }

  /// The memory that is planned holds what is kept at any time.
  @Test func theMostIsForeseen() throws {
    for (rows, classes, blocks) in [(20_000, 10, 10), (20_000, 10, 160), (80_000, 2, 40), (60_000, 100, 30)] {
      let forecast = try Self.forecast(rows: rows, classes: classes)
      let most = CandidateForecast.most(forecast, firstRows: 1 / Double(blocks))
      var before = 1.0
      for some in Self.kept(forecast, blocks: blocks) {
        #expect(some.seen * before <= most * 1.07, "\(rows) rows, \(classes) classes")
        before = some.share
      }
      #expect(most <= 1)
    }
  }
}
