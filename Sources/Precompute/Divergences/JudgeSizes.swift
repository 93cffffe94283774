import Distributions
import TileStore

/// How much of a layer is looked at together while rows are judged: whole rows of as many samples as a chunk of codes has, and of neurons as
/// many as are counted as one.
struct JudgeSizes {
  let rows: Int
  /// Of a row.
  let samples: Int
  let classes: Int

  /// Neurons whose cells by class are there at a time: a chunk of counts in 16 bins.
  static let blockNeurons = 256
  /// Samples of a neuron that are there at a time, but for rows that have more: a chunk of codes.
  private static let samplesAtOnce = 16384
  private static let codeBytes = 2 << 20
  private static let figureBytes = 4 << 20
  /// Instances that are judged at once.
  static let instancesAtOnce = 1024
  private static let valueBytes = 4 << 20
  /// Bytes from the values of a neuron to those of the next beside them: a power of two apart they would share a few lines of the caches.
  private static let gap = 64

  /// Rows that are judged in one pass over the neurons.
  var windowRows: Int { max(1, min(rows, Self.samplesAtOnce / samples)) }
  /// Bytes from a neuron's codes to the next.
  var codePitch: Int { windowRows * samples + Self.gap }
  /// Neurons whose codes are there at a time.
  var codeNeurons: Int { max(1, min(Self.blockNeurons, Self.codeBytes / (2 * codePitch))) }
  /// Neurons whose zeros and medians are there, of all classes.
  func figureNeurons(chunk: Int) -> Int { Self.fitting(chunk, Self.figureBytes / (12 * max(1, classes))) }
  /// Neurons whose values of some instances are there.
  static func valueNeurons(chunk: Int, instances: Int) -> Int { fitting(chunk, valueBytes / (4 * max(1, instances))) }

  /// Whole blocks, as many as fit.
  private static func fitting(_ chunk: Int, _ most: Int) -> Int {
    min(chunk, max(1, most / blockNeurons) * blockNeurons)
  }

  /// Bytes that judging the rows of a layer takes at most.
  func bytes(instances: Int, lanes: Int) -> Int {
    let some = min(instances, Self.instancesAtOnce)
    let perRow = RowJudge.bytesPerRow(classes: classes)
    // What rows are, their figures, and the medians of ladders; then what is there while a window is judged.
    return rows * (16 + 24 + 24) + instances * 24 + windowRows * perRow + 2 * codeNeurons * codePitch
      + ClassCells.bytes(neurons: Self.blockNeurons, classes: classes)
      + max(Self.figureBytes, 12 * classes * Self.blockNeurons) + some * (perRow + 3 * Self.blockNeurons)
      + Self.valueBytes
      + SmallClassCells.bytes(classes: classes) + 2 * codeNeurons * codePitch
      + lanes * (Self.samplesAtOnce * 9 / 8 + (64 << 10))
  }
}
