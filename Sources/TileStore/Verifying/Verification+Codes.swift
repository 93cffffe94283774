/// Whether codes and extremes agree with the counts and statistics of group 0, as `FORMAT.md` §4 and §5 say.
extension Verification {
  mutating func checkCodes(of store: Store) {
    for layer in store.layers {
      let samples = store.attributes.dataset.rows * layer.layer.samples
      attempt { _ throws(StoreError) in try checkExtremes(layer, rows: store.attributes.dataset.rows) }
      attempt { _ throws(StoreError) in
        var classes = try SmallClasses(of: layer, store)
        guard let signatures = try checkCodesByNeuron(layer, samples: samples, &classes) else { return }
        try classes?.check(layer)
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

/// What the codes say of classes without planes, to be compared with their statistics. Of each class and number of values it is the sum over
/// all neurons, each weighted: classes may be many.
private struct SmallClasses {
  private let groups: [Int]
  /// By row: its place in `groups`; -1 of other rows.
  private let placeOfRow: [Int]
  private let samplesPerRow: Int
  /// `[group, statistic]`.
  private var sums: [UInt64]

  private static let statistics: [Statistic] = [.count, .zeros, .nan, .infinite]

  /// - Returns: `nil` where every group has a plane.
  init?(of layer: LayerReader, _ store: Store) throws(StoreError) {
    let groups = store.attributes.groups.indices.filter { layer.plane(of: $0) == nil }
    guard !groups.isEmpty, let table = store.table else { return nil }
    self.groups = groups
    let places = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1, $0) })
    placeOfRow = try table.labels(0..<store.attributes.dataset.rows).map { label in
      label.flatMap { places[$0 + 1] } ?? -1
    }
    samplesPerRow = layer.layer.samples
    sums = Array(repeating: 0, count: groups.count * Self.statistics.count)
  }

  /// - Parameter kind: of what stands apart; `nil`: an ordinary number.
  mutating func add(_ kind: Int?, sample: Int, _ weight: UInt64) {
    let place = placeOfRow[sample / samplesPerRow]
    guard place >= 0 else { return }
    let first = place * Self.statistics.count
    switch kind {
    case nil: sums[first] &+= weight
    case 0:
      sums[first] &+= weight
      sums[first + 1] &+= weight
    case 1: sums[first + 2] &+= weight
    case 2, 3: sums[first + 3] &+= weight
    default: break
    }
  }

  func check(_ layer: LayerReader) throws(StoreError) {
    for (place, group) in groups.enumerated() {
      for (number, statistic) in Self.statistics.enumerated() {
        let array = layer.statistic(statistic)
        var sum: UInt64 = 0
        for (neuron, value) in try array.plane(group, as: UInt32.self).enumerated() {
          sum &+= UInt64(value) &* weight(neuron)
        }
        guard sum == sums[place * Self.statistics.count + number] else {
          throw .corrupt(array.path, "group \(group) has other values by its codes")
        }
      }
    }
  }
}

/// A number that tells which neuron a code is of: sums of products with it differ where codes do.
private func weight(_ neuron: Int) -> UInt64 { splitMix(neuron) | 1 }

@inline(__always)
private func bit(_ bits: [UInt8], _ number: Int) -> Bool { bits[number >> 3] >> UInt8(number & 7) & 1 == 1 }

/// Counts every column of codes and compares it with the histogram of group 0.
/// - Returns: of each sample, the sum of its codes, weighted by neuron; `nil` without codes.
private func checkCodesByNeuron(
  _ layer: LayerReader, samples: Int, _ classes: inout SmallClasses?
) throws(StoreError) -> [UInt64]? {
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
            classes?.add(nil, sample: start + offset, weight)
            continue
          }
          let kind = Int((Int64(code) &+ origins[neuron]) & 255)
          classes?.add(kind, sample: start + offset, weight)
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
