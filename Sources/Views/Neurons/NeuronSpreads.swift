import TileStore

/// How far the values of each neuron of a layer reach in group 0: what a client lays an axis out by, and what it marks at the rows.
package struct NeuronSpreads: Sendable {
  /// What is told of a neuron, in this order. `low` and `high` leave out a thousandth of its values that are not 0 at
  /// either end, `lower` and `upper` a twentieth.
  enum Figure: Int, CaseIterable { case minimum, low, lower, upper, high, maximum }

  /// What of a neuron's values is no finite number.
  struct Oddity: OptionSet {
    let rawValue: UInt8
    static let nan = Oddity(rawValue: 1)
    static let infinite = Oddity(rawValue: 2)
    /// None of them is finite.
    static let nothingFinite = Oddity(rawValue: 4)
  }

  /// `[neuron][figure]`. Quantiles are edges of own bins, no further out than minimum and maximum; NaN of a neuron without values but 0.
  let figures: [Float]
  /// `[neuron]`.
  let oddities: [Oddity]

  var neurons: Int { oddities.count }
  var byteCount: Int { figures.count * 4 + oddities.count + 64 }

  subscript(neuron: Int, figure: Figure) -> Float { figures[neuron * Figure.allCases.count + figure.rawValue] }

  /// - Throws: `StoreError`.
  /// - Complexity: one pass over the plane of 256 own bins.
  init(_ layer: LayerReader, _ helpers: HelperThreads) throws {
    let counts = StoredCounts(array: layer.counts(.own, .full), plane: 0)
    let tallies = try layer.tallies(group: 0)
    let (exponents, origins) = (try layer.exponents(), try layer.origins())
    let tails = try layer.tails.plane(0, as: UInt8.self)
    let lowest = try layer.keys(.minimum, group: 0)
    let highest = try layer.keys(.maximum, group: 0)
    let pieces = max(1, min(helpers.count + 1, counts.chunks))
    figures = try helpers.map(pieces) { piece in
      var figures: [Float] = []
      var own = [UInt64](repeating: 0, count: BinCount.full.rawValue)
      try counts.stream(chunks: counts.chunks * piece / pieces..<counts.chunks * (piece + 1) / pieces) { first, rows in
        guard let bytes = rows.baseAddress else { return }
        for (row, start) in stride(from: 0, to: rows.count, by: counts.rowBytes).enumerated() {
          let neuron = first + row
          for bin in own.indices { own[bin] = 0 }
          own.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return }
            UInt64.add(bytes + start, counts.type, to: sums, bins: BinCount.full.rawValue)
          }
          let zero = 0 - origins[neuron]
          if (0..<256).contains(zero) { own[Int(zero)] -= min(own[Int(zero)], UInt64(tallies[neuron].zeros)) }
          let grid = Grid(
            exponent: Int(exponents[neuron]), origin: origins[neuron], hasTails: tails[neuron] != 0,
            minimum: lowest[neuron], maximum: highest[neuron])
          figures += grid.figures(own).map { Float($0) }
        }
      }
      return figures
    }.flatMap { $0 }
    oddities = tallies.map { tally in
      var odd: Oddity = []
      if tally.nan > 0 { odd.insert(.nan) }
      if tally.infinite > 0 { odd.insert(.infinite) }
      if tally.isEmpty { odd.insert(.nothingFinite) }
      return odd
    }
  }

  /// Where the own bins of a neuron lie.
  private struct Grid {
    let exponent: Int
    let origin: Int64
    let hasTails: Bool
    let minimum: Double
    let maximum: Double

    /// - Parameter counts: of values that are not 0.
    func figures(_ counts: [UInt64]) -> [Double] {
      let total = counts.reduce(0, +)
      guard total > 0 else { return [minimum, .nan, .nan, .nan, .nan, maximum] }
      // A bin of a tail has no end of its own: what lies in it is told as lying at the window's edge.
      func low(_ leftOut: UInt64) -> Double {
        let bin = Self.bin(counts.indices, counts, leftOut)
        return max(minimum, edge(hasTails && bin == 0 ? 1 : bin))
      }
      func high(_ leftOut: UInt64) -> Double {
        let bin = Self.bin(counts.indices.reversed(), counts, leftOut)
        return min(maximum, edge(hasTails && bin == counts.count - 1 ? bin : bin + 1))
      }
      return [minimum, low(total / 1000), low(total / 20), high(total / 20), high(total / 1000), maximum]
    }

    private func edge(_ bin: Int) -> Double {
      Double(sign: .plus, exponent: exponent, significand: Double(origin + Int64(bin)))
    }

    /// The bin of the value before which `leftOut` others come.
    private static func bin(_ bins: some Collection<Int>, _ counts: [UInt64], _ leftOut: UInt64) -> Int {
      var passed: UInt64 = 0
      for bin in bins {
        passed += counts[bin]
        if passed > leftOut { return bin }
      }
      preconditionFailure("fewer values than are left out")
    }
  }
}

