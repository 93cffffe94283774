import TileStore

/// Which histograms tiles are made of: one group of one layer on one axis, or on a part of the shared one.
package struct PlaneKey: Hashable, Sendable {
  package var group: Int
  package var axis: BinAxis
  package var bins: BinCount
  package var window: AxisWindow?

  package init(group: Int, axis: BinAxis, bins: BinCount, window: AxisWindow? = nil) {
    self.group = group
    self.axis = axis
    self.bins = bins
    self.window = window
  }

  /// The plane of the store that its tiles are added up from: those of a window from the neurons' own grids.
  var stored: PlaneKey { window == nil ? self : PlaneKey(group: group, axis: .own, bins: .full) }
}

/// Makes the density tiles of a plane, seen in an ordering.
///
/// Zoomed in, a tile gathers the rows of its neurons. Zoomed out, where a tile would touch much of the plane anyway,
/// one pass adds every neuron to its displayed row, for all levels at once (`Pyramid`). Both read from memory where the
/// plane is decoded (`DecodedPlane`); of planes too large for that, a pass decodes the store's chunks in natural order.
struct TileMaker: Sendable {
  let layer: LayerReader
  let plane: PlaneKey
  let order: NeuronOrder
  /// `[neuron]`: `statistics/zeros` of the group.
  let zeros: [UInt32]
  /// Where the plane is a window.
  let grids: WindowGrids?

  var levels: Levels { Levels(neurons: layer.layer.neurons) }

