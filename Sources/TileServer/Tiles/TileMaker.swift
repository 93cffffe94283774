import TileStore

/// Which histograms tiles are made of: one group of one layer on one axis, or on a part of the shared one.
struct PlaneKey: Hashable, Sendable {
  var group: Int
  var axis: BinAxis
  var bins: BinCount
  var window: AxisWindow?
}

/// Makes the density tiles of a plane, seen in an ordering.
///
/// Zoomed in, a tile gathers the rows of its neurons. Zoomed out, where a tile would touch much of the plane anyway,
/// one pass adds every neuron to its displayed row, for all levels at once (`Pyramid`). Both read from memory where the
/// plane is decoded (`DecodedPlane`); of planes too large for that, a pass decodes the store's chunks in natural order.
struct TileMaker: Sendable {
  /// Most displayed rows of the lowest level that a pyramid holds, where each tile below must decode what it gathers: a
  /// pass needs 1 KiB each while it runs (2 KiB for very many samples), and the pyramid keeps half a KiB each.
  static let pyramidRowsMax = 8192
  /// The same where tiles below are gathered from memory.
  static let pyramidRowsMaxInMemory = 2048
  /// The level from which on a tile waits until the plane is decoded: it gathers 8,192 neurons or more.
  static let planeLevel = 5

  let layer: LayerReader
  let plane: PlaneKey
  let order: NeuronOrder
  /// `[neuron]`: `statistics/zeros` of the group.
  let zeros: [UInt32]
  /// Samples of the group: no count is larger.
  let samples: Int
  /// Where the plane is a window.
  let grids: WindowGrids?

  var levels: Levels { Levels(neurons: layer.layer.neurons) }

  /// The lowest level that a pyramid holds; tiles below are gathered. At least 1: level 0 is always gathered.
  static func pyramidLevel(_ levels: Levels, inMemory: Bool) -> Int {
    let rowsMax = inMemory ? pyramidRowsMaxInMemory : pyramidRowsMax
    var level = 1
    while levels.rows(at: level) > rowsMax { level += 1 }
    return level
  }

  /// Whether tiles may be summed in 32 bits, whatever their level.
  static func fits32(_ levels: Levels, samples: Int) -> Bool {
    let (sum, overflow) = samples.multipliedReportingOverflow(by: 1 << levels.top)
    return !overflow && sum <= Int(UInt32.max)
  }

  /// Whether 32 bits hold the sum of `2^level` counts.
  private func fits32(_ level: Int) -> Bool {
    let (sum, overflow) = samples.multipliedReportingOverflow(by: 1 << level)
    return !overflow && sum <= Int(UInt32.max)
  }

  /// A tile from the rows of its neurons.
  ///
  /// - Returns: the whole answer, header and body.
  /// - Complexity: decodes at most one inner chunk for each of the tile's `256 · 2^level` neurons.
  func gather(_ rows: Range<Int>, level: Int) throws(StoreError) -> [UInt8] {
    if let grids { return try gather(rows, level, grids) }
    return try fits32(level) ? gather(rows, level, UInt32.self) : gather(rows, level, UInt64.self)
  }

  private func gather<Word: SumWord>(_ rows: Range<Int>, _ level: Int, _: Word.Type) throws(StoreError) -> [UInt8] {
    let sums = RowSums<Word>(rows: rows.count, bins: plane.bins.rawValue)
    let counts = layer.counts(plane.axis, plane.bins)
    let neurons = order.neurons[levels.ranks(ofRows: rows, at: level)]
    try counts.gather(plane: plane.group, neurons) { position, row in
      guard let bytes = row.baseAddress else { return }
      let neuron = neurons[neurons.startIndex + position]
      sums.add(bytes, counts.metadata.dataType, zeros: zeros[Int(neuron)], to: position >> level)
    }
    return sums.encode(0..<rows.count).message(rows, level, bins: plane.bins.rawValue)
  }

