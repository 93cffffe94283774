import CKernels
import HDF5

/// Runs `body(lane, index)` for every index below `count`, on as many lanes as there are; lanes are numbered from 0.
public typealias ParallelFor = (_ count: Int, _ body: @Sendable (_ lane: Int, _ index: Int) throws -> Void) throws ->
  Void

/// A number type that activations are read as.
public protocol ReadableValue: BinaryFloatingPoint, Sendable {
  /// The stored type that needs no conversion.
  static var element: ElementType { get }
  static func convert(_ source: UnsafeRawPointer, _ element: ElementType, count: Int, to: UnsafeMutablePointer<Self>)
  /// See `nd_spread_f32`, `nd_largest_f32` and `nd_mean_f32` in `positions.h`.
  static func spread(_ row: UnsafePointer<Self>, _ places: nd_row_places, to: UnsafeMutablePointer<Self>)
  static func largest(_ row: UnsafePointer<Self>, _ places: nd_row_places, to: UnsafeMutablePointer<Self>)
  static func mean(_ row: UnsafePointer<Self>, _ places: nd_row_places, to: UnsafeMutablePointer<Self>)
}

extension Float: ReadableValue {
  public static var element: ElementType { .float32 }
  public static func convert(
    _ source: UnsafeRawPointer, _ element: ElementType, count: Int, to: UnsafeMutablePointer<Float>
  ) {
    HDF5.convert(source, element, count: count, to: to)
  }
  public static func spread(
    _ row: UnsafePointer<Float>, _ places: nd_row_places, to target: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: places) { nd_spread_f32(row, $0, target) }
  }
  public static func largest(
    _ row: UnsafePointer<Float>, _ places: nd_row_places, to target: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: places) { nd_largest_f32(row, $0, target) }
  }
  public static func mean(_ row: UnsafePointer<Float>, _ places: nd_row_places, to target: UnsafeMutablePointer<Float>)
  {
    withUnsafePointer(to: places) { nd_mean_f32(row, $0, target) }
  }
}

extension Double: ReadableValue {
  public static var element: ElementType { .float64 }
  public static func convert(
    _ source: UnsafeRawPointer, _ element: ElementType, count: Int, to: UnsafeMutablePointer<Double>
  ) {
    HDF5.convert(source, element, count: count, to: to)
  }
  public static func spread(
    _ row: UnsafePointer<Double>, _ places: nd_row_places, to target: UnsafeMutablePointer<Double>
  ) {
    withUnsafePointer(to: places) { nd_spread_f64(row, $0, target) }
  }
  public static func largest(
    _ row: UnsafePointer<Double>, _ places: nd_row_places, to target: UnsafeMutablePointer<Double>
  ) {
    withUnsafePointer(to: places) { nd_largest_f64(row, $0, target) }
  }
  public static func mean(
    _ row: UnsafePointer<Double>, _ places: nd_row_places, to target: UnsafeMutablePointer<Double>
  ) {
    withUnsafePointer(to: places) { nd_mean_f64(row, $0, target) }
  }
}

/// Samples of some neurons: `[row, neuron]`, rows `pitch` values apart.
public struct RowBlock<Value>: @unchecked Sendable {
  // Unchecked: the memory is the reader's, unchanged until it is asked for another block.
  public let base: UnsafePointer<Value>
  public let pitch: Int
  /// Samples: rows, times positions where each is a sample.
  public let samples: Int
  /// Row of the dump of the first sample.
  public let firstRow: Int
  public let samplesPerRow: Int
  /// Of each sample whether it counts; `nil`: all do. Where rows are reduced, one without a position that counts does not.
  public var counts: UnsafePointer<UInt8>?
  /// Where the block before lay, if it was not copied.
  var before: MappedRun?

  /// Gives back what the block before took: a lane has time for it while others begin with this one.
  public func finishBefore() { before?.unmap() }
}

/// Reads a band of a layer's neurons, block of rows by block of rows, decoded on all lanes.
public final class RowBlocks<Value: ReadableValue> {
  public struct Block: Sendable {
    let part: Int
    /// Rows of the part.
    public let rows: Range<Int>
  }

  public let source: LayerSource
  public private(set) var neurons: Range<Int>
  private let band: Range<Int>
  public let blocks: [Block]

