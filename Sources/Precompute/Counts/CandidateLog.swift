import Distributions
import Synchronization

/// The candidates for a band's quartiles, kept while its rows are counted, so that nothing need be read and decoded again; see
/// `RankRefinement`.
///
/// Of the first rows everything is kept; each time that they have become much fewer, the candidates are predicted anew (`CandidateForecast`).
/// Whether those that are needed in the end were kept, the counts tell; a tile of which one is missing is read again. Of a part of the
/// rows, what is kept in the end waits for the other parts.
///
/// Methods that take a tile touch only that tile's memory: different tiles may be worked on at once.
final class CandidateLog<Value: ActivationValue>: @unchecked Sendable {
  // Unchecked: every tile has a log of its own, and pages of the memory are handed out one by one.
  // One lane has a tile at a time: whether others do need not be looked at for each entry.
  private final class TileLog {
    @exclusivity(unchecked) var candidates: CandidateIntervals<Value>
    /// Where its pages of the memory begin, and how far those in use are filled.
    @exclusivity(unchecked) var pages: [Int] = []
    @exclusivity(unchecked) var ends: [Int] = []
    /// Whether the memory was not enough. Then its entries are incomplete, and nothing more is kept.
    @exclusivity(unchecked) var isFull = false
    init(_ candidates: CandidateIntervals<Value>) { self.candidates = candidates }
  }

  private let memory: Pages<UInt8>
  private let taken = Atomic(0)
  private let logs: [TileLog]
  private let counters: BandCounters<Value>
  private let groups: [CountingCells.Members]
  private let integers: Bool
  private let rows: Int
  private let part: Double
  private var forecast: CandidateForecast
  private var rowsSoFar = 0

  /// A run of rows leaves up to one entry a column: pages hold dozens of them.
  static var pageBytes: Int { 32 << 10 }

  /// - Parameters:
  ///   - bytes: memory for the entries.
  ///   - rows: that are counted, a `part` of the layer's.
  init(
    _ counters: BandCounters<Value>, groups: [CountingCells.Members], integers: Bool, rows: Int, part: Double,
    forecast: CandidateForecast, bytes: Int
  ) {
    memory = Pages(count: bytes)
    let everything = CandidateIntervals<Value>.everything(cells: counters.cells)
    logs = (0..<counters.tiles).map { _ in TileLog(everything) }
    self.counters = counters
    self.groups = groups
    self.integers = integers
    self.rows = rows
    self.part = part
    self.forecast = forecast
  }

  deinit { memory.deallocate() }

  /// Keeps the candidates among rows of one cell, which were counted.
  func add(tile: Int, cell: Int, _ rows: TileRows<Value>) {
    let log = logs[tile]
    guard !log.isFull else { return }
    let candidates = log.candidates
    candidates.gather(cell: cell, rows) { entry in
      guard !log.isFull else { return }
      if log.ends.last.map({ $0 + entry.count > log.pages[log.ends.count - 1] + Self.pageBytes }) ?? true {
        if log.ends.count == log.pages.count {
          let start = taken.wrappingAdd(Self.pageBytes, ordering: .relaxed).oldValue
          guard start + Self.pageBytes <= memory.count else {
            log.isFull = true
            return
          }
          log.pages.append(start)
        }
        log.ends.append(log.pages[log.ends.count])
      }
      let last = log.ends.count - 1
      UnsafeMutableRawPointer(memory.base + log.ends[last]).copyMemory(from: entry.baseAddress!, byteCount: entry.count)
      log.ends[last] += entry.count
    }
  }

  /// Says that so many rows more were counted.
  func proceed(by more: Int, lanes: Lanes) throws {
    rowsSoFar += more
    guard rowsSoFar < rows, forecast.isDue(seen: Double(rowsSoFar) / Double(rows)) else { return }
    try lanes.run(logs.count) { _, tile in narrow(tile) }
  }

  /// Says that no more rows are counted here.
  /// - Returns: whether all candidates that are predicted by now were kept.
  func finish(lanes: Lanes) throws -> Bool {
    let isWhole = LaneResults<Bool>(logs.count)
    try lanes.run(logs.count) { _, tile in isWhole[tile] = narrow(tile) }
    return logs.indices.allSatisfy { isWhole[$0]! }
  }

  /// Predicts a tile's candidates anew, and leaves those that were kept at the front of its pages.
  /// - Returns: whether these are all there are.
  @discardableResult
  private func narrow(_ tile: Int) -> Bool {
    let log = logs[tile]
    guard !log.isFull else { return false }
    // A constant: what is in an object would be retained for each entry.
    let candidates = CandidateIntervals(
      predictedFrom: counters, tile: tile, groups: groups, integers: integers,
      share: Double(rowsSoFar) / Double(rows), part: part)
    log.candidates = candidates
    var values = 0
    var page = 0
    var end = log.pages.first ?? 0
    // As entries only become smaller, none comes to lie behind where it was read.
    for (from, to) in zip(log.pages, log.ends) {
      var place = from
      while place < to {
        let (old, new) = candidates.narrow(memory.base + place)
        if new > 0 {
          values += (new - CandidateIntervals<Value>.entryHeaderBytes) / MemoryLayout<Value>.size
          if end + new > log.pages[page] + Self.pageBytes {
            log.ends[page] = end
            page += 1
            end = log.pages[page]
          }
          UnsafeMutableRawPointer(memory.base + end).copyMemory(from: memory.base + place, byteCount: new)
          end += new
        }
        place += old
      }
    }
    if !log.ends.isEmpty {
      log.ends[page] = end
      log.ends.removeLast(log.ends.count - 1 - page)
    }
    return values == candidates.valueCount
  }

  /// What was kept of a tile.
  func entries(tile: Int) -> [UInt8] {
    var entries: [UInt8] = []
    eachPage(of: tile) { entries.append(contentsOf: $0) }
    return entries
  }

  /// Hands over what was kept of a tile.
  func hand(over tile: Int, to refinement: RankRefinement<Value>) {
    guard !logs[tile].isFull else { return }
    var areEntries = true
    eachPage(of: tile) { areEntries = areEntries && refinement.add(entries: $0) }
  }

  private func eachPage(of tile: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    for (from, to) in zip(logs[tile].pages, logs[tile].ends) {
      body(UnsafeRawBufferPointer(start: memory.base + from, count: to - from))
    }
  }
}