  private func gather(_ rows: Range<Int>, _ level: Int, _ grids: WindowGrids) throws(StoreError) -> [UInt8] {
    let sums = RowSums<UInt64>(rows: rows.count, bins: BinCount.full.rawValue, isWindow: true)
    let counts = layer.counts(.own, .full)
    let neurons = order.neurons[levels.ranks(ofRows: rows, at: level)]
    try counts.gather(plane: plane.group, neurons) { position, row in
      guard let bytes = row.baseAddress else { return }
      let neuron = Int(neurons[neurons.startIndex + position])
      sums.add(
        bytes, counts.metadata.dataType, zeros: zeros[neuron], neuron: neuron, of: grids, to: position >> level)
    }
    return sums.coarsened(to: plane.bins.rawValue).encode(0..<rows.count)
      .message(rows, level, bins: plane.bins.rawValue)
  }

  /// A tile from the rows of its neurons in memory.
  /// - Precondition: 32 bits hold the sums (`fits32`).
  func gather(_ rows: Range<Int>, level: Int, from decoded: DecodedPlane) -> [UInt8] {
    let sums = RowSums<UInt32>(rows: rows.count, bins: plane.bins.rawValue)
    add(rows, level, from: decoded, to: sums, firstRow: rows.lowerBound)
    return sums.encode(0..<rows.count).message(rows, level, bins: plane.bins.rawValue)
  }

  /// All tiles from `pyramidLevel` up, from memory.
  /// - Precondition: 32 bits hold the sums (`fits32`).
  func pyramid(_ helpers: HelperThreads, from decoded: DecodedPlane) throws -> Pyramid {
    let lowest = Self.pyramidLevel(levels, inMemory: true)
    let rows = levels.rows(at: lowest)
    let sums = RowSums<UInt32>(rows: rows, bins: plane.bins.rawValue)
    // A small plane is done before a helper has woken up.
    let parts = decoded.rows < 4096 ? 1 : helpers.count + 1
    _ = try helpers.map(parts) { part in
      add((rows * part / parts)..<(rows * (part + 1) / parts), lowest, from: decoded, to: sums, firstRow: 0)
    }
    return pyramid(of: sums, lowest)
  }

  /// Adds the neurons of some displayed rows; `firstRow` is the first that the sums hold.
  private func add(
    _ rows: Range<Int>, _ level: Int, from decoded: DecodedPlane, to sums: RowSums<UInt32>, firstRow: Int
  ) {
    order.neurons.withUnsafeBufferPointer { neurons in
      for row in rows {
        let ranks = levels.ranks(ofRows: row..<(row + 1), at: level)
        sums.add(decoded, UnsafeBufferPointer(rebasing: neurons[ranks]), zeros: zeros, to: row - firstRow)
      }
    }
  }

  /// All tiles from `pyramidLevel` up, from the store.
  ///
  /// - Parameters:
  ///   - helpers: threads that share the pass, each with sums of its own.
  ///   - lowest: the lowest level, from `pyramidLevel`.
  /// - Complexity: decodes every inner chunk of the plane once.
  func pyramid(_ helpers: HelperThreads, lowest: Int) throws -> Pyramid {
    if let grids {
      let passes = try passes(helpers, lowest, chunks: layer.counts(.own, .full).chunks) { chunks, level in
        try pass(chunks: chunks, level, grids)
      }
      return pyramid(of: passes.coarsened(to: plane.bins.rawValue), lowest)
    }
    return fits32(levels.top) ? try pyramid(helpers, lowest, UInt32.self) : try pyramid(helpers, lowest, UInt64.self)
  }

  private func pyramid<Word: SumWord>(_ helpers: HelperThreads, _ lowest: Int, _: Word.Type) throws -> Pyramid {
    pyramid(
      of: try passes(helpers, lowest, chunks: layer.counts(plane.axis, plane.bins).chunks) { chunks, level in
        try pass(chunks: chunks, level, Word.self)
      }, lowest)
  }

  /// The sums of all chunks at the pyramid's lowest level, by as many threads as help.
  private func passes<Word: SumWord>(
    _ helpers: HelperThreads, _ lowest: Int, chunks: Int,
    _ pass: @escaping @Sendable (Range<Int>, Int) throws -> RowSums<Word>
  ) throws -> RowSums<Word> {
    // A small plane is done before a helper has woken up.
    let parts = chunks < 256 ? 1 : helpers.count + 1
    let passes = try helpers.map(parts) { part in
      try pass((chunks * part / parts)..<(chunks * (part + 1) / parts), lowest)
    }
    for other in passes.dropFirst() { passes[0].add(other) }
    return passes[0]
  }

