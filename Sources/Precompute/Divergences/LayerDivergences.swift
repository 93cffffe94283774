import CKernels
import Distributions
import TileStore

/// Judges the rows and the instances of a layer by the codes of a store that is being built.
///
/// Rows go by in windows, each of which passes all neurons, block by block; sums and products therefore go in the order of the neurons,
/// whatever the lanes, and nothing depends on how the layer was counted.
struct LayerDivergences {
  let layer: LayerReader
  /// Groups of the store that are classes, and the rows of each.
  let groups: [Int]
  let sizes: [Int]
  let rows: NamedRows
  let instances: [JudgedInstance]
  let lanes: Lanes
  /// Keeps the evidence of each class for each row, `[class, row]`; `nil`: there are too many classes.
  let evidence: ScratchMatrixFile?
  let checkStop: () throws -> Void

  /// An instance, and what is known of it.
  struct JudgedInstance {
    var named: Int32
    var rival: Int32
    var sourceRow: Int?
    /// It is that row of the dump.
    var isRow: Bool
  }

  /// D, T and R of each row and instance, one after another.
  struct Result {
    var rows: [Double]
    var instances: [Double]
  }

  private var samples: Int { layer.layer.samples }
  private var neurons: Int { layer.layer.neurons }
  private var extent: JudgeSizes { JudgeSizes(rows: rows.labels.count, samples: samples, classes: groups.count) }

  /// Some rows, and what of them is judged in a pass over all neurons.
  private struct Pass {
    /// Rows whose codes are there.
    var window: Range<Int>
    var judgesRows: Bool
    /// Instances that come from one of these rows, or from none.
    var instances: [Int]
  }

  func judge() throws -> Result {
    let figures = DivergenceAttributes.figures.count
    var result = Result(
      rows: Array(repeating: .nan, count: rows.labels.count * figures),
      instances: Array(repeating: .nan, count: instances.count * figures))
    let reader = try ClassCellReader(layer, groups: groups, labels: rows.labels, sizes: extent, lanes: lanes)
    let codes = CodeWindows(layer, grids: reader.grids, sizes: extent, lanes: lanes)
    let cells = ClassCells(neurons: JudgeSizes.blockNeurons, classes: groups.count)
    for pass in passes { try judge(pass, reader, codes, cells, into: &result) }
    for (number, instance) in instances.enumerated() where instance.isRow {
      guard let row = instance.sourceRow else { continue }
      for figure in 0..<figures { result.instances[number * figures + figure] = result.rows[row * figures + figure] }
    }
    return result
  }

  private var passes: [Pass] {
    // Of several samples a row, an instance's are not in the store.
    let judged = samples == 1 ? instances.indices.filter { !instances[$0].isRow && instances[$0].named >= 0 } : []
    let step = extent.windowRows
    return stride(from: 0, to: rows.labels.count, by: step).flatMap { first in
      let window = first..<min(first + step, rows.labels.count)
      let own = judged.filter { window.contains(instances[$0].sourceRow ?? 0) }
      let batches =
        own.isEmpty
        ? [[]]
        : stride(from: 0, to: own.count, by: JudgeSizes.instancesAtOnce).map {
          Array(own[$0..<min($0 + JudgeSizes.instancesAtOnce, own.count)])
        }
      return batches.enumerated().map { Pass(window: window, judgesRows: $0.offset == 0, instances: $0.element) }
    }
  }

  private func judge(
    _ pass: Pass, _ reader: ClassCellReader, _ codes: CodeWindows, _ cells: ClassCells, into result: inout Result
  ) throws {
    let window = pass.window
    let judged = JudgedRows(
      named: Array(rows.named[window]), taken: Array(rows.labels[window]), rivals: Array(rows.rivals[window]))
    let judge = RowJudge(pass.judgesRows ? judged : judged[0..<0], samples: samples, classes: groups.count)
    let dots = try InstanceJudge(
      layer, pass.instances.map { ($0, instances[$0]) }, labels: rows.labels, grids: reader.grids, tails: reader.tails,
      classes: groups.count)
    let step = judge.rowsAtOnce
    for first in stride(from: 0, to: neurons, by: JudgeSizes.blockNeurons) {
      try checkStop()
      let block = first..<min(first + JudgeSizes.blockNeurons, neurons)
      try reader.read(block, into: cells)
      for start in stride(from: block.lowerBound, to: block.upperBound, by: extent.codeNeurons) {
        let some = start..<min(start + extent.codeNeurons, block.upperBound)
        try codes.read(some, samples: window.lowerBound * samples..<window.upperBound * samples)
        let values = RowJudge.Values(
          codes: codes.codes.base, cells: codes.cells.base, without: codes.cells.base, pitch: codes.pitch)
        let places = some.lowerBound - block.lowerBound..<some.upperBound - block.lowerBound
        if pass.judgesRows {
          try lanes.run((window.count + step - 1) / step) { _, task in
            judge.add(cells, places, values, rows: task * step..<min((task + 1) * step, window.count))
          }
        }
        try dots?.add(cells, places, neurons: some, codes, window: window)
      }
    }
    if pass.judgesRows { try take(judge, window, into: &result) }
    if let dots {
      for (place, number) in pass.instances.enumerated() {
        for (figure, value) in dots.judge.figures(place, sizes: sizes).numbers.enumerated() {
          result.instances[3 * number + figure] = value
        }
      }
    }
  }

