import Fixtures
import Testing

@testable import Precompute

/// Cutting a layer's work, over random layers and budgets: what is there at one time stays within the budget.
@Suite struct MemoryModelTests {
  /// A layer of rows that lie in chunks, of numbers alone.
  private static func model(budget: Int, _ random: inout SplitMix) -> MemoryModel {
    func size(_ exponents: ClosedRange<Int>) -> Int {
      let exponent = Int.random(in: exponents, using: &random)
      return Int.random(in: 1 << exponent...2 << exponent, using: &random)
    }
    let (neurons, rows) = (size(0...18), size(0...20))
    let granularity = min(rows, size(0...12))
    let bytes = Int.random(in: 1...24, using: &random)
    let touched = size(0...18)
    return MemoryModel(
      budget: budget, always: size(20...27), finishing: size(10...28), working: size(10...27),
      workingForBands: size(10...27), perNeuron: size(9...20),
      block: { $0 * $1 * bytes },
      // Bands decode chunks of so many neurons, some of them more than once.
      decoded: { step in
        stride(from: 0, to: neurons, by: step).reduce(0) { $0 + (min(step, neurons - $1) + touched) * rows * 4 }
      },
      neurons: neurons, rows: rows, rowGranularity: granularity, cells: size(0...10), valueBytes: neurons * rows * 4)
  }

  /// Calls `body` with layers and budgets, half of which are little more or less than what the layer needs.
  private static func each(_ count: Int, _ body: (_ model: MemoryModel, _ random: inout SplitMix) -> Void) {
    var random = SplitMix(seed: OracleFolder.seed)
    for number in 0..<count {
      let model = model(budget: 1 << Int.random(in: 27...36, using: &random), &random)
      let needed = model.with(budget: 0).needed
      let budget = number % 2 == 0 ? model.budget : Int.random(in: needed / 8 * 7...needed / 8 * 10, using: &random)
      body(model.with(budget: budget), &random)
    }
  }

  @Test func everythingThatIsThereAtOneTimeFits() {
    var fitting = 0
    Self.each(3000) { model, random in
      guard let cut = try? model.cut() else { return }
      fitting += 1
      #expect(cut.bandNeurons == model.neurons || cut.bandNeurons % MemoryModel.bandUnit == 0)
      #expect(1...model.neurons ~= cut.bandNeurons)
      #expect(cut.rowsPerBlock > 0 && cut.rowsPerBlock % model.rowGranularity == 0)
      #expect(cut.counters >= cut.bandNeurons * model.perNeuron)
      #expect(cut.block == model.block(cut.bandNeurons, min(cut.rowsPerBlock, model.rows)))
      let counting = model.always + model.working + cut.counters + cut.block
      #expect(counting <= model.budget && model.always + model.finishing <= model.budget)
      #expect(model.leavesRoom(cut))

      let kept = Int.random(in: 0...model.keptMax(cut), using: &random)
      let gathering = model.gathering(
        cut, isOneBlock: model.rows <= cut.rowsPerBlock, isMapped: .random(using: &random),
        isCheapInParts: .random(using: &random), kept: kept)
      #expect(gathering.peak <= model.budget && gathering.peak >= counting + kept)
      #expect(gathering.rowsPerBlock > 0 && gathering.rowsPerBlock % model.rowGranularity == 0)
      #expect(gathering.rowsPerBlock <= cut.rowsPerBlock)
      let block = model.block(cut.bandNeurons, min(gathering.rowsPerBlock, model.rows))
      #expect(counting - cut.block + block + kept + min(gathering.bytes, model.valueBytes / 8) <= model.budget)
    }
    #expect(fitting > 1000)
  }

