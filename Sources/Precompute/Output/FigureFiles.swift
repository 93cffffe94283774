import Activations
import Distributions
import TileStore

/// Statistics of a layer on their way: each a scratch matrix `[group, neuron]`, for bands come one by one and arrays are written
/// by groups.
final class FigureFiles<Value: ActivationValue & ReadableValue>: Sendable {
  private let layer: LayerWriter
  private let lanes: Lanes
  private let files: [Statistic: ScratchMatrixFile]
  private var groups: Int { layer.sizes.groups }
  private var neurons: Int { layer.sizes.neurons }

  /// Neurons whose figures a lane writes at once.
  private static var neuronsAtOnce: Int { 8192 }

  /// Bytes that the end of a layer takes: one lane has the medians of a group, what it needs to order the neurons by them, and the orders
  /// of all groups that are written together; the others have a statistic of as many groups each.
  static func bytes(groups: Int, neurons: Int, lanes: Int) -> Int {
    let together = LayerArray.medianOrder.planesPerShard(
      LayerSizes(groups: groups, instances: 0, neurons: neurons, samples: 0, codes: .none))
    let key = MemoryLayout<Value>.size
    let ordering = neurons * (key + stableOrderBytes(keyBytes: key) + together * MemoryLayout<UInt32>.size)
    let others = min(lanes - 1, Statistic.allCases.count)
    return ordering + others * together * neurons * MemoryLayout<Double>.size
  }

  init(_ layer: LayerWriter, lanes: Lanes) throws {
    self.layer = layer
    self.lanes = lanes
    files = try Dictionary(
      uniqueKeysWithValues: Statistic.allCases.map {
        ($0, try layer.builder.scratchFile("\(layer.id)-\($0.rawValue)"))
      })
  }

  func write(
    _ counters: BandCounters<Value>, band: Range<Int>, groups members: [CountingCells.Members],
    quartiles: QuartileTable<Value>
  ) throws {
    let pieces = (band.count + Self.neuronsAtOnce - 1) / Self.neuronsAtOnce
    try lanes.run(groups * pieces) { _, number in
      let (group, piece) = number.quotientAndRemainder(dividingBy: pieces)
      let first = piece * Self.neuronsAtOnce
      let some = first..<min(first + Self.neuronsAtOnce, band.count)
      let figures = some.map {
        CountedNeuron(own: counters.figures($0, of: members[group].cells), quartiles: quartiles[group, $0])
      }
      let place = group * neurons + band.lowerBound + first
      for statistic in Statistic.allCases {
        switch statistic.source(of: Value.self) {
        case .count(let count): try write(statistic, figures.map(count), at: place)
        case .value(let value): try write(statistic, finite(figures, value), at: place)
        case .moment(let moment): try write(statistic, finite(figures, moment), at: place)
        }
      }
    }
  }

  /// Adding 0 turns -0 into 0: which of the two comes first in a dump says nothing.
  private func finite<Figure: BinaryFloatingPoint>(
    _ figures: [CountedNeuron<Value>], _ figure: (CountedNeuron<Value>) -> Figure
  ) -> [Figure] {
    figures.map { $0.own.count == 0 ? .nan : figure($0) + 0 }
  }

  /// Which neurons have finite values at all.
  func hasValues() throws -> [Bool] {
    try counts(.count).map { $0 > 0 }
  }

  /// Writes all statistics and the orderings by median.
  func finish() throws -> CountedValues {
    // The orderings take longest and most memory: one lane begins with them.
    try lanes.run(1 + Statistic.allCases.count) { _, number in
      try number == 0 ? writeOrderings() : writeArray(of: Statistic.allCases[number - 1])
    }

    func sum(_ statistic: Statistic) throws -> Int { try counts(statistic).reduce(0) { $0 + Int($1) } }
    return try CountedValues(finite: sum(.count), zeros: sum(.zeros), nan: sum(.nan), infinite: sum(.infinite))
  }

  /// A count of every neuron in group 0, all rows.
  private func counts(_ statistic: Statistic) throws -> [UInt32] { try read(statistic, groups: 0..<1) }

  private func writeArray(of statistic: Statistic) throws {
    switch statistic.kind {
    case .count: try copy(statistic, .uint32, of: UInt32.self)
    case .value: try copy(statistic, MemoryLayout<Value>.size == 4 ? .float32 : .float64, of: Value.self)
    case .moment: try copy(statistic, .float64, of: Double.self)
    }
  }

  private func copy<Element: BitwiseCopyable>(_ statistic: Statistic, _ type: DataType, of: Element.Type) throws {
    try write(.statistic(statistic), type) { try read(statistic, groups: $0) as [Element] }
  }

  private func writeOrderings() throws {
    let groups = layer.sizes.planes?.groups ?? Array(0..<groups)
    try write(.medianOrder, .uint32) { planes in
      var order: [UInt32] = []
      order.reserveCapacity(planes.count * neurons)
      for group in groups[planes] {
        let medians: [Value] = try read(.median, groups: group..<group + 1)
        order += medians.withUnsafeBufferPointer(ordered)
      }
      return order
    }
  }

  /// - Parameter elements: makes those of some planes, `[plane, neuron]`.
  private func write<Element: BitwiseCopyable>(
    _ array: LayerArray, _ type: DataType, _ elements: (_ planes: Range<Int>) throws -> [Element]
  ) throws {
    let writer = try layer.begin(array, as: type)
    let step = writer.metadata.shardShape[0]
    let planes = writer.metadata.shape[0]
    for first in stride(from: 0, to: planes, by: step) {
      let rows = first..<min(first + step, planes)
      try elements(rows).withUnsafeBufferPointer { try writer.write(rows: rows, $0) }
    }
    writer.finish()
  }

  private func file(_ statistic: Statistic) -> ScratchMatrixFile {
    guard let file = files[statistic] else { preconditionFailure("opened in init") }
    return file
  }

  /// - Parameter place: element of the matrix from which on to write.
  private func write<Element: BitwiseCopyable>(_ statistic: Statistic, _ elements: [Element], at place: Int) throws {
    try elements.withUnsafeBufferPointer { try file(statistic).write($0, at: place) }
  }

  private func read<Element: BitwiseCopyable>(_ statistic: Statistic, groups: Range<Int>) throws -> [Element] {
    let count = groups.count * neurons
    return try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      try file(statistic).read(
        into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]), at: groups.lowerBound * neurons)
      initialized = count
    }
  }
}

/// Neurons by ascending key.
func ordered<Value: ActivationValue>(_ keys: UnsafeBufferPointer<Value>) -> [UInt32] {
  MemoryLayout<Value>.size == 4
    ? keys.withMemoryRebound(to: Float.self) { stableOrder(keys: $0) }
    : keys.withMemoryRebound(to: Double.self) { stableOrder(keys: $0) }
}
