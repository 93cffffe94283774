import Algorithms
import CKernels
import Distributions
import TileStore

/// Makes the arrays of a layer's codes of what was taken of them, when the grids of all neurons are final.
struct CodeArrays {
  private let layer: LayerWriter
  /// `[neuron]`.
  private let grids: [DyadicGrid]
  private let lanes: Lanes
  private let checkStop: @Sendable () throws -> Void
  private let sources: CodeSources

  private var samples: Int { layer.sizes.samples }
  private var neurons: Int { layer.sizes.neurons }
  private var tiles: Int { (neurons + tileColumns - 1) / tileColumns }

  /// Bytes of rows that are put together at once; more where a single row has more.
  private static let rowBytesMax = 16 << 20
  /// Bytes of rows that are encoded as one piece.
  private static let rowTaskBytes = 512 << 10
  /// Samples of a tile that are read and turned at once: they stay in the second cache.
  private static let samplesAtOnce = 2048
  /// Tiles whose scratch is given back at once.
  private static let tilesGivenBack = 8
  /// Most rows that are put together at once.
  private static let rowsMax = 16384
  /// Bytes between the columns of a window and beside them: columns a power of two apart would share a few lines of the caches.
  private static let columnGap = 64

  /// Bytes that it takes at most.
  static func bytes(neurons: Int, samples: Int, codes: Codes, lanes: Int) -> Int {
    let chunk = LayerSizes.codesPerChunk(samples)
    let column = lanes * (ColumnBuffers.bytes(chunk: chunk) + ChunkWriters.bytes(perTask: tileColumns * chunk))
    guard codes == .both else { return codes == .none ? 0 : column }
    let pitch = pitch(neurons: neurons)
    let rows = rowsAtOnce(samples: samples, pitch: pitch)
    let chunkOfRow = LayerSizes.codesPerChunk(neurons)
    let task = chunksPerTask(chunkOfRow) * chunkOfRow
    let row = rows * pitch * 9 / 8 + lanes * (rows * (tileColumns + 8) + ChunkWriters.bytes(perTask: task))
    return max(column, row)
  }

  /// Bytes of a row, in whole chunks, so that what lies behind the last neuron is 0.
  private static func pitch(neurons: Int) -> Int {
    let chunk = LayerSizes.codesPerChunk(neurons)
    return (neurons + chunk - 1) / chunk * chunk
  }

  /// Chunks of rows that a lane encodes as one piece: of narrow layers many, which are then written together.
  private static func chunksPerTask(_ chunk: Int) -> Int { max(1, rowTaskBytes / chunk) }

  private static func rowsAtOnce(samples: Int, pitch: Int) -> Int {
    max(1, min(samples, rowsMax, rowBytesMax / pitch))
  }

  /// - Parameters:
  ///   - files: hold every sample of every neuron.
  ///   - grids: of all neurons.
  ///   - checkStop: throws where the run is to stop.
  /// - Throws: `RecordFileError` where something is missing in `files`.
  init(
    layer: LayerWriter, files: [CodeFile], grids: [DyadicGrid], lanes: Lanes,
    checkStop: @escaping @Sendable () throws -> Void
  ) throws {
    self.layer = layer
    self.grids = grids
    self.lanes = lanes
    self.checkStop = checkStop
    let tiles = (layer.sizes.neurons + tileColumns - 1) / tileColumns
    sources =
      layer.sizes.codes == .none
      ? CodeSources() : try CodeSources(files, tiles: tiles, samples: layer.sizes.samples)
  }

  func write() throws {
    guard samples > 0 else { return }
    if layer.sizes.codes >= .columns { try writeColumns() }
    if layer.sizes.codes >= .both { try writeRows() }
  }

