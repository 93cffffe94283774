import Glibc
import HDF5

/// Rows that were made room for, but seem never to have been filled.
public struct UnfilledRows: Codable, Sendable, Equatable {
  /// How many of the last rows of the last part are unfilled in every layer; 0 where the last row is not.
  public private(set) var rows = 0
  /// Whether there may be more: only so many are looked at.
  public private(set) var isAtLeast = false
  /// Those elsewhere, between others or at the end of another part, as rows of the dump; not all of them where a layer is large.
  public private(set) var others: [Range<Int>] = []

  /// None.
  public init() {}

  private init(rows: Int, isAtLeast: Bool) {
    self.rows = rows
    self.isAtLeast = isAtLeast
  }

  /// Whether elements are all zero, all NaN, or all the fill value: bit for bit the same one.
  static func isUnfilled(_ bytes: ArraySlice<UInt8>, _ info: DatasetInfo) -> Bool {
    let width = info.elementBytes
    guard width > 0, bytes.count >= width else { return bytes.allSatisfy { $0 == 0 } }
    let first = bytes.prefix(width)
    let isAlike = bytes.withUnsafeBytes { memcmp($0.baseAddress!, $0.baseAddress! + width, $0.count - width) == 0 }
    guard isAlike else { return false }
    if first.allSatisfy({ $0 == 0 }) || first.elementsEqual(info.fillBytes) { return true }
    guard !info.element.isInteger else { return false }
    return first.withUnsafeBytes { buffer in
      var value = 0.0
      convert(buffer.baseAddress!, info.element, count: 1, to: &value)
      return value.isNaN
    }
  }

  /// Rows of a part looked at in one go.
  private static let step = 64
  /// Most bytes of a row of one layer that are looked at in each go.
  private static let bytesMax = 8 << 20
  /// Most bytes of a layer that are looked at in all.
  private static let lookedAtMax = 256 << 20

  /// Looks for them.
  ///
  /// - Complexity: reads one row of each layer where the last is filled, and else as many as are not, up to 256 MiB of each; and up to
  ///   16 MiB of one layer.
  init(of layers: [LayerSource]) throws {
    self.init()
    guard layers.first?.parts.last?.category == nil, !layers.allSatisfy(\.info.isSparse) else { return }
    self = try Self.atTheEnd(of: layers)
    others = try Self.elsewhere(in: layers.filter { !$0.info.isSparse }, end: rows)
  }

  private static func atTheEnd(of layers: [LayerSource]) throws -> UnfilledRows {
    guard let last = layers.first?.parts.last else { return UnfilledRows() }
    var unfilled = UnfilledRows(rows: last.rows, isAtLeast: false)
    // Of a sparse matrix many rows are zeros.
    for layer in layers where !layer.info.isSparse {
      guard let part = layer.parts.last, let axis = layer.geometry.axes.row, part.rows == last.rows else {
        return UnfilledRows()
      }
      let own = try Self.count(part, axis, atMost: unfilled.rows)
      if own.rows < unfilled.rows { unfilled = own }
      if unfilled.rows == 0 { break }
    }
    return unfilled
  }

  private static func count(_ part: LayerSource.Part, _ axis: Int, atMost: Int) throws -> UnfilledRows {
    let info = part.dataset.info
    guard info.element.isNumeric else { return UnfilledRows() }
    let rowElements = info.shape.enumerated().reduce(1) { $1.offset == axis ? $0 : $0 * $1.element }
    guard rowElements > 0, rowElements <= bytesMax / info.elementBytes else { return UnfilledRows() }
    let rowsMax = lookedAtMax / (rowElements * info.elementBytes)
    let dataset = try part.file.file.dataset(info, missing: .fill)
    func isUnfilled(_ rows: Range<Int>) throws -> Bool {
      Self.isUnfilled(
        try dataset.bytes(of: info.shape.enumerated().map { $0.offset == axis ? rows : 0..<$0.element })[...], info)
    }
    let many = min(max(1, bytesMax / (rowElements * info.elementBytes)), step)
    var found = 0
    // One row, then many at a time, and at the boundary one by one.
    for each in [1, many, 1] {
      while found < atMost {
        if found >= rowsMax { return UnfilledRows(rows: found, isAtLeast: true) }
        guard try isUnfilled(part.rows - min(found + each, atMost)..<part.rows - found) else { break }
        found = min(found + each, atMost)
        if each == 1, found == 1 { break }
      }
      if found == 0 { break }
    }
    return UnfilledRows(rows: found, isAtLeast: false)
  }
  /// Fewer in a row may well be zeros that were meant.
  private static let runMin = 4
  /// Bytes of a layer that are looked at for rows elsewhere.
  private static let elsewhereMax = 16 << 20
  private static let placesMax = 32
  private static let runsMax = 64
  /// Runs of one layer for which the others are asked: each may lie in chunks of its own there.
  private static let candidatesMax = 256

