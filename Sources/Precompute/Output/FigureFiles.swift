import Activations
import Distributions
import TileStore

/// Statistics of a layer on their way: each a scratch matrix `[group, neuron]`, for bands come one by one and arrays are written
/// by groups.
final class FigureFiles<Value: ActivationValue & ReadableValue>: Sendable {
  private let groups: Int
  private let neurons: Int
  private let lanes: Lanes
  private let counts: ScratchMatrices<UInt32>
  private let values: ScratchMatrices<Value>
  private let moments: ScratchMatrices<Double>

  /// Neurons whose figures a lane writes at once.
  private static var neuronsAtOnce: Int { 8192 }

  /// Bytes that the end of a layer takes: one lane orders the neurons by a group's medians, and has these and two orders in the end, the
  /// others write a group's figures.
  static func bytes(neurons: Int, lanes: Int) -> Int {
    let key = MemoryLayout<Value>.size
    return neurons * (key + stableOrderBytes(keyBytes: key) + MemoryLayout<UInt32>.size + (lanes - 1) * 8)
  }

  init(_ builder: StoreBuilder, id: String, groups: Int, neurons: Int, lanes: Lanes) throws {
    self.groups = groups
    self.neurons = neurons
    self.lanes = lanes
    counts = try ScratchMatrices(builder, id, .uint32, ["count", "zeros", "nan", "infinite"])
    values = try ScratchMatrices(
      builder, id, MemoryLayout<Value>.size == 4 ? .float32 : .float64,
      ["minimum", "maximum", "median", "lower_quartile", "upper_quartile"])
    moments = try ScratchMatrices(builder, id, .float64, ["mean", "deviation"])
  }

  func write(
    _ counters: BandCounters<Value>, band: Range<Int>, members: [[Int]], quartiles: QuartileTable<Value>
  ) throws {
    let pieces = (band.count + Self.neuronsAtOnce - 1) / Self.neuronsAtOnce
    try lanes.run(groups * pieces) { _, number in
      let (group, piece) = number.quotientAndRemainder(dividingBy: pieces)
      let first = piece * Self.neuronsAtOnce
      let some = first..<min(first + Self.neuronsAtOnce, band.count)
      try write(
        some.map { (counters.figures($0, of: members[group]), quartiles[group, $0]) },
        at: group * neurons + band.lowerBound + first)
    }
  }

  private func write(
    _ figures: [(own: GroupFigures<Value>, quartiles: Quartiles<Value>)], at place: Int
  ) throws {
    // Adding 0 turns -0 into 0: which of the two comes first in a dump says nothing.
    func finite(_ value: (GroupFigures<Value>) -> Value) -> [Value] {
      figures.map { $0.own.count == 0 ? .nan : value($0.own) + 0 }
    }
    try counts.write(0, figures.map { $0.own.count }, at: place)
    try counts.write(1, figures.map { $0.own.zeros }, at: place)
    try counts.write(2, figures.map { $0.own.nan }, at: place)
    try counts.write(3, figures.map { $0.own.infinite }, at: place)
    try values.write(0, finite { $0.minimum }, at: place)
    try values.write(1, finite { $0.maximum }, at: place)
    try values.write(2, figures.map { $0.quartiles.median + 0 }, at: place)
    try values.write(3, figures.map { $0.quartiles.lower + 0 }, at: place)
    try values.write(4, figures.map { $0.quartiles.upper + 0 }, at: place)
    try moments.write(0, figures.map { $0.own.count == 0 ? .nan : $0.own.moments.mean + 0 }, at: place)
    try moments.write(1, figures.map { $0.own.moments.deviation }, at: place)
  }

  /// Which neurons have finite values at all.
  func hasValues() throws -> [Bool] {
    try counts.read(0, at: 0, count: neurons).map { $0 > 0 }
  }

  /// Writes all statistics and the orderings by median.
  func finish(_ builder: StoreBuilder, path: String) throws -> CountedValues {
    let statistics = path + "/statistics"
    let arrays =
      [{ @Sendable in try self.writeOrderings(builder, path + "/orderings/median") }]
      + arrays(of: counts, builder, statistics) + arrays(of: values, builder, statistics)
      + arrays(of: moments, builder, statistics)
    try lanes.run(arrays.count) { _, number in try arrays[number]() }

    func sum(_ number: Int) throws -> Int {
      try counts.read(number, at: 0, count: neurons).reduce(0) { $0 + Int($1) }
    }
    return try CountedValues(finite: sum(0), zeros: sum(1), nan: sum(2), infinite: sum(3))
  }

  /// What writes each of some matrices as an array below `folder`.
  private func arrays<Element>(
    of matrices: ScratchMatrices<Element>, _ builder: StoreBuilder, _ folder: String
  ) -> [@Sendable () throws -> Void] {
    matrices.names.enumerated().map { number, name in
      {
        try self.writeArray(builder, "\(folder)/\(name)", matrices.dataType) { groups in
          try matrices.read(number, at: groups.lowerBound * self.neurons, count: groups.count * self.neurons)
        }
      }
    }
  }

  private func writeOrderings(_ builder: StoreBuilder, _ path: String) throws {
    try writeArray(builder, path, .uint32) { groups in
      var order: [UInt32] = []
      for group in groups {
        let medians = try values.read(2, at: group * neurons, count: neurons)
        order += medians.withUnsafeBufferPointer(ordered)
      }
      return order
    }
  }

  /// - Parameter elements: makes those of some groups, `[group, neuron]`.
  private func writeArray<Element: BitwiseCopyable>(
    _ builder: StoreBuilder, _ path: String, _ type: DataType, _ elements: (_ groups: Range<Int>) throws -> [Element]
  ) throws {
    let writer = try builder.makeArray(path, .figures(rows: groups, neurons: neurons, dataType: type))
    let step = writer.metadata.shardShape[0]
    for first in stride(from: 0, to: groups, by: step) {
      let rows = first..<min(first + step, groups)
      try elements(rows).withUnsafeBufferPointer { try writer.write(rows: rows, $0) }
    }
    writer.finish()
  }
}

/// Neurons by ascending key.
func ordered<Value: ActivationValue>(_ keys: UnsafeBufferPointer<Value>) -> [UInt32] {
  MemoryLayout<Value>.size == 4
    ? keys.withMemoryRebound(to: Float.self) { stableOrder(keys: $0) }
    : keys.withMemoryRebound(to: Double.self) { stableOrder(keys: $0) }
}

/// Scratch files of one type of element, each named after the array that it becomes.
private final class ScratchMatrices<Element: BitwiseCopyable & Sendable>: Sendable {
  let dataType: DataType
  let names: [String]
  private let files: [ScratchMatrixFile]

  init(_ builder: StoreBuilder, _ id: String, _ dataType: DataType, _ names: [String]) throws {
    self.dataType = dataType
    self.names = names
    files = try names.map { try builder.scratchFile("\(id)-\($0)") }
  }

  func write(_ number: Int, _ elements: [Element], at offset: Int) throws {
    try elements.withUnsafeBufferPointer { try files[number].write($0, at: offset) }
  }

  func read(_ number: Int, at offset: Int, count: Int) throws -> [Element] {
    try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      try files[number].read(into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]), at: offset)
      initialized = count
    }
  }
}
