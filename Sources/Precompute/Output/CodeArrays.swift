import CKernels
import Distributions
import TileStore

/// Makes the arrays of a layer's codes of what was spooled, when the grids of all neurons are final.
struct CodeArrays {
  let layer: LayerWriter
  let spool: CodeSpool
  /// Later ones take the place of earlier ones.
  let stretches: [CodeSpool.Stretch]
  /// `[neuron]`.
  let grids: [DyadicGrid]
  let lanes: Lanes

  private var samples: Int { layer.sizes.samples }
  private var neurons: Int { layer.sizes.neurons }
  private var tiles: Int { (neurons + tileColumns - 1) / tileColumns }

  /// Bytes of rows that are put together at once.
  private static let rowBytesMax = 32 << 20

  func write() throws {
    if layer.sizes.codes >= .columns { try writeColumns() }
    if layer.sizes.codes >= .both { try writeRows() }
  }

  /// Reads samples of a tile and brings them to codes: `[sample, column]`, and `[sample]` bits.
  private func read(
    tile: Int, samples: Range<Int>, codes: UnsafeMutablePointer<UInt8>, apart: UnsafeMutablePointer<UInt64>
  ) throws {
    let columns = tile * tileColumns..<min((tile + 1) * tileColumns, neurons)
    try withUnsafeTemporaryAllocation(byteCount: CodeRecord.gridBytes, alignment: 8) { exponents in
      for stretch in stretches where stretch.tiles.contains(tile) && stretch.samples.overlaps(samples) {
        let some = stretch.samples.clamped(to: samples)
        let at = some.lowerBound - samples.lowerBound
        try spool.read(
          tile: tile, of: stretch, samples: some, grids: exponents.baseAddress!, codes: codes + at * tileColumns,
          apart: apart + at)
        CodeMap(grids: exponents.baseAddress!, final: grids[columns])
          .apply(codes + at * tileColumns, apart: apart + at, samples: some.count)
      }
    }
  }

  // MARK: Columns

  private func writeColumns() throws {
    let writers = CodeWriters(try layer.begin(.codeColumns), try layer.begin(.codeColumnsApart))
    let chunk = writers.chunk
    let windows = (samples + chunk - 1) / chunk
    let buffers = (0..<lanes.count).map { _ in ColumnBuffers(chunk: chunk, encodedBytes: writers.encodedBytes) }
    try writers.write(tiles * windows, lanes: lanes) { lane, task in
      let (tile, window) = task.quotientAndRemainder(dividingBy: windows)
      let some = window * chunk..<min((window + 1) * chunk, samples)
      let buffer = buffers[lane]
      try read(tile: tile, samples: some, codes: buffer.codes.base, apart: buffer.apart.base)
      buffer.turn(some.count)
      var pieces = EncodedCodes()
      for column in 0..<min(tileColumns, neurons - tile * tileColumns) {
        writers.encode(
          plane: tile * tileColumns + column, chunk: window, codes: buffer.columns.base + column * chunk,
          bits: buffer.bits.base + column * chunk / 8, into: &pieces, buffer.encoded)
      }
      return pieces
    }
    writers.finish()
  }

  /// What a lane needs to turn a window of samples of a tile.
  private final class ColumnBuffers: @unchecked Sendable {
    // Unchecked: used by its lane only.
    let codes: Pages<UInt8>
    let apart: Pages<UInt64>
    let columns: Pages<UInt8>
    let bits: Pages<UInt8>
    let encoded: Pages<UInt8>
    private let chunk: Int

    /// - Parameter encodedBytes: most that an encoded chunk takes.
    init(chunk: Int, encodedBytes: Int) {
      self.chunk = chunk
      codes = Pages(count: chunk * tileColumns)
      apart = Pages(count: chunk)
      columns = Pages(count: chunk * tileColumns)
      bits = Pages(count: chunk * tileColumns / 8)
      encoded = Pages(count: encodedBytes)
    }

    deinit {
      for pages in [codes, columns, bits, encoded] { pages.deallocate() }
      apart.deallocate()
    }

    /// Turns `count` samples; what lies behind them is 0.
    func turn(_ count: Int) {
      if count < chunk {
        columns.base.update(repeating: 0, count: columns.count)
        bits.base.update(repeating: 0, count: bits.count)
      }
      nd_turn_codes(columns.base, chunk, codes.base, count)
      nd_turn_bits(bits.base, chunk / 8, apart.base, count)
    }
  }

  // MARK: Rows

