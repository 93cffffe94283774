import TileStore

/// Makes the density tiles of a plane, seen in an ordering: adds up what a source gives.
///
/// Zoomed in, a tile gathers the rows of its neurons. Zoomed out, where a tile would touch much of the plane anyway,
/// one pass adds every neuron to its displayed row, for all levels at once (`Pyramid`).
struct TileMaker: Sendable {
  let order: NeuronOrder
  /// Of the tiles.
  let bins: BinCount
  /// `[neuron]`: exact zeros in the group.
  let zeros: [UInt32]
  /// Where the tiles are of a window: the source then has the counts on the neurons' own grids.
  let grids: WindowGrids?

  var levels: Levels { Levels(neurons: order.neurons.count) }

  /// A tile from the rows of its neurons.
  ///
  /// - Parameter word: holds the sums; those of a window are always of 64 bits.
  /// - Returns: the whole answer, header and body.
  /// - Complexity: of the store, decodes at most one inner chunk for each of the tile's `256 · 2^level` neurons.
  func gather(
    _ rows: Range<Int>, level: Int, from source: CountSource, _ word: TilePlan.Word
  ) throws(StoreError) -> [UInt8] {
    if let grids { return try gather(rows, level, source, WindowOfAxis(zeros: zeros, grids: grids)) }
    return switch word {
    case .bits32: try gather(rows, level, source, WholeAxis<UInt32>(bins: bins.rawValue, zeros: zeros))
    case .bits64: try gather(rows, level, source, WholeAxis<UInt64>(bins: bins.rawValue, zeros: zeros))
    }
  }

  private func gather<Adder: CountAdder>(
    _ rows: Range<Int>, _ level: Int, _ source: CountSource, _ adder: Adder
  ) throws(StoreError) -> [UInt8] {
    let sums = RowSums(rows: rows.count, of: adder)
    switch source {
    case .memory(let plane):
      forEachRow(rows, level) { sums.add($1, of: plane, to: $0 - rows.lowerBound, by: adder) }
    case .rows(let counts):
      let neurons = order.neurons[levels.ranks(ofRows: rows, at: level)]
      let type = counts.type
      try counts.gather(neurons) { position, row in
        let neuron = Int(neurons[neurons.startIndex + position])
        sums.add(row, type, neuron: neuron, to: position >> level, by: adder)
      }
    }
    return sums.coarsened(to: bins.rawValue).encode(0..<rows.count).message(rows, level, bins: bins.rawValue)
  }

  /// All tiles from the level `lowest` up.
  ///
  /// - Parameters:
  ///   - helpers: threads that share the work.
  ///   - word: holds the sums; those of a window are always of 64 bits.
  /// - Complexity: of the store, decodes every inner chunk of the plane once.
  func pyramid(
    _ helpers: HelperThreads, lowest: Int, from source: CountSource, _ word: TilePlan.Word
  ) throws -> Pyramid {
    if let grids { return try pyramid(helpers, lowest, source, WindowOfAxis(zeros: zeros, grids: grids)) }
    return switch word {
    case .bits32: try pyramid(helpers, lowest, source, WholeAxis<UInt32>(bins: bins.rawValue, zeros: zeros))
    case .bits64: try pyramid(helpers, lowest, source, WholeAxis<UInt64>(bins: bins.rawValue, zeros: zeros))
    }
  }

  private func pyramid<Adder: CountAdder>(
    _ helpers: HelperThreads, _ lowest: Int, _ source: CountSource, _ adder: Adder
  ) throws -> Pyramid {
    let sums =
      switch source {
      case .memory(let plane): try sums(of: plane, at: lowest, helpers, adder)
      case .rows(let counts): try sums(of: counts, at: lowest, helpers, adder)
      }
    return Pyramid(of: sums.coarsened(to: bins.rawValue), lowest: lowest, top: levels.top)
  }

  /// The sums of all neurons at a level. Threads share the displayed rows.
  private func sums<Adder: CountAdder>(
    of plane: DecodedPlane, at level: Int, _ helpers: HelperThreads, _ adder: Adder
  ) throws -> RowSums<Adder.Word> {
    let rows = levels.rows(at: level)
    let sums = RowSums(rows: rows, of: adder)
    // A small plane is done before a helper has woken up. More parts than threads: a helper may be at work for others.
    let parts = plane.rows < 4096 || helpers.count == 0 ? 1 : 4 * (helpers.count + 1)
    _ = try helpers.map(parts) { part in
      forEachRow((rows * part / parts)..<(rows * (part + 1) / parts), level) {
        sums.add($1, of: plane, to: $0, by: adder)
      }
    }
    return sums
  }

  /// The same where neurons come in their natural order. Threads share the neurons, each with sums of its own.
  private func sums<Adder: CountAdder>(
    of counts: any CountRows, at level: Int, _ helpers: HelperThreads, _ adder: Adder
  ) throws -> RowSums<Adder.Word> {
    let (chunks, type, rowBytes) = (counts.chunks, counts.type, counts.rowBytes)
    let ranks = order.ranks()
    // A small plane is done before a helper has woken up.
    let parts = counts.neurons < 4096 ? 1 : min(chunks, helpers.count + 1)
    let passes = try helpers.map(parts) { part in
      let sums = RowSums(rows: levels.rows(at: level), of: adder)
      try counts.stream(chunks: (chunks * part / parts)..<(chunks * (part + 1) / parts)) { first, rows in
        guard let bytes = rows.baseAddress else { return }
        for row in 0..<(rows.count / rowBytes) {
          let displayed = Int(ranks[first + row]) >> level
          sums.add(bytes + row * rowBytes, type, neuron: first + row, to: displayed, by: adder)
        }
      }
      return sums
    }
    for other in passes.dropFirst() { passes[0].add(other) }
    return passes[0]
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
}
