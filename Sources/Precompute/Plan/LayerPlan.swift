import Activations
import Distributions

/// How a layer's work is cut so that it stays within the budget.
public struct LayerPlan: Sendable {
  public let source: LayerSource
  /// Ranges of neurons that are counted at once, each a pass over their part of the data.
  public let bands: [Range<Int>]
  public let rowsPerBlock: Int
  /// Rows of a block of the second look.
  public let secondLookRows: Int
  /// Bytes for values that are kept while the layer is counted, so that it need not be read again; 0: it is.
  public let earlyLookBytes: Int
  /// The most that there are for it, also where a part of the rows is counted.
  private let earlyLookBytesMax: Int
  /// Bytes for the values that a second look collects at once; where they do not suffice, it is taken in several parts.
  public let secondLookBytes: Int
  /// Whether a part of the neurons can be read again for about its share of the cost.
  public let isCheapInParts: Bool
  /// Peak of the whole process.
  public let peakBytes: Int
  public let readsTwice: Bool
  /// Bytes to decode and to read from files, all bands and looks together. A chunk counts whenever it is decoded.
  public let decodedBytes: Int
  public let readBytes: Int
  /// Histograms to write: one for each neuron and group.
  private let histograms: Int

  /// Bytes of values that are looked at, all looks together: what progress is measured by.
  public var countedBytes: Int { source.logicalBytes * looks }
  var looks: Int { readsTwice ? 2 : 1 }
}

extension LayerPlan {
  /// Memory that the process needs apart from a layer's buffers, and for each row of the dump: its classes and its cell.
  static let baseBytes = 56 << 20
  static let rowBytes = 24
  /// What libhdf5 takes for each file that it has open.
  static let openFileBytes = 544 << 10
  /// A block larger than this gains nothing, as long as it has some rows of each cell.
  static let blockBytesMax = 32 << 20
  static let rowsPerCell = 16
  /// The share of the budget that the second look may take beyond what the first leaves: one of so many.
  static let secondLookShare = 32
  /// What an early look costs for each byte that is counted: data that are decoded faster are read twice instead.
  static let earlyLookSecondsPerByte = 0.8e-9
  /// The largest share of a layer's values that an early look keeps.
  static let earlyLookShareMax = 0.6
  /// Counters that outweigh the data are kept to about so many bytes where that decodes nothing more often: new memory is cleared
  /// by the system, which takes longer than to read as much of a file.
  static let countersGoal = 512 << 20
  /// What is decoded of a layer, all bands together, in bytes: arithmetic on it does not overflow.
  static let decodedBytesMax = 0x1p61
  /// Neurons whose counts are written as one; bands are whole multiples.
  static let bandUnit = 256

