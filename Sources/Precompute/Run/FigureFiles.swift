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
  private static var countNames: [String] { ["count", "zeros", "nan", "infinite"] }
  private static var valueNames: [String] { ["minimum", "maximum", "median", "lower_quartile", "upper_quartile"] }
  private static var momentNames: [String] { ["mean", "deviation"] }

  init(_ builder: StoreBuilder, id: String, groups: Int, neurons: Int, lanes: Lanes) throws {
    self.groups = groups
    self.neurons = neurons
    self.lanes = lanes
    counts = try ScratchMatrices(builder, Self.countNames.map { "\(id)-\($0)" })
    values = try ScratchMatrices(builder, Self.valueNames.map { "\(id)-\($0)" })
    moments = try ScratchMatrices(builder, Self.momentNames.map { "\(id)-\($0)" })
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
        group, some.map { (counters.figures($0, of: members[group]), quartiles[group, $0]) },
        at: group * neurons + band.lowerBound + first)
    }
  }

  private func write(
    _ group: Int, _ figures: [(own: GroupFigures<Value>, quartiles: Quartiles<Value>)], at place: Int
  ) throws {
    // Adding 0 turns -0 into 0: which of the two comes first in a dump says nothing.
    func finite(_ value: (GroupFigures<Value>) -> Value) -> [Value] {
      figures.map { $0.own.count == 0 ? .nan : value($0.own) + 0 }
    }
    try counts.write(0, figures.map(\.own.count), at: place)
    try counts.write(1, figures.map(\.own.zeros), at: place)
    try counts.write(2, figures.map(\.own.nan), at: place)
    try counts.write(3, figures.map(\.own.infinite), at: place)
    try values.write(0, finite(\.minimum), at: place)
    try values.write(1, finite(\.maximum), at: place)
    try values.write(2, figures.map { $0.quartiles.median + 0 }, at: place)
    try values.write(3, figures.map { $0.quartiles.lower + 0 }, at: place)
    try values.write(4, figures.map { $0.quartiles.upper + 0 }, at: place)
    try moments.write(0, figures.map { $0.own.count == 0 ? .nan : $0.own.moments.mean + 0 }, at: place)
    try moments.write(1, figures.map(\.own.moments.deviation), at: place)
  }

  /// Which neurons have finite values at all.
  func hasValues() throws -> [Bool] {
    try counts.read(0, at: 0, count: neurons).map { $0 > 0 }
  }

  /// Writes all statistics and the orderings by median.
  func finish(_ builder: StoreBuilder, path: String) throws -> CountedValues {
    let valueType: DataType = MemoryLayout<Value>.size == 4 ? .float32 : .float64
    let (countNames, valueNames, momentNames) = (Self.countNames, Self.valueNames, Self.momentNames)
    var arrays: [@Sendable () throws -> Void] = [{ try self.finishOrderings(builder, "\(path)/orderings/median") }]
    for number in countNames.indices {
      arrays.append {
        try self.finish(self.counts, number, builder, "\(path)/statistics/\(countNames[number])", .uint32)
      }
    }
    for number in valueNames.indices {
      arrays.append {
        try self.finish(self.values, number, builder, "\(path)/statistics/\(valueNames[number])", valueType)
      }
    }
    for number in momentNames.indices {
      arrays.append {
        try self.finish(self.moments, number, builder, "\(path)/statistics/\(momentNames[number])", .float64)
      }
    }
    try lanes.run(arrays.count) { [arrays] _, number in try arrays[number]() }

    func sum(_ number: Int) throws -> Int {
      try counts.read(number, at: 0, count: neurons).reduce(0) { $0 + Int($1) }
    }
    return try CountedValues(finite: sum(0), zeros: sum(1), nan: sum(2), infinite: sum(3))
  }

  private func finishOrderings(_ builder: StoreBuilder, _ path: String) throws {
    let writer = try builder.makeArray(path, .figures(rows: groups, neurons: neurons, dataType: .uint32))
    try eachShard(writer) { rows in
      var order: [UInt32] = []
      for group in rows {
        let medians = try values.read(2, at: group * neurons, count: neurons)
        order += medians.withUnsafeBufferPointer(ordered)
      }
      try order.withUnsafeBufferPointer { try writer.write(rows: rows, $0) }
    }
    writer.finish()
  }

  private func finish<Element: BitwiseCopyable & Sendable>(
    _ matrices: ScratchMatrices<Element>, _ number: Int, _ builder: StoreBuilder, _ path: String, _ type: DataType
  ) throws {
    let writer = try builder.makeArray(path, .figures(rows: groups, neurons: neurons, dataType: type))
    try eachShard(writer) { rows in
      let elements = try matrices.read(number, at: rows.lowerBound * neurons, count: rows.count * neurons)
      try elements.withUnsafeBufferPointer { try writer.write(rows: rows, $0) }
    }
    writer.finish()
  }

  private func eachShard(_ writer: ArrayWriter, _ body: (Range<Int>) throws -> Void) throws {
    let step = writer.metadata.shardShape[0]
    for first in stride(from: 0, to: groups, by: step) { try body(first..<min(first + step, groups)) }
  }
}

/// Neurons by ascending key.
func ordered<Value: ActivationValue>(_ keys: UnsafeBufferPointer<Value>) -> [UInt32] {
  MemoryLayout<Value>.size == 4
    ? keys.withMemoryRebound(to: Float.self) { stableOrder(keys: $0) }
    : keys.withMemoryRebound(to: Double.self) { stableOrder(keys: $0) }
}

/// Scratch files of one type of element.
private final class ScratchMatrices<Element: BitwiseCopyable & Sendable>: Sendable {
  private let files: [ScratchMatrixFile]

  init(_ builder: StoreBuilder, _ names: [String]) throws { files = try names.map(builder.scratchFile) }

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
