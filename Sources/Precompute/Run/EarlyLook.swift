import Activations
import Distributions
import Synchronization

/// The second look taken while rows of a band are counted for the first time, so that nothing need be read and decoded again.
///
/// Where the quartiles of all rows lie is not known yet, but not far from those of the rows so far: the values near them are kept, and
/// the more rows there are, the fewer that is. The first block's are kept all. Whether those that are asked for in the end are among
/// them, the counts tell; a tile of which one is missing is read again.
///
/// Of a part of the rows only, what is kept in the end waits for the other parts.
///
/// Methods that take a tile touch only that tile's memory: different tiles may be worked on at once.
final class EarlyLook<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: every tile has a log of its own, and pieces of the memory are handed out one by one.
  private final class Log {
    /// What is kept at present.
    var near: NearQuartiles<Value>
    /// Where its pieces of the memory begin, and how far those in use are filled.
    var pieces: [Int] = []
    var ends: [Int] = []
    /// Whether the memory was not enough. Then its values are incomplete, and nothing more is kept.
    var isFull = false
    init(_ near: NearQuartiles<Value>) { self.near = near }
  }

  private let memory: Pages<UInt8>
  private let taken = Atomic(0)
  private let logs: [Log]
  private let counters: BandCounters<Value>
  private let groups: [[Int]]
  private let integers: Bool
  private let rows: Int
  private let part: Double
  private var rowsSoFar = 0
  private var nextNarrowing = 1

  /// A run of rows leaves up to one entry a column: pieces hold dozens of them.
  private static var pieceBytes: Int { 32 << 10 }
  /// Intervals round the quartiles of some groups that are apart.
  private static var intervalsForeseen: Int { 8 }
  /// Each time so many rows more were counted, it is found out anew what is near the quartiles.
  private static var growth: Double { 1.5 }

  /// - Parameters:
  ///   - bytes: memory for the values.
  ///   - rows: that are counted, a `part` of the layer's.
  init(_ counters: BandCounters<Value>, groups: [[Int]], integers: Bool, rows: Int, part: Double, bytes: Int) {
    memory = Pages(count: bytes)
    let everything = NearQuartiles<Value>.everything(cells: counters.cells)
    logs = (0..<counters.tiles).map { _ in Log(everything) }
    self.counters = counters
    self.groups = groups
    self.integers = integers
    self.rows = rows
    self.part = part
  }

  deinit { memory.deallocate() }

  /// Bytes for so many values that are kept, and for the tables of what is kept.
  /// - Parameter runs: of rows that are collected from at once, each with an entry a neuron before its values.
  static func bytes(values: Int, runs: Int, cells: Int, neurons: Int) -> Int {
    let tiles = (neurons + tileColumns - 1) / tileColumns
    let tables = cells * intervalsForeseen * tileColumns * 2 * MemoryLayout<Value>.size
    return values * MemoryLayout<Value>.size + runs * neurons * NearQuartiles<Value>.entryBytes + tiles
      * (pieceBytes + tables)
  }

  /// About the share of values that is kept at most, where no quartile is 0.
  /// - Parameters:
  ///   - part: of all rows that is counted.
  ///   - firstRows: rows of the first block.
  static func share(_ grouping: Grouping, samplesPerRow: Int, part: Double, firstRows: Int) -> Double {
    let rows = Double(grouping.cellOfRow.count)
    let wholeBins = part < 1 ? 0.16 : 0.08
    var seen = min(1, Double(firstRows) / max(1, rows * part))
    var most = seen
    while seen < 1 {
      let next = min(1, seen * growth)
      // Of each cell, what is near a quartile of one of its groups; and some whole bins, whatever the number of rows.
      var near = [Double](repeating: wholeBins, count: grouping.cellCount)
      for (group, members) in zip(grouping.groups, grouping.members) {
        let count = max(1, Double(group.rows * samplesPerRow) * part * seen)
        let share = 6 * NearQuartiles<Value>.margin(count: count, share: seen, part: part) / count
        for cell in members { near[cell] += share }
      }
      let kept = zip(near, grouping.rowsOfCell).reduce(0) { $0 + min(1, $1.0) * Double($1.1) }
      most = max(most, next * kept / max(1, rows))
      seen = next
    }
    return most
  }

  /// Keeps of rows of one cell, which were counted, what may be asked for.
  func add(tile: Int, cell: Int, _ rows: TileRows<Value>) {
    let log = logs[tile]
    guard !log.isFull else { return }
    log.near.collect(cell: cell, rows) { entry in
      guard !log.isFull else { return }
      if log.ends.last.map({ $0 + entry.count > log.pieces[log.ends.count - 1] + Self.pieceBytes }) ?? true {
        if log.ends.count == log.pieces.count {
          let start = taken.wrappingAdd(Self.pieceBytes, ordering: .relaxed).oldValue
          guard start + Self.pieceBytes <= memory.count else {
            log.isFull = true
            return
          }
          log.pieces.append(start)
        }
        log.ends.append(log.pieces[log.ends.count])
      }
      let last = log.ends.count - 1
      UnsafeMutableRawPointer(memory.base + log.ends[last]).copyMemory(from: entry.baseAddress!, byteCount: entry.count)
      log.ends[last] += entry.count
    }
  }

  /// Says that so many rows more were counted.
  func proceed(by more: Int, lanes: Lanes) throws {
    rowsSoFar += more
    guard rowsSoFar < rows, rowsSoFar >= nextNarrowing else { return }
    nextNarrowing = Int(Double(rowsSoFar) * Self.growth)
    try lanes.run(logs.count) { _, tile in narrow(tile) }
  }

  /// Says that no more rows are counted here.
  /// - Returns: whether everything is kept that is near the quartiles by now.
  func finish(lanes: Lanes) throws -> Bool {
    let isWhole = Slots<Bool>(logs.count)
    try lanes.run(logs.count) { _, tile in isWhole[tile] = narrow(tile) }
    return logs.indices.allSatisfy { isWhole[$0]! }
  }

  /// Leaves what is near by the present knowledge, at the front of a log's pieces.
  /// - Returns: whether that is all there was.
  @discardableResult
  private func narrow(_ tile: Int) -> Bool {
    let log = logs[tile]
    guard !log.isFull else { return false }
    log.near = NearQuartiles(
      counters, tile: tile, groups: groups, integers: integers, share: Double(rowsSoFar) / Double(rows), part: part)
    var values = 0
    var piece = 0
    var end = log.pieces.first ?? 0
    // As entries only become smaller, none comes to lie behind where it was read.
    for (from, to) in zip(log.pieces, log.ends) {
      var place = from
      while place < to {
        let (old, new) = log.near.narrow(memory.base + place)
        if new > 0 {
          values += (new - NearQuartiles<Value>.entryBytes) / MemoryLayout<Value>.size
          if end + new > log.pieces[piece] + Self.pieceBytes {
            log.ends[piece] = end
            piece += 1
            end = log.pieces[piece]
          }
          UnsafeMutableRawPointer(memory.base + end).copyMemory(from: memory.base + place, byteCount: new)
          end += new
        }
        place += old
      }
    }
    if !log.ends.isEmpty {
      log.ends[piece] = end
      log.ends.removeLast(log.ends.count - 1 - piece)
    }
    return values == log.near.valueCount
  }

  /// What is kept of a tile, as a list.
  func list(tile: Int) -> [UInt8] {
    var list: [UInt8] = []
    eachPiece(of: tile) { list.append(contentsOf: $0) }
    return list
  }

  /// Hands over what was kept of a tile.
  func answer(tile: Int, _ look: SecondLook<Value>) {
    guard !logs[tile].isFull else { return }
    var isList = true
    eachPiece(of: tile) { isList = isList && look.add(list: $0) }
  }

  private func eachPiece(of tile: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    for (from, to) in zip(logs[tile].pieces, logs[tile].ends) {
      body(UnsafeRawBufferPointer(start: memory.base + from, count: to - from))
    }
  }
}
