/// The memory of a layer's work, in bytes and numbers alone: what each part takes, and how the work is cut so that everything that is there
/// at one time stays within the budget.
///
///     always + finishing                                   while figures are ordered and written
///     always + working + counters + block + kept           while rows are counted
///     always + working + counters + block + kept + gathered   while quartiles are found
struct MemoryModel {
  /// For the whole process.
  let budget: Int
  /// What is there from the beginning to the end: see `always(files:rows:)`, and the grid of each neuron.
  let always: Int
  /// What ordering the neurons and writing their figures takes.
  let finishing: Int
  /// What all lanes take to decode, count and encode.
  let working: Int
  /// The same of `bandLanes` lanes.
  let workingForBands: Int
  /// The counters and quartiles of a neuron.
  let perNeuron: Int
  /// A block of rows of some neurons, neither more than the layer has.
  let block: (_ neurons: Int, _ rows: Int) -> Int
  /// What a pass decodes in bands of so many neurons.
  let decoded: (_ bandNeurons: Int) -> Int

  let neurons: Int
  let rows: Int
  /// Blocks are whole multiples of so many rows, so that no chunk is decoded twice.
  let rowGranularity: Int
  let cells: Int
  /// Bytes of the layer's values.
  let valueBytes: Int

  /// The program, and for each row its classes and its cell; for each file that it has open, what libhdf5 takes.
  private static let processBytes = 56 << 20
  private static let rowBytes = 24
  private static let fileBytes = 544 << 10
  /// A block larger than this gains nothing, as long as it has some rows of each cell.
  private static let blockBytesMax = 32 << 20
  private static let rowsPerCell = 16
  /// Counters that outweigh the data are kept to about so many bytes where that decodes nothing more often: new memory is cleared
  /// by the system, which takes longer than to read as much of a file.
  private static let countersGoal = 512 << 20
  /// The share of the budget that candidates may take beyond what counting leaves: one of so many.
  private static let candidateShare = 32
  /// Neurons whose counts are written as one; bands are whole multiples.
  static let bandUnit = CountArrays.blockNeurons
  /// Bands are cut for so many lanes, whatever their number: a run that goes on with more or fewer finds the bands of the one before.
  static let bandLanes = 16

  /// What is there as long as the process is, whatever its layers.
  static func always(files: Int, rows: Int) -> Int { processBytes + files * fileBytes + rows * rowBytes }

  // MARK: Counting

  /// How a layer is cut into bands of neurons and blocks of rows.
  struct Cut: Equatable {
    var bandNeurons: Int
    var rowsPerBlock: Int
    /// Bytes of a band's counters, and of a block.
    var counters: Int
    var block: Int
  }

  /// A budget that does not suffice.
  struct Shortage: Error, Equatable {
    enum Part { case finishing, counting }
    /// What takes more than there is.
    var part: Part
    /// The least budget that does, in bytes.
    var needed: Int
  }

  /// What is left of the budget for counters, blocks and candidates.
  private var usable: Int { max(0, budget - always - working) }
  /// Counters and a block may take all of it but a sixteenth.
  private var countingMax: Int { usable / 16 * 15 }
  /// Bytes of the counters of so many units of neurons.
  private func counters(units: Int) -> Int { units * Self.bandUnit * perNeuron }

  /// - Throws: `Shortage` where not even one unit of neurons and the smallest block fit.
  func cut() throws(Shortage) -> Cut {
    try checkLeast()
    let units = bandUnits()
    let bandNeurons = min(units * Self.bandUnit, neurons)
    let counters = counters(units: (bandNeurons + Self.bandUnit - 1) / Self.bandUnit)
    // Of a thousand classes a small block has two rows each, and every run of rows costs the way to its cell's counters.
    let manyCells = min(usable / 8, block(bandNeurons, min(Self.rowsPerCell * cells, rows)))
    let blockMax = min(
      max(Self.blockBytesMax, manyCells), usable / 4, (usable - counters) / 2, countingMax - counters)
    let granule = max(1, block(bandNeurons, min(rowGranularity, rows)))
    let rowsPerBlock = rowGranularity * max(1, blockMax / granule)
    return Cut(
      bandNeurons: bandNeurons, rowsPerBlock: rowsPerBlock, counters: counters,
      block: block(bandNeurons, min(rowsPerBlock, rows)))
  }

