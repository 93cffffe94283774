import TileStore

/// Makes the answer that tells which neurons the displayed rows of a tile are, and where chosen instances stand in them.
struct RowsMaker {
  let levels: Levels
  let order: NeuronOrder
  /// `[neuron]`.
  let exponents: [Int16]
  /// `[neuron]`.
  let origins: [Int64]
  /// `[instance][row][lowest, mean, highest]`, of the chosen instances.
  let extents: [[Float]]
  /// Where the answer tells how far neurons reach, too: `[row][figure]` of the rows.
  let spreads: (of: NeuronSpreads, figures: [Float])?

  /// The whole answer, header and body (`Tiles/HTTP.md`, "Rows").
  func make(_ rows: Range<Int>, level: Int) -> [UInt8] {
    var body: [UInt8] = []
    let blocks = rows.map { order.neurons[levels.ranks(ofRows: $0..<($0 + 1), at: level)] }
    // The last row of a level may stand for fewer neurons, but for one at least.
    let firsts = blocks.map { Int($0.first ?? 0) }
    for neuron in firsts { body.append(littleEndian: UInt32(neuron)) }
    for block in blocks { body.append(littleEndian: key(of: block, level).bitPattern) }
    for neuron in firsts { body.append(littleEndian: exponents[neuron]) }
    body += [UInt8](repeating: 0, count: (8 - rows.count * 2 % 8) % 8)
    for neuron in firsts { body.append(littleEndian: origins[neuron]) }
    for extents in extents {
      for figure in extents { body.append(littleEndian: figure.bitPattern) }
    }
    if let spreads {
      for figure in spreads.figures { body.append(littleEndian: figure.bitPattern) }
      body += blocks.map { spreads.of.oddity(of: $0) }
    }
    return TileHeader(
      magic: .rows, rows: rows.count, bins: extents.count, level: level, scale: 1, firstRow: rows.lowerBound
    ).message(with: body)
  }

  /// At level 0 the key of the neuron, above the mean of the finite keys; NaN where there is none.
  private func key(of block: ArraySlice<UInt32>, _ level: Int) -> Double {
    if level == 0, let neuron = block.first { return order.key(of: Int(neuron)) }
    let finite = block.lazy.map { order.key(of: Int($0)) }.filter(\.isFinite)
    var (sum, count) = (0.0, 0.0)
    for key in finite { (sum, count) = (sum + key, count + 1) }
    return count > 0 ? sum / count : .nan
  }

  /// Between which two numbers an instance's value lies in a neuron.
  struct Extent {
    var low: Float
    var high: Float

    init(_ value: Float) { (low, high) = (value, value) }

    /// Rounded outwards.
    init(_ low: Double, _ high: Double) {
      self.low = Float(low)
      self.high = Float(high)
      if Double(self.low) > low { self.low = self.low.nextDown }
      if Double(self.high) < high { self.high = self.high.nextUp }
    }

    var middle: Double { low == high ? Double(low) : Double(low) / 2 + Double(high) / 2 }
  }

  /// `[row][lowest, mean, highest]` of an instance in displayed rows.
  /// - Parameters:
  ///   - neurons: the neurons of the rows, `2^level` of each; of the last there may be fewer.
  ///   - level: of the rows. At level 0 figures are those of the neuron, above of its finite values; NaN where there are none.
  static func extents(of neurons: [Extent], _ level: Int) -> [Float] {
    if level == 0 { return neurons.flatMap { [$0.low, Float($0.middle), $0.high] } }
    return stride(from: 0, to: neurons.count, by: 1 << level).flatMap { first -> [Float] in
      var (low, high, sum, count) = (Float.infinity, -Float.infinity, 0.0, 0.0)
      for neuron in neurons[first..<min(first + 1 << level, neurons.count)] where neuron.middle.isFinite {
        (low, high, sum, count) = (min(low, neuron.low), max(high, neuron.high), sum + neuron.middle, count + 1)
      }
      return count > 0 ? [low, Float(sum / count), high] : Array(repeating: .nan, count: 3)
    }
  }
}