  /// Rows elsewhere than at the end, several behind each other, that no layer has filled: found in the layer with the smallest rows, all of
  /// them where it is small, else in some places of each part; then looked for in the others.
  private static func elsewhere(in layers: [LayerSource], end: Int) throws -> [Range<Int>] {
    func rowBytes(_ layer: LayerSource) -> Int { layer.info.shape.dropFirst().reduce(layer.info.elementBytes, *) }
    guard layers.allSatisfy({ $0.geometry.axes.row == 0 && $0.info.element.isNumeric && rowBytes($0) > 0 }),
      let probe = layers.min(by: { rowBytes($0) < rowBytes($1) }), rowBytes(probe) <= bytesMax / runMin
    else { return [] }
    var left = elsewhereMax
    var runs: [Range<Int>] = []
    var candidates = 0
    looking: for (number, part) in probe.parts.enumerated() where left > 0 {
      let info = part.dataset.info
      // Rows that were never written have words of their own.
      if let written = info.chunksWritten, let total = info.chunksTotal, written < total { continue }
      if case .contiguous(nil) = info.layout { continue }
      let rows = part.rows - (number == probe.parts.count - 1 ? end : 0)
      guard rows >= runMin else { continue }
      let dataset = try part.file.file.dataset(info, missing: .fill)
      let step = info.granularity(along: 0)
      let isWhole = rows * rowBytes(probe) <= left
      let cost = max(step, runMin) * rowBytes(probe)
      let places = isWhole ? 1 : min(placesMax, left / max(1, cost), rows / runMin)
      guard places > 0 else { continue }
      left -= isWhole ? rows * rowBytes(probe) : places * cost
      for place in 0..<places {
        let looked = isWhole ? 0..<rows : rows / places * place..<rows / places * place + runMin
        let (found, single) = try Self.runs(dataset, info, looked, rowBytes(probe))
        // Such rows by themselves are what the network answers.
        if single > 0 { return [] }
        for run in found {
          guard candidates < candidatesMax, runs.count < runsMax else { break looking }
          candidates += 1
          let isUnfilledInAll = try layers.allSatisfy { layer in
            try layer.name == probe.name
              || [run.lowerBound, (run.lowerBound + run.upperBound) / 2, run.upperBound - 1].allSatisfy {
                try isUnfilled(layer, part: number, row: $0)
              }
          }
          if isUnfilledInAll { runs.append(part.firstRow + run.lowerBound..<part.firstRow + run.upperBound) }
        }
      }
    }
    return runs
  }

  /// Runs of unfilled rows among some of a dataset, and how many there are that are shorter.
  private static func runs(_ dataset: HDF5.Dataset, _ info: DatasetInfo, _ rows: Range<Int>, _ rowBytes: Int) throws
    -> (runs: [Range<Int>], shorter: Int)
  {
    var found: [Range<Int>] = []
    var shorter = 0
    let many = max(1, bytesMax / rowBytes)
    var open: Int?
    func close(_ row: Int) {
      if let begin = open {
        if row - begin >= runMin { found.append(begin..<row) } else { shorter += 1 }
      }
      open = nil
    }
    for begin in stride(from: rows.lowerBound, to: rows.upperBound, by: many) {
      let block = begin..<min(begin + many, rows.upperBound)
      let bytes = try dataset.bytes(of: [block] + info.shape.dropFirst().map { 0..<$0 })
      for row in block {
        let at = (row - begin) * rowBytes
        if isUnfilled(bytes[at..<at + rowBytes], info) { open = open ?? row } else { close(row) }
      }
    }
    close(rows.upperBound)
    return (found, shorter)
  }

  private static func isUnfilled(_ layer: LayerSource, part number: Int, row: Int) throws -> Bool {
    guard layer.parts.indices.contains(number) else { return false }
    let part = layer.parts[number]
    let info = part.dataset.info
    guard row < part.rows else { return false }
    let box = [row..<row + 1] + info.shape.dropFirst().map { 0..<$0 }
    guard info.shape.dropFirst().reduce(info.elementBytes, *) <= bytesMax else { return false }
    return isUnfilled(try part.file.file.dataset(info, missing: .fill).bytes(of: box)[...], info)
  }
}
