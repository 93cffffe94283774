import CKernels
import Distributions
import Foundation
import Precompute
import TileStore

/// Waking two lanes and waiting for the last of them, by the clock.
func measureLanes() throws {
  let lanes = Lanes(count: 2)
  let sections = 10_000
  var best = Double.infinity
  for _ in 0..<5 {
    let began = ContinuousClock.now
    for _ in 0..<sections { try lanes.run(2) { _, _ in } }
    let taken = ContinuousClock.now - began
    best = min(best, Double(taken.components.attoseconds) * 1e-18 + Double(taken.components.seconds))
  }
  report("two lanes", best, sections, "section", bytes: 0)
}

/// Reading and copying, the floor of everything that looks at values once.
func measureMemory(_ layer: SyntheticLayer) {
  let bytes = layer.count * 4
  var sum = SIMD16<UInt32>(repeating: 0)
  measure("read", layer.count, "value", bytes: bytes) {
    let vectors = UnsafeRawPointer(layer.values.base).assumingMemoryBound(to: SIMD16<UInt32>.self)
    for index in 0..<layer.count / 16 { sum &+= vectors[index] }
  }
  precondition(sum.wrappedSum() != 0)
  let part = 4096 * 1024
  let target = Pages<Float>(count: part)
  defer { target.deallocate() }
  measure("copy", layer.count, "value", bytes: bytes) {
    for first in stride(from: 0, to: layer.count, by: part) {
      memcpy(target.base, layer.values.base + first, min(part, layer.count - first) * 4)
    }
  }
}

/// To float, of values in the second-level cache.
func measureConversions() {
  let count = 1 << 16
  let times = 64
  let source = Pages<UInt16>(count: 2 * count)
  let target = Pages<Float>(count: count)
  defer {
    source.deallocate()
    target.deallocate()
  }
  // Finite in both forms of half precision.
  for index in 0..<2 * count { source.base[index] = UInt16(truncatingIfNeeded: index &* 40503) & 0xbbff }
  let bytes = UnsafeMutableRawPointer(source.base)
  func convert(_ name: String, _ size: Int, _ body: () -> Void) {
    measure("convert \(name)", count * times, "value", bytes: count * times * size) { for _ in 0..<times { body() } }
  }
  convert("float16", 2) { nd_float16_to_float(target.base, source.base, count) }
  convert("bfloat16", 2) { nd_bfloat16_to_float(target.base, source.base, count) }
  convert("uint8", 1) { nd_uint8_to_float(target.base, bytes.assumingMemoryBound(to: UInt8.self), count) }
  convert("int16", 2) { nd_int16_to_float(target.base, bytes.assumingMemoryBound(to: Int16.self), count) }
  convert("byte order of 4", 4) { nd_swap4(source.base, count) }
}

/// Both passes over values, and what comes of them.
func measurePasses(_ layer: SyntheticLayer) {
  let bytes = layer.count * 4
  let tile = Pages<Float>(count: RunCounts.rowsMax * tileColumns)
  defer { tile.deallocate() }
  measure("gather side by side", layer.count, "value", bytes: bytes) {
    layer.eachRun { _, _, _, rows in
      nd_gather_rows(
        tile.base, tileColumns * 4, rows.base, rows.pitch * 4, rows.order, rows.count, rows.following,
        tileColumns * 4)
    }
  }
  let again = layer.band()
  measure("count", layer.count, "value", bytes: bytes) { layer.count(again) }

  let band = layer.counted()
  var pending: [PendingRanks<Float>] = []
  let histograms = layer.neurons * layer.groups.count
  measure("find pending ranks", histograms, "neuron and group", bytes: histograms * 1024) {
    pending = (0..<layer.tiles).map { PendingRanks(band, tile: $0, groups: layer.groups, integers: false) }
  }
  let candidates = Pages<Float>(count: pending.reduce(0) { $0 + $1.valueCount })
  defer { candidates.deallocate() }
  func refinements() -> [RankRefinement<Float>] {
    var next = candidates.base
    return pending.map { pending in
      defer { next += pending.valueCount }
      return RankRefinement(pending, of: band, values: next)
    }
  }
  var refined: [RankRefinement<Float>] = []
  measure("collect candidates", layer.count, "value", bytes: bytes) {
    refined = refinements()
    layer.eachRun { _, tile, cell, rows in refined[tile].add(cell: cell, rows) }
  }
  precondition(refined.allSatisfy(\.isComplete))
  var scratch: [Float] = []
  var sum: Float = 0
  measure("select quartiles", histograms, "neuron and group", bytes: candidates.count * 4) {
    for neuron in 0..<layer.neurons {
      for group in layer.groups {
        sum += refined[neuron / tileColumns].quartiles(neuron, of: group, integers: false, scratch: &scratch).median
      }
    }
  }
  precondition(sum.isFinite)
}

