import CKernels
import TileStore

/// What is known of a value: itself, or the bin of its neuron's own grid in which it lies.
enum ValuePlace: Equatable {
  /// NaN also where a row was never written.
  case exactly(Double)
  case bin(Int)

  /// Between which two numbers it lies; equal ones where it is known exactly.
  ///
  /// They are the edges of a bin; of one that holds what lies beyond a window, the outer one is the neuron's smallest or largest value.
  /// - Parameter grid: the neuron's own.
  func bounds(_ neuron: Int, _ grid: NeuronGrid, _ layer: LayerReader) throws(StoreError) -> (low: Double, high: Double)
  {
    switch self {
    case .exactly(let value): return (value, value)
    case .bin(let bin):
      var (low, high) = grid.edges(ofBin: bin)
      let place = CollectionOfOne(UInt32(neuron))
      if low == -.infinity { low = try layer.statistic(.minimum).numbers(plane: 0, place)[0] }
      if high == .infinity { high = try layer.statistic(.maximum).numbers(plane: 0, place)[0] }
      return (low, high)
    }
  }
}

/// What the codes of a layer tell of one row.
package struct RowCodes: Sendable {
  /// `[neuron]`.
  private let codes: [UInt8]
  /// `[neuronByte]`: a bit for each value that is no ordinary number in its bin.
  private let apart: [UInt8]
  /// `[neuron]`: origin of the own grid.
  private let origins: [Int64]

  var byteCount: Int { codes.count + apart.count + origins.count * 8 + 64 }

  /// - Parameters:
  ///   - row: of the data set; it is there.
  ///   - helpers: threads that share the work where codes lie by neuron.
  /// - Throws: `SubsetError` where the layer has no codes, or several samples a row; `StoreError`.
  /// - Complexity: reads the row where codes lie by row, otherwise the part of each neuron's codes that holds it.
  init(_ layer: LayerReader, row: Int, _ helpers: HelperThreads) throws {
    guard layer.layer.samples == 1 else { throw SubsetError.severalSamples(layer.layer) }
    guard let columns = layer.codeColumns, let columnsApart = layer.codeColumnsApart else {
      throw SubsetError.noCodes(layer.layer)
    }
    if let rows = layer.codeRows, let rowsApart = layer.codeRowsApart {
      codes = try rows.plane(row, as: UInt8.self)
      apart = try rowsApart.plane(row, as: UInt8.self)
    } else {
      let neurons = layer.layer.neurons
      // Whole bytes of bits; a small layer is done before a helper has woken up.
      let pieces = neurons < 4096 ? 1 : helpers.count + 1
      let found = try helpers.map(pieces) { piece in
        let bytes = (neurons + 7) / 8
        let chosen = bytes * piece / pieces * 8..<min(bytes * (piece + 1) / pieces * 8, neurons)
        return try Self.read(columns, columnsApart, chosen, sample: row)
      }
      codes = found.flatMap(\.codes)
      apart = found.flatMap(\.apart)
    }
    origins = try layer.origins()
    for neuron in codes.indices where isApart(neuron) {
      let kind = kind(neuron)
      guard NeuronCodes.Kind(rawValue: kind) != nil else {
        throw StoreError.meaningless(columns.path, sample: row, neuron: neuron, kind)
      }
    }
  }

  /// - Parameter neurons: begins at a multiple of 8.
  private static func read(_ columns: ArrayReader, _ columnsApart: ArrayReader, _ neurons: Range<Int>, sample: Int)
    throws(StoreError) -> (codes: [UInt8], apart: [UInt8])
  {
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(columns.chunkBytes, columnsApart.chunkBytes), alignment: 64)
    defer { scratch.deallocate() }
    /// A byte of a plane.
    func byte(_ array: ArrayReader, _ neuron: Int, _ place: Int) throws(StoreError) -> UInt8 {
      let chunk = UnsafeMutableRawBufferPointer(rebasing: scratch[..<array.chunkBytes])
      try array.decode(plane: neuron, chunk: place / array.rowsPerChunk, into: chunk)
      return chunk[place % array.rowsPerChunk]
    }
    var codes: [UInt8] = []
    var apart = [UInt8](repeating: 0, count: (neurons.count + 7) / 8)
    for neuron in neurons {
      codes.append(try byte(columns, neuron, sample))
      let bit = try byte(columnsApart, neuron, sample >> 3) >> UInt8(sample & 7) & 1
      let place = neuron - neurons.lowerBound
      apart[place >> 3] |= bit << UInt8(place & 7)
    }
    return (codes, apart)
  }

  private func isApart(_ neuron: Int) -> Bool { apart[neuron >> 3] >> UInt8(neuron & 7) & 1 != 0 }
  private func kind(_ neuron: Int) -> UInt8 { codes[neuron] &+ UInt8(truncatingIfNeeded: origins[neuron]) }

  /// The row's value in a neuron.
  subscript(neuron: Int) -> ValuePlace {
    guard isApart(neuron) else { return .bin(Int(codes[neuron])) }
    return switch NeuronCodes.Kind(rawValue: kind(neuron)) {
    case .zero: .exactly(0)
    case .plusInfinity: .exactly(.infinity)
    case .minusInfinity: .exactly(-.infinity)
    case .nan, .missing, nil: .exactly(.nan)
    }
  }

  /// Between which two numbers the row's value lies in each of some neurons.
  /// - Throws: `StoreError`.
  func bounds(_ neurons: some Sequence<Int>, _ layer: LayerReader) throws -> [(low: Double, high: Double)] {
    let grids = try LayerGrids(layer)
    return try neurons.map { neuron in
      try self[neuron].bounds(neuron, grids[neuron], layer)
    }
  }
}