  /// Reads samples of a tile and brings them to codes: `[sample, column]`, and `[sample]` bits.
  private func read(
    tile: Int, samples: Range<Int>, codes: UnsafeMutablePointer<UInt8>, apart: UnsafeMutablePointer<UInt64>
  ) throws {
    let columns = tile * tileColumns..<min((tile + 1) * tileColumns, neurons)
    try withUnsafeTemporaryAllocation(byteCount: CodeRecord.gridBytes, alignment: 8) { before in
      for (file, stretch) in sources.stretches(of: tile) where stretch.samples.overlaps(samples) {
        let some = stretch.samples.clamped(to: samples)
        let at = some.lowerBound - samples.lowerBound
        try file.read(
          tile: tile, of: stretch, samples: some, grids: before.baseAddress!, codes: codes + at * tileColumns,
          apart: apart + at)
        CodeMap(grids: before.baseAddress!, final: grids[columns])
          .apply(codes + at * tileColumns, apart: apart + at, samples: some.count)
      }
    }
    let windows = columns.compactMap { sources.windows[$0] }
    guard !windows.isEmpty else { return }
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: samples.count) { column in
      for (file, window) in windows {
        try file.read(window, samples: samples, into: column.baseAddress!)
        for sample in 0..<samples.count { codes[sample * tileColumns + window.neuron % tileColumns] = column[sample] }
      }
    }
  }

  // MARK: Columns

  private func writeColumns() throws {
    let writers = ChunkWriters([try layer.begin(.codeColumns), try layer.begin(.codeColumnsApart)])
    let chunk = writers.chunkElements
    let windows = (samples + chunk - 1) / chunk
    let buffers = LaneLocal(lanes) { ColumnBuffers(chunk: chunk) }
    // Where rows are written, too, what is read here is read again.
    let isLast = layer.sizes.codes == .columns
    try writers.write(tiles * windows, lanes: lanes, checkStop: checkStop) { tasks in
      func whole(_ tasks: Int) -> Int { tasks / windows / Self.tilesGivenBack * Self.tilesGivenBack }
      if isLast { sources.giveBack(tiles: whole(tasks.lowerBound)..<whole(tasks.upperBound)) }
    } _: { lane, task in
      let (tile, window) = task.quotientAndRemainder(dividingBy: windows)
      let some = window * chunk..<min((window + 1) * chunk, samples)
      let buffer = buffers[lane]
      buffer.clear(from: some.count)
      for first in stride(from: some.lowerBound, to: some.upperBound, by: Self.samplesAtOnce) {
        let few = first..<min(first + Self.samplesAtOnce, some.upperBound)
        try read(tile: tile, samples: few, codes: buffer.codes.base, apart: buffer.apart.base)
        buffer.turn(few.count, to: first - some.lowerBound)
      }
      let pieces = writers.pieces(of: tileColumns)
      for column in 0..<min(tileColumns, neurons - tile * tileColumns) {
        let neuron = tile * tileColumns + column
        writers.encode(0, plane: neuron, chunk: window, buffer.columns.base + column * buffer.pitch, into: pieces)
        writers.encode(1, plane: neuron, chunk: window, buffer.bits.base + column * buffer.bitPitch, into: pieces)
      }
      return pieces
    }
    writers.finish()
  }

  /// What a lane needs to turn a window of samples of a tile.
  private final class ColumnBuffers {
    let codes: Pages<UInt8>
    let apart: Pages<UInt64>
    let columns: Pages<UInt8>
    let bits: Pages<UInt8>
    /// Bytes from a column to the next.
    let pitch: Int
    let bitPitch: Int

    static func bytes(chunk: Int) -> Int {
      let atOnce = min(chunk, samplesAtOnce)
      return tileColumns * (chunk + chunk / 8 + 2 * columnGap + atOnce + atOnce / 8)
    }

    init(chunk: Int) {
      pitch = chunk + columnGap
      bitPitch = chunk / 8 + columnGap
      codes = Pages(count: min(chunk, samplesAtOnce) * tileColumns)
      apart = Pages(count: min(chunk, samplesAtOnce))
      columns = Pages(count: pitch * tileColumns)
      bits = Pages(count: bitPitch * tileColumns)
    }

    deinit {
      for pages in [codes, columns, bits] { pages.deallocate() }
      apart.deallocate()
    }

    /// What lies behind the last sample of a window is 0.
    func clear(from count: Int) {
      let (chunk, byte) = (pitch - columnGap, (count + 7) / 8)
      guard count < chunk else { return }
      for column in 0..<tileColumns {
        (columns.base + column * pitch + count).update(repeating: 0, count: chunk - count)
        (bits.base + column * bitPitch + byte).update(repeating: 0, count: chunk / 8 - byte)
      }
    }

    /// Turns `count` samples, of which the first is number `first` of the window, a multiple of eight.
    func turn(_ count: Int, to first: Int) {
      nd_turn_codes(columns.base + first, pitch, codes.base, count)
      nd_turn_bits(bits.base + first / 8, bitPitch, apart.base, count)
    }
  }

  // MARK: Rows

  private func writeRows() throws {
    let writers = ChunkWriters([try layer.begin(.codeRows), try layer.begin(.codeRowsApart)])
    let chunk = writers.chunkElements
    let pitch = Self.pitch(neurons: neurons)
    let chunks = pitch / chunk
    let atOnce = Self.rowsAtOnce(samples: samples, pitch: pitch)
    let rows = Pages<UInt8>(count: atOnce * pitch)
    let bits = Pages<UInt8>(count: atOnce * pitch / 8)
    let buffers = LaneLocal(lanes) { RowBuffers(samples: atOnce) }
    defer {
      rows.deallocate()
      bits.deallocate()
    }
    let matrix = CodeMatrix(codes: rows.base, bits: bits.base, pitch: pitch, neurons: neurons)
    for first in stride(from: 0, to: samples, by: atOnce) {
      let some = first..<min(first + atOnce, samples)
      try lanes.run(tiles) { lane, tile in
        let buffer = buffers[lane]
        try read(tile: tile, samples: some, codes: buffer.codes.base, apart: buffer.apart.base)
        matrix.put(tile: tile, rows: some.count, codes: buffer.codes.base, apart: buffer.apart.base)
      }
      let (total, each) = (some.count * chunks, Self.chunksPerTask(chunk))
      try writers.write((total + each - 1) / each, lanes: lanes, checkStop: checkStop) { lane, task in
        let pieces = writers.pieces(of: each)
        for index in task * each..<min((task + 1) * each, total) {
          let (row, number) = index.quotientAndRemainder(dividingBy: chunks)
          let place = row * pitch + number * chunk
          writers.encode(0, plane: first + row, chunk: number, matrix.codes + place, into: pieces)
          writers.encode(1, plane: first + row, chunk: number, matrix.bits + place / 8, into: pieces)
        }
        return pieces
      }
      sources.giveBack(samples: some)
    }
    writers.finish()
  }

  private final class RowBuffers {
    let codes: Pages<UInt8>
    let apart: Pages<UInt64>

    init(samples: Int) {
      codes = Pages(count: samples * tileColumns)
      apart = Pages(count: samples)
    }

    deinit {
      codes.deallocate()
      apart.deallocate()
    }
  }

  /// Rows that are put together tile by tile.
  private struct CodeMatrix: @unchecked Sendable {
    // Unchecked: lanes write the columns of different tiles, and read when all are there.
    let codes: UnsafeMutablePointer<UInt8>
    let bits: UnsafeMutablePointer<UInt8>
    let pitch: Int
    let neurons: Int

    func put(tile: Int, rows: Int, codes from: UnsafePointer<UInt8>, apart: UnsafePointer<UInt64>) {
      let column = tile * tileColumns
      let width = min(tileColumns, neurons - column)
      let mask: UInt64 = width == 64 ? .max : (1 << UInt64(width)) - 1
      for row in 0..<rows {
        let place = row * pitch + column
        (codes + place).update(from: from + row * tileColumns, count: width)
        UnsafeMutableRawPointer(bits + place / 8).storeBytes(of: (apart[row] & mask).littleEndian, as: UInt64.self)
      }
    }
  }
}