  /// A tile from the rows of its neurons.
  ///
  /// - Parameter word: holds the sums; those of a window are always of 64 bits.
  /// - Returns: the whole answer, header and body.
  /// - Complexity: decodes at most one inner chunk for each of the tile's `256 · 2^level` neurons.
  func gather(_ rows: Range<Int>, level: Int, _ word: TilePlan.Word) throws(StoreError) -> [UInt8] {
    if let grids { return try gather(rows, level, grids) }
    return switch word {
    case .bits32: try gather(rows, level, UInt32.self)
    case .bits64: try gather(rows, level, UInt64.self)
    }
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
  ///
  /// - Parameter decoded: the plane of the store that tiles are added up from.
  /// - Precondition: 32 bits hold the sums, unless it is a window.
  func gather(_ rows: Range<Int>, level: Int, from decoded: DecodedPlane) -> [UInt8] {
    let body: TileBody
    if let grids {
      let sums = RowSums<UInt64>(rows: rows.count, bins: decoded.bins, isWindow: true)
      forEachRow(rows, level) { sums.add(decoded, $1, zeros: zeros, of: grids, to: $0 - rows.lowerBound) }
      body = sums.coarsened(to: plane.bins.rawValue).encode(0..<rows.count)
    } else {
      let sums = RowSums<UInt32>(rows: rows.count, bins: plane.bins.rawValue)
      forEachRow(rows, level) { sums.add(decoded, $1, zeros: zeros, to: $0 - rows.lowerBound) }
      body = sums.encode(0..<rows.count)
    }
    return body.message(rows, level, bins: plane.bins.rawValue)
  }

  /// All tiles from the level `lowest` up, from memory.
  ///
  /// - Parameter decoded: the plane of the store that tiles are added up from.
  /// - Precondition: 32 bits hold the sums, unless it is a window.
  func pyramid(_ helpers: HelperThreads, lowest: Int, from decoded: DecodedPlane) throws -> Pyramid {
    let rows = levels.rows(at: lowest)
    // A small plane is done before a helper has woken up. More parts than threads: a helper may be at work for others.
    let parts = decoded.rows < 4096 || helpers.count == 0 ? 1 : 4 * (helpers.count + 1)
    if let grids {
      let sums = RowSums<UInt64>(rows: rows, bins: decoded.bins, isWindow: true)
      _ = try helpers.map(parts) { part in
        forEachRow((rows * part / parts)..<(rows * (part + 1) / parts), lowest) {
          sums.add(decoded, $1, zeros: zeros, of: grids, to: $0)
        }
      }
      return pyramid(of: sums.coarsened(to: plane.bins.rawValue), lowest)
    }
    let sums = RowSums<UInt32>(rows: rows, bins: plane.bins.rawValue)
    _ = try helpers.map(parts) { part in
      forEachRow((rows * part / parts)..<(rows * (part + 1) / parts), lowest) {
        sums.add(decoded, $1, zeros: zeros, to: $0)
      }
    }
    return pyramid(of: sums, lowest)
  }

  /// Calls `body` with some displayed rows and the neurons of each.
  private func forEachRow(
    _ rows: Range<Int>, _ level: Int, _ body: (_ row: Int, _ neurons: UnsafeBufferPointer<UInt32>) -> Void
  ) {
    order.neurons.withUnsafeBufferPointer { neurons in
      for row in rows {
        body(row, UnsafeBufferPointer(rebasing: neurons[levels.ranks(ofRows: row..<(row + 1), at: level)]))
      }
    }
  }

  /// All tiles from the level `lowest` up, from the store.
  ///
  /// - Parameters:
  ///   - helpers: threads that share the pass, each with sums of its own.
  ///   - word: holds the sums; those of a window are always of 64 bits.
  /// - Complexity: decodes every inner chunk of the plane once.
  func pyramid(_ helpers: HelperThreads, lowest: Int, _ word: TilePlan.Word) throws -> Pyramid {
    if let grids {
      let ranks = order.ranks()
      let passes = try passes(helpers, lowest, chunks: layer.counts(.own, .full).chunks) { chunks, level in
        try pass(chunks: chunks, ranks, level, grids)
      }
      return pyramid(of: passes.coarsened(to: plane.bins.rawValue), lowest)
    }
    return switch word {
    case .bits32: try pyramid(helpers, lowest, UInt32.self)
    case .bits64: try pyramid(helpers, lowest, UInt64.self)
    }
  }

  private func pyramid<Word: SumWord>(_ helpers: HelperThreads, _ lowest: Int, _: Word.Type) throws -> Pyramid {
    let ranks = order.ranks()
    return pyramid(
      of: try passes(helpers, lowest, chunks: layer.counts(plane.axis, plane.bins).chunks) { chunks, level in
        try pass(chunks: chunks, ranks, level, Word.self)
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
  private func pass<Word: SumWord>(
    chunks: Range<Int>, _ ranks: [UInt32], _ level: Int, _: Word.Type
  ) throws(StoreError) -> RowSums<Word> {
    let sums = RowSums<Word>(rows: levels.rows(at: level), bins: plane.bins.rawValue)
    let counts = layer.counts(plane.axis, plane.bins)
    let (type, rowBytes) = (counts.metadata.dataType, counts.rowBytes)
    try counts.stream(plane: plane.group, chunks: chunks) { first, rows in
      guard let bytes = rows.baseAddress else { return }
      for row in 0..<(rows.count / rowBytes) {
        let displayed = Int(ranks[first + row]) >> level
        sums.add(bytes + row * rowBytes, type, zeros: zeros[first + row], to: displayed)
      }
    }
    return sums
  }

  /// The same on a window.
  private func pass(
    chunks: Range<Int>, _ ranks: [UInt32], _ level: Int, _ grids: WindowGrids
  ) throws(StoreError) -> RowSums<UInt64> {
    let sums = RowSums<UInt64>(rows: levels.rows(at: level), bins: BinCount.full.rawValue, isWindow: true)
    let counts = layer.counts(.own, .full)
    let (type, rowBytes) = (counts.metadata.dataType, counts.rowBytes)
    try counts.stream(plane: plane.group, chunks: chunks) { first, rows in
      guard let bytes = rows.baseAddress else { return }
      for row in 0..<(rows.count / rowBytes) {
        let neuron = first + row
        let displayed = Int(ranks[neuron]) >> level
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
package struct Pyramid: Sendable {
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
