/// Whether codes and extremes agree with the counts and statistics of group 0, as `FORMAT.md` §4 and §5 say.
extension Verification {
  mutating func checkCodes(of store: Store) {
    for layer in store.layers {
      let sizes = layer.layer.sizes(rows: store.attributes.dataset.rows, groups: 0, instances: 0)
      attempt { _ throws(StoreError) in try checkExtremes(layer, rows: store.attributes.dataset.rows) }
      attempt { _ throws(StoreError) in
        guard let signatures = try checkCodesByNeuron(layer, samples: sizes.samples) else { return }
        try checkCodesByRow(layer, signatures)
      }
    }
  }
}

/// What the codes of a neuron say, `[code]` and `[kind]`.
private struct CodeTally {
  var counts = [Int](repeating: 0, count: 256)
  var kinds = [Int](repeating: 0, count: 5)

  var zeros: Int { kinds[0] }
  var missing: Int { kinds[4] }
}

/// A number that tells which neuron a code is of: sums of products with it differ where codes do.
private func weight(_ neuron: Int) -> UInt64 {
  // SplitMix64, Steele, Lea and Flood, *Fast splittable pseudorandom number generators* (2014).
  var bits = UInt64(neuron) &* 0x9E37_79B9_7F4A_7C15 &+ 0x9E37_79B9_7F4A_7C15
  bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
  bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
  return (bits ^ (bits >> 31)) | 1
}

@inline(__always)
private func bit(_ bits: [UInt8], _ number: Int) -> Bool { bits[number >> 3] >> UInt8(number & 7) & 1 == 1 }

/// Counts every column of codes and compares it with the histogram of group 0.
/// - Returns: of each sample, the sum of its codes, weighted by neuron; `nil` without codes.
private func checkCodesByNeuron(_ layer: LayerReader, samples: Int) throws(StoreError) -> [UInt64]? {
  guard let columns = layer.codeColumns, let apart = layer.codeColumnsApart else { return nil }
  let origins = try layer.origins()
  let own = layer.counts(.own, .full)
  let statistics: [[UInt32]] = [
    try layer.statistic(.zeros).plane(0, as: UInt32.self), try layer.statistic(.nan).plane(0, as: UInt32.self),
    try layer.statistic(.infinite).plane(0, as: UInt32.self),
  ]
  let counted = layer.layer.counted
  let missing = (counted?.missingRows ?? 0) * layer.layer.samples + (counted?.maskedSamples ?? 0)
  var signatures = [UInt64](repeating: 0, count: layer.codeRows == nil ? 0 : samples)
  let step = 256
  for first in stride(from: 0, to: layer.layer.neurons, by: step) {
    let block = first..<min(first + step, layer.layer.neurons)
    let histograms = try own.integers(plane: 0, rows: block)
    for neuron in block {
      let bits = try apart.plane(neuron, as: UInt8.self)
      guard (samples..<bits.count * 8).allSatisfy({ !bit(bits, $0) }) else {
        throw .corrupt(apart.path, "bits of neuron \(neuron) stand behind its last sample")
      }
      var tally = CodeTally()
      var strange: Int?
      let weight = weight(neuron)
      try columns.stream(plane: neuron) { start, codes in
        for (offset, code) in codes.enumerated() {
          let isApart = bit(bits, start + offset)
          if !signatures.isEmpty {
            signatures[start + offset] &+= (UInt64(code) | (isApart ? 256 : 0)) &* weight
          }
          guard isApart else {
            tally.counts[Int(code)] += 1
            continue
          }
          let kind = Int((Int64(code) &+ origins[neuron]) & 255)
          if kind < tally.kinds.count { tally.kinds[kind] += 1 } else { strange = start + offset }
          if kind == 0 { tally.counts[Int(code)] += 1 }
        }
      }
      if let strange { throw .corrupt(columns.path, "sample \(strange) of neuron \(neuron) is of no kind") }
      guard tally.counts == histograms[neuron - first] else {
        throw .corrupt(columns.path, "the codes of neuron \(neuron) do not count to its histogram")
      }
      let told = statistics.map { Int($0[neuron]) }
      guard told == [tally.zeros, tally.kinds[1], tally.kinds[2] + tally.kinds[3]], tally.missing == missing else {
        throw .corrupt(
          apart.path, "neuron \(neuron) has other zeros, NaN, infinities or missing rows than its statistics")
      }
    }
  }
  return signatures
}

/// Codes by row are those by neuron.
private func checkCodesByRow(_ layer: LayerReader, _ signatures: [UInt64]) throws(StoreError) {
  guard let rows = layer.codeRows, let apart = layer.codeRowsApart else { return }
  let weights = (0..<layer.layer.neurons).map(weight)
  for sample in signatures.indices {
    let codes = try rows.plane(sample, as: UInt8.self)
    let bits = try apart.plane(sample, as: UInt8.self)
    var signature: UInt64 = 0
    for (neuron, code) in codes.enumerated() {
      signature &+= (UInt64(code) | (bit(bits, neuron) ? 256 : 0)) &* weights[neuron]
    }
    guard signature == signatures[sample], (codes.count..<bits.count * 8).allSatisfy({ !bit(bits, $0) }) else {
      throw .corrupt(rows.path, "sample \(sample) has other codes by row than by neuron")
    }
  }
}

/// Extremes are in order, of rows that there are, and begin with the statistics' own.
private func checkExtremes(_ layer: LayerReader, rows: Int) throws(StoreError) {
  let counts = try layer.statistic(.count).plane(0, as: UInt32.self)
  for end in ExtremeEnd.allCases {
    guard let array = layer.extremes(end), let numbers = layer.extremeRows(end) else { continue }
    let sign: Double = end == .highest ? 1 : -1
    let values = try layer.keys(of: array, plane: 0)
    let row = try numbers.plane(0, as: UInt32.self)
    let ends = layer.statistic(end == .highest ? .maximum : .minimum)
    let best = try layer.keys(of: ends, plane: 0)
    for neuron in 0..<layer.layer.neurons {
      let places = neuron * ExtremeEnd.rows..<(neuron + 1) * ExtremeEnd.rows
      let there = places.prefix { !values[$0].isNaN }
      let isOrdered = zip(there, there.dropFirst()).allSatisfy { a, b in
        sign * values[a] > sign * values[b] || values[a] == values[b] && row[a] < row[b]
      }
      let hasOthers = places[there.endIndex...].contains { !values[$0].isNaN || row[$0] != .max }
      guard isOrdered, !hasOthers, there.allSatisfy({ Int(row[$0]) < rows }),
        layer.layer.samples > 1 || there.count == min(ExtremeEnd.rows, Int(counts[neuron])),
        there.isEmpty ? best[neuron].isNaN : values[there.startIndex] == best[neuron]
      else { throw .corrupt(array.path, "neuron \(neuron) has other rows there, or in another order") }
    }
  }
}