  private func writeRows() throws {
    let writers = CodeWriters(try layer.begin(.codeRows), try layer.begin(.codeRowsApart))
    let chunk = writers.chunk
    let chunks = (neurons + chunk - 1) / chunk
    // Whole chunks, so that what lies behind the last neuron is 0.
    let pitch = chunks * chunk
    let atOnce = max(1, min(samples, Self.rowBytesMax / pitch))
    let rows = Pages<UInt8>(count: atOnce * pitch)
    let bits = Pages<UInt8>(count: atOnce * pitch / 8)
    let buffers = (0..<lanes.count).map { _ in RowBuffers(samples: atOnce, encodedBytes: writers.encodedBytes) }
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
      try writers.write(some.count * chunks, lanes: lanes) { lane, task in
        let (row, number) = task.quotientAndRemainder(dividingBy: chunks)
        var pieces = EncodedCodes()
        writers.encode(
          plane: first + row, chunk: number, codes: matrix.codes + row * pitch + number * chunk,
          bits: matrix.bits + (row * pitch + number * chunk) / 8, into: &pieces, buffers[lane].encoded)
        return pieces
      }
    }
    writers.finish()
  }

  private final class RowBuffers: @unchecked Sendable {
    // Unchecked: used by its lane only.
    let codes: Pages<UInt8>
    let apart: Pages<UInt64>
    let encoded: Pages<UInt8>

    init(samples: Int, encodedBytes: Int) {
      codes = Pages(count: samples * tileColumns)
      apart = Pages(count: samples)
      encoded = Pages(count: encodedBytes)
    }

    deinit {
      codes.deallocate()
      apart.deallocate()
      encoded.deallocate()
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

/// Encoded chunks of both arrays, in the order in which they are to be written.
struct EncodedCodes: Sendable {
  struct Chunk: Sendable {
    let shard: [Int]
    let number: Int
    let length: Int
  }
  /// Of the codes, and of the bits.
  var chunks: [[Chunk]] = [[], []]
  var bytes: [[UInt8]] = [[], []]
}

/// The arrays of codes of one orientation, and the bits beside them.
private final class CodeWriters: @unchecked Sendable {
  // Unchecked: a writer has one caller at a time, the lane that writes.
  private let writers: [ArrayWriter]
  private let codecs: [ChunkCodec]
  /// Codes of a chunk.
  let chunk: Int
  private let planesPerShard: Int
  private let chunksPerShard: Int

  init(_ codes: ArrayWriter, _ bits: ArrayWriter) {
    writers = [codes, bits]
    codecs = writers.map(\.metadata.codec)
    chunk = codes.metadata.chunkShape[1]
    planesPerShard = codes.metadata.shardShape[0]
    chunksPerShard = codes.metadata.shardShape[1] / chunk
    precondition(bits.metadata.shardShape == [planesPerShard, codes.metadata.shardShape[1] / 8])
  }

  func finish() { for writer in writers { writer.finish() } }

  /// Most bytes that an encoded chunk of either takes.
  var encodedBytes: Int { codecs.map { $0.maxEncodedBytes(chunk) }.max() ?? 0 }

  /// Encodes a chunk of a neuron or a sample, and that of its bits.
  func encode(
    plane: Int, chunk number: Int, codes: UnsafePointer<UInt8>, bits: UnsafePointer<UInt8>,
    into pieces: inout EncodedCodes, _ target: Pages<UInt8>
  ) {
    let shard = [plane / planesPerShard, number / chunksPerShard]
    let index = plane % planesPerShard * chunksPerShard + number % chunksPerShard
    let target = UnsafeMutableRawBufferPointer(start: target.base, count: target.count)
    for (array, source) in [(codes, chunk), (bits, chunk / 8)].enumerated() {
      let length = codecs[array].encode(UnsafeRawBufferPointer(start: source.0, count: source.1), into: target)
      pieces.bytes[array].append(contentsOf: target[..<length])
      pieces.chunks[array].append(EncodedCodes.Chunk(shard: shard, number: index, length: length))
    }
  }

  /// Tasks a lane that are encoded before their chunks go to the files, while the next are encoded.
  private static let tasksPerLane = 4

  /// Makes chunks on all lanes and writes them in the order of the tasks.
  func write(_ tasks: Int, lanes: Lanes, _ make: @Sendable (_ lane: Int, _ task: Int) throws -> EncodedCodes) throws {
    let atOnce = lanes.count * Self.tasksPerLane
    var done: [EncodedCodes] = []
    for first in stride(from: 0, to: tasks, by: atOnce) {
      let count = min(atOnce, tasks - first)
      let made = LaneResults<EncodedCodes>(count)
      try lanes.run(1 + count) { [done] lane, number in
        guard number > 0 else { return try append(done) }
        made[number - 1] = try make(lane, first + number - 1)
      }
      done = (0..<count).map { made[$0]! }
    }
    try append(done)
  }

  private func append(_ pieces: [EncodedCodes]) throws {
    for (array, writer) in writers.enumerated() {
      for piece in pieces {
        let chunks = piece.chunks[array]
        var place = 0
        var next = 0
        while next < chunks.count {
          let run = chunks[next...].prefix { $0.shard == chunks[next].shard }
          let count = run.reduce(0) { $0 + $1.length }
          try piece.bytes[array].withUnsafeBytes {
            try writer.append(
              shard: chunks[next].shard, chunks: run.map { ($0.number, $0.length) },
              bytes: UnsafeRawBufferPointer(rebasing: $0[place..<place + count]))
          }
          place += count
          next += run.count
        }
      }
    }
  }
}
