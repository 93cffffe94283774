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

/// Samples of some neurons: `[row, neuron]`, rows `pitch` elements apart.
public struct RowBlock<Value: ReadableValue>: @unchecked Sendable {
  // Unchecked: the memory is the reader's, unchanged until it is asked for another block.
  let base: UnsafeRawPointer
  /// What its numbers are stored as. Of others than `Value`, values are made where they are looked at, some that fit the cache at a time: made of a
  /// whole block, they would go through the main memory twice.
  let element: ElementType
  public let pitch: Int
  /// Samples: rows, times positions where each is a sample.
  public let samples: Int
  /// Row of the dump of the first sample.
  public let firstRow: Int
  public let samplesPerRow: Int
  /// Of each sample whether it counts; `nil`: all do. Where rows are reduced, one without a position that counts does not.
  public var counts: UnsafePointer<UInt8>?
  /// Where it lies, if it was not copied and whole rows are wanted.
  var run: MappedRun?
  /// Where the block before lay, if it was not copied.
  var before: MappedRun?
  /// The one that comes next, where it is to be read meanwhile.
  public internal(set) var next: ComingBlock?

  /// Pieces to be looked up before a block that was not copied is gone through; 0 of others, and where only some neurons are wanted of it.
  ///
  /// Whoever comes to a page first has the system find it, and lanes go through the same rows at once: they would wait for each other at every page.
  public var piecesToLookUp: Int { run.map { ($0.bytes.count + Self.pieceBytes - 1) / Self.pieceBytes } ?? 0 }
  private static var pieceBytes: Int { 2 << 20 }
  /// As much as the system finds at once, or more.
  private static var foundBytes: Int { 64 << 10 }

  public func lookUp(piece: Int) {
    guard let bytes = run?.bytes else { return }
    let first = piece * Self.pieceBytes
    for place in stride(from: first, to: min(first + Self.pieceBytes, bytes.count), by: Self.foundBytes) {
      nd_touch(bytes.baseAddress! + place)
    }
  }

  /// Gives back what the block before took: a lane has time for it while others begin with this one.
  public func finishBefore() { before?.unmap() }

  /// The first sample's first neuron, where the block holds values; `nil`: it holds other numbers.
  public var values: UnsafePointer<Value>? {
    element == Value.element ? base.assumingMemoryBound(to: Value.self) : nil
  }

  /// The values of some neurons of a sample.
  /// - Parameter scratch: room for them, where they do not lie in the block.
  public func values(
    of sample: Int, _ neurons: Range<Int>, scratch: UnsafeMutablePointer<Value>
  ) -> UnsafePointer<Value> {
    let place = sample * pitch + neurons.lowerBound
    if let values { return values + place }
    Value.convert(base + place * element.bytes!, element, count: neurons.count, to: scratch)
    return UnsafePointer(scratch)
  }

  /// Copies the values of some neurons side by side; see `nd_gather_rows`.
  /// - Parameters:
  ///   - order: the samples.
  ///   - following: samples that stand behind these in `order`, and come next.
  ///   - tile: `[sample, pitch]`.
  public func gather(
    _ order: UnsafePointer<UInt32>, count: Int, following: Int, _ neurons: Range<Int>,
    to tile: UnsafeMutablePointer<Value>, pitch tilePitch: Int
  ) {
    let size = element.bytes!
    let (start, rowBytes, bytes) = (base + neurons.lowerBound * size, pitch * size, neurons.count * size)
    if element == Value.element {
      nd_gather_rows(tile, tilePitch * size, start, rowBytes, order, count, following, bytes)
      return
    }
    // As there.
    let ahead = 16
    for row in 0..<count {
      if row + ahead < count + following { nd_fetch_ahead(start + Int(order[row + ahead]) * rowBytes, bytes) }
      Value.convert(start + Int(order[row]) * rowBytes, element, count: neurons.count, to: tile + row * tilePitch)
    }
  }
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

  private let scratch: [Scratch]
  private var buffers: BlockBuffers<Value>
  /// For the block that comes next; `nil`: none is read ahead.
  private var otherBuffers: BlockBuffers<Value>?
  private var coming: (tasks: ComingBlock, block: RowBlock<Value>)?
  private let mask: MaskReader?
  /// The block that was read last, and where it lies if it was not copied.
  private var latest: (number: Int, block: RowBlock<Value>, mapped: (run: MappedRun, dataset: Dataset)?)?
  /// Whether blocks are looked at where the system has them in memory.
  private let isMapping: Bool
  private let readAhead = ReadAhead()
  private var decodedBytes = 0

