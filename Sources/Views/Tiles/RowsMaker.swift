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

  /// `[row][lowest, mean, highest]` of an instance in some displayed rows.
  /// - Parameter values: `[neuron]`: activations of the instance.
  static func extents(of values: [Float], _ rows: Range<Int>, _ level: Int, _ levels: Levels, _ order: NeuronOrder)
    -> [Float]
  {
    rows.flatMap { extent(of: values, order.neurons[levels.ranks(ofRows: $0..<($0 + 1), at: level)], level) }
  }

  /// At level 0 three times the neuron's value, above the lowest, mean and highest finite value; NaN where there is none.
  private static func extent(of values: [Float], _ block: ArraySlice<UInt32>, _ level: Int) -> [Float] {
    if level == 0, let neuron = block.first { return Array(repeating: values[Int(neuron)], count: 3) }
    var (low, high, sum, count) = (Float.infinity, -Float.infinity, 0.0, 0.0)
    for neuron in block {
      let value = values[Int(neuron)]
      guard value.isFinite else { continue }
      (low, high, sum, count) = (min(low, value), max(high, value), sum + Double(value), count + 1)
    }
    return count > 0 ? [low, Float(sum / count), high] : Array(repeating: .nan, count: 3)
  }
}
