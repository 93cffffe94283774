import CKernels
import TileStore

/// Counts many neurons that follow each other from codes that lie by row: of each row that is looked at, and of no other, the inner chunks
/// that hold them are decoded. The memory of one thread: 18 MiB, and where more than `rowsMax` rows are looked at 16 more.
final class CodeBands {
  /// Rows that are in memory at a time.
  private static let rowsMax = 1020

  private let counter: SubsetCounter
  private let rows: ArrayReader
  private let rowsApart: ArrayReader
  private let all: PlaneRows
  /// `[row, neuron]`, of the neurons of a chunk.
  private let codes: UnsafeMutableRawBufferPointer
  /// `[row, neuronByte]`.
  private let apart: UnsafeMutableRawBufferPointer
  /// `[neuron, bin]`: of a block, or of a whole chunk where its rows do not fit into memory.
  private let counts: UnsafeMutableBufferPointer<UInt32>
  private var tallies: [NeuronTally]
  private var bits: [UInt32]

  /// `nil` where the layer has no codes by row.
  init?(_ counter: SubsetCounter) {
    guard let rows = counter.layer.codeRows, let rowsApart = counter.layer.codeRowsApart else { return nil }
    self.counter = counter
    self.rows = rows
    self.rowsApart = rowsApart
    all = PlaneRows(counter.layer.counts(.own, .full), plane: 0)
    let held = min(counter.chosen.count, Self.rowsMax)
    let neurons = rows.rowsPerChunk
    codes = .allocate(byteCount: max(held * rows.chunkBytes, 1), alignment: 64)
    apart = .allocate(byteCount: max(held * rowsApart.chunkBytes, 1), alignment: 64)
    counts = .allocate(capacity: (counter.chosen.count > Self.rowsMax ? neurons : Self.block) * Int(ND_BINS))
    counts.initialize(repeating: 0)
    tallies = Array(repeating: NeuronTally(count: 0, zeros: 0, nan: 0, infinite: 0), count: neurons)
    bits = Array(repeating: 0, count: neurons)
  }

  deinit {
    codes.deallocate()
    apart.deallocate()
    counts.deallocate()
  }

  private static var block: Int { Int(ND_ROW_BLOCK) }

  /// Calls `body` with each of some neurons, its counts by bin, and its tally.
  func each(_ neurons: Range<Int>, _ body: (Int, UnsafeMutablePointer<UInt32>, NeuronTally) -> Void) throws(StoreError)
  {
    guard !neurons.isEmpty else { return }
    let width = rows.rowsPerChunk
    for chunk in neurons.lowerBound / width...(neurons.upperBound - 1) / width {
      let wanted = neurons.clamped(to: chunk * width..<(chunk + 1) * width)
      try self.chunk(chunk, wanted, body)
    }
  }

  /// - Parameter wanted: neurons of the chunk.
  private func chunk(
    _ chunk: Int, _ wanted: Range<Int>, _ body: (Int, UnsafeMutablePointer<UInt32>, NeuronTally) -> Void
  ) throws(StoreError) {
    let first = chunk * rows.rowsPerChunk
    let blocks = (wanted.lowerBound - first) / Self.block..<(wanted.upperBound - 1 - first) / Self.block + 1
    for place in tallies.indices {
      tallies[place] = NeuronTally(count: UInt32(counter.chosen.count), zeros: 0, nan: 0, infinite: 0)
      bits[place] = 0
    }
    let isWhole = counter.chosen.count > Self.rowsMax
    if isWhole { counts.update(repeating: 0) }
    for start in stride(from: 0, to: max(counter.chosen.count, 1), by: Self.rowsMax) {
      let batch = counter.chosen[start..<min(start + Self.rowsMax, counter.chosen.count)]
      try decode(batch, chunk)
      for block in blocks {
        guard let base = counts.baseAddress else { return }
        let target = isWhole ? base + block * Self.block * Int(ND_BINS) : base
        if !isWhole { target.update(repeating: 0, count: Self.block * Int(ND_BINS)) }
        nd_count_code_rows(target, codes.bytes + block * Self.block, rows.chunkBytes, batch.count)
        try leaveOut(batch, block, first, target)
        if !isWhole { try finish(block, first, wanted, target, body) }
      }
    }
    guard isWhole, let base = counts.baseAddress else { return }
    for block in blocks { try finish(block, first, wanted, base + block * Self.block * Int(ND_BINS), body) }
  }

