import Activations
import Distributions
import TileStore

/// How a layer's work is cut so that it stays within the budget.
public struct LayerPlan: Sendable {
  public let source: LayerSource
  /// Ranges of neurons that are counted at once, each a pass over their part of the data.
  public let bands: [Range<Int>]
  public let rowsPerBlock: Int
  /// Rows of a block of the pass that finds quartiles.
  let quantilePassRows: Int
  /// Whether the next block is read while one is counted; there is memory for both.
  let readsNext: Bool
  /// Bytes for candidates that are kept while the layer is counted, so that it need not be read again; 0: it is.
  let candidateLogBytes: Int
  /// The most that there are for it, also where a part of the rows is counted.
  private let candidateLogBytesMax: Int
  /// Bytes for the candidates that are gathered at once; where they do not suffice, that is done in several parts.
  let candidateBytes: Int
  /// Whether a part of the neurons can be read again for about its share of the cost.
  let isCheapInParts: Bool
  /// Peak of the whole process.
  public let peakBytes: Int
  public let readsTwice: Bool
  /// Bytes to decode and to read from files, all bands and passes together. A chunk counts whenever it is decoded.
  public let decodedBytes: Int
  public let readBytes: Int
  /// Longest stretch of samples whose codes are taken at once.
  let codeSamplesMax: Int
  /// Histograms to write: one for each neuron and group.
  private let histograms: Int

  /// Bytes of values that are gone through, all passes together: what progress is measured by.
  public var countedBytes: Int { source.logicalBytes * passes }
  var passes: Int { readsTwice ? 2 : 1 }
}

extension LayerPlan {
  /// What keeping candidates costs for each byte that is counted: data that are decoded faster are read twice instead, if they are in
  /// memory. From a disk most come no faster than lanes count them, and what is larger than the memory would come twice.
  private static let candidateSecondsPerByte = 0.8e-9
  /// Of a layer of so few neurons there may be more lanes than tiles to count: of the lanes left, each reads of the next block meanwhile.
  private static let narrowNeuronsMax = 512
  /// The largest share of a layer's values that is kept.
  private static let candidateShareMax = 0.6
  /// What is decoded of a layer, all bands together, in bytes: arithmetic on it does not overflow.
  private static let decodedBytesMax = 0x1p61

