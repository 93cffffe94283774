/// Whether the arrays of a store agree with each other, as `FORMAT.md` §4 to §6 say.
extension Verification {
  mutating func checkContents(of store: Store, progress: (Double) -> Void) {
    let planes = store.layers.count * store.attributes.groups.count
    var done = 0
    for layer in store.layers {
      for (group, attributes) in store.attributes.groups.enumerated() {
        attempt { verification throws(StoreError) in
          try verification.checkStatistics(layer, group, samples: attributes.rows * layer.layer.samples)
        }
        if let plane = layer.plane(of: group) {
          attempt { verification throws(StoreError) in try verification.checkCounts(layer, group, plane: plane) }
        }
        checkOrderings(layer, .group, group)
        done += 1
        progress(0.4 + 0.6 * Double(done) / Double(planes))
      }
      for instance in store.attributes.instances.indices {
        checkOrderings(layer, .instance, instance)
      }
    }
  }

  /// All orderings along an axis.
  private mutating func checkOrderings(_ layer: LayerReader, _ axis: LayerDimension, _ index: Int) {
    for (order, keys) in LayerArray.orderings where keys.dimensions.first == axis {
      attempt { _ throws(StoreError) in
        let plane = axis == .group ? layer.plane(of: index) : index
        guard let plane, let order = layer[order], let keys = layer[keys] else { return }
        try checkOrdering(order, plane, layer.keys(of: keys, plane: index))
      }
    }
  }

  /// Every value is counted once: finite, NaN or infinite.
  private mutating func checkStatistics(_ layer: LayerReader, _ group: Int, samples: Int) throws(StoreError) {
    var total = [Int](repeating: 0, count: layer.layer.neurons)
    for statistic in [Statistic.count, .nan, .infinite] {
      for (neuron, value) in try layer.statistic(statistic).plane(group, as: UInt32.self).enumerated() {
        total[neuron] += Int(value)
      }
    }
    // Rows that were never written and samples that are masked are in no count; of which groups they were is not told.
    let masked = layer.layer.counted?.maskedSamples ?? 0
    let isKnown = layer.layer.counted?.missingRows ?? 0 == 0 && (masked == 0 || group == 0)
    if let neuron = total.firstIndex(where: { isKnown ? $0 != samples - masked : $0 > samples }) {
      throw .corrupt(
        layer.statistic(.count).path,
        "neuron \(neuron) of group \(group) has \(total[neuron]) values in all, its group has \(samples)")
    }
    let counts = try layer.statistic(.count).plane(group, as: UInt32.self)
    let zeros = try layer.statistic(.zeros).plane(group, as: UInt32.self)
    if let neuron = counts.indices.first(where: { zeros[$0] > counts[$0] }) {
      throw .corrupt(layer.statistic(.zeros).path, "neuron \(neuron) of group \(group) has more zeros than values")
    }
  }

  /// Rows of 256 bins sum to `statistics/count`; own bins lie in their shared bins; 64 and 16 are sums of 256.
  private mutating func checkCounts(_ layer: LayerReader, _ group: Int, plane: Int) throws(StoreError) {
    let counts = try layer.statistic(.count).plane(group, as: UInt32.self)
    let exponents = try layer.exponents()
    let origins = try layer.origins()
    // 256 neurons at a time: every inner chunk of 256, 64 and 16 bins begins at such a step.
    let step = 256
    for first in stride(from: 0, to: layer.layer.neurons, by: step) {
      let block = first..<min(first + step, layer.layer.neurons)
      var full: [BinAxis: [[Int]]] = [:]
      for axis in BinAxis.allCases {
        let rows = try layer.counts(axis, .full).integers(plane: plane, rows: block)
        full[axis] = rows
        for bins in [BinCount.quarter, .sixteenth] {
          let array = layer.counts(axis, bins)
          let fewer = try array.integers(plane: plane, rows: block)
          if let offset = rows.indices.first(where: { sums(of: rows[$0], bins: bins.rawValue) != fewer[$0] }) {
            throw .corrupt(array.path, "neuron \(first + offset) of group \(group) is not the sum of its 256 bins")
          }
        }
        histograms += rows.count
        if let offset = rows.indices.first(where: { rows[$0].reduce(0, +) != Int(counts[first + $0]) }) {
          throw .corrupt(
            layer.counts(axis, .full).path, "neuron \(first + offset) of group \(group) does not sum to its count")
        }
      }
      guard let own = full[.own], let shared = full[.shared] else { continue }
      for (offset, row) in own.enumerated() {
        let neuron = first + offset
        let expected = project(row, exponent: Int(exponents[neuron]), origin: Int(origins[neuron]), layer.layer.shared)
        guard expected == shared[offset] else {
          throw .corrupt(
            layer.counts(.shared, .full).path,
            "neuron \(neuron) of group \(group) does not stand where its own bins lie on the shared axis")
        }
      }
    }
  }
}