  /// - Parameters:
  ///   - memory: the budget of the whole process, in bytes.
  ///   - openFiles: files that libhdf5 has open.
  /// - Throws: `PrecomputeError` where even the smallest pieces do not fit, with the budget that does.
  init<Value: ActivationValue & ReadableValue>(
    _ source: LayerSource, as: Value.Type, grouping: Grouping, medians: Job.Medians, memory: Int, lanes: Int,
    openFiles: Int
  ) throws {
    let cells = grouping.cellCount
    let decoding = RowBlocks<Value>.decodingBytes(source)
    let always =
      Self.baseBytes + Self.openFileBytes * openFiles + Self.rowBytes * source.rows
      + LayerOutput<Value>.bytes(neurons: source.neurons)
    // When all is counted, figures are ordered and written.
    let finishing = always + FigureFiles<Value>.bytes(neurons: source.neurons, lanes: lanes)
    guard finishing <= memory else {
      throw PrecomputeError(
        .memory,
        "\(source.place): the layer \"\(source.name)\" needs at least \(bytesInWords(finishing)) of memory to order its \(grouped(source.neurons)) neurons. Raise --memory, which is \(bytesInWords(memory))."
      )
    }
    // Every band decodes at most what the whole layer does.
    let once = RowBlocks<Value>.bytesTouched(source, neurons: 0..<source.neurons).decoded
    guard Double(once) * Double(source.neurons / Self.bandUnit + 1) < Self.decodedBytesMax else {
      throw PrecomputeError(
        .memory,
        "\(source.place): chunk by chunk, the layer \"\(source.name)\" is \(bytesInWords(once)) to decode, for each of up to \(grouped(source.neurons / Self.bandUnit + 1)) bands of its neurons. Rewrite it in smaller chunks with h5repack."
      )
    }
    let fixed =
      always + CountArrays.bytes(lanes: lanes) + lanes * (decoding + TileWalk<Value>.bytesPerLane)
    let usable = max(0, memory - fixed)
    let perNeuron =
      BandCounters<Value>.bytes(
        cells: cells, samplesPerCellMax: grouping.rowsPerCellMax * source.geometry.samplesPerRow)
      + QuartileTable<Value>.bytes(groups: grouping.groups.count)
    let unit = Self.bandUnit * perNeuron
    let granularity = RowBlocks<Value>.rowGranularity(source)
    func blockBytes(_ neurons: Int, _ rows: Int) -> Int {
      RowBlocks<Value>.bytes(source, neurons: 0..<min(neurons, source.neurons), rowsPerBlock: min(rows, source.rows))
    }
    var units = max(1, min((source.neurons + Self.bandUnit - 1) / Self.bandUnit, usable / 2 / unit))
    while units > 1, blockBytes(units * Self.bandUnit, granularity) > usable / 4 { units = (units + 1) / 2 }
    if units * unit > max(source.logicalBytes, Self.countersGoal) {
      let decoded = Self.decodedBytes(source, as: Value.self, units: units)
      let fewer = stride(from: max(1, Self.countersGoal / unit), through: 1, by: -1)
      units = fewer.first { Self.decodedBytes(source, as: Value.self, units: $0) <= decoded } ?? units
    }
    let bandNeurons = min(units * Self.bandUnit, source.neurons)

    let counters = (bandNeurons + Self.bandUnit - 1) / Self.bandUnit * unit
    let perGranule = max(1, blockBytes(bandNeurons, granularity))
    // Of a thousand classes a small block has two rows each, and every run of rows costs the way to its cell's counters.
    let manyCells = min(usable / 8, blockBytes(bandNeurons, Self.rowsPerCell * cells))
    let blockMax = min(max(Self.blockBytesMax, manyCells), usable / 4, (usable - counters) / 2)
    rowsPerBlock = granularity * max(1, blockMax / perGranule)
    let needed = counters + blockBytes(bandNeurons, rowsPerBlock)
    guard needed <= usable / 16 * 15 else {
      throw PrecomputeError(
        .memory,
        "\(source.place): the layer \"\(source.name)\" needs at least \(bytesInWords(needed / 15 * 16 + fixed)) of memory: \(grouped(cells)) cells of rows, and chunks of \(grouped(granularity)) rows that are decoded as a whole. Raise --memory, which is \(bytesInWords(memory))."
      )
    }
    let left = usable - needed
    self.source = source
    histograms = source.neurons * grouping.members.count
    let earlyPays =
      medians == .exact && Self.decodingSecondsPerByte(source) >= Self.earlyLookSecondsPerByte && grouping.isMixed
    // Only of a large budget: close to its end more rows would need more memory.
    earlyLookBytesMax = earlyPays ? left / 4 : 0
    let early = Self.earlyLook(
      source, as: Value.self, grouping, neurons: bandNeurons, rows: source.rows, firstRows: rowsPerBlock)
    earlyLookBytes = early.share <= Self.earlyLookShareMax && early.bytes <= earlyLookBytesMax ? early.bytes : 0
    // A block that holds everything is looked at again where it is.
    let isOneBlock = source.parts.count == 1 && source.rows <= rowsPerBlock
    readsTwice = medians == .exact && earlyLookBytes == 0 && !isOneBlock
    // Where a part of the neurons can be read for its share of the cost, the second look takes no more memory than the first,
    // smaller blocks and the values together, so that more rows take no more of it; or a small share of a large budget.
    let quarter = RowBlocks<Value>.bytesTouched(source, neurons: 0..<max(1, bandNeurons / 4)).decoded
    isCheapInParts = quarter * 4 <= RowBlocks<Value>.bytesTouched(source, neurons: 0..<bandNeurons).decoded * 5 / 4
    let block = blockBytes(bandNeurons, rowsPerBlock)
    let isWhole =
      block > Self.blockBytesMax
      || RowBlocks<Value>.canMap(source, 0..<bandNeurons) && block <= memory / Self.secondLookShare
    secondLookRows = isWhole ? rowsPerBlock : max(granularity, rowsPerBlock / 4 / granularity * granularity)
    // What the blocks of the second look leave of the first's.
    let foreseen = isOneBlock ? 0 : block - blockBytes(bandNeurons, secondLookRows)
    secondLookBytes = min(
      isCheapInParts ? max(foreseen, memory / Self.secondLookShare) : .max, left / 2, usable / 5)
    bands = Self.bands(source, neurons: bandNeurons)
    peakBytes = max(
      finishing,
      fixed + needed + earlyLookBytes
        + (medians == .exact ? max(0, min(secondLookBytes, source.logicalBytes / 8) - foreseen) : 0))
    let looks = readsTwice ? 2 : 1
    let touched = bands.map { RowBlocks<Value>.bytesTouched(source, neurons: $0) }
    decodedBytes = looks * touched.reduce(0) { $0 + $1.decoded }
    readBytes = looks * touched.reduce(0) { $0 + $1.read }
  }

