import CKernels
import TileStore

/// The codes of one neuron after another; the memory of one thread.
final class NeuronCodes {
  private var columns: ChunkCursor
  private var columnsApart: ChunkCursor
  /// `[sample]`, and what its last chunk has behind them.
  private(set) var codes: UnsafeMutableBufferPointer<UInt8>
  /// `[sample]`, a bit each: the value is no ordinary number in its bin.
  private(set) var apart: UnsafeMutableBufferPointer<UInt64>
  /// Counts of all rows by neuron.
  private(set) lazy var ofAllRows = PlaneRows(counts, plane: 0)
  private let counts: ArrayReader
  /// The neurons whose codes and bits are at hand.
  private var (codesOf, apartOf) = (-1, -1)

  /// What stands apart, by `(code + origin) & 255`.
  enum Kind: UInt8 { case zero, nan, plusInfinity, minusInfinity, missing }

  /// - Throws: `SubsetError` where the layer has no codes.
  init(_ layer: LayerReader) throws(SubsetError) {
    guard let columns = layer.codeColumns, let columnsApart = layer.codeColumnsApart else {
      throw .noCodes(layer.layer)
    }
    counts = layer.counts(.own, .full)
    self.columns = ChunkCursor(columns)
    self.columnsApart = ChunkCursor(columnsApart)
    codes = .allocate(capacity: columns.chunks * columns.chunkBytes)
    codes.initialize(repeating: 0)
    apart = .allocate(capacity: columnsApart.chunks * columnsApart.chunkBytes / 8)
    apart.initialize(repeating: 0)
  }

  deinit {
    codes.deallocate()
    apart.deallocate()
  }

  func readCodes(_ neuron: Int) throws(StoreError) {
    guard codesOf != neuron else { return }
    codesOf = -1
    try Self.read(&columns, neuron, into: UnsafeMutableRawBufferPointer(codes))
    codesOf = neuron
  }

  func readApart(_ neuron: Int) throws(StoreError) {
    guard apartOf != neuron else { return }
    apartOf = -1
    try Self.read(&columnsApart, neuron, into: UnsafeMutableRawBufferPointer(apart))
    apartOf = neuron
  }

  private static func read(_ cursor: inout ChunkCursor, _ neuron: Int, into target: UnsafeMutableRawBufferPointer)
    throws(StoreError)
  {
    let step = cursor.chunkBytes
    for chunk in 0..<cursor.chunks {
      let part = UnsafeMutableRawBufferPointer(rebasing: target[chunk * step..<(chunk + 1) * step])
      try cursor.decode(plane: neuron, chunk: chunk, into: part)
    }
  }

  func isApart(_ sample: Int) -> Bool { apart[sample >> 6] >> UInt64(sample & 63) & 1 != 0 }

  /// What a value that stands apart is.
  /// - Throws: `StoreError` of kind `corrupt` where the code says nothing that there is.
  func kind(_ sample: Int, origin: Int64, neuron: Int) throws(StoreError) -> Kind {
    let byte = codes[sample] &+ UInt8(truncatingIfNeeded: origin)
    guard let kind = Kind(rawValue: byte) else {
      throw .meaningless(columns.path, sample: sample, neuron: neuron, byte)
    }
    return kind
  }
}

extension NeuronCodes {
  /// The value of a row in a neuron; `nil`: it was never written.
  /// - Precondition: the layer has one sample a row.
  func place(ofRow row: Int, neuron: Int, origin: Int) throws(StoreError) -> ValuePlace? {
    try readCodes(neuron)
    try readApart(neuron)
    guard isApart(row) else { return .bin(Int(codes[row])) }
    return switch try kind(row, origin: Int64(origin), neuron: neuron) {
    case .zero: .exactly(0)
    case .nan: .exactly(.nan)
    case .plusInfinity: .exactly(.infinity)
    case .minusInfinity: .exactly(-.infinity)
    case .missing: nil
    }
  }
}

extension StoreError {
  /// A value that stands apart as nothing that there is.
  static func meaningless(_ file: String, sample: Int, neuron: Int, _ kind: UInt8) -> StoreError {
    StoreError(
      .corrupt, file: file, "sample \(sample) of neuron \(neuron) stands apart as \(kind), which means nothing")
  }
}