  /// Bytes that reading blocks of `rows` rows takes.
  public static func bytes(_ source: LayerSource, neurons: Range<Int>, rowsPerBlock rows: Int) -> Int {
    let row = source.geometry.ranges(neurons: neurons).reduce(1) { $0 * $1.count }
    let stored = source.element.bytes ?? 8
    let isMatrix = Self.isMatrix(source)
    let converted =
      BlockBuffers<Value>.needsConversion(source, isMatrix: isMatrix) ? MemoryLayout<Value>.size : 0
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
  ///   - readsNext: whether those who get a block do the tasks of `RowBlock.next`, too: that takes the memory of two blocks.
  public init(
    _ source: LayerSource, neurons: Range<Int>, rowsPerBlock: Int, lanes: Int, stretches: [Range<Int>]? = nil,
    readsNext: Bool = false
  ) {
    self.source = source
    self.neurons = neurons
    band = neurons
    scratch = (0..<lanes).map { _ in Scratch() }
    mask = source.isMasked ? MaskReader(source) : nil
    isMapping = Self.canMap(source, neurons)
    blocks = Self.blocks(source, rowsPerBlock, stretches ?? [0..<source.rows])
    let most = blocks.map(\.rows.count).max() ?? 0
    buffers = BlockBuffers(source, neurons: neurons, rows: most, isMatrix: Self.isMatrix(source))
    if readsNext, lanes > 1, blocks.count > 1 {
      otherBuffers = BlockBuffers(source, neurons: neurons, rows: most, isMatrix: Self.isMatrix(source))
    }
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

  /// Whether a decoded box already is `[sample, neuron]`. Where samples are reduced, a mask leaves out positions of them.
  private static func isMatrix(_ source: LayerSource) -> Bool {
    source.geometry.isMatrix && (!source.isMasked || source.geometry.reduce == .samples)
  }

  /// Whether blocks of these neurons may be looked at where the system has them in memory: where they are whole rows, as they
  /// are stored.
  public static func canMap(_ source: LayerSource, _ neurons: Range<Int>) -> Bool {
    guard isMatrix(source), source.geometry.axes.row == 0, source.geometry.axes.category == nil,
      source.convention == nil, neurons == 0..<source.neurons
    else { return false }
    return source.parts.allSatisfy {
      if case .contiguous(_?) = $0.dataset.info.layout { $0.dataset.info.field == nil } else { false }
    }
  }

  /// Has the system fetch what follows a block that is about to be read, where blocks are whole rows of the first axis.
  private func fetchAhead(from number: Int) {
    let geometry = source.geometry
    guard geometry.axes.row == 0, geometry.axes.category == nil,
      geometry.ranges(neurons: neurons) == geometry.ranges(neurons: 0..<source.neurons)
    else { return }
    readAhead.proceed(from: number, of: blocks.count) { (source.parts[blocks[$0].part].dataset, blocks[$0].rows) }
  }

  /// Reads only some of the neurons from now on.
  /// - Precondition: they are of the band.
  public func narrow(to neurons: Range<Int>) {
    precondition(band.lowerBound <= neurons.lowerBound && neurons.upperBound <= band.upperBound)
    if neurons != self.neurons { (latest, coming) = (nil, nil) }
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
    if latest?.number != number { try read(number, parallel) }
    if coming == nil { prepare(number + 1) }
    var block = latest!.block
    block.next = coming?.tasks
    let result = try withMask(of: number, block, body)
    if let mapped = latest?.mapped { try mapped.dataset.verify(mapped.run) }
    return result
  }

  private func read(_ number: Int, _ parallel: ParallelFor) throws {
    let part = source.parts[blocks[number].part]
    let box = box(of: blocks[number])
    decodedBytes += part.dataset.info.decodedBytes(of: box)
    let coming = coming
    self.coming = nil
    if let coming, coming.tasks.number == number, coming.tasks.isThere {
      latest = (number, coming.block, nil)
      (buffers, otherBuffers) = (otherBuffers!, buffers)
    } else if let run = mapped(number) {
      latest = (number, block(number, of: run, after: latest?.mapped?.run), (run, part.dataset))
    } else {
      latest = nil
      fetchAhead(from: number)
      latest = (number, try readAnew(number, box, parallel), nil)
    }
  }

  /// Makes tasks of the reading of a block while the one before is worked on, where it can be done so.
  private func prepare(_ number: Int) {
    guard let otherBuffers, !isMapping, number < blocks.count, number == latest!.number + 1,
      mask == nil || source.geometry.reduce == .samples
    else { return }
    let reading = reading(number, box(of: blocks[number]), otherBuffers)
    guard let tasks = reading.tasks() else { return }
    fetchAhead(from: number)
    coming = (ComingBlock(number: number, tasks: tasks.count, tasks.run), reading.block)
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
    if run != nil, let latest, latest.mapped == nil { buffers.discard() }
    return run
  }

  private func block(_ number: Int, of run: MappedRun, after before: MappedRun?) -> RowBlock<Value> {
    let rows = rows(of: number)
    let each = source.geometry.samplesPerRow
    return RowBlock(
      base: run.bytes.baseAddress! + neurons.lowerBound * source.element.bytes!, element: source.element,
      pitch: band.count, samples: rows.count * each, firstRow: rows.lowerBound, samplesPerRow: each,
      run: neurons == band ? run : nil, before: before)
  }

  private func reading(_ number: Int, _ box: [Range<Int>], _ buffers: BlockBuffers<Value>) -> BlockReading<Value> {
    BlockReading(
      source: source, part: source.parts[blocks[number].part], neurons: neurons, rows: blocks[number].rows, box: box,
      buffers: buffers, scratch: LaneScratch(each: scratch))
  }

  private func readAnew(_ number: Int, _ box: [Range<Int>], _ parallel: ParallelFor) throws -> RowBlock<Value> {
    let reading = reading(number, box, buffers)
    if let mask, source.geometry.reduce != .samples {
      try mask.with(part: blocks[number].part, rows: blocks[number].rows) { positions, _ in
        try reading.run(counting: positions, parallel)
      }
    } else {
      try reading.run(parallel)
    }
    return reading.block
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
}