/// Which stretches hold the codes of a tile.
private struct CodeSources {
  /// By neuron.
  private(set) var windows: [Int: (file: CodeFile, window: CodeWindow)] = [:]
  private var all: [(file: CodeFile, stretch: CodeStretch)] = []
  /// Of some tiles: the stretches that hold them all.
  private var intervals: [(tiles: Range<Int>, stretches: [(file: CodeFile, stretch: CodeStretch)])] = []

  init() {}

  /// - Throws: `RecordFileError` where samples of a tile are in no file.
  init(_ files: [CodeFile], tiles: Int, samples: Int) throws(RecordFileError) {
    for file in files {
      for window in file.windows {
        guard window.samples == samples else { throw RecordFileError(file.path, "a neuron has too few codes") }
        windows[window.neuron] = (file, window)
      }
    }
    all = files.flatMap { file in file.stretches.map { (file: file, stretch: $0) } }
    let ends = Set(all.flatMap { [$0.stretch.tiles.lowerBound, $0.stretch.tiles.upperBound] } + [0, tiles]).sorted()
    for (begin, end) in zip(ends, ends.dropFirst()) where end <= tiles {
      let own = all.filter { $0.stretch.tiles.contains(begin) }
      var next = 0
      for stretch in own.map(\.stretch.samples).sorted(by: { $0.lowerBound < $1.lowerBound }) {
        if stretch.lowerBound <= next { next = max(next, stretch.upperBound) }
      }
      guard next == samples else {
        throw RecordFileError(
          files.first?.path ?? "", "it has no codes of sample \(next) of neuron \(begin * tileColumns)")
      }
      intervals.append((begin..<end, own))
    }
  }

  /// Gives back what is there of tiles that nobody will read any more.
  func giveBack(tiles: Range<Int>) {
    guard !tiles.isEmpty else { return }
    for (file, stretch) in all { file.giveBack(tiles: tiles, of: stretch) }
  }

  /// Gives back the stretches that end with samples that nobody will read any more, nor those before.
  func giveBack(samples: Range<Int>) {
    for (file, stretch) in all where samples.contains(stretch.samples.upperBound - 1) {
      file.giveBack(tiles: stretch.tiles, of: stretch)
    }
  }

  func stretches(of tile: Int) -> [(file: CodeFile, stretch: CodeStretch)] {
    intervals[intervals.partitioningIndex { $0.tiles.upperBound > tile }].stretches
  }
}
