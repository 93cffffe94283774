import CKernels
import HDF5

/// The memory of blocks of rows on their way from the file to where they are counted.
final class BlockBuffers<Value: ReadableValue> {
  /// Rows that it holds, and bytes of an element as it is stored.
  let rows: Int
  let elementBytes: Int
  let needsConversion: Bool
  let isMatrix: Bool
  /// Whether numbers are looked at as they come from the file.
  var isRaw: Bool { isMatrix && !needsConversion }
  /// As stored, [row …]; as numbers, where they are stored as others; `[sample, neuron]`, where they are stored otherwise.
  let raw: UnsafeMutableRawBufferPointer
  let values: UnsafeMutableBufferPointer<Value>
  let matrix: UnsafeMutableBufferPointer<Value>

  /// Whether a block is read as the numbers of another type than is stored; of a matrix, only where a convention changes them.
  static func needsConversion(_ source: LayerSource, isMatrix: Bool) -> Bool {
    source.convention != nil || !isMatrix && source.element != Value.element
  }

  init(_ source: LayerSource, neurons: Range<Int>, rows: Int, isMatrix: Bool) {
    self.rows = rows
    self.isMatrix = isMatrix
    needsConversion = Self.needsConversion(source, isMatrix: isMatrix)
    let rowCount = source.geometry.ranges(neurons: neurons).reduce(1) { $0 * $1.count }
    elementBytes = source.element.bytes ?? 8
    let size = MemoryLayout<Value>.size
    raw = Self.pages(rows * rowCount * elementBytes)
    values = Self.pages(needsConversion ? rows * rowCount * size : 0).bindMemory(to: Value.self)
    matrix = Self.pages(isMatrix ? 0 : rows * source.geometry.samplesPerRow * neurons.count * size)
      .bindMemory(to: Value.self)
  }

  deinit {
    for buffer in [raw, UnsafeMutableRawBufferPointer(values), UnsafeMutableRawBufferPointer(matrix)] {
      nd_pages_free(buffer.baseAddress, buffer.count)
    }
  }

  /// Gives the memory of what was stored back to the system, until it is needed again.
  func discard() { nd_pages_discard(raw.baseAddress, raw.count) }

  private static func pages(_ bytes: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: nd_pages_allocate(bytes), count: bytes)
  }
}

/// The reading of a block: from the file, to numbers, to `[sample, neuron]`.
///
/// A lane takes some rows all the way, as long as they are in its cache; where there are not enough of such parts for all lanes, or rows do
/// not lie behind each other, all rows go step by step.
struct BlockReading<Value: ReadableValue>: @unchecked Sendable {
  // Unchecked: lanes write disjoint rows, and of buffers in between the part that is theirs.
  let source: LayerSource
  let part: LayerSource.Part
  let neurons: Range<Int>
  /// Of the part.
  let rows: Range<Int>
  let box: [Range<Int>]
  let buffers: BlockBuffers<Value>
  let scratch: LaneScratch

  private var geometry: LayerGeometry { source.geometry }
  private var samples: Int { rows.count * geometry.samplesPerRow }
  private var elementBytes: Int { buffers.elementBytes }
  /// Elements of a row: fewer than the buffers have room for, where only some of their neurons are read.
  private var rowCount: Int { box.reduce(1) { $0 * $1.count } / max(1, rows.count) }

  /// The values of all rows, of what is not a matrix.
  private var decoded: UnsafePointer<Value> {
    buffers.needsConversion
      ? UnsafePointer(buffers.values.baseAddress!)
      : UnsafePointer(buffers.raw.baseAddress!.assumingMemoryBound(to: Value.self))
  }

  /// What was read.
  var block: RowBlock<Value> {
    let firstRow = part.firstRow + rows.lowerBound
    guard buffers.isMatrix else {
      return RowBlock(
        base: UnsafeRawPointer(buffers.matrix.baseAddress!), element: Value.element, pitch: neurons.count,
        samples: samples, firstRow: firstRow, samplesPerRow: geometry.samplesPerRow)
    }
    let element = buffers.needsConversion ? Value.element : source.element
    let base =
      buffers.needsConversion
      ? UnsafeRawPointer(buffers.values.baseAddress!) : UnsafeRawPointer(buffers.raw.baseAddress!)
    let offset = geometry.offsets(neurons: neurons.lowerBound..<neurons.lowerBound + 1, rowCount: 1).neurons[0]
    return RowBlock(
      base: base + offset * element.bytes!, element: element, pitch: rows.count * rowCount / samples, samples: samples,
      firstRow: firstRow, samplesPerRow: geometry.samplesPerRow)
  }

  /// - Parameter positions: whether each counts, `[row, position]`; `nil`: all do.
  func run(counting positions: UnsafePointer<UInt8>? = nil, _ parallel: ParallelFor) throws {
    if let tasks = tasks(counting: positions) {
      try parallel(tasks.count, tasks.run)
    } else {
      try runStepByStep(counting: positions, parallel)
    }
  }

  /// The same in tasks that may be done in any order; `nil` where there are none such.
  func tasks(counting positions: UnsafePointer<UInt8>? = nil) -> (
    count: Int, run: @Sendable (_ lane: Int, _ index: Int) throws -> Void
  )? {
    if buffers.isRaw { return readingTasks }
    guard let some = rowsTogether else { return nil }
    let gathering = buffers.isMatrix ? nil : RowGathering<Value>(geometry, neurons, rows: some, positions)
    return (
      (rows.count + some - 1) / some,
      { lane, index in
        let first = index * some
        try take(first..<min(first + some, rows.count), lane: lane, at: lane * some * rowCount, gathering)
      }
    )
  }

