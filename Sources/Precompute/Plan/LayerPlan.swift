import Activations
import Distributions

/// How a layer's work is cut so that it stays within the budget.
public struct LayerPlan: Sendable {
  public let source: LayerSource
  /// Ranges of neurons that are counted at once, each a pass over their part of the data.
  public let bands: [Range<Int>]
  public let rowsPerBlock: Int
  /// Whether decoded blocks stay in memory for the second look.
  public let keepsBlocks: Bool
  /// Bytes for the values that a second look collects.
  public let secondLookBytes: Int
  /// Peak of a band's buffers.
  public let peakBytes: Int
  public let readsTwice: Bool

  /// Bytes that are decoded, all passes together.
  public var decodedBytes: Int {
    source.logicalBytes * (readsTwice && !keepsBlocks ? 2 : 1)
  }
}

extension LayerPlan {
  /// Memory that the process needs apart from a layer's buffers.
  static let baseBytes = 96 << 20
  /// A block larger than this gains nothing.
  static let blockBytesMax = 64 << 20
  /// Neurons whose counts are written as one; bands are whole multiples.
  static let bandUnit = 256

  /// - Parameter memory: the budget of the whole process, in bytes.
  /// - Throws: `PrecomputeError` where even the smallest pieces do not fit, with the budget that does.
  init<Value: ActivationValue & ReadableValue>(
    _ source: LayerSource, as: Value.Type, grouping: Grouping, medians: Job.Medians, memory: Int
  ) throws {
    let usable = memory - Self.baseBytes
    let cells = grouping.cellCount
    let groups = grouping.groups.count
    let perNeuron = BandCounters<Value>.bytes(
      cells: cells, samplesPerCellMax: grouping.rowsPerCellMax * source.geometry.samplesPerRow)
    // What is written as one: counts of a unit of neurons for all groups, encoded, on their way to disk.
    let writing = Self.bandUnit * groups * 256 * 4
    let unit = Self.bandUnit * perNeuron
    let granularity = RowBlocks<Value>.rowGranularity(source)

    func blockBytes(_ neurons: Int, _ rows: Int) -> Int {
      RowBlocks<Value>.bytes(source, neurons: 0..<min(neurons, source.neurons), rowsPerBlock: min(rows, source.rows))
        .buffers
    }
    var units = max(1, min((source.neurons + Self.bandUnit - 1) / Self.bandUnit, usable / 2 / max(1, unit)))
    while units > 1, blockBytes(units * Self.bandUnit, granularity) > usable / 4 { units = (units + 1) / 2 }
    let bandNeurons = units * Self.bandUnit

    var rows = granularity
    let blockMax = min(Self.blockBytesMax, usable / 8)
    let perGranule = max(1, blockBytes(bandNeurons, granularity))
    rows = granularity * max(1, blockMax / perGranule)
    let counters = units * unit
    let block = blockBytes(bandNeurons, rows)
    let needed = counters + block + writing
    guard needed <= usable * 9 / 10 else {
      throw PrecomputeError(
        .memory,
        "The layer \"\(source.name)\" needs at least \(bytesInWords(needed * 10 / 9 + Self.baseBytes)) of memory: \(grouped(cells)) cells of rows, and chunks of \(grouped(granularity)) rows that are decoded as a whole. Raise --memory, which is \(bytesInWords(memory))."
      )
    }
    let isPacked = source.parts.contains { !$0.dataset.info.filters.isEmpty }
    let all = RowBlocks<Value>.bytes(source, neurons: 0..<min(bandNeurons, source.neurons), rowsPerBlock: rows).all
    let left = usable - needed
    let secondLook = left / 2
    keepsBlocks = medians == .exact && isPacked && all <= left / 2
    self.source = source
    rowsPerBlock = rows
    bands = stride(from: 0, to: source.neurons, by: bandNeurons).map { $0..<min($0 + bandNeurons, source.neurons) }
    secondLookBytes = max(secondLook, left / 4)
    readsTwice = medians == .exact
    peakBytes = Self.baseBytes + needed + (keepsBlocks ? all : 0) + min(secondLookBytes, source.logicalBytes / 16)
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