  private let laneCount: Int
  private let scratch: [Scratch]
  private let needsConversion: Bool
  private let isMatrix: Bool
  private let raw: UnsafeMutableRawBufferPointer
  private let values: UnsafeMutableBufferPointer<Value>
  private let matrix: UnsafeMutableBufferPointer<Value>
  private let mask: MaskReader?
  /// The block that was read last, and where it lies if it was not copied.
  private var latest: (number: Int, block: RowBlock<Value>, mapped: (run: MappedRun, dataset: Dataset)?)?
  /// Whether blocks are looked at where the system has them in memory: until the first that it has not.
  private var isMapping: Bool
  private var decodedBytes = 0

  /// Bytes that reading blocks of `rows` rows takes.
  public static func bytes(_ source: LayerSource, neurons: Range<Int>, rowsPerBlock rows: Int) -> Int {
    let row = source.geometry.ranges(neurons: neurons).reduce(1) { $0 * $1.count }
    let stored = source.element.bytes ?? 8
    let isMatrix = Self.isMatrix(source)
    let converted = source.element == Value.element && source.convention == nil ? 0 : MemoryLayout<Value>.size
    let gathered = isMatrix ? 0 : neurons.count * source.geometry.samplesPerRow * MemoryLayout<Value>.size
    return rows * (row * (stored + converted) + gathered) + MaskReader.bytes(source, rows: rows)
  }

  /// Bytes that are decoded to read some neurons of all rows, and those that are read for them from the files: whole chunks, of which
  /// a band may need but a part.
  public static func bytesTouched(_ source: LayerSource, neurons: Range<Int>) -> (decoded: Int, read: Int) {
    source.parts.reduce((0, 0)) { sum, part in
      let box = source.geometry.box(
        rows: 0..<part.rows, category: part.category, others: source.geometry.ranges(neurons: neurons))
      let decoded = part.dataset.info.decodedBytes(of: box)
      guard case .chunked = part.dataset.info.layout else { return (sum.0 + decoded, sum.1 + decoded) }
      let stored =
        Double(part.dataset.info.storedBytes) / Double(max(1, part.dataset.info.count * (source.element.bytes ?? 8)))
      return (sum.0 + decoded, sum.1 + Int(Double(decoded) * min(stored, 1)))
    }
  }

  /// Bytes that a lane needs to decode a piece: as stored, between two filters, and what a filter needs besides; without filters, to take a
  /// part of each record.
  public static func decodingBytes(_ source: LayerSource) -> Int {
    source.parts.map { part in
      let info = part.dataset.info
      return info.isInChunks || info.field != nil ? part.dataset.scratchBytes : 0
    }.max() ?? 0
  }

  /// Rows that a block must be a multiple of, so that no chunk is decoded twice.
  public static func rowGranularity(_ source: LayerSource) -> Int {
    guard let row = source.geometry.axes.row else { return 1 }
    return source.parts.map { $0.dataset.info.granularity(along: row) }.max() ?? 1
  }

  /// - Parameters:
  ///   - rowsPerBlock: rows of a block.
  ///   - stretches: rows of the dump that are read, ascending, each of whole chunks; all of them without it.
  public init(
    _ source: LayerSource, neurons: Range<Int>, rowsPerBlock: Int, lanes: Int, stretches: [Range<Int>]? = nil
  ) {
    self.source = source
    self.neurons = neurons
    band = neurons
    laneCount = lanes
    scratch = (0..<lanes).map { _ in Scratch() }
    needsConversion = source.element != Value.element || source.convention != nil
    isMatrix = Self.isMatrix(source)
    mask = source.isMasked ? MaskReader(source) : nil
    isMapping = Self.canMap(source, neurons)
    blocks = Self.blocks(source, rowsPerBlock, stretches ?? [0..<source.rows])
    let most = blocks.map(\.rows.count).max() ?? 0
    let row = source.geometry.ranges(neurons: neurons).reduce(1) { $0 * $1.count }
    raw = Self.pages(most * row * (source.element.bytes ?? 8))
    values = Self.pages(needsConversion ? most * row * MemoryLayout<Value>.size : 0).bindMemory(to: Value.self)
    matrix = Self.pages(isMatrix ? 0 : most * source.geometry.samplesPerRow * neurons.count * MemoryLayout<Value>.size)
      .bindMemory(to: Value.self)
  }

  private static func blocks(_ source: LayerSource, _ rowsPerBlock: Int, _ stretches: [Range<Int>]) -> [Block] {
    var blocks: [Block] = []
    var first = 0
    for stretch in stretches {
      while first < source.parts.count, source.parts[first].firstRow + source.parts[first].rows <= stretch.lowerBound {
        first += 1
      }
      for number in first..<source.parts.count {
        let part = source.parts[number]
        guard part.firstRow < stretch.upperBound else { break }
        let from = max(0, stretch.lowerBound - part.firstRow)
        let to = min(part.rows, stretch.upperBound - part.firstRow)
        for row in stride(from: from, to: to, by: rowsPerBlock) {
          blocks.append(Block(part: number, rows: row..<min(row + rowsPerBlock, to)))
        }
      }
    }
    return blocks
  }