  /// - Parameters:
  ///   - judging: bytes that judging its rows takes.
  ///   - memory: the budget of the whole process, in bytes.
  ///   - openFiles: files that libhdf5 has open.
  /// - Throws: `PrecomputeError` where even the smallest pieces do not fit, with the budget that does.
  init<Value: ActivationValue & ReadableValue>(
    _ source: LayerSource, as: Value.Type, grouping: Grouping, counting: CountingCells, medians: Job.Medians,
    codes: Codes, judging: Int = 0, memory: Int, lanes: Int, openFiles: Int
  ) throws {
    // Every band decodes at most what the whole layer does.
    let once = RowBlocks<Value>.bytesTouched(source, neurons: 0..<source.neurons).decoded
    let bandsMax = source.neurons / MemoryModel.bandUnit + 1
    guard Double(once) * Double(bandsMax) < Self.decodedBytesMax else {
      throw PrecomputeError(
        .memory,
        "\(source.place): chunk by chunk, the layer \"\(source.name)\" is \(bytesInWords(once)) to decode, for each of up to \(grouped(bandsMax)) bands of its neurons. Rewrite it in smaller chunks with h5repack."
      )
    }
    let model = Self.memoryModel(
      source, as: Value.self, counting: counting, codes: codes, judging: judging, memory: memory, lanes: lanes,
      openFiles: openFiles)
    let cut: MemoryModel.Cut
    do { cut = try model.cut() } catch { throw Self.error(error, source, model) }
    self.source = source
    codeSamplesMax = Self.codeSamplesMax(source, as: Value.self, counting)
    bands = Self.bands(source, neurons: cut.bandNeurons)
    histograms = source.neurons * counting.groups.count { $0.histograms != nil }

    // A block that holds everything is gone through again where it is.
    let isOneBlock = source.parts.count == 1 && source.rows <= cut.rowsPerBlock
    let isSlow =
      Self.decodingSecondsPerByte(source) >= Self.candidateSecondsPerByte || !isOneBlock && !source.isInMemory
    let keepingPays = medians == .exact && isSlow && grouping.isMixed
    candidateLogBytesMax = keepingPays ? model.keptMax(cut) : 0
    let kept = CandidateLogSize(
      Value.self, grouping, counting, samplesPerRow: source.geometry.samplesPerRow, neurons: cut.bandNeurons,
      rows: source.rows,
      firstRows: cut.rowsPerBlock)
    candidateLogBytes = kept.share <= Self.candidateShareMax && kept.bytes <= candidateLogBytesMax ? kept.bytes : 0
    readsTwice = medians == .exact && candidateLogBytes == 0 && !isOneBlock
    let quarter = RowBlocks<Value>.bytesTouched(source, neurons: 0..<max(1, cut.bandNeurons / 4)).decoded
    let band = RowBlocks<Value>.bytesTouched(source, neurons: 0..<cut.bandNeurons).decoded
    isCheapInParts = quarter * 4 <= band * 5 / 4
    let gathering = model.gathering(
      cut, isOneBlock: isOneBlock, isMapped: RowBlocks<Value>.canMap(source, 0..<cut.bandNeurons),
      isCheapInParts: isCheapInParts, kept: candidateLogBytes)
    // Two blocks of half the rows take the memory of one.
    let half = [cut.rowsPerBlock, gathering.rowsPerBlock].map { $0 / 2 / model.rowGranularity * model.rowGranularity }
    readsNext = source.neurons <= Self.narrowNeuronsMax && !isOneBlock && half.allSatisfy { $0 > 0 }
    rowsPerBlock = readsNext ? half[0] : cut.rowsPerBlock
    quantilePassRows = readsNext ? half[1] : gathering.rowsPerBlock
    candidateBytes = gathering.bytes
    peakBytes = medians == .exact ? gathering.peak : model.peak(cut, kept: candidateLogBytes, gathered: 0)
    let passes = readsTwice ? 2 : 1
    let touched = bands.map { RowBlocks<Value>.bytesTouched(source, neurons: $0) }
    decodedBytes = passes * touched.reduce(0) { $0 + $1.decoded }
    readBytes = passes * touched.reduce(0) { $0 + $1.read }
  }

  private static func memoryModel<Value: ActivationValue & ReadableValue>(
    _ source: LayerSource, as: Value.Type, counting: CountingCells, codes: Codes, judging: Int, memory: Int, lanes: Int,
    openFiles: Int
  ) -> MemoryModel {
    let lane = RowBlocks<Value>.decodingBytes(source) + TileWalk<Value>.bytesPerLane + RunCounts.bytes
    let samples = source.rows * source.geometry.samplesPerRow
    let samplesMax = codeSamplesMax(source, as: Value.self, counting)
    func working(_ lanes: Int) -> Int {
      let taking =
        codes == .none
        ? 0
        : BandCodes<Value>.bytes(samplesMax: samplesMax, lanes: lanes)
          + WindowTaker<Value>.bytes(samples: samples, samplesMax: samplesMax, lanes: lanes)
      return CountArrays.bytes(lanes: lanes) + lanes * lane + taking
    }
    return MemoryModel(
      budget: memory,
      always: MemoryModel.always(files: openFiles, rows: source.rows)
        + LayerOutput<Value>.bytes(neurons: source.neurons),
      finishing: max(
        judging, FigureFiles<Value>.bytes(groups: counting.groups.count, neurons: source.neurons, lanes: lanes),
        CodeArrays.bytes(neurons: source.neurons, samples: samples, codes: codes, lanes: lanes)),
      working: working(lanes), workingForBands: working(MemoryModel.bandLanes),
      perNeuron: BandCounters<Value>.bytes(
        counting, samplesMax: counting.rowsMax * source.geometry.samplesPerRow)
        + QuartileTable<Value>.bytes(groups: counting.groups.count),
      block: { RowBlocks<Value>.bytes(source, neurons: 0..<$0, rowsPerBlock: $1) },
      decoded: {
        bands(source, neurons: $0).reduce(0) { $0 + RowBlocks<Value>.bytesTouched(source, neurons: $1).decoded }
      },
      neurons: source.neurons, rows: source.rows, rowGranularity: RowBlocks<Value>.rowGranularity(source),
      cells: counting.cells, valueBytes: source.logicalBytes)
  }

