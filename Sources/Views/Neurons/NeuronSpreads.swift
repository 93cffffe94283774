import TileStore

/// How far the values of each neuron of a layer reach in group 0: what a client lays an axis out by, and what it marks at the rows.
package struct NeuronSpreads: Sendable {
  /// What is told of a neuron, in this order. `low` and `high` leave out a thousandth of its values that are not 0 at
  /// either end, `lower` and `upper` a twentieth.
  enum Figure: Int, CaseIterable { case minimum, low, lower, upper, high, maximum }

  /// What of a neuron's values is no finite number.
  struct Oddity: OptionSet, Sendable {
    let rawValue: UInt8
    static let nan = Oddity(rawValue: 1)
    static let infinite = Oddity(rawValue: 2)
    /// None of them is finite.
    static let nothingFinite = Oddity(rawValue: 4)
  }

  /// `[neuron]`; NaN where nothing is finite.
  private let lowest: [Double]
  private let highest: [Double]
  /// `[neuron]`.
  private let oddities: [Oddity]
  private let zeros: [UInt32]
  private let exponents: [Int16]
  private let origins: [Int64]
  private let tails: [UInt8]
  private let counts: StoredCounts

  private var neurons: Int { oddities.count }
  var byteCount: Int { neurons * 32 + 256 }

  /// - Throws: `StoreError`.
  init(_ layer: LayerReader) throws(StoreError) {
    counts = StoredCounts(array: layer.counts(.own, .full), plane: 0)
    let tallies = try layer.tallies(group: 0)
    zeros = tallies.map(\.zeros)
    exponents = try layer.exponents()
    origins = try layer.origins()
    tails = try layer.tails.plane(0, as: UInt8.self)
    lowest = try layer.keys(.minimum, group: 0)
    highest = try layer.keys(.maximum, group: 0)
    oddities = tallies.map { tally in
      var odd: Oddity = []
      if tally.nan > 0 { odd.insert(.nan) }
      if tally.infinite > 0 { odd.insert(.infinite) }
      if tally.isEmpty { odd.insert(.nothingFinite) }
      return odd
    }
  }

  /// The figures of some neurons: `[position][figure]`. Quantiles are edges of own bins, no further out than minimum and maximum;
  /// NaN of a neuron without values but 0.
  /// - Throws: `StoreError`.
  func figures(_ chosen: [UInt32]) throws(StoreError) -> [Float] {
    var figures = [Float](repeating: .nan, count: chosen.count * Figure.allCases.count)
    var own = [UInt64](repeating: 0, count: BinCount.full.rawValue)
    try counts.gather(chosen[...]) { position, row in
      let neuron = Int(chosen[position])
      own.withUnsafeMutableBufferPointer { sums in
        sums.update(repeating: 0)
        guard let sums = sums.baseAddress else { return }
        UInt64.add(row, counts.type, to: sums, bins: BinCount.full.rawValue)
      }
      let zero = 0 - origins[neuron]
      if (0..<256).contains(zero) { own[Int(zero)] -= min(own[Int(zero)], UInt64(zeros[neuron])) }
      let grid = Grid(
        exponent: Int(exponents[neuron]), origin: origins[neuron], hasTails: tails[neuron] != 0,
        minimum: lowest[neuron], maximum: highest[neuron])
      for (figure, value) in grid.figures(own).enumerated() {
        figures[position * Figure.allCases.count + figure] = Self.told(value)
      }
    }
    return figures
  }

  /// As it is told: of all NaN, one.
  private static func told(_ value: Double) -> Float { value.isNaN ? .nan : Float(value) }

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
  static let sampleMax = 1 << 12
  /// The shares of neurons at or below each quantile over neurons.
  private static let shares = [0.01, 0.05, 0.1, 0.5, 0.9, 0.95, 0.99]

  /// Quantiles over the neurons that are not constant (`Tiles/HTTP.md`, "Summary of a layer").
  /// - Throws: `StoreError`.
  func summary() throws(StoreError) -> JSONValue {
    let width = Figure.allCases.count
    // A step in steps of its own, so that neurons of one channel are not all that is seen of a convolution.
    let step = max(1, (neurons + Self.sampleMax - 1) / Self.sampleMax)
    let chosen = stride(from: 0, to: neurons, by: step).enumerated().map { UInt32(min($1 + $0 % step, neurons - 1)) }
    let figures = try figures(chosen)
    func value(_ position: Int, _ figure: Figure) -> Float { figures[position * width + figure.rawValue] }
    let moving = chosen.indices.filter { value($0, .minimum) < value($0, .maximum) && value($0, .low).isFinite }
    func quantiles(_ values: [Float]) -> JSONValue {
      let sorted = values.sorted()
      return .array(
        Self.shares.map { share in
          guard let last = sorted.indices.last else { return .null }
          // What float32 does not hold, such as the width between its two ends, is told as its end.
          let end = Float.greatestFiniteMagnitude
          return .double(Double(min(max(sorted[Int((share * Double(last)).rounded())], -end), end)))
        })
    }
    var answer: [String: JSONValue] = [
      "neurons": JSONValue(moving.count), "over": .array(Self.shares.map { .double($0) }),
      "width": quantiles(moving.map { value($0, .upper) - value($0, .lower) }),
    ]
    for figure in Figure.allCases { answer["\(figure)"] = quantiles(moving.map { value($0, figure) }) }
    return .object(answer)
  }

  /// What the answer of rows tells of each: `[row][figure]`. At level 0 of the neuron; above, minimum and maximum of all neurons of
  /// the row, the quantiles of its first one.
  /// - Throws: `StoreError`.
  func figures(ofRows blocks: [ArraySlice<UInt32>]) throws(StoreError) -> [Float] {
    // The last row of a level may stand for fewer neurons, but for one at least.
    var figures = try figures(blocks.map { $0.first ?? 0 })
    for (row, block) in blocks.enumerated() where block.count > 1 {
      // Of a NaN and a number, these give the number.
      let low = block.reduce(Double.nan) { Double.minimum($0, lowest[Int($1)]) }
      let high = block.reduce(Double.nan) { Double.maximum($0, highest[Int($1)]) }
      figures[row * Figure.allCases.count + Figure.minimum.rawValue] = Self.told(low)
      figures[row * Figure.allCases.count + Figure.maximum.rawValue] = Self.told(high)
    }
    return figures
  }

  /// What of the values of a row's neurons is no finite number: of any of them, but for `nothingFinite`, which is of all.
  func oddity(of block: ArraySlice<UInt32>) -> UInt8 {
    var odd = block.reduce(into: Oddity()) { $0.formUnion(oddities[Int($1)]) }
    if !block.allSatisfy({ oddities[Int($0)].contains(.nothingFinite) }) { odd.remove(.nothingFinite) }
    return odd.rawValue
  }

  /// As a file of a static site: `[neuron, figure]` float32, then `[neuron]` bytes.
  /// - Throws: `StoreError`.
  func file() throws(StoreError) -> [UInt8] {
    try figures((0..<UInt32(neurons)).map { $0 }).withUnsafeBytes { Array($0) } + oddities.map(\.rawValue)
  }
}