  deinit {
    for buffer in [raw, UnsafeMutableRawBufferPointer(values), UnsafeMutableRawBufferPointer(matrix)] {
      nd_pages_free(buffer.baseAddress, buffer.count)
    }
  }

  private static func pages(_ bytes: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: nd_pages_allocate(bytes), count: bytes)
  }

  /// Whether a decoded box already is `[sample, neuron]`. Where samples are reduced, a mask leaves out positions of them.
  private static func isMatrix(_ source: LayerSource) -> Bool {
    source.geometry.isMatrix && (!source.isMasked || source.geometry.reduce == .samples)
  }

  /// Whether blocks of these neurons may be looked at where the system has them in memory: where they are whole rows, as they
  /// are stored.
  public static func canMap(_ source: LayerSource, _ neurons: Range<Int>) -> Bool {
    guard isMatrix(source), source.geometry.axes.row == 0, source.geometry.axes.category == nil,
      source.element == Value.element, source.convention == nil, neurons == 0..<source.neurons
    else { return false }
    return source.parts.allSatisfy {
      if case .contiguous(_?) = $0.dataset.info.layout { $0.dataset.info.field == nil } else { false }
    }
  }

  /// Reads only some of the neurons from now on.
  /// - Precondition: they are of the band.
  public func narrow(to neurons: Range<Int>) {
    precondition(band.lowerBound <= neurons.lowerBound && neurons.upperBound <= band.upperBound)
    if neurons != self.neurons { latest = nil }
    self.neurons = neurons
  }

  /// Rows of the dump that a block holds.
  public func rows(of number: Int) -> Range<Int> {
    let block = blocks[number]
    let first = source.parts[block.part].firstRow
    return first + block.rows.lowerBound..<first + block.rows.upperBound
  }

  /// Bytes that were decoded since this was asked last: whole chunks.
  public func takeDecodedBytes() -> Int {
    defer { decodedBytes = 0 }
    return decodedBytes
  }

  /// The block that holds a row of the dump.
  /// - Precondition: there is such a row.
  public func index(ofRow row: Int) -> Int {
    blocks.firstIndex { source.parts[$0.part].firstRow + $0.rows.upperBound > row }!
  }

  /// Calls `body` with a block, which is read unless it was the last that was read.
  /// - Throws: `HDF5Error`, also after `body` has seen data that turned out not to be the file's.
  public func withBlock<Result>(
    _ number: Int, _ parallel: ParallelFor, _ body: (RowBlock<Value>) throws -> Result
  ) throws -> Result {
    if latest?.number != number {
      let part = source.parts[blocks[number].part]
      let box = box(of: blocks[number])
      decodedBytes += part.dataset.info.decodedBytes(of: box)
      if let run = mapped(number) {
        latest = (number, block(number, of: run, after: latest?.mapped?.run), (run, part.dataset))
      } else {
        latest = nil
        latest = (number, try readAnew(number, box, parallel), nil)
      }
    }
    let result = try withMask(of: number, latest!.block, body)
    if let mapped = latest?.mapped { try mapped.dataset.verify(mapped.run) }
    return result
  }

  private func box(of block: Block) -> [Range<Int>] {
    let geometry = source.geometry
    return geometry.box(
      rows: block.rows, category: source.parts[block.part].category, others: geometry.ranges(neurons: neurons))
  }

  /// Where a block lies, if the system has it in memory.
  private func mapped(_ number: Int) -> MappedRun? {
    guard isMapping else { return nil }
    let run = source.parts[blocks[number].part].dataset.mapped(rows: blocks[number].rows)
    // What buffers and mappings take is never there at once.
    if run == nil { isMapping = false }
    return run
  }

  private func block(_ number: Int, of run: MappedRun, after before: MappedRun?) -> RowBlock<Value> {
    let base = run.bytes.assumingMemoryBound(to: Value.self).baseAddress! + neurons.lowerBound
    let rows = rows(of: number)
    let each = source.geometry.samplesPerRow
    return RowBlock(
      base: base, pitch: band.count, samples: rows.count * each, firstRow: rows.lowerBound, samplesPerRow: each,
      before: before)
  }

  private func readAnew(_ number: Int, _ box: [Range<Int>], _ parallel: ParallelFor) throws -> RowBlock<Value> {
    let block = blocks[number]
    let part = source.parts[block.part]
    let geometry = source.geometry
    let count = box.reduce(1) { $0 * $1.count }

    let stored = Shared(raw.baseAddress!)
    let pieces = part.dataset.pieces(of: box)
    let dataset = part.dataset
    let scratch = LaneScratch(each: scratch)
    try parallel(pieces.count) { lane, index in
      try dataset.read(pieces[index], of: box, into: stored.pointer, scratch: scratch.each[lane])
    }

    var decoded = stored.pointer.assumingMemoryBound(to: Value.self)
    if needsConversion {
      decoded = values.baseAddress!
      let target = Shared(UnsafeMutableRawPointer(decoded))
      let element = self.source.element
      let width = element.bytes!
      let convention = self.source.convention
      let step = 1 << 16
      try parallel((count + step - 1) / step) { _, index in
        let values = UnsafeMutableBufferPointer(
          start: target.pointer.assumingMemoryBound(to: Value.self) + index * step,
          count: min(step, count - index * step))
        Value.convert(stored.pointer + index * step * width, element, count: values.count, to: values.baseAddress!)
        convention?.apply(values)
      }
    }

    let firstRow = part.firstRow + block.rows.lowerBound
    let samples = block.rows.count * geometry.samplesPerRow
    if isMatrix {
      let pitch = count / samples
      let offset = geometry.offsets(neurons: neurons.lowerBound..<neurons.lowerBound + 1, rowCount: 1).neurons[0]
      return RowBlock(
        base: decoded + offset, pitch: pitch, samples: samples, firstRow: firstRow,
        samplesPerRow: geometry.samplesPerRow)
    }
    if let mask, geometry.reduce != .samples {
      try mask.with(part: block.part, rows: block.rows) { positions, _ in
        try gather(decoded, rows: block.rows.count, counting: positions, parallel)
      }
    } else {
      try gather(decoded, rows: block.rows.count, parallel)
    }
    return RowBlock(
      base: UnsafePointer(matrix.baseAddress!), pitch: neurons.count, samples: samples, firstRow: firstRow,
      samplesPerRow: geometry.samplesPerRow)
  }

  /// The block with the samples of it that count.
  private func withMask<Result>(
    of number: Int, _ block: RowBlock<Value>, _ body: (RowBlock<Value>) throws -> Result
  ) throws -> Result {
    guard let mask else { return try body(block) }
    return try mask.with(part: blocks[number].part, rows: blocks[number].rows) { positions, rows in
      var block = block
      block.counts = source.geometry.reduce == .samples ? positions : rows
      return try body(block)
    }
  }

  /// The positions of a row that count.
  private static func counted(_ positions: [Int], _ flags: UnsafePointer<UInt8>) -> [Int] {
    positions.indices.filter { flags[$0] != 0 }.map { positions[$0] }
  }

  /// Brings a decoded box of any axes to `[sample, neuron]`, reducing positions.
  /// - Parameter counting: whether each position counts, `[row, position]`; `nil`: all do.
  private func gather(
    _ decoded: UnsafeMutablePointer<Value>, rows: Int, counting: UnsafePointer<UInt8>? = nil, _ parallel: ParallelFor
  ) throws {
    let geometry = source.geometry
    let offsets = geometry.offsets(neurons: neurons, rowCount: rows)
    let from = Shared(UnsafeMutableRawPointer(decoded))
    let to = Shared(UnsafeMutableRawPointer(matrix.baseAddress!))
    let width = neurons.count
    let flags = counting.map { Shared(UnsafeMutableRawPointer(mutating: $0)) }
    try parallel(rows) { _, row in
      let positions =
        flags.map {
          Self.counted(
            offsets.positions,
            UnsafePointer($0.pointer.assumingMemoryBound(to: UInt8.self) + row * offsets.positions.count))
        } ?? offsets.positions
      let start = from.pointer.assumingMemoryBound(to: Value.self) + row * offsets.row
      let target = to.pointer.assumingMemoryBound(to: Value.self) + row * geometry.samplesPerRow * width
      offsets.neurons.withUnsafeBufferPointer { neurons in
        positions.withUnsafeBufferPointer { positions in
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
  }
}

/// A pointer whose users work on disjoint parts of its memory at once.
private struct Shared: @unchecked Sendable {
  // Unchecked: nobody touches what another works on.
  let pointer: UnsafeMutableRawPointer
  init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }
}

/// Buffers of which each lane uses its own only.
private struct LaneScratch: @unchecked Sendable {
  // Unchecked: no lane touches what another uses.
  let each: [Scratch]
}