  /// The first step: what is stored, as it is.
  private var readingTasks: (count: Int, run: @Sendable (_ lane: Int, _ index: Int) throws -> Void) {
    let pieces = part.dataset.pieces(of: box)
    return (
      pieces.count,
      { lane, index in
        try part.dataset.read(pieces[index], of: box, into: buffers.raw.baseAddress!, scratch: scratch.each[lane])
      }
    )
  }

  // MARK: Some rows all the way

  /// Of what a lane takes all the way, about so many bytes fit its cache.
  private static var togetherBytes: Int { 512 << 10 }
  /// Parts that each lane would have, at least: else some would wait long for others.
  private static var partsPerLane: Int { 4 }

  /// Rows that a lane takes all the way; `nil`: all rows go step by step.
  private var rowsTogether: Int? {
    guard let row = geometry.axes.row, box[..<row].allSatisfy({ $0.count == 1 }), rows.count > 0 else { return nil }
    let unit = part.dataset.info.granularity(along: row)
    guard rows.lowerBound % unit == 0 else { return nil }
    let lanes = scratch.each.count
    let fitting = Self.togetherBytes / max(1, rowCount * elementBytes)
    let some = max(1, min(fitting, rows.count / lanes / Self.partsPerLane) / unit) * unit
    guard some * lanes <= buffers.rows, lanes == 1 || some * lanes * Self.partsPerLane / 2 <= rows.count else {
      return nil
    }
    return some
  }

  /// - Parameters:
  ///   - some: rows, counted from the block's first.
  ///   - place: of what is the lane's, in buffers in between, in elements.
  private func take(_ some: Range<Int>, lane: Int, at place: Int, _ gathering: RowGathering<Value>?) throws {
    var box = box
    box[geometry.axes.row!] = rows.lowerBound + some.lowerBound..<rows.lowerBound + some.upperBound
    let raw = buffers.raw.baseAddress! + place * elementBytes
    for piece in part.dataset.pieces(of: box) {
      try part.dataset.read(piece, of: box, into: raw, scratch: scratch.each[lane])
    }
    var decoded = raw.assumingMemoryBound(to: Value.self)
    if buffers.needsConversion {
      decoded = buffers.values.baseAddress! + (buffers.isMatrix ? some.lowerBound * rowCount : place)
      convert(raw, to: decoded, count: some.count * rowCount)
    }
    guard let gathering else { return }
    for row in some {
      gathering.gather(row: row, decoded + (row - some.lowerBound) * rowCount, to: buffers.matrix.baseAddress!)
    }
  }

  private func convert(_ raw: UnsafeRawPointer, to values: UnsafeMutablePointer<Value>, count: Int) {
    Value.convert(raw, source.element, count: count, to: values)
    source.convention?.apply(UnsafeMutableBufferPointer(start: values, count: count))
  }

  // MARK: Step by step

  private func runStepByStep(counting positions: UnsafePointer<UInt8>?, _ parallel: ParallelFor) throws {
    let reading = readingTasks
    try parallel(reading.count, reading.run)
    if buffers.needsConversion {
      let count = rows.count * rowCount
      let step = 1 << 16
      try parallel((count + step - 1) / step) { _, index in
        let first = index * step
        convert(
          buffers.raw.baseAddress! + first * elementBytes, to: buffers.values.baseAddress! + first,
          count: min(step, count - first))
      }
    }
    guard !buffers.isMatrix else { return }
    let gathering = RowGathering<Value>(geometry, neurons, rows: rows.count, positions)
    try parallel(rows.count) { _, row in
      gathering.gather(row: row, decoded + row * gathering.rowStride, to: buffers.matrix.baseAddress!)
    }
  }
}

/// Brings rows of any axes to `[sample, neuron]`, reducing positions.
private struct RowGathering<Value: ReadableValue>: @unchecked Sendable {
  // Unchecked: what it points to is only read.
  private let geometry: LayerGeometry
  private let neurons: [Int]
  private let positions: [Int]
  /// Elements between two rows.
  let rowStride: Int
  private let counting: UnsafePointer<UInt8>?

  /// - Parameters:
  ///   - rows: that lie together.
  ///   - counting: whether each position counts, `[row, position]`; `nil`: all do.
  init(_ geometry: LayerGeometry, _ neurons: Range<Int>, rows: Int, _ counting: UnsafePointer<UInt8>?) {
    self.geometry = geometry
    self.counting = counting
    (self.neurons, positions, rowStride) = geometry.offsets(neurons: neurons, rowCount: rows)
  }

  /// - Parameters:
  ///   - row: of the block.
  ///   - start: where it begins.
  ///   - matrix: of the whole block.
  func gather(row: Int, _ start: UnsafePointer<Value>, to matrix: UnsafeMutablePointer<Value>) {
    let target = matrix + row * geometry.samplesPerRow * neurons.count
    counted(row).withUnsafeBufferPointer { positions in
      neurons.withUnsafeBufferPointer { neurons in
        let places = nd_row_places(
          neurons: neurons.baseAddress, neuron_count: neurons.count, positions: positions.baseAddress,
          position_count: positions.count)
        switch geometry.reduce {
        case .flatten, .samples: Value.spread(start, places, to: target)
        case .max: Value.largest(start, places, to: target)
        case .mean: Value.mean(start, places, to: target)
        }
      }
    }
  }

  /// The positions of a row that count.
  private func counted(_ row: Int) -> [Int] {
    guard let counting else { return positions }
    let flags = counting + row * positions.count
    return positions.indices.filter { flags[$0] != 0 }.map { positions[$0] }
  }
}

/// Buffers of which each lane uses its own only.
struct LaneScratch: @unchecked Sendable {
  // Unchecked: no lane touches what another uses.
  let each: [Scratch]
}
