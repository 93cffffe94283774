import Activations
import Algorithms
import Distributions
import TileStore

/// Takes the codes of neurons whose grids become windows, when their values are at hand.
struct WindowTaker<Value: ActivationValue & ReadableValue>: Sendable {
  /// What was taken of the values as they were counted: in the order in which kept candidates come, those of a file by rows.
  let files: [CodeFile]
  let codes: BandCodes<Value>
  let grouping: Grouping
  let samplesPerRow: Int
  /// First of the band, in the layer.
  let firstNeuron: Int
  /// Of all rows.
  let samples: Int

  /// Bytes of codes that a lane has at once; more where a single neuron has more.
  private static var bytesAtOnce: Int { 4 << 20 }

  /// Bytes that the lanes take.
  static func bytes(samples: Int, samplesMax: Int, lanes: Int) -> Int {
    lanes * (max(bytesAtOnce, samples) + CodeRecord.bytes(samples: samplesMax))
  }

  /// - Parameters:
  ///   - neurons: of the band, all of one tile.
  ///   - refinement: has their values.
  ///   - isByRows: whether values came in the order of all rows, or file by file.
  func take(_ neurons: [Int], of refinement: RankRefinement<Value>, isByRows: Bool) throws {
    guard let first = neurons.first else { return }
    let tile = (firstNeuron + first) / tileColumns
    var stretches = files.flatMap { file in
      file.stretches.filter { $0.tiles.contains(tile) }.sorted { $0.samples.lowerBound < $1.samples.lowerBound }
        .map { (file: file, stretch: $0) }
    }
    if isByRows { stretches.sort { $0.stretch.samples.lowerBound < $1.stretch.samples.lowerBound } }
    for some in neurons.chunks(ofCount: max(1, Self.bytesAtOnce / max(1, samples))) {
      var windows = some.map { WindowCodes($0, of: refinement) }
      var results = some.map { _ in [UInt8](repeating: 0, count: samples) }
      for (file, stretch) in stretches {
        try read(file, stretch, tile) { low, apart in
          for index in windows.indices {
            try results[index].withUnsafeMutableBufferPointer { result in
              let isThere = windows[index].take(
                codes: low, apart: apart, samples: stretch.samples.count,
                cells: { Int(grouping.cellOfRow[(stretch.samples.lowerBound + $0) / samplesPerRow]) },
                into: result.baseAddress! + stretch.samples.lowerBound)
              guard isThere else { throw contradiction(file) }
            }
          }
        }
      }
      for (index, neuron) in some.enumerated() {
        guard windows[index].isComplete else { throw contradiction(stretches[0].file) }
        try codes.add(window: results[index], neuron: firstNeuron + neuron)
      }
    }
  }

  private func read(
    _ file: CodeFile, _ stretch: CodeStretch, _ tile: Int,
    _ body: (_ codes: UnsafePointer<UInt8>, _ apart: UnsafePointer<UInt64>) throws -> Void
  ) throws {
    let count = stretch.samples.count
    let memory = UnsafeMutableRawPointer.allocate(byteCount: stretch.recordBytes, alignment: 64)
    defer { memory.deallocate() }
    let apart = memory.bindMemory(to: UInt64.self, capacity: count)
    let codes = (memory + count * 8).bindMemory(to: UInt8.self, capacity: count * tileColumns)
    let grids = memory + count * (8 + tileColumns)
    try file.read(tile: tile, of: stretch, samples: stretch.samples, grids: grids, codes: codes, apart: apart)
    try body(codes, apart)
  }

  private func contradiction(_ file: CodeFile) -> RecordFileError {
    RecordFileError(file.path, "its codes and the values that were kept are not of the same rows")
  }
}