extension NeuronSpreads {
  /// Neurons that quantiles over neurons are taken of: of more, evenly chosen ones.
  private static let sampleMax = 1 << 14
  /// The shares of neurons at or below each quantile over neurons.
  private static let shares = [0.01, 0.05, 0.1, 0.5, 0.9, 0.95, 0.99]

  /// Quantiles over the neurons that are not constant (`Tiles/HTTP.md`, "Summary of a layer").
  func json() -> JSONValue {
    // A step in steps of its own, so that neurons of one channel are not all that is seen of a convolution.
    let step = max(1, (neurons + Self.sampleMax - 1) / Self.sampleMax)
    let chosen = stride(from: 0, to: neurons, by: step).enumerated().map { min($1 + $0 % step, neurons - 1) }
      .filter { self[$0, .minimum] < self[$0, .maximum] && self[$0, .low].isFinite }
    func quantiles(_ values: [Float]) -> JSONValue {
      let sorted = values.sorted()
      return .array(
        Self.shares.map { share in
          guard let last = sorted.indices.last else { return .null }
          return .double(Double(sorted[Int((share * Double(last)).rounded())]))
        })
    }
    var answer: [String: JSONValue] = [
      "neurons": JSONValue(chosen.count), "over": .array(Self.shares.map { .double($0) }),
      "width": quantiles(chosen.map { self[$0, .upper] - self[$0, .lower] }),
    ]
    for figure in Figure.allCases { answer["\(figure)"] = quantiles(chosen.map { self[$0, figure] }) }
    return .object(answer)
  }

  /// What follows the values of instances in the answer of rows: `[row][figure]` float32, then `[row]` bytes of oddities.
  ///
  /// At level 0 of the neuron. Above, minimum and maximum of all neurons of the row, the quantiles of its first one; oddities of
  /// any, but for `nothingFinite`, which is of all.
  func rows(_ blocks: [ArraySlice<UInt32>]) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(blocks.count * (Figure.allCases.count * 4 + 1))
    for block in blocks {
      // The last row of a level may stand for fewer neurons, but for one at least.
      let first = Int(block.first ?? 0)
      for figure in Figure.allCases {
        var value = self[first, figure]
        for neuron in block.dropFirst() {
          let other = self[Int(neuron), figure]
          // Of a NaN and a number, these give the number.
          if figure == .minimum { value = Float.minimum(value, other) }
          if figure == .maximum { value = Float.maximum(value, other) }
        }
        body.append(littleEndian: value.bitPattern)
      }
    }
    for block in blocks {
      var odd = block.reduce(into: Oddity()) { $0.formUnion(oddities[Int($1)]) }
      if !block.allSatisfy({ oddities[Int($0)].contains(.nothingFinite) }) { odd.remove(.nothingFinite) }
      body.append(odd.rawValue)
    }
    return body
  }

  /// As a file of a static site: `[neuron, figure]` float32, then `[neuron]` bytes.
  var bytes: [UInt8] { figures.withUnsafeBytes { Array($0) } + oddities.map(\.rawValue) }
}
