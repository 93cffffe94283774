import TileStore

/// One layer at a glance: the distribution of all its neurons together, and how many are dead.
struct LayerSummary {
  let layer: Layer
  let groups: [(group: Int, summary: GroupSummary)]
  /// How far the neurons reach.
  let spread: JSONValue
  /// Stands behind them.
  var moment: MomentSummary?

  /// The answer (`Tiles/HTTP.md`, "Summary of a layer").
  func json() -> JSONValue {
    let summaries = groups.map(\.summary) + (moment.map { [$0.summary] } ?? [])
    let counts = summaries.map { JSONValue.array($0.counts.map { .int(Int64($0)) }) }
    let zeros = summaries.map { JSONValue(share: $0.zeros, of: $0.values) }
    var answer: [String: JSONValue] = [
      "id": .string(layer.id), "neurons": JSONValue(layer.neurons),
      "shared": ["exponent": JSONValue(layer.shared.exponent), "origin": JSONValue(layer.shared.origin)],
      "groups": JSONValue(groups.map(\.group)), "distribution": ["bins": 64, "counts": .array(counts)],
      "zeros": .array(zeros), "dead": JSONValue(summaries.map(\.dead)), "nan": JSONValue(summaries.map(\.nan)),
      "infinite": JSONValue(summaries.map(\.infinite)), "spread": spread,
    ]
    if let moment {
      answer["where"] = .string(moment.text)
      answer["rows"] = JSONValue(moment.rows)
      answer["moved"] = .array(moment.moved.map { .string($0) })
      answer["sample"] = moment.sample?.json(neurons: layer.neurons)
    }
    return .object(answer)
  }
}

extension JSONValue {
  /// `null` of nothing.
  fileprivate init(share count: Int, of all: Int) { self = all > 0 ? .double(Double(count) / Double(all)) : .null }
}

/// A group of the moment in a layer's summary.
struct MomentSummary {
  let text: String
  let rows: Int
  let moved: [String]
  let sample: RowSample?
  let summary: GroupSummary
}

/// One group in a layer's summary.
package struct GroupSummary: Sendable {
  /// `[bin]`: counts of all neurons together, on the shared axis at 64 bins.
  private(set) var counts: [UInt64]
  private(set) var values = 0
  private(set) var zeros = 0
  /// Neurons without any value but 0.
  private(set) var dead = 0
  private(set) var nan = 0
  private(set) var infinite = 0

  /// - Parameters:
  ///   - distribution: of all neurons, on the shared axis at 64 bins.
  ///   - tallies: `[neuron]`.
  /// - Throws: `StoreError`.
  /// - Complexity: one pass over the counts.
  init(_ distribution: any CountRows, _ tallies: [NeuronTally]) throws(StoreError) {
    var counts = [UInt64](repeating: 0, count: BinCount.quarter.rawValue)
    try distribution.stream(chunks: 0..<distribution.chunks) { _, rows in
      guard let bytes = rows.baseAddress else { return }
      counts.withUnsafeMutableBufferPointer { sums in
        guard let sums = sums.baseAddress else { return }
        for start in stride(from: 0, to: rows.count, by: distribution.rowBytes) {
          UInt64.add(bytes + start, distribution.type, to: sums, bins: BinCount.quarter.rawValue)
        }
      }
    }
    self.init(counts: counts, tallies)
  }

  /// - Parameter counts: `[bin]`: of all neurons together, on the shared axis at 64 bins.
  init(counts: [UInt64], _ tallies: [NeuronTally]) {
    self.counts = counts
    for tally in tallies {
      values += Int(tally.count)
      zeros += Int(tally.zeros)
      nan += Int(tally.nan)
      infinite += Int(tally.infinite)
      if tally.isDead { dead += 1 }
    }
  }
}
