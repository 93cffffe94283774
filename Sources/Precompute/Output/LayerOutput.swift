import Activations
import Distributions
import TileStore

/// Writes the arrays of one layer, band by band, and what needs all bands at its end.
final class LayerOutput<Value: ActivationValue & ReadableValue> {
  private let layer: LayerWriter
  private let lanes: Lanes
  private let groups: [CountingCells.Members]
  private var neurons: Int { layer.sizes.neurons }
  private let dataType: DataType
  private let own: CountArrays
  private let figures: FigureFiles<Value>
  private let extremes: ExtremeArrays<Value>
  private var exponents: [Int16]
  private var origins: [Int64]
  private var tails: [UInt8]

  /// Bytes that it takes for each neuron until all is written: the grid, once as it is kept and once as it is stored.
  static func bytes(neurons: Int) -> Int { neurons * (11 + MemoryLayout<DyadicGrid>.stride) }

  /// - Parameter samplesMax: samples of the largest group.
  init(_ layer: LayerWriter, groups: [CountingCells.Members], samplesMax: Int, lanes: Lanes) throws {
    self.layer = layer
    self.lanes = lanes
    self.groups = groups
    dataType = .counting(upTo: samplesMax)
    own = try CountArrays(layer, .own, dataType: dataType)
    figures = try FigureFiles(layer, lanes: lanes)
    extremes = try ExtremeArrays(layer)
    let neurons = layer.sizes.neurons
    exponents = Array(repeating: 0, count: neurons)
    origins = Array(repeating: 0, count: neurons)
    tails = Array(repeating: 0, count: neurons)
  }

  /// Writes the counts of a band, and notes its figures.
  func write(_ counters: BandCounters<Value>, band: Range<Int>, quartiles: QuartileTable<Value>) throws {
    for neuron in band {
      let grid = counters.grid(neuron - band.lowerBound)
      exponents[neuron] = Int16(grid.exponent)
      origins[neuron] = grid.origin
      tails[neuron] = counters.hasTails(neuron - band.lowerBound) ? 1 : 0
    }
    try figures.write(counters, band: band, groups: groups, quartiles: quartiles)
    try extremes.write(counters.extremes, band: band, lanes: lanes)
    let ofPlanes = (layer.sizes.planes?.groups ?? Array(groups.indices)).map { group in
      guard let histograms = groups[group].histograms else { preconditionFailure("a plane without a histogram") }
      return histograms
    }
    try own.write(band: band, lanes: lanes) { neuron, plane, counts in
      let local = neuron - band.lowerBound
      counters.histogram(local, of: ofPlanes[plane], on: counters.grid(local), into: counts)
    }
  }

  /// Of all neurons, when every band is written.
  var grids: [DyadicGrid] {
    (0..<neurons).map { DyadicGrid(exponent: Int(exponents[$0]), origin: origins[$0]) }
  }

  /// Writes what needs every neuron: the shared axis, the grid, statistics and orderings.
  /// - Returns: the shared axis, and what was counted in all.
  func finish() throws -> (shared: DyadicGrid, counted: CountedValues) {
    own.finish()
    extremes.finish()
    let grids = grids
    let hasValues = try figures.hasValues()
    let shared = DyadicGrid.shared(by: (0..<neurons).lazy.filter { hasValues[$0] }.map { grids[$0] })
    try writeShared(grids, shared)

    try layer.write(.exponent, exponents)
    try layer.write(.origin, origins)
    try layer.write(.tails, tails)
    return (shared, try figures.finish())
  }

  /// Brings the own counts, read back, to the shared axis.
  private func writeShared(_ grids: [DyadicGrid], _ shared: DyadicGrid) throws {
    let attributes: [String: JSONValue] = ["exponent": JSONValue(shared.exponent), "origin": .int(shared.origin)]
    try layer.describe(.shared, attributes: attributes)
    let arrays = try CountArrays(layer, .shared, dataType: dataType, attributes: attributes)
    let reader = try layer.builder.reader(of: own.finest)
    switch dataType {
    case .uint8: try spread(UInt8.self, reader, grids, shared, into: arrays)
    case .uint16: try spread(UInt16.self, reader, grids, shared, into: arrays)
    default: try spread(UInt32.self, reader, grids, shared, into: arrays)
    }
    arrays.finish()
  }

  private func spread<Count: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>(
    _: Count.Type, _ reader: ArrayReader, _ grids: [DyadicGrid], _ shared: DyadicGrid, into arrays: CountArrays
  ) throws {
    try arrays.write(band: 0..<neurons, lanes: lanes, reading: reader) { neuron, row, counts in
      counts.update(repeating: 0, count: DyadicGrid.binCount)
      shared.add(row.assumingMemoryBound(to: Count.self), of: grids[neuron], to: counts)
    }
  }
}
