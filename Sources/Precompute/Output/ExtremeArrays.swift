import Activations
import Distributions
import TileStore

/// The rows with the highest and the lowest values of each neuron, written band by band.
final class ExtremeArrays<Value: ActivationValue & ReadableValue> {
  private let writers: ChunkWriters
  private static var neuronsPerChunk: Int { CountArrays.blockNeurons }

  init(_ layer: LayerWriter) throws {
    let type: DataType = MemoryLayout<Value>.size == 4 ? .float32 : .float64
    writers = ChunkWriters(
      try ExtremeEnd.allCases.flatMap { [try layer.begin(.extremes($0), as: type), try layer.begin(.extremeRows($0))] })
  }

  func finish() { writers.finish() }

  /// - Parameter band: begins at a whole chunk.
  func write(_ extremes: ExtremeRows<Value>, band: Range<Int>, lanes: Lanes) throws {
    let (writers, size) = (writers, Self.neuronsPerChunk)
    precondition(band.lowerBound % size == 0)
    try writers.write((band.count + size - 1) / size, lanes: lanes) { _, task in
      let neurons = task * size..<min((task + 1) * size, band.count)
      let pieces = writers.pieces()
      for (number, end) in [ExtremeRows<Value>.End.highest, .lowest].enumerated() {
        // What lies behind the last neuron is 0.
        var values = [Value](repeating: 0, count: size * ExtremeEnd.rows)
        var rows = [UInt32](repeating: 0, count: size * ExtremeEnd.rows)
        for neuron in neurons {
          for rank in 0..<ExtremeEnd.rows {
            let place = (neuron - neurons.lowerBound) * ExtremeEnd.rows + rank
            let kept = extremes.row(end, neuron, rank: rank)
            values[place] = kept?.value ?? .nan
            rows[place] = kept?.row ?? .max
          }
        }
        let chunk = band.lowerBound / size + task
        values.withUnsafeBytes { writers.encode(2 * number, plane: 0, chunk: chunk, $0.baseAddress!, into: pieces) }
        rows.withUnsafeBytes { writers.encode(2 * number + 1, plane: 0, chunk: chunk, $0.baseAddress!, into: pieces) }
      }
      return pieces
    }
  }
}
