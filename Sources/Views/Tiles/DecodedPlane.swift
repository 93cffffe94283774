import CKernels
import Synchronization
import TileStore

/// All counts of one plane in memory, packed, so that tiles of any ordering are added up without decoding anything again.
package final class DecodedPlane: @unchecked Sendable {
  // Unchecked: written by `init` only, each thread its own slabs and the starts of their rows, and read-only afterwards.
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

  /// Packs all rows of a plane.
  ///
  /// - Parameters:
  ///   - helpers: threads that share the work.
  ///   - pool: whose slabs the plane takes, and gives back when nobody needs it any more.
  ///   - bytesMax: what the plane may take; where it would take more, decoding ends soon and there is no plane.
  /// - Throws: `StoreError`.
  init?(_ counts: any CountRows, _ helpers: HelperThreads, _ pool: SlabPool, bytesMax: Int) throws {
    let roomBytes = bytesMax - Self.startsBytes(counts.neurons)
    guard roomBytes >= counts.neurons * Self.wordBytes else { return nil }
    let packing = Packing(counts, wordsMax: roomBytes / Self.wordBytes)
    // A small plane is done before a helper has woken up.
    let threads = packing.pieces < 4 ? 1 : helpers.count + 1
    rows = counts.neurons
    bins = counts.bins
    countBytes = counts.type.byteCount
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

  /// What kernels add rows of, as long as the plane is there.
  var kernel: nd_plane { nd_plane(slabs: slabs, starts: starts, bins: bins, count_bytes: countBytes) }

  /// Packs pieces until there are none left, or there is no room for more.
  private func pack(_ packing: Packing) throws(StoreError) {
    var (slab, words, used) = (0, UnsafeMutablePointer<UInt64>?.none, 0)
    while let chunks = packing.next() {
      var packed = 0
      let rowBytes = packing.rowBytes
      try packing.counts.stream(chunks: chunks) { first, bytes in
        for row in 0..<(bytes.count / rowBytes) {
          if used + packing.rowWordsMax > SlabPool.slabWords || words == nil {
            (slab, words) = takeSlab()
            used = 0
          }
          guard let words, let source = bytes.baseAddress else { return }
          starts[first + row] = UInt32(slab * SlabPool.slabWords + used)
          let taken = packing.pack(source + row * rowBytes, to: words + used)
          used += taken
          packed += taken
        }
      }
      packing.note(packed)
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

    let counts: any CountRows
    let rowBytes: Int
    let pieces: Int
    /// Words of a packed row at most.
    let rowWordsMax: Int

    private let type: DataType
    private let bins: Int
    private let chunks: Int
    private let wordsMax: Int
    private let pieceChunks: Int
    private let nextPiece = Atomic(0)
    private let words = Atomic(0)

    init(_ counts: any CountRows, wordsMax: Int) {
      self.counts = counts
      (type, bins, rowBytes, chunks) = (counts.type, counts.bins, counts.rowBytes, counts.chunks)
      rowWordsMax = 1 + rowBytes / wordBytes
      // Starts count words in 32 bits, also the few that are left over at the end of each slab.
      self.wordsMax = min(wordsMax, counts.neurons * rowWordsMax, 1 << 31)
      pieceChunks = max(1, Self.pieceRows / counts.neuronsPerChunk)
      pieces = (chunks + pieceChunks - 1) / pieceChunks
    }

    /// Slabs that so many threads take at most until they see that there is no room for more.
    func slabsMax(_ threads: Int) -> Int {
      let words = wordsMax + threads * pieceChunks * counts.neuronsPerChunk * rowWordsMax
      return words / (SlabPool.slabWords - rowWordsMax) + threads + 1
    }

    /// The chunks of the next piece; `nil` where all are taken, or there is no room for more.
    func next() -> Range<Int>? {
      if hasOverflowed { return nil }
      let first = nextPiece.add(1, ordering: .relaxed).oldValue * pieceChunks
      return first < chunks ? first..<min(first + pieceChunks, chunks) : nil
    }

    /// Notes the words of a piece that is packed.
    func note(_ packed: Int) { words.add(packed, ordering: .relaxed) }

    var hasOverflowed: Bool { words.load(ordering: .relaxed) > wordsMax }

    /// Packs a row of counts, and returns how many words it takes.
    func pack(_ source: UnsafeRawPointer, to row: UnsafeMutablePointer<UInt64>) -> Int {
      switch type {
      case .uint8: nd_pack_u8(row, source.assumingMemoryBound(to: UInt8.self), bins)
      case .uint16: nd_pack_u16(row, source.assumingMemoryBound(to: UInt16.self), bins)
      case .uint32: nd_pack_u32(row, source.assumingMemoryBound(to: UInt32.self), bins)
      default: preconditionFailure("\(type) holds no counts")
      }
    }
  }
}
