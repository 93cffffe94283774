import TileStore

/// One layer at a glance: the distribution of all its neurons together, and how many are dead.
struct LayerSummary {
  let store: Store
  let layer: LayerReader
  let groups: [Int]

  /// The answer (`Tiles/HTTP.md`, "Summary of a layer").
  /// - Complexity: one pass over the plane of 64 bins for every group.
  func json() throws(StoreError) -> JSONValue {
    var counts: [JSONValue] = []
    var zeros: [JSONValue] = []
    var dead: [JSONValue] = []
    var nan: [JSONValue] = []
    var infinite: [JSONValue] = []
    for group in groups {
      counts.append(.array(try distribution(group).map { .int(Int64($0)) }))
      let figures = try figures(group)
      zeros.append(figures.values > 0 ? .double(Double(figures.zeros) / Double(figures.values)) : .null)
      dead.append(JSONValue(figures.dead))
      nan.append(JSONValue(figures.nan))
      infinite.append(JSONValue(figures.infinite))
    }
    return [
      "id": .string(layer.layer.id), "neurons": JSONValue(layer.layer.neurons),
      "shared": ["exponent": JSONValue(layer.layer.shared.exponent), "origin": JSONValue(layer.layer.shared.origin)],
      "groups": JSONValue(groups), "distribution": ["bins": 64, "counts": .array(counts)], "zeros": .array(zeros),
      "dead": .array(dead), "nan": .array(nan), "infinite": .array(infinite),
    ]
  }

  /// `[bin]`: counts of all neurons together, on the shared axis.
  private func distribution(_ group: Int) throws(StoreError) -> [UInt64] {
    let array = layer.counts(.shared, .quarter)
    var sums = [UInt64](repeating: 0, count: BinCount.quarter.rawValue)
    try array.stream(plane: group) { _, rows in
      guard let bytes = rows.baseAddress else { return }
      sums.withUnsafeMutableBufferPointer { sums in
        guard let sums = sums.baseAddress else { return }
        for start in stride(from: 0, to: rows.count, by: array.rowBytes) {
          UInt64.add(bytes + start, array.metadata.dataType, to: sums, bins: BinCount.quarter.rawValue)
        }
      }
    }
    return sums
  }

  private struct Figures {
    var values = 0
    var zeros = 0
    var dead = 0
    var nan = 0
    var infinite = 0
  }

  private func figures(_ group: Int) throws(StoreError) -> Figures {
    var figures = Figures()
    for tally in try layer.tallies(group: group) {
      figures.values += Int(tally.count)
      figures.zeros += Int(tally.zeros)
      figures.nan += Int(tally.nan)
      figures.infinite += Int(tally.infinite)
      if tally.isDead { figures.dead += 1 }
    }
    return figures
  }
}
