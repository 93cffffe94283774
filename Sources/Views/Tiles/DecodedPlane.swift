import CKernels
import Synchronization
import TileStore

/// All counts of one plane in memory, packed, so that tiles of any ordering are added up without decoding anything again.
///
/// `@unchecked Sendable`: written by `init` only, each thread its own slabs and the starts of their rows, and read-only
/// afterwards.
package final class DecodedPlane: @unchecked Sendable {
  let rows: Int
  let bins: Int
  private let countBytes: Int
  private let pool: SlabPool
  /// `[slab]`; see `nd_plane`.
  private let slabs: UnsafeMutablePointer<UnsafePointer<UInt64>?>
  /// `[slab]`: words of each. Slabs of fewer than `SlabPool.slabWords` are not the pool's.
  private let slabWords: UnsafeMutablePointer<Int>
  private let slabCount = Atomic(0)
  /// `[row]`, and one more: see `nd_plane`.
  private let starts: UnsafeMutablePointer<UInt32>

  /// Bytes that a plane takes at least: if it is empty.
  static func bytesMin(rows: Int) -> Int { rows * wordBytes + startsBytes(rows) }

  /// Slabs that a plane takes about: as many as if its counts were of a byte each, and not packed.
  static func slabsUsual(rows: Int, bins: BinCount) -> Int { rows * (wordBytes + bins.rawValue) / SlabPool.slabBytes }

  private static let wordBytes = MemoryLayout<UInt64>.stride
  private static func startsBytes(_ rows: Int) -> Int { (rows + 1) * MemoryLayout<UInt32>.stride }

  package var byteCount: Int {
    let words = (0..<slabCount.load(ordering: .relaxed)).reduce(0) { $0 + slabWords[$1] }
    return words * Self.wordBytes + Self.startsBytes(rows)
  }

  /// Decodes a plane.
  ///
  /// - Parameters:
  ///   - helpers: threads that share the work.
  ///   - pool: whose slabs the plane takes, and gives back when nobody needs it any more.
  ///   - bytesMax: what the plane may take; where it would take more, decoding ends soon and there is no plane.
  /// - Throws: `StoreError`.
  init?(_ array: ArrayReader, plane: Int, _ helpers: HelperThreads, _ pool: SlabPool, bytesMax: Int) throws {
    let roomBytes = bytesMax - Self.startsBytes(array.rows)
    guard roomBytes >= array.rows * Self.wordBytes else { return nil }
    let packing = Packing(array, plane, wordsMax: roomBytes / Self.wordBytes)
    // A small plane is done before a helper has woken up.
    let threads = packing.pieces < 4 ? 1 : helpers.count + 1
    rows = array.rows
    bins = packing.bins
    countBytes = array.metadata.dataType.byteCount
    self.pool = pool
    let slabsMax = packing.slabsMax(threads)
    slabs = .allocate(capacity: slabsMax)
    slabs.initialize(repeating: nil, count: slabsMax)
    slabWords = .allocate(capacity: slabsMax)
    slabWords.initialize(repeating: 0, count: slabsMax)
    starts = .allocate(capacity: rows + 1)
    starts[rows] = 0
    _ = try pool.whileDecoding { try helpers.map(threads) { [self] _ in try pack(packing) } }
    if packing.hasOverflowed { return nil }
  }

  deinit {
    for slab in 0..<slabCount.load(ordering: .relaxed) {
      guard let words = slabs[slab].map({ UnsafeMutablePointer(mutating: $0) }) else { continue }
      if slabWords[slab] == SlabPool.slabWords {
        pool.giveBack(SlabPool.Slab(words: words))
      } else {
        words.deallocate()
      }
    }
    slabs.deallocate()
    slabWords.deallocate()
    starts.deallocate()
  }

  private var kernel: nd_plane { nd_plane(slabs: slabs, starts: starts, bins: bins, count_bytes: countBytes) }

  /// Adds chosen rows to a row of sums, of `bins` bins.
  func add(_ chosen: UnsafeBufferPointer<UInt32>, to sums: UnsafeMutablePointer<UInt32>) {
    nd_add_rows(sums, kernel, chosen.baseAddress, chosen.count)
  }

  /// Adds chosen neurons to the sums of a window, of 256 bins.
  ///
  /// - Parameter zeros: `[neuron]`.
  /// - Returns: the sum of all their counts, in the unit of the sums.
  func add(
    _ chosen: UnsafeBufferPointer<UInt32>, zeros: [UInt32], _ grids: WindowGrids,
    to sums: UnsafeMutablePointer<UInt64>
  ) -> UInt64 {
    precondition(bins == BinCount.full.rawValue)
    return grids.origins.withUnsafeBufferPointer { origins in
      grids.exponents.withUnsafeBufferPointer { exponents in
        zeros.withUnsafeBufferPointer { zeros in
          let own = nd_grids(origins: origins.baseAddress, exponents: exponents.baseAddress, zeros: zeros.baseAddress)
          return nd_add_window_rows(sums, kernel, chosen.baseAddress, chosen.count, own, grids.window)
        }
      }
    }
  }

  /// Packs pieces until there are none left, or there is no room for more.
  private func pack(_ packing: Packing) throws(StoreError) {
    var (slab, words, used) = (0, UnsafeMutablePointer<UInt64>?.none, 0)
    while let chunks = packing.next() {
      var packed = 0
      try packing.array.stream(plane: packing.plane, chunks: chunks) { first, bytes in
        for row in 0..<(bytes.count / packing.array.rowBytes) {
          if used + packing.rowWordsMax > SlabPool.slabWords || words == nil {
            (slab, words) = takeSlab()
            used = 0
          }
          guard let words, let source = bytes.baseAddress else { return }
          starts[first + row] = UInt32(slab * SlabPool.slabWords + used)
          let taken = packing.pack(source + row * packing.array.rowBytes, to: words + used)
          used += taken
          packed += taken
        }
      }
      packing.count(packed)
    }
    if let words { trim(slab, words, to: used) }
  }

  private func takeSlab() -> (slab: Int, words: UnsafeMutablePointer<UInt64>) {
    let (slab, words) = (slabCount.add(1, ordering: .relaxed).oldValue, pool.take().words)
    slabs[slab] = UnsafePointer(words)
    slabWords[slab] = SlabPool.slabWords
    return (slab, words)
  }

  /// Moves what a thread has put into its last slab to memory of just that size.
  private func trim(_ slab: Int, _ words: UnsafeMutablePointer<UInt64>, to used: Int) {
    guard used < SlabPool.slabWords else { return }
    let exact = UnsafeMutablePointer<UInt64>.allocate(capacity: used)
    exact.initialize(from: words, count: used)
    slabs[slab] = UnsafePointer(exact)
    slabWords[slab] = used
    pool.giveBack(SlabPool.Slab(words: words))
  }

  /// What threads share that decode a plane, one piece after another: whoever is done takes the next.
  private final class Packing: Sendable {
    /// Rows of a piece, about.
    private static let pieceRows = 256

    let array: ArrayReader
    let plane: Int
    let bins: Int
    let pieces: Int
    /// Words of a packed row at most.
    let rowWordsMax: Int

    private let wordsMax: Int
    private let pieceChunks: Int
    private let nextPiece = Atomic(0)
    private let words = Atomic(0)

    init(_ array: ArrayReader, _ plane: Int, wordsMax: Int) {
      self.array = array
      self.plane = plane
      bins = array.rowBytes / array.metadata.dataType.byteCount
      rowWordsMax = 1 + array.rowBytes / wordBytes
      // Starts count words in 32 bits, also the few that are left over at the end of each slab.
      self.wordsMax = min(wordsMax, array.rows * rowWordsMax, 1 << 31)
      pieceChunks = max(1, Self.pieceRows / array.rowsPerChunk)
      pieces = (array.chunks + pieceChunks - 1) / pieceChunks
    }

    /// Slabs that so many threads take at most until they see that there is no room for more.
    func slabsMax(_ threads: Int) -> Int {
      let words = wordsMax + threads * pieceChunks * array.rowsPerChunk * rowWordsMax
      return words / (SlabPool.slabWords - rowWordsMax) + threads + 1
    }

    /// The chunks of the next piece; `nil` where all are taken, or there is no room for more.
    func next() -> Range<Int>? {
      if hasOverflowed { return nil }
      let first = nextPiece.add(1, ordering: .relaxed).oldValue * pieceChunks
      return first < array.chunks ? first..<min(first + pieceChunks, array.chunks) : nil
    }

    /// Counts the words of a piece that is packed.
    func count(_ packed: Int) { words.add(packed, ordering: .relaxed) }

    var hasOverflowed: Bool { words.load(ordering: .relaxed) > wordsMax }

    /// Packs a row of counts, and returns how many words it takes.
    func pack(_ source: UnsafeRawPointer, to row: UnsafeMutablePointer<UInt64>) -> Int {
      switch array.metadata.dataType {
      case .uint8: nd_pack_u8(row, source.assumingMemoryBound(to: UInt8.self), bins)
      case .uint16: nd_pack_u16(row, source.assumingMemoryBound(to: UInt16.self), bins)
      case .uint32: nd_pack_u32(row, source.assumingMemoryBound(to: UInt32.self), bins)
      default: preconditionFailure("\(array.metadata.dataType) holds no counts")
      }
    }
  }
}
