import TileStore

/// Which histograms tiles are made of: one group of one layer on one axis.
struct PlaneKey: Hashable, Sendable {
  var group: Int
  var axis: BinAxis
  var bins: BinCount
}

/// Makes the density tiles of a plane, seen in an ordering.
///
/// Zoomed in, a tile gathers the rows of its neurons. Zoomed out, where a tile would touch much of the plane anyway,
/// one pass in natural order adds every row to its displayed row, for all levels at once (`Pyramid`).
struct TileMaker: Sendable {
  /// Most displayed rows of the lowest level that a pyramid holds: a pass needs 1 KiB each while it runs (2 KiB for very
  /// many samples), and the pyramid keeps half a KiB each.
  static let pyramidRowsMax = 8192

  let layer: LayerReader
  let plane: PlaneKey
  let order: NeuronOrder
  /// `[neuron]`: `statistics/zeros` of the group.
  let zeros: [UInt32]
  /// Samples of the group: no count is larger.
  let samples: Int

  var levels: Levels { Levels(neurons: layer.layer.neurons) }

  /// The lowest level that a pyramid holds; tiles below are gathered. At least 1: level 0 is always gathered.
  static func pyramidLevel(_ levels: Levels) -> Int {
    var level = 1
    while levels.rows(at: level) > pyramidRowsMax { level += 1 }
    return level
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
    fits32(level) ? try gather(rows, level, UInt32.self) : try gather(rows, level, UInt64.self)
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
    let (body, scale) = sums.encode(0..<rows.count)
    return TileHeader(
      magic: .densities, rows: rows.count, bins: plane.bins.rawValue, level: level, scale: scale,
      firstRow: rows.lowerBound
    ).message(with: body)
  }

  /// All tiles from `pyramidLevel` up.
  ///
  /// - Parameter helpers: threads that share the pass, each with sums of its own.
  /// - Complexity: decodes every inner chunk of the plane once.
  func pyramid(_ helpers: HelperThreads) throws -> Pyramid {
    fits32(levels.top) ? try pyramid(helpers, UInt32.self) : try pyramid(helpers, UInt64.self)
  }

  private func pyramid<Word: SumWord>(_ helpers: HelperThreads, _: Word.Type) throws -> Pyramid {
    let lowest = Self.pyramidLevel(levels)
    let chunks = layer.counts(plane.axis, plane.bins).chunks
    // A small plane is done before a helper has woken up.
    let parts = chunks < 256 ? 1 : helpers.count + 1
    let passes = try helpers.map(parts) { part in
      try pass(chunks: (chunks * part / parts)..<(chunks * (part + 1) / parts), lowest, Word.self)
    }
    var sums = passes[0]
    for other in passes.dropFirst() { sums.add(other) }

    var pyramid = Pyramid(lowest: lowest, bins: plane.bins.rawValue)
    for level in lowest...max(lowest, levels.top) {
      if level > lowest { sums = sums.halved() }
      for first in stride(from: 0, to: sums.rows, by: Levels.tileRows) {
        let rows = first..<min(first + Levels.tileRows, sums.rows)
        let (body, scale) = sums.encode(rows)
        pyramid.append(body, scale: scale, rows: rows, level: level)
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
}

/// The zoomed-out tiles of one plane in one ordering, coded.
struct Pyramid: Sendable {
  private struct Tile {
    var body: [UInt8]
    var scale: Float
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

  fileprivate mutating func append(_ body: [UInt8], scale: Float, rows: Range<Int>, level: Int) {
    if level - lowest == levels.count { levels.append([]) }
    levels[level - lowest].append(Tile(body: body, scale: scale, rows: rows))
    byteCount += body.count + 64
  }

  /// The whole answer, header and body; `nil` where there is no such tile.
  func tile(level: Int, index: Int) -> [UInt8]? {
    guard levels.indices.contains(level - lowest), levels[level - lowest].indices.contains(index) else { return nil }
    let tile = levels[level - lowest][index]
    return TileHeader(
      magic: .densities, rows: tile.rows.count, bins: bins, level: level, scale: tile.scale,
      firstRow: tile.rows.lowerBound
    ).message(with: tile.body)
  }
}