  /// All tiles from the sums at the pyramid's lowest level.
  private func pyramid<Word: SumWord>(of lowestSums: RowSums<Word>, _ lowest: Int) -> Pyramid {
    var sums = lowestSums
    var pyramid = Pyramid(lowest: lowest, bins: plane.bins.rawValue)
    for level in lowest...max(lowest, levels.top) {
      if level > lowest { sums = sums.halved() }
      for first in stride(from: 0, to: sums.rows, by: Levels.tileRows) {
        let rows = first..<min(first + Levels.tileRows, sums.rows)
        pyramid.append(sums.encode(rows), rows: rows, level: level)
      }
    }
    return pyramid
  }

  /// Adds the rows of some inner chunks to their displayed rows.
  private func pass<Word: SumWord>(chunks: Range<Int>, _ level: Int, _: Word.Type) throws(StoreError) -> RowSums<Word> {
    let sums = RowSums<Word>(rows: levels.rows(at: level), bins: plane.bins.rawValue)
    let counts = layer.counts(plane.axis, plane.bins)
    let (type, rowBytes) = (counts.metadata.dataType, counts.rowBytes)
    try counts.stream(plane: plane.group, chunks: chunks) { first, rows in
      guard let bytes = rows.baseAddress else { return }
      for row in 0..<(rows.count / rowBytes) {
        let displayed = Int(order.ranks[first + row]) >> level
        sums.add(bytes + row * rowBytes, type, zeros: zeros[first + row], to: displayed)
      }
    }
    return sums
  }

  /// The same on a window.
  private func pass(chunks: Range<Int>, _ level: Int, _ grids: WindowGrids) throws(StoreError) -> RowSums<UInt64> {
    let sums = RowSums<UInt64>(rows: levels.rows(at: level), bins: BinCount.full.rawValue, isWindow: true)
    let counts = layer.counts(.own, .full)
    let (type, rowBytes) = (counts.metadata.dataType, counts.rowBytes)
    try counts.stream(plane: plane.group, chunks: chunks) { first, rows in
      guard let bytes = rows.baseAddress else { return }
      for row in 0..<(rows.count / rowBytes) {
        let neuron = first + row
        let displayed = Int(order.ranks[neuron]) >> level
        sums.add(
          bytes + row * rowBytes, type, zeros: zeros[neuron], neuron: neuron, of: grids, to: displayed)
      }
    }
    return sums
  }
}

extension TileBody {
  /// The whole answer, header and body.
  fileprivate func message(_ rows: Range<Int>, _ level: Int, bins: Int) -> [UInt8] {
    TileHeader(
      magic: .densities, rows: rows.count, bins: bins, level: level, scale: scale, firstRow: rows.lowerBound,
      zeroScale: zeroScale
    ).message(with: codes)
  }
}

/// The zoomed-out tiles of one plane in one ordering, coded.
struct Pyramid: Sendable {
  private struct Tile {
    var body: TileBody
    var rows: Range<Int>
  }

  let lowest: Int
  private let bins: Int
  /// `[level - lowest][index]`.
  private var levels: [[Tile]] = []
  private(set) var byteCount = 0

  fileprivate init(lowest: Int, bins: Int) {
    self.lowest = lowest
    self.bins = bins
  }

  fileprivate mutating func append(_ body: TileBody, rows: Range<Int>, level: Int) {
    if level - lowest == levels.count { levels.append([]) }
    levels[level - lowest].append(Tile(body: body, rows: rows))
    byteCount += body.codes.count + 64
  }

  /// The whole answer, header and body; `nil` where there is no such tile.
  func tile(level: Int, index: Int) -> [UInt8]? {
    guard levels.indices.contains(level - lowest), levels[level - lowest].indices.contains(index) else { return nil }
    let tile = levels[level - lowest][index]
    return tile.body.message(tile.rows, level, bins: bins)
  }
}