  private func checkLeast() throws(Shortage) {
    let counting = counters(units: 1) + leastBlock(units: 1)
    let whole = always + working + (counting + 14) / 15 * 16
    let needed = max(always + finishing, whole)
    guard budget < needed else { return }
    throw Shortage(part: whole < needed ? .finishing : .counting, needed: needed)
  }

  /// The smallest block of so many units of neurons.
  private func leastBlock(units: Int) -> Int { block(min(units * Self.bandUnit, neurons), min(rowGranularity, rows)) }

  /// Units of neurons that a band has.
  private func bandUnits() -> Int {
    var units = unitsForBandLanes()
    // Where there are many lanes for a small budget, or one for them all, the bands are smaller.
    while units > 1,
      max(counters(units: units) / 3 * 4, counters(units: units) + leastBlock(units: units)) > countingMax
    {
      units = min(units - 1, units / 8 * 7)
    }
    return max(1, units)
  }

  /// The same for `bandLanes` lanes, to which a quarter of the budget is granted at most.
  private func unitsForBandLanes() -> Int {
    let left = max(0, budget - always)
    let usable = left - min(workingForBands, left / 4)
    let all = (neurons + Self.bandUnit - 1) / Self.bandUnit
    var units = max(1, min(all, usable / 2 / counters(units: 1)))
    while units > 1, leastBlock(units: units) > usable / 4 { units = (units + 1) / 2 }
    guard counters(units: units) > max(valueBytes, Self.countersGoal) else { return units }
    let most = decoded(units * Self.bandUnit)
    let fewer = stride(from: max(1, Self.countersGoal / counters(units: 1)), through: 1, by: -1)
    return fewer.first { decoded($0 * Self.bandUnit) <= most } ?? units
  }

  // MARK: Candidates

  /// The most that candidates may take that are kept while rows are counted. Only of a large budget: close to its end more rows would
  /// need more memory.
  func keptMax(_ cut: Cut) -> Int { left(cut) / 4 }

  /// How candidates are gathered in a pass of their own.
  struct Gathering: Equatable {
    var rowsPerBlock: Int
    /// Bytes for the candidates that are gathered at once.
    var bytes: Int
    /// Peak of the whole process.
    var peak: Int
  }

  private func left(_ cut: Cut) -> Int { usable - cut.counters - cut.block }

  /// - Parameters:
  ///   - isOneBlock: whether a block holds all rows, and is gone through again where it is.
  ///   - isMapped: whether blocks are looked at where the system has them in memory.
  ///   - isCheapInParts: whether a part of the neurons can be read for its share of the cost. Then gathering takes no more memory than
  ///     counting, smaller blocks and candidates together, so that more rows take no more of it; or a small share of a large budget.
  ///   - kept: bytes for candidates that are kept while rows are counted.
  func gathering(_ cut: Cut, isOneBlock: Bool, isMapped: Bool, isCheapInParts: Bool, kept: Int) -> Gathering {
    let share = budget / Self.candidateShare
    let isWhole = cut.block > Self.blockBytesMax || isMapped && cut.block <= share
    let rowsPerBlock =
      isWhole ? cut.rowsPerBlock : max(rowGranularity, cut.rowsPerBlock / 4 / rowGranularity * rowGranularity)
    // What these blocks leave of those that were counted.
    let freed = isOneBlock ? 0 : cut.block - block(cut.bandNeurons, min(rowsPerBlock, rows))
    let bytes = min(isCheapInParts ? max(freed, share) : .max, left(cut) / 2, usable / 5)
    let gathered = max(0, min(bytes, valueBytes / 8) - freed)
    return Gathering(rowsPerBlock: rowsPerBlock, bytes: bytes, peak: peak(cut, kept: kept, gathered: gathered))
  }

  /// Peak of the whole process, in bytes.
  /// - Parameters:
  ///   - kept: for candidates that are kept while rows are counted.
  ///   - gathered: for those that are gathered later, beyond what smaller blocks leave.
  func peak(_ cut: Cut, kept: Int, gathered: Int) -> Int {
    max(always + finishing, always + working + cut.counters + cut.block + kept + gathered)
  }
}
