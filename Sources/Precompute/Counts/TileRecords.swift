import Distributions
import TileStore

/// What was counted of a tile, as records of a file. See `BandCounters+Transfer` for the bytes inside.
///
/// Counts: the columns, then each histogram and each cell that has values, each part with its length (u32) before it and its number (u32)
/// before that, those of cells behind those of histograms; compressed with LZ4. Quartiles: `[group, column]`. Journal of a segment: moments `[cell, column]`.
struct TileRecords<Value: ActivationValue> {
  let cells: Int
  let histograms: Int
  let groups: Int

  // MARK: Counts

  func counts(of counters: BandCounters<Value>, tile: Int) -> [UInt8] {
    var record: [UInt8] = []
    let size = max(
      BandCounters<Value>.histogramBytes, BandCounters<Value>.cellBytes, BandCounters<Value>.columnBytes)
    withBuffers(size) { plain, encoded in
      func append(_ count: Int) {
        let length = ChunkCodec.lz4.encode(UnsafeRawBufferPointer(rebasing: plain[..<count]), into: encoded)
        record.append(littleEndian: UInt32(length))
        record.append(contentsOf: encoded[..<length])
      }
      counters.saveColumns(tile: tile, to: plain.baseAddress!)
      append(BandCounters<Value>.columnBytes)
      for histogram in 0..<histograms where !counters.isEmpty(tile: tile, histogram: histogram) {
        record.append(littleEndian: UInt32(histogram))
        counters.saveHistogram(histogram, tile: tile, to: plain.baseAddress!)
        append(BandCounters<Value>.histogramBytes)
      }
      for cell in 0..<cells where !counters.isEmpty(tile: tile, cell: cell) {
        record.append(littleEndian: UInt32(histograms + cell))
        counters.saveCell(cell, tile: tile, to: plain.baseAddress!)
        append(BandCounters<Value>.cellBytes)
      }
    }
    return record
  }

  /// Puts a tile back into counters that are new.
  func restore(_ record: [UInt8], to counters: BandCounters<Value>, tile: Int) throws {
    try read(record) { columns in
      counters.restoreColumns(tile: tile, from: columns)
    } histogram: { histogram, bytes, _ in
      counters.restoreHistogram(histogram, tile: tile, from: bytes)
    } cell: { cell, bytes, _ in
      counters.restoreCell(cell, tile: tile, from: bytes)
    }
  }

  /// Adds a tile that another counted, without its moments.
  func add(_ record: [UInt8], to counters: BandCounters<Value>, tile: Int) throws {
    try read(record) { columns in
      counters.growToHold(tile: tile, columns: columns)
    } histogram: { histogram, bytes, columns in
      counters.addHistogram(histogram, tile: tile, from: bytes, columns: columns)
    } cell: { cell, bytes, columns in
      counters.addCell(cell, tile: tile, from: bytes, columns: columns)
    }
  }

  private func read(
    _ record: [UInt8], columns: (UnsafeRawPointer) -> Void,
    histogram: (_ histogram: Int, _ bytes: UnsafeRawPointer, _ columns: UnsafeRawPointer) -> Void,
    cell: (_ cell: Int, _ bytes: UnsafeRawPointer, _ columns: UnsafeRawPointer) -> Void
  ) throws {
    try record.withUnsafeBytes { record in
      let (ofColumns, ofHistogram) = (BandCounters<Value>.columnBytes, BandCounters<Value>.histogramBytes)
      let ofCell = BandCounters<Value>.cellBytes
      try withBuffers(ofColumns + max(ofHistogram, ofCell)) { plain, _ in
        let shared = UnsafeMutableRawBufferPointer(rebasing: plain[..<ofColumns])
        let own = UnsafeMutableRawBufferPointer(rebasing: plain[ofColumns...])
        var place = 0
        func number() throws -> Int {
          guard place + 4 <= record.count else { throw TileRecordContradiction() }
          defer { place += 4 }
          return Int(UInt32(littleEndian: record.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
        }
        func decode(into target: UnsafeMutableRawBufferPointer) throws {
          let length = try number()
          guard place + length <= record.count else { throw TileRecordContradiction() }
          let chunk = UnsafeRawBufferPointer(rebasing: record[place..<place + length])
          guard (try? ChunkCodec.lz4.decode(chunk, into: target)) != nil else { throw TileRecordContradiction() }
          place += length
        }
        try decode(into: shared)
        columns(shared.baseAddress!)
        while place < record.count {
          let number = try number()
          guard number < histograms + cells else { throw TileRecordContradiction() }
          let isHistogram = number < histograms
          try decode(into: UnsafeMutableRawBufferPointer(rebasing: own[..<(isHistogram ? ofHistogram : ofCell)]))
          if isHistogram {
            histogram(number, own.baseAddress!, shared.baseAddress!)
          } else {
            cell(number - histograms, own.baseAddress!, shared.baseAddress!)
          }
        }
      }
    }
  }

  // MARK: Quartiles

  func quartiles(of table: QuartileTable<Value>, tile: Int) -> [UInt8] {
    var values: [Quartiles<Value>] = []
    for group in 0..<groups {
      for column in 0..<tileColumns {
        let neuron = tile * tileColumns + column
        values.append(neuron < table.neurons ? table[group, neuron] : Quartiles())
      }
    }
    return values.withUnsafeBytes(encode)
  }

  func restore(quartiles record: [UInt8], to table: QuartileTable<Value>, tile: Int) throws {
    var values = [Quartiles<Value>](repeating: Quartiles(), count: groups * tileColumns)
    try values.withUnsafeMutableBytes { try decode(record, into: $0) }
    for group in 0..<groups {
      for column in 0..<min(tileColumns, table.neurons - tile * tileColumns) {
        table[group, tile * tileColumns + column] = values[group * tileColumns + column]
      }
    }
  }

  // MARK: Journals

  func journal(_ moments: UnsafeBufferPointer<Moments>) -> [UInt8] { encode(UnsafeRawBufferPointer(moments)) }

  func merge(journal record: [UInt8], to counters: BandCounters<Value>, tile: Int) throws {
    var moments = [Moments](repeating: Moments(), count: cells * tileColumns)
    try moments.withUnsafeMutableBytes { try decode(record, into: $0) }
    moments.withUnsafeBufferPointer { counters.mergeSegment(tile: tile, journal: $0.baseAddress!) }
  }

  // MARK: Bytes

  private func encode(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: ChunkCodec.lz4.maxEncodedBytes(bytes.count)) { buffer, count in
      count = ChunkCodec.lz4.encode(bytes, into: UnsafeMutableRawBufferPointer(buffer))
    }
  }

  private func decode(_ record: [UInt8], into target: UnsafeMutableRawBufferPointer) throws {
    let isWhole = record.withUnsafeBytes { (try? ChunkCodec.lz4.decode($0, into: target)) != nil }
    guard isWhole else { throw TileRecordContradiction() }
  }

  /// Memory for `count` plain bytes, and for those encoded.
  private func withBuffers<Result>(
    _ count: Int, _ body: (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let plain = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    let encoded = UnsafeMutableRawBufferPointer.allocate(
      byteCount: ChunkCodec.lz4.maxEncodedBytes(count), alignment: 64)
    defer {
      plain.deallocate()
      encoded.deallocate()
    }
    return try body(plain, encoded)
  }
}

/// A record that passed its checksum, but does not hold what it should.
struct TileRecordContradiction: Error {}
