import Activations
import CKernels
import Distributions
import Synchronization
import TileStore

/// Judges the rows of a layer of a dump, one block after another.
final class JudgedLayer {
  /// Rows that are judged.
  private(set) var judged = 0
  private var figures: [RowFigures] = []
  private var judgeNext: () throws -> [RowFigures]? = { nil }
  private let reader: ClassCellReader
  private let extent: JudgeSizes
  private let neurons: Int
  private let samples: Int
  private let sizes: [Int]
  private let rows: JudgedRows
  private let missing: [Range<Int>]
  private let lanes: Lanes
  private let name: String
  /// Cells of the blocks of neurons, where there is room for all of them.
  private var kept: [ClassCells] = []
  /// Finite values, and those of them beyond the grids.
  private var finite = 0
  private var beyond = 0

  private static let keptBytes = 64 << 20
  /// The share of values beyond the grids from which on something is wrong with their scale.
  private static let beyondShare = 0.01

  init(
    _ source: LayerSource, _ layer: LayerReader, groups: [Int], labels: [Int32], sizes: [Int], rows: JudgedRows,
    missing: Job.Missing,
    blockBytes: Int, rowsMax: Int, lanes: Lanes
  ) throws {
    (neurons, samples, name) = (layer.layer.neurons, layer.layer.samples, layer.layer.name)
    self.sizes = sizes
    self.rows = rows
    self.lanes = lanes
    extent = JudgeSizes(rows: min(rows.count, rowsMax), samples: samples, classes: groups.count)
    reader = try ClassCellReader(layer, groups: groups, labels: labels, sizes: extent, lanes: lanes)
    self.missing = missing == .skip ? try source.missingRows() : []
    if source.fitsFloat {
      begin(source, as: Float.self, blockBytes, rowsMax)
    } else {
      begin(source, as: Double.self, blockBytes, rowsMax)
    }
  }

  private func begin<Value: ReadableValue>(_ source: LayerSource, as: Value.Type, _ blockBytes: Int, _ rowsMax: Int) {
    let granularity = min(RowBlocks<Value>.rowGranularity(source), source.rows)
    let least = RowBlocks<Value>.bytes(source, neurons: 0..<source.neurons, rowsPerBlock: granularity)
    let most = max(1, min(blockBytes / max(1, least), rowsMax / max(1, granularity)))
    let blocks = RowBlocks<Value>(
      source, neurons: 0..<source.neurons, rowsPerBlock: granularity * most, lanes: lanes.count)
    var next = 0
    judgeNext = { [unowned self] in
      guard next < blocks.blocks.count else { return nil }
      defer { next += 1 }
      return try blocks.withBlock(next, lanes.run) { try judge($0) }
    }
  }

  /// Judges the next rows.
  /// - Returns: whether there were any.
  func judgeBlock() throws -> Bool {
    guard let some = try judgeNext() else { return false }
    figures += some
    judged += some.count
    return true
  }

  /// Hands over the first of the figures.
  func take(_ count: Int) -> [RowFigures] {
    defer { figures.removeFirst(count) }
    return Array(figures[..<count])
  }

  /// What is odd about the values; `nil`: nothing.
  var note: String? {
    guard finite > 0, Double(beyond) > Self.beyondShare * Double(finite) else { return nil }
    let share = Double(beyond) / Double(finite) * 100
    return
      "\(share < 10 ? "\((share * 10).rounded() / 10)" : "\(Int(share.rounded()))") % of the values of \(name) lie beyond what any row of the store has: look whether these are activations of the same network, with the same scale."
  }

