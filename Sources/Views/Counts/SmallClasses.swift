import Distributions
import TileStore

/// Counts classes of a layer that have no planes of their own, from codes (`Tiles/FORMAT.md` §4, Small classes).
package struct SmallClasses: Sendable {
  /// Of no rows: it has what is known of the layer whatever the rows.
  private let none: SubsetCounter
  /// `[row]`: its class; -1: none.
  private let labels: [Int32]
  private let classes: Int

  /// Bytes it takes in a cache.
  var byteCount: Int { labels.count * 4 + none.byteCount }

  /// - Throws: `SubsetError` where the layer has no codes or no row has a class; `StoreError`.
  init(_ layer: LayerReader, of store: Store) throws {
    let rows = store.attributes.dataset.rows
    guard let table = store.table else {
      throw SubsetError(.notHeld, "This store does not say of which class a row is.")
    }
    classes = store.classGroups.count
    labels = try table.labels(0..<rows).map { $0.map { Int32($0) } ?? -1 }
    none = try SubsetCounter(layer, RowSet(length: rows) { _ in false })
  }

  /// Counts some classes together.
  /// - Parameter groups: theirs.
  func counter(of groups: [Int]) -> SubsetCounter {
    // Classes follow the group of all rows, in the order of the table.
    let chosen = Set(groups.map { Int32($0 - 1) })
    return SubsetCounter(RowSet(length: labels.count) { chosen.contains(labels[$0]) }, beside: none)
  }

  func counter(of group: Int) -> SubsetCounter { counter(of: [group]) }

  /// Counts all neurons together in every class, on the shared axis.
  /// - Throws: `SubsetError`, `StoreError`.
  /// - Complexity: one pass over the codes of all rows, however many classes there are.
  func distributions(_ helpers: HelperThreads) throws -> ClassDistributions {
    let neurons = none.layer.layer.neurons
    // A small layer is done before a helper has woken up.
    let pieces = neurons < 4096 ? 1 : helpers.count + 1
    let axis = try AxisBins(none.layer, .shared, .quarter)
    return try helpers.map(pieces) { piece in
      var counts = ClassDistributions(classes: classes)
      try count(neurons * piece / pieces..<neurons * (piece + 1) / pieces, on: axis, into: &counts)
      return counts
    }.reduce(into: ClassDistributions(classes: classes)) { $0.add($1) }
  }

  private func count(_ neurons: Range<Int>, on axis: AxisBins, into distributions: inout ClassDistributions) throws {
    let codes = try NeuronCodes(none.layer)
    let samples = none.layer.layer.samples
    for neuron in neurons {
      try codes.readCodes(neuron)
      let hasOthers = !none.hasOnlyZerosApart[neuron]
      if hasOthers { try codes.readApart(neuron) }
      let places = (0..<DyadicGrid.binCount).map { axis.place(ofBin: $0, neuron: neuron) }
      try distributions.withCounts { counts in
        for (row, label) in labels.enumerated() where label >= 0 {
          let own = Int(label) * ClassDistributions.bins
          for sample in row * samples..<(row + 1) * samples {
            // Zeros are in their bin; what is no finite number is in none.
            if hasOthers, codes.isApart(sample),
              try codes.kind(sample, origin: none.origins[neuron], neuron: neuron) != .zero
            {
              continue
            }
            counts[own + places[Int(codes.codes[sample])]] += 1
          }
        }
      }
    }
  }
}

/// The values of all neurons together, by class and bin of the shared axis.
package struct ClassDistributions: Sendable {
  fileprivate static let bins = BinCount.quarter.rawValue
  /// `[class, bin]`.
  private var counts: [UInt64]

  fileprivate init(classes: Int) { counts = Array(repeating: 0, count: classes * Self.bins) }

  var byteCount: Int { counts.count * 8 + 64 }

  /// - Parameter body: adds to `[class, bin]`.
  fileprivate mutating func withCounts(_ body: (UnsafeMutableBufferPointer<UInt64>) throws -> Void) rethrows {
    try counts.withUnsafeMutableBufferPointer { try body($0) }
  }
  fileprivate mutating func add(_ other: ClassDistributions) {
    for place in counts.indices { counts[place] += other.counts[place] }
  }

  /// `[bin]` of a class.
  subscript(label: Int) -> [UInt64] { Array(counts[label * Self.bins..<(label + 1) * Self.bins]) }
}