  /// Bytes that one look decodes in bands of so many units.
  private static func decodedBytes<Value: ActivationValue & ReadableValue>(
    _ source: LayerSource, as: Value.Type, units: Int
  ) -> Int {
    bands(source, neurons: units * bandUnit).reduce(0) {
      $0 + RowBlocks<Value>.bytesTouched(source, neurons: $1).decoded
    }
  }

  private static func bands(_ source: LayerSource, neurons step: Int) -> [Range<Int>] {
    stride(from: 0, to: source.neurons, by: step).map { $0..<min($0 + step, source.neurons) }
  }

  /// The share of values that an early look keeps at most, about, and the bytes that it takes.
  /// - Parameters:
  ///   - neurons: of a band.
  ///   - rows: that are counted.
  ///   - firstRows: of the first block.
  private static func earlyLook<Value: ActivationValue & ReadableValue>(
    _ source: LayerSource, as: Value.Type, _ grouping: Grouping, neurons: Int, rows: Int, firstRows: Int
  ) -> (share: Double, bytes: Int) {
    let share = EarlyLook<Value>.share(
      grouping, samplesPerRow: source.geometry.samplesPerRow, part: Double(rows) / Double(max(1, source.rows)),
      firstRows: firstRows)
    let samples = rows * source.geometry.samplesPerRow
    // Each block has rows of each cell, if it is large enough.
    let runs = min(samples, rows / firstRows * grouping.cellCount + samples / TileWalk<Value>.rowsPerTile)
    let values = Int(Double(samples * neurons) * share)
    return (share, EarlyLook<Value>.bytes(values: values, runs: runs, cells: grouping.cellCount, neurons: neurons))
  }

  /// Bytes for an early look while some segments of rows are counted; 0: they are read twice.
  ///
  /// Other than of a whole layer, it does not matter how many values are kept: what is near the quartiles is kept in any case.
  func earlyLookBytes(_ segments: [Int], _ grouping: Grouping) -> Int {
    let rows = source.rows(ofSegments: segments).map(\.count)
    func bytes<Value: ActivationValue & ReadableValue>(_: Value.Type) -> Int {
      Self.earlyLook(
        source, as: Value.self, grouping, neurons: bands[0].count, rows: rows.reduce(0, +),
        firstRows: min(rowsPerBlock, rows[0])
      ).bytes
    }
    let needed = source.element.fitsFloat ? bytes(Float.self) : bytes(Double.self)
    return needed <= earlyLookBytesMax ? needed : 0
  }

  private static func decodingSecondsPerByte(_ source: LayerSource) -> Double {
    source.info.filters.reduce(0) { $0 + $1.secondsPerByte }
  }

  /// About how long the work takes, from rates of one present-day core; machines differ by a factor of two.
  public func estimatedSeconds(lanes: Int) -> Double {
    let decoding = Self.decodingSecondsPerByte(source)
    let each = earlyLookBytes > 0 ? 3.3e-9 : readsTwice ? 4e-9 : 2.5e-9
    let counting = Double(source.logicalBytes / max(1, source.element.bytes ?? 4)) * each
    let writing = Double(histograms) * 5e-6
    return (Double(decodedBytes) * decoding + counting + writing) / Double(lanes) + Double(readBytes) * 0.4e-9
  }
}

/// Bytes in words: `1.5 GiB`.
public func bytesInWords(_ bytes: Int) -> String {
  var value = Double(bytes)
  var unit = 0
  let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
  while value >= 1024, unit < units.count - 1 {
    value /= 1024
    unit += 1
  }
  if unit == 0 { return "\(grouped(bytes)) bytes" }
  let tenths = Int((value * 10).rounded())
  return value < 100 && tenths % 10 != 0
    ? "\(tenths / 10).\(tenths % 10) \(units[unit])" : "\(Int(value.rounded())) \(units[unit])"
}
