import Activations
import Distributions
import Fixtures
import Testing

@testable import Precompute

/// Plans of layers of many shapes, in chunks and without: every neuron in one band, within the budget.
@Suite struct LayerPlanTests {
  private func grouping(rows: Int, classes: Int, _ random: inout SplitMix) throws -> Grouping {
    let labels = (0..<rows).map { _ in Int64.random(in: 0..<Int64(classes), using: &random) }
    return try Grouping(
      rows: rows, labels: LabelColumn(.integers(labels), names: nil, place: ""), predictions: nil, conditions: [])
  }

  private func plan(_ source: LayerSource, _ grouping: Grouping, _ medians: Job.Medians, memory: Int, lanes: Int) throws
    -> LayerPlan
  {
    let counting = CountingCells(
      rowsOfCell: grouping.rowsOfCell, members: grouping.members,
      apart: grouping.groups.count > 100 && medians == .exact ? [0] : nil)
    return source.element.fitsFloat
      ? try LayerPlan(
        source, as: Float.self, grouping: grouping, counting: counting, medians: medians, codes: .both, memory: memory,
        lanes: lanes,
        openFiles: 1)
      : try LayerPlan(
        source, as: Double.self, grouping: grouping, counting: counting, medians: medians, codes: .both, memory: memory,
        lanes: lanes,
        openFiles: 1)
  }

  @Test func everyNeuronInOneBandWithinTheBudget() throws {
    var random = SplitMix(seed: OracleFolder.seed)
    var (planned, refused, once) = (0, 0, 0)
    for sources in try Layers.dumps() {
      for classes in [1, 300] {
        let grouping = try grouping(rows: sources[0].rows, classes: classes, &random)
        for source in sources {
          for memory in [72 << 20, 256 << 20, 32 << 30] {
            let medians: Job.Medians = Int.random(in: 0..<4, using: &random) > 0 ? .exact : .binned
            let lanes = Int.random(in: 1...16, using: &random)
            do {
              let plan = try plan(source, grouping, medians, memory: memory, lanes: lanes)
              planned += 1
              #expect(plan.bands.first?.lowerBound == 0 && plan.bands.last?.upperBound == source.neurons)
              #expect(zip(plan.bands, plan.bands.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
              #expect(plan.bands.dropLast().allSatisfy { $0.count % 256 == 0 && $0.count == plan.bands[0].count })
              #expect(plan.peakBytes <= memory)
              let granularity = RowBlocks<Float>.rowGranularity(source)
              #expect(plan.rowsPerBlock % granularity == 0 && plan.quantilePassRows % granularity == 0)
              #expect(1...plan.rowsPerBlock ~= plan.quantilePassRows)
              #expect(plan.readsTwice == (plan.passes == 2) && (medians == .exact || !plan.readsTwice))
              #expect(plan.candidateLogBytes == 0 || !plan.readsTwice)
              #expect(plan.decodedBytes >= source.logicalBytes * plan.passes && plan.readBytes >= 0)
              if plan.candidateLogBytes > 0 { once += 1 }
            } catch let error as PrecomputeError {
              refused += 1
              #expect(error.kind == .memory)
              // The budget that it names suffices.
              let words = try #require(error.description.firstMatch(of: #/at least ([0-9.]+) (MiB|GiB)/#))
              let needed = Int(Double(words.1)! * (words.2 == "MiB" ? 0x1p20 : 0x1p30))
              _ = try self.plan(source, grouping, medians, memory: needed, lanes: lanes)
            }
          }
        }
      }
    }
    #expect(planned > 100 && refused > 10 && once > 0, "\(planned) planned, \(refused) refused, \(once) read once")
  }

  /// A run that goes on with more threads, or fewer, finds the bands of the one before.
  @Test func bandsDoNotDependOnTheLanes() throws {
    var random = SplitMix(seed: OracleFolder.seed)
    var cut = 0
    for sources in try Layers.dumps() {
      let grouping = try grouping(rows: sources[0].rows, classes: 40, &random)
      for source in sources {
        for (memory, most) in [(256 << 20, 5), (1 << 30, 8), (8 << 30, 64)] {
          guard let one = try? plan(source, grouping, .exact, memory: memory, lanes: 1) else { continue }
          if one.bands.count > 1 { cut += 1 }
          for lanes in [2, 5, 8, 64] where lanes <= most {
            guard let other = try? plan(source, grouping, .exact, memory: memory, lanes: lanes) else { continue }
            #expect(other.bands == one.bands, "\(source.path), \(lanes) lanes")
          }
        }
      }
    }
    #expect(cut > 5, "\(cut)")
  }
}