  /// The budget that is asked for suffices, and a byte less does not.
  @Test func whatIsAskedForIsTheLeast() {
    var refused = 0
    Self.each(3000) { model, _ in
      do throws(MemoryModel.Shortage) { _ = try model.cut() } catch {
        refused += 1
        #expect(error.needed > model.budget)
        let least = model.with(budget: error.needed)
        #expect((try? least.cut()).map(least.leavesRoom) == true)
        #expect(throws: MemoryModel.Shortage(part: error.part, needed: error.needed)) {
          try model.with(budget: error.needed - 1).cut()
        }
      }
    }
    #expect(refused > 300)
  }

  /// What a message asks for is never less than what is needed.
  @Test func wordsOfABudgetAreRoundedUp() {
    var random = SplitMix(seed: OracleFolder.seed)
    for _ in 0..<1000 {
      let bytes = Int.random(in: 1024...1 << Int.random(in: 11...44, using: &random), using: &random)
      let words = bytesInWords(bytes, rounding: .up).split(separator: " ")
      let unit = ["KiB": 0x1p10, "MiB": 0x1p20, "GiB": 0x1p30, "TiB": 0x1p40][words[1]]!
      #expect(Double(words[0])! * unit >= Double(bytes), "\(bytes)")
    }
  }

  /// Of a large budget, as many neurons as there are; of a small one, fewer neurons before fewer rows than a chunk has.
  /// A million neurons have a file for each group, a thousand have one for 64 groups.
  @Test func orderingTakesMediansTwoListsOfKeysAndTheOrders() {
    let million = 1_000_000
    #expect(FigureFiles<Float>.bytes(groups: 11, neurons: million, lanes: 1) == million * (4 + 2 * 8 + 4 + 4))
    #expect(FigureFiles<Double>.bytes(groups: 11, neurons: million, lanes: 1) == million * (8 + 2 * 16 + 4 + 4))
    #expect(FigureFiles<Float>.bytes(groups: 11, neurons: million, lanes: 3) == million * (4 + 2 * 8 + 4 + 4 + 2 * 8))
    // More lanes than statistics have nothing to do.
    #expect(
      FigureFiles<Float>.bytes(groups: 11, neurons: million, lanes: 64)
        == FigureFiles<Float>.bytes(groups: 11, neurons: million, lanes: 12))
    #expect(FigureFiles<Float>.bytes(groups: 3, neurons: 1000, lanes: 2) == 1000 * (4 + 2 * 8 + 4 + 3 * 4 + 3 * 8))
    #expect(FigureFiles<Float>.bytes(groups: 100, neurons: 1000, lanes: 1) == 1000 * (4 + 2 * 8 + 4 + 64 * 4))
  }

  @Test func moreMemoryIsFewerBands() throws {
    func model(_ budget: Int, chunkRows: Int = 100) -> MemoryModel {
      MemoryModel(
        budget: budget, always: 60 << 20, finishing: 1 << 20, working: 10 << 20, workingForBands: 10 << 20,
        perNeuron: 10_000,
        block: { $0 * $1 * 4 },
        decoded: { _ in 1 }, neurons: 100_000, rows: 50_000, rowGranularity: chunkRows, cells: 10,
        valueBytes: 20_000_000_000)
    }
    #expect(try model(8 << 30).cut().bandNeurons == 100_000)
    let cut = try model(500 << 20).cut()
    #expect(cut.bandNeurons == 88 * 256 && cut.rowsPerBlock % 100 == 0)
    #expect(try model(76 << 20).cut().bandNeurons == 256)
    #expect(throws: MemoryModel.Shortage.self) { try model(72 << 20).cut() }
    #expect(throws: MemoryModel.Shortage.self) { try model(80 << 20, chunkRows: 50_000).cut() }
  }
}

extension MemoryModel {
  /// The least budget, as an error tells it.
  fileprivate var needed: Int {
    do throws(Shortage) { _ = try cut() } catch { return error.needed }
    return budget
  }

  /// Of what is left for counters and a block, a sixteenth stays free.
  fileprivate func leavesRoom(_ cut: Cut) -> Bool {
    cut.counters + cut.block <= (budget - always - working) / 16 * 15
  }

  fileprivate func with(budget: Int) -> MemoryModel {
    MemoryModel(
      budget: budget, always: always, finishing: finishing, working: working, workingForBands: workingForBands,
      perNeuron: perNeuron, block: block, decoded: decoded, neurons: neurons, rows: rows,
      rowGranularity: rowGranularity, cells: cells,
      valueBytes: valueBytes)
  }
}