  /// The chunks of some samples.
  private func decode(_ batch: ArraySlice<UInt32>, _ chunk: Int) throws(StoreError) {
    for (place, sample) in batch.enumerated() {
      try rows.decode(plane: Int(sample), chunk: chunk, into: Self.part(codes, place, rows.chunkBytes))
      try rowsApart.decode(plane: Int(sample), chunk: chunk, into: Self.part(apart, place, rowsApart.chunkBytes))
    }
    let width = rows.rowsPerChunk
    bits.withUnsafeMutableBufferPointer {
      nd_count_bit_rows($0.baseAddress, apart.bytes, rowsApart.chunkBytes, batch.count, width)
    }
  }

  private static func part(_ buffer: UnsafeMutableRawBufferPointer, _ place: Int, _ bytes: Int)
    -> UnsafeMutableRawBufferPointer
  {
    UnsafeMutableRawBufferPointer(rebasing: buffer[place * bytes..<(place + 1) * bytes])
  }

  /// Takes out of the counts of a block what is in no bin, in neurons of which not only zeros stand apart.
  private func leaveOut(
    _ batch: ArraySlice<UInt32>, _ block: Int, _ first: Int, _ counts: UnsafeMutablePointer<UInt32>
  ) throws(StoreError) {
    let neurons = counter.hasOnlyZerosApart.count
    for word in stride(from: block * Self.block, to: min((block + 1) * Self.block, neurons - first), by: 64) {
      var mask: UInt64 = 0
      for bit in 0..<min(64, neurons - first - word) where !counter.hasOnlyZerosApart[first + word + bit] {
        mask |= 1 << UInt64(bit)
      }
      if mask == 0 { continue }
      for (place, sample) in batch.enumerated() {
        var rest = mask & apart.loadUnaligned(fromByteOffset: place * rowsApart.chunkBytes + word / 8, as: UInt64.self)
        while rest != 0 {
          let neuron = word + rest.trailingZeroBitCount
          rest &= rest - 1
          let code = codes[place * rows.chunkBytes + neuron]
          let byte = code &+ UInt8(truncatingIfNeeded: counter.origins[first + neuron])
          guard let kind = NeuronCodes.Kind(rawValue: byte) else {
            throw .meaningless(rows.path, sample: Int(sample), neuron: first + neuron, byte)
          }
          tallies[neuron].add(kind)
          if kind != .zero { counts[(neuron - block * Self.block) * Int(ND_BINS) + Int(code)] -= 1 }
        }
      }
    }
  }

  private func finish(
    _ block: Int, _ first: Int, _ wanted: Range<Int>, _ counts: UnsafeMutablePointer<UInt32>,
    _ body: (Int, UnsafeMutablePointer<UInt32>, NeuronTally) -> Void
  ) throws(StoreError) {
    let start = first + block * Self.block
    for neuron in wanted.clamped(to: start..<start + Self.block) {
      var tally = tallies[neuron - first]
      if counter.hasOnlyZerosApart[neuron] { tally.zeros = bits[neuron - first] }
      let own = counts + (neuron - start) * Int(ND_BINS)
      body(neuron, own, try counter.finish(neuron, own, tally, all))
    }
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Its first byte; the memory is there.
  fileprivate var bytes: UnsafePointer<UInt8> {
    guard let base = baseAddress else { preconditionFailure("nothing was allocated") }
    return UnsafePointer(base.assumingMemoryBound(to: UInt8.self))
  }
}

extension SubsetCounter {
  /// Neurons that are counted as cheaply together as one of them.
  var neuronsAtOnce: Int { isSoonestByNeuron ? Int(ND_TILE) : layer.codeRows?.rowsPerChunk ?? Int(ND_TILE) }

  /// Calls `body` with each of some neurons, its counts by bin, of which there are 256, and its tally. Counts may be changed.
  func each(_ neurons: Range<Int>, _ body: (Int, UnsafeMutablePointer<UInt32>, NeuronTally) -> Void) throws(StoreError)
  {
    if !isSoonestByNeuron, let bands = CodeBands(self) { return try bands.each(neurons, body) }
    let codes = try NeuronCodes(self)
    let counts = UnsafeMutablePointer<UInt32>.allocate(capacity: Int(ND_BINS))
    defer { counts.deallocate() }
    for neuron in neurons { body(neuron, counts, try count(neuron, codes, into: counts)) }
  }
}

extension NeuronCodes {
  /// Of a counter's layer, which has codes.
  convenience init(_ counter: SubsetCounter) throws(StoreError) {
    do throws(SubsetError) {
      try self.init(counter.layer)
    } catch {
      preconditionFailure("a counter's layer has codes")
    }
  }
}