  private func judge<Value: ReadableValue>(_ block: RowBlock<Value>) throws -> [RowFigures] {
    let count = block.samples / samples
    let judge = RowJudge(rows[block.firstRow..<block.firstRow + count], samples: samples, classes: sizes.count)
    let pitch = block.samples + 64
    let width = max(1, min(JudgeSizes.blockNeurons, (4 << 20) / (2 * pitch)))
    let (codes, cells) = (Pages<UInt8>(count: width * pitch), Pages<UInt8>(count: width * pitch))
    defer {
      codes.deallocate()
      cells.deallocate()
    }
    let places = Places(
      codes: codes.base, cells: cells.base, pitch: pitch, grids: reader.grids, tails: reader.tails,
      missing: missing, samplesPerRow: samples)
    let values = RowJudge.Values(codes: codes.base, cells: cells.base, without: cells.base, pitch: pitch)
    let step = judge.rowsAtOnce
    for first in stride(from: 0, to: neurons, by: JudgeSizes.blockNeurons) {
      let some = first..<min(first + JudgeSizes.blockNeurons, neurons)
      let classes = try self.cells(of: some)
      for start in stride(from: some.lowerBound, to: some.upperBound, by: width) {
        let few = start..<min(start + width, some.upperBound)
        try lanes.run((count + step - 1) / step) { [samples] _, task in
          let rows = task * step..<min((task + 1) * step, count)
          places.put(block, neurons: few, samples: rows.lowerBound * samples..<rows.upperBound * samples)
          judge.add(classes, few.lowerBound - first..<few.upperBound - first, values, rows: rows)
        }
      }
    }
    let (seen, far) = places.tally
    finite += seen
    beyond += far
    block.finishBefore()
    return (0..<count).map { judge.figures($0, sizes: sizes) }
  }

  private func cells(of block: Range<Int>) throws -> ClassCells {
    let bytes = ClassCells.bytes(neurons: JudgeSizes.blockNeurons, classes: sizes.count)
    let blocks = (neurons + JudgeSizes.blockNeurons - 1) / JudgeSizes.blockNeurons
    let number = block.lowerBound / JudgeSizes.blockNeurons
    if number < kept.count, blocks * bytes <= Self.keptBytes { return kept[number] }
    if kept.isEmpty || blocks * bytes <= Self.keptBytes {
      kept.append(ClassCells(neurons: JudgeSizes.blockNeurons, classes: sizes.count))
    }
    let cells = kept[kept.count - 1]
    try reader.read(block, into: cells)
    return cells
  }
}

/// Brings values to codes and cells.
private final class Places: @unchecked Sendable {
  // Unchecked: lanes have different samples, and the sums a lock.
  private let codes: UnsafeMutablePointer<UInt8>
  private let cells: UnsafeMutablePointer<UInt8>
  private let pitch: Int
  private let grids: [DyadicGrid]
  private let tails: [UInt8]
  private let missing: [Range<Int>]
  private let samplesPerRow: Int
  private let sums = Mutex((finite: 0, beyond: 0))

  init(
    codes: UnsafeMutablePointer<UInt8>, cells: UnsafeMutablePointer<UInt8>, pitch: Int, grids: [DyadicGrid],
    tails: [UInt8], missing: [Range<Int>], samplesPerRow: Int
  ) {
    self.codes = codes
    self.cells = cells
    self.pitch = pitch
    self.grids = grids
    self.tails = tails
    self.missing = missing
    self.samplesPerRow = samplesPerRow
  }

  var tally: (finite: Int, beyond: Int) { sums.withLock { $0 } }

  func put<Value: ReadableValue>(_ block: RowBlock<Value>, neurons: Range<Int>, samples: Range<Int>) {
    var (finite, beyond) = (0, 0)
    let scratch = UnsafeMutablePointer<Value>.allocate(capacity: neurons.count)
    defer { scratch.deallocate() }
    for sample in samples {
      let row = block.firstRow + sample / samplesPerRow
      let counts = block.counts.map { $0[sample] != 0 } ?? true
      let isThere = counts && !missing.contains { $0.contains(row) }
      let values = block.values(of: sample, neurons, scratch: scratch)
      for neuron in neurons {
        let place = (neuron - neurons.lowerBound) * pitch + sample
        guard isThere else {
          cells[place] = ValueCell.none
          continue
        }
        let value = Double(values[neuron - neurons.lowerBound])
        let (code, cell) = grids[neuron].place(of: value, hasTails: tails[neuron] != 0)
        codes[place] = code
        cells[place] = cell
        if cell != ValueCell.none { finite += 1 }
        if cell == ValueCell.below || cell == ValueCell.above { beyond += 1 }
      }
    }
    sums.withLock {
      $0.finite += finite
      $0.beyond += beyond
    }
  }
}
