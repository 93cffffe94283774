import CKernels
import Distributions
import TileStore

/// The codes of some samples of some neurons of a layer, and the cells that they stand for.
final class CodeWindows: @unchecked Sendable {
  // Unchecked: lanes read different neurons, each with memory of its own.
  private let columns: ArrayReader
  private let apart: ArrayReader
  private let grids: [DyadicGrid]
  private let lanes: Lanes
  private let scratch: LaneLocal<Scratch>
  /// `[neuron, sample]`, with `pitch` bytes from a neuron to the next.
  let codes: Pages<UInt8>
  let cells: Pages<UInt8>
  let pitch: Int
  private let chunk: Int

  private final class Scratch {
    let codes: UnsafeMutableRawBufferPointer
    let bits: UnsafeMutableRawBufferPointer

    init(codes: Int, bits: Int) {
      self.codes = .allocate(byteCount: codes, alignment: 64)
      self.bits = .allocate(byteCount: bits, alignment: 64)
    }

    deinit {
      codes.deallocate()
      bits.deallocate()
    }
  }

  /// - Precondition: the layer has codes.
  init(_ layer: LayerReader, grids: [DyadicGrid], sizes: JudgeSizes, lanes: Lanes) {
    guard let columns = layer.codeColumns, let apart = layer.codeColumnsApart else {
      preconditionFailure("rows are judged where there are codes")
    }
    self.columns = columns
    self.apart = apart
    self.grids = grids
    self.lanes = lanes
    chunk = columns.rowsPerChunk
    pitch = sizes.codePitch
    codes = Pages(count: sizes.codeNeurons * pitch)
    cells = Pages(count: sizes.codeNeurons * pitch)
    scratch = LaneLocal(lanes) { Scratch(codes: columns.chunkBytes, bits: apart.chunkBytes) }
  }

  deinit {
    codes.deallocate()
    cells.deallocate()
  }

  /// Reads samples of some neurons, as many as there is room for.
  func read(_ neurons: Range<Int>, samples: Range<Int>) throws {
    try lanes.run(neurons.count) { [self] lane, number in
      let scratch = scratch[lane]
      let neuron = neurons.lowerBound + number
      for part in samples.lowerBound / chunk...(samples.upperBound - 1) / chunk {
        try columns.decode(plane: neuron, chunk: part, into: scratch.codes)
        try apart.decode(plane: neuron, chunk: part, into: scratch.bits)
        let some = samples.clamped(to: part * chunk..<(part + 1) * chunk)
        let from = some.lowerBound - part * chunk
        let to = number * pitch + some.lowerBound - samples.lowerBound
        let held = scratch.codes.assumingMemoryBound(to: UInt8.self).baseAddress! + from
        (codes.base + to).update(from: held, count: some.count)
        nd_code_cells(
          cells.base + to, held, scratch.bits.assumingMemoryBound(to: UInt8.self).baseAddress!, from, some.count,
          UInt8(truncatingIfNeeded: grids[neuron].origin))
      }
    }
  }
}