/// Codes of a layer that was counted: taken, turned, and brought to their last grid.
func measureCodes(_ layer: SyntheticLayer) {
  let rows = SyntheticLayer.rowsPerBlock
  let codes = TileCodes<Float>(samplesMax: rows)
  let columns = Pages<UInt8>(count: (rows + 64) * tileColumns)
  defer { columns.deallocate() }
  let band = layer.band()
  measure("count and take codes", layer.count, "value", bytes: layer.count * 4) {
    layer.count(band, codes: codes)
  }
  // Those of the last block and tile.
  let record = codes.record
  let low = Pages<UInt8>(count: rows * tileColumns)
  let apart = Pages<UInt64>(count: rows)
  defer {
    low.deallocate()
    apart.deallocate()
  }
  memcpy(low.base, record.baseAddress! + CodeRecord.codes(from: 0), low.count)
  memcpy(apart.base, record.baseAddress! + CodeRecord.apart(samples: rows, from: 0), rows * 8)
  let map = CodeMap(
    grids: record.baseAddress!, final: (0..<tileColumns).map { band.grid(layer.neurons - tileColumns + $0) })
  measure("map codes", rows * tileColumns, "value", bytes: rows * tileColumns, times: 50) {
    map.apply(low.base, apart: apart.base, samples: rows)
  }
  measure("turn codes", rows * tileColumns, "value", bytes: rows * tileColumns, times: 50) {
    nd_turn_codes(columns.base, rows + 64, low.base, rows)
  }
  // The codes of a column, as they are stored.
  memcpy(low.base, record.baseAddress! + CodeRecord.codes(from: 0), low.count)
  map.apply(low.base, apart: apart.base, samples: rows)
  nd_turn_codes(columns.base, rows + 64, low.base, rows)
  let chunks = (0..<tileColumns).map { UnsafeRawBufferPointer(start: columns.base + $0 * (rows + 64), count: rows) }
  measureEncoding(
    "encode codes", .blosc(Blosc(.bits, elementBytes: 1)), chunks, unit: "value", units: rows * tileColumns)
}

/// Counts as they are stored, and their way to a file.
func measureChunks(_ layer: SyntheticLayer) {
  let band = layer.counted()
  let blocks = 16
  let rows = 16
  let counts = Pages<UInt32>(count: blocks * rows * DyadicGrid.binCount)
  defer { counts.deallocate() }
  measure("sum up counts", blocks * rows, "neuron and group", bytes: counts.count * 4) {
    for neuron in 0..<blocks * rows {
      band.histogram(neuron, of: [neuron % layer.classes], on: band.grid(neuron), into: counts.base + neuron * 256)
    }
  }
  let chunks = (0..<blocks).map {
    UnsafeRawBufferPointer(start: counts.base + $0 * rows * DyadicGrid.binCount, count: rows * DyadicGrid.binCount * 4)
  }
  measureEncoding(
    "encode counts", .blosc(Blosc(.bytes, elementBytes: 4)), chunks, unit: "neuron and group", units: blocks * rows)
}

private func measureEncoding(
  _ name: String, _ codec: ChunkCodec, _ chunks: [UnsafeRawBufferPointer], unit: String, units: Int
) {
  let target = UnsafeMutableRawBufferPointer.allocate(
    byteCount: chunks.reduce(0) { $0 + codec.maxEncodedBytes($1.count) }, alignment: 64)
  defer { target.deallocate() }
  var lengths: [Int] = []
  measure(name, units, unit, bytes: chunks.reduce(0) { $0 + $1.count }) {
    lengths.removeAll(keepingCapacity: true)
    var place = 0
    for chunk in chunks {
      let length = codec.encode(chunk, into: UnsafeMutableRawBufferPointer(rebasing: target[place...]))
      lengths.append(length)
      place += length
    }
  }
  let encoded = UnsafeRawBufferPointer(rebasing: target[..<lengths.reduce(0, +)])
  measure("checksum of \(name)", units, unit, bytes: encoded.count, times: 20) { _ = crc32c(encoded) }
  let file = FileManager.default.temporaryDirectory.appending(path: "bench-kernels-\(getpid())").path()
  let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  unlink(file)
  guard descriptor >= 0 else { return }
  defer { close(descriptor) }
  measure("write of \(name)", units, unit, bytes: encoded.count, times: 20) {
    _ = pwrite(descriptor, encoded.baseAddress, encoded.count, 0)
  }
}