/// An own row of 256 bins on the shared axis; `nil` where a bin lies outside.
private func project(_ row: [Int], exponent: Int, origin: Int, _ shared: Layer.Axis) -> [Int]? {
  var projected = [Int](repeating: 0, count: row.count)
  let shift = shared.exponent - exponent
  for (index, count) in row.enumerated() where count > 0 {
    let (bin, overflow) = origin.addingReportingOverflow(index)
    let (place, beyond) = (shift >= 0 ? bin >> min(shift, 63) : bin).subtractingReportingOverflow(shared.origin)
    guard shift >= 0, !overflow, !beyond, projected.indices.contains(place) else { return nil }
    projected[place] += count
  }
  return projected
}

private func sums(of row: [Int], bins: Int) -> [Int] {
  let step = row.count / bins
  return (0..<bins).map { row[($0 * step)..<(($0 + 1) * step)].reduce(0, +) }
}

/// A permutation, ascending by key; equal keys by index; NaN last.
private func checkOrdering(_ array: ArrayReader, _ plane: Int, _ keys: [Double]) throws(StoreError) {
  let order = try array.plane(plane, as: UInt32.self)
  var seen = [Bool](repeating: false, count: keys.count)
  for (rank, neuron) in order.enumerated() {
    guard Int(neuron) < keys.count, !seen[Int(neuron)] else {
      throw .corrupt(array.path, chunk: nil, "plane \(plane) is no permutation: neuron \(neuron) at rank \(rank)")
    }
    seen[Int(neuron)] = true
    guard rank > 0 else { continue }
    let before = order[rank - 1]
    let (low, high) = (keys[Int(before)], keys[Int(neuron)])
    guard low < high || (low == high || low.isNaN && high.isNaN) && before < neuron || !low.isNaN && high.isNaN else {
      throw .corrupt(array.path, "plane \(plane) is out of order at rank \(rank)")
    }
  }
}

extension LayerReader {
  /// A plane of float32 or float64 numbers, as float64.
  public func keys(of array: ArrayReader, plane: Int) throws(StoreError) -> [Double] {
    switch array.metadata.dataType {
    case .float64: try array.plane(plane, as: Double.self)
    case .float32: try array.plane(plane, as: Float.self).map(Double.init)
    default: preconditionFailure("\(array.path) holds no keys")
    }
  }
}

extension ArrayReader {
  /// Rows of counts, as integers: `[row][bin]`. For checks, not for speed.
  public func integers(plane: Int, rows chosen: Range<Int>) throws(StoreError) -> [[Int]] {
    var result = [[Int]](repeating: [], count: chosen.count)
    try gather(plane: plane, chosen.map { UInt32($0) }) { position, row in
      result[position] = integers(row)
    }
    return result
  }

  /// A row's elements as integers.
  /// - Precondition: the array's type is unsigned.
  public func integers(_ row: UnsafeRawBufferPointer) -> [Int] {
    switch metadata.dataType {
    case .uint8: row.map(Int.init)
    case .uint16: row.bindMemory(to: UInt16.self).map(Int.init)
    case .uint32: row.bindMemory(to: UInt32.self).map(Int.init)
    default: preconditionFailure("\(path) holds no counts")
    }
  }
}
