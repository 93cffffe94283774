import Activations
import Distributions
import TileStore

/// Statistics of a layer on their way: each a scratch matrix `[group, neuron]`, for bands come one by one and arrays are written
/// by groups.
final class FigureFiles<Value: ActivationValue & ReadableValue> {
  private let groups: Int
  private let neurons: Int
  private let counts: ScratchMatrices<UInt32>
  private let values: ScratchMatrices<Value>
  private let moments: ScratchMatrices<Double>

  private static var countNames: [String] { ["count", "zeros", "nan", "infinite"] }
  private static var valueNames: [String] { ["minimum", "maximum", "median", "lower_quartile", "upper_quartile"] }
  private static var momentNames: [String] { ["mean", "deviation"] }

  init(_ builder: StoreBuilder, id: String, groups: Int, neurons: Int) throws {
    self.groups = groups
    self.neurons = neurons
    counts = try ScratchMatrices(builder, Self.countNames.map { "\(id)-\($0)" })
    values = try ScratchMatrices(builder, Self.valueNames.map { "\(id)-\($0)" })
    moments = try ScratchMatrices(builder, Self.momentNames.map { "\(id)-\($0)" })
  }

  func write(
    _ counters: BandCounters<Value>, band: Range<Int>, members: [[Int]], quartiles: QuartileTable<Value>
  ) throws {
    var countRows = Self.countNames.map { _ in [UInt32](repeating: 0, count: band.count) }
    var valueRows = Self.valueNames.map { _ in [Value](repeating: 0, count: band.count) }
    var momentRows = Self.momentNames.map { _ in [Double](repeating: 0, count: band.count) }
    for group in members.indices {
      for neuron in 0..<band.count {
        let figures = counters.figures(neuron, of: members[group])
        let quartile = quartiles[group, neuron]
        let isEmpty = figures.count == 0
        countRows[0][neuron] = figures.count
        countRows[1][neuron] = figures.zeros
        countRows[2][neuron] = figures.nan
        countRows[3][neuron] = figures.infinite
        // Adding 0 turns -0 into 0: which of the two comes first in a dump says nothing.
        valueRows[0][neuron] = isEmpty ? .nan : figures.minimum + 0
        valueRows[1][neuron] = isEmpty ? .nan : figures.maximum + 0
        valueRows[2][neuron] = quartile.median + 0
        valueRows[3][neuron] = quartile.lower + 0
        valueRows[4][neuron] = quartile.upper + 0
        momentRows[0][neuron] = isEmpty ? .nan : figures.moments.mean + 0
        momentRows[1][neuron] = figures.moments.deviation
      }
      let place = group * neurons + band.lowerBound
      for (number, row) in countRows.enumerated() { try counts.write(number, row, at: place) }
      for (number, row) in valueRows.enumerated() { try values.write(number, row, at: place) }
      for (number, row) in momentRows.enumerated() { try moments.write(number, row, at: place) }
    }
  }

  /// Which neurons have finite values at all.
  func hasValues() throws -> [Bool] {
    try counts.read(0, at: 0, count: neurons).map { $0 > 0 }
  }

  /// Writes all statistics and the orderings by median.
  func finish(_ builder: StoreBuilder, path: String) throws -> CountedValues {
    let valueType: DataType = MemoryLayout<Value>.size == 4 ? .float32 : .float64
    for (number, name) in Self.countNames.enumerated() {
      try finish(counts, number, builder, "\(path)/statistics/\(name)", .uint32)
    }
    for (number, name) in Self.valueNames.enumerated() {
      try finish(values, number, builder, "\(path)/statistics/\(name)", valueType)
    }
    for (number, name) in Self.momentNames.enumerated() {
      try finish(moments, number, builder, "\(path)/statistics/\(name)", .float64)
    }

    let writer = try builder.makeArray(
      "\(path)/orderings/median", .figures(rows: groups, neurons: neurons, dataType: .uint32))
    try eachShard(writer) { rows in
      var order: [UInt32] = []
      for group in rows {
        let medians = try values.read(2, at: group * neurons, count: neurons)
        order += medians.withUnsafeBufferPointer(ordered)
      }
      try order.withUnsafeBufferPointer { try writer.write(rows: rows, $0) }
    }
    writer.finish()

    func sum(_ number: Int) throws -> Int {
      try counts.read(number, at: 0, count: neurons).reduce(0) { $0 + Int($1) }
    }
    return try CountedValues(finite: sum(0), zeros: sum(1), nan: sum(2), infinite: sum(3))
  }

  private func finish<Element>(
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
private final class ScratchMatrices<Element: BitwiseCopyable> {
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