  private static func codeSamplesMax<Value: ActivationValue & ReadableValue>(
    _ source: LayerSource, as: Value.Type, _ counting: CountingCells
  ) -> Int {
    let each = source.geometry.samplesPerRow
    return BandCodes<Value>.samplesMax(
      cells: counting.cells, samplesPerRow: each, samples: source.rows * each)
  }

  private static func error(
    _ shortage: MemoryModel.Shortage, _ source: LayerSource, _ model: MemoryModel
  ) -> PrecomputeError {
    let isByColumns = source.info.isSparse && model.rowGranularity >= source.rows && source.rows > 1
    let needed =
      "\(source.place): the layer \"\(source.name)\" needs at least \(bytesInWords(shortage.needed, rounding: .up)) of memory"
    let why =
      switch shortage.part {
      case .finishing: " to order its \(grouped(source.neurons)) neurons"
      case .counting:
        ": \(grouped(model.cells)) cells of rows, and chunks of \(grouped(model.rowGranularity)) rows that are decoded as a whole"
      }
    return PrecomputeError(
      .memory,
      "\(needed)\(why). Raise --memory, which is \(bytesInWords(model.budget))\(isByColumns ? ", or write the matrix by rows, with SciPy: matrix.tocsr()" : "")."
    )
  }

  private static func bands(_ source: LayerSource, neurons step: Int) -> [Range<Int>] {
    stride(from: 0, to: source.neurons, by: step).map { $0..<min($0 + step, source.neurons) }
  }

  /// Bytes for candidates that are kept while some segments of rows are counted; 0: these are read twice.
  ///
  /// Other than of a whole layer, it does not matter how many they are: what is near the quartiles is kept in any case.
  func candidateLogBytes(_ segments: [Int], _ grouping: Grouping, _ counting: CountingCells) -> Int {
    let rows = source.rows(ofSegments: segments).map(\.count)
    func bytes<Value: ActivationValue & ReadableValue>(_: Value.Type) -> Int {
      CandidateLogSize(
        Value.self, grouping, counting, samplesPerRow: source.geometry.samplesPerRow, neurons: bands[0].count,
        rows: rows.reduce(0, +), firstRows: min(rowsPerBlock, rows[0])
      ).bytes
    }
    let needed = source.fitsFloat ? bytes(Float.self) : bytes(Double.self)
    return needed <= candidateLogBytesMax ? needed : 0
  }

  private static func decodingSecondsPerByte(_ source: LayerSource) -> Double {
    source.info.filters.reduce(0) { $0 + $1.secondsPerByte }
  }

  /// About how long the work takes, from rates of one present-day core; machines differ by a factor of two.
  public func estimatedSeconds(lanes: Int) -> Double {
    let decoding = Self.decodingSecondsPerByte(source)
    let each = candidateLogBytes > 0 ? 3.3e-9 : readsTwice ? 4e-9 : 2.5e-9
    let counting = Double(source.logicalBytes / max(1, source.element.bytes ?? 4)) * each
    let writing = Double(histograms) * 5e-6
    return (Double(decodedBytes) * decoding + counting + writing) / Double(lanes) + Double(readBytes) * 0.4e-9
  }
}