  private func take(_ judge: RowJudge, _ window: Range<Int>, into result: inout Result) throws {
    for row in window {
      for (figure, value) in judge.figures(row - window.lowerBound, sizes: sizes).numbers.enumerated() {
        result.rows[3 * row + figure] = value
      }
    }
    guard let evidence else { return }
    for label in groups.indices {
      let some = (0..<window.count).map { judge.evidence($0, of: label) }
      try some.withUnsafeBufferPointer { try evidence.write($0, at: label * rows.labels.count + window.lowerBound) }
    }
  }
}

/// Judges instances beside the rows whose codes are there.
private final class InstanceJudge {
  let judge: RowJudge
  private let values: ArrayReader
  private let planes: [Int]
  private let sources: [Int?]
  private let grids: [DyadicGrid]
  private let tails: [UInt8]
  /// Neurons whose values are there, `[instance, neuron]`.
  private var kept = 0..<0
  private let keptMax: Int
  private var held: [Float]
  /// `[neuron, instance]`.
  private var codes: [UInt8]
  private var cells: [UInt8]
  private var without: [UInt8]

  /// - Returns: `nil` where there is nothing to judge.
  init?(
    _ layer: LayerReader, _ instances: [(number: Int, instance: LayerDivergences.JudgedInstance)], labels: [Int32],
    grids: [DyadicGrid], tails: [UInt8], classes: Int
  ) throws {
    guard let values = layer.values, !instances.isEmpty else { return nil }
    self.values = values
    self.grids = grids
    self.tails = tails
    planes = instances.map(\.number)
    sources = instances.map(\.instance.sourceRow)
    judge = RowJudge(
      JudgedRows(
        named: instances.map(\.instance.named), taken: sources.map { $0.map { labels[$0] } ?? -1 },
        rivals: instances.map(\.instance.rival)), samples: 1, classes: classes)
    keptMax = JudgeSizes.valueNeurons(chunk: values.rowsPerChunk, instances: instances.count)
    held = Array(repeating: .nan, count: planes.count * keptMax)
    codes = Array(repeating: 0, count: planes.count * JudgeSizes.blockNeurons)
    (cells, without) = (codes, codes)
  }

  /// - Parameters:
  ///   - places: in `cells`; `neurons` are the same in the layer.
  ///   - window: rows whose codes are there.
  func add(
    _ classes: ClassCells, _ places: Range<Int>, neurons: Range<Int>, _ rows: CodeWindows, window: Range<Int>
  ) throws {
    let count = planes.count
    for (number, neuron) in neurons.enumerated() {
      if !kept.contains(neuron) { try keep(from: neuron) }
      for place in 0..<count {
        let value = Double(held[place * keptMax + neuron - kept.lowerBound])
        let (code, cell) = grids[neuron].place(of: value, hasTails: tails[neuron] != 0)
        codes[number * count + place] = code
        cells[number * count + place] = cell
        without[number * count + place] =
          sources[place].map { rows.cells.base[number * rows.pitch + $0 - window.lowerBound] } ?? ValueCell.none
      }
    }
    codes.withUnsafeBufferPointer { codes in
      cells.withUnsafeBufferPointer { cells in
        without.withUnsafeBufferPointer { without in
          guard let codes = codes.baseAddress, let cells = cells.baseAddress, let without = without.baseAddress else {
            return
          }
          judge.add(
            classes, places, RowJudge.Values(codes: codes, cells: cells, without: without, pitch: count),
            rows: 0..<count)
        }
      }
    }
  }

  private func keep(from neuron: Int) throws {
    let first = neuron / keptMax * keptMax
    kept = first..<min(first + keptMax, grids.count)
    let size = values.rowsPerChunk
    for (place, plane) in planes.enumerated() {
      try values.stream(plane: plane, chunks: kept.lowerBound / size..<(kept.upperBound - 1) / size + 1) {
        start, rows in
        let numbers = rows.bindMemory(to: Float.self)
        for neuron in kept.clamped(to: start..<start + numbers.count) {
          held[place * keptMax + neuron - kept.lowerBound] = numbers[neuron - start]
        }
      }
    }
  }
}
