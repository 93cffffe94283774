import CKernels
import Synchronization
import TileStore

/// All counts of one plane in memory, packed, so that tiles of any ordering are added up without decoding anything again.
///
/// `@unchecked Sendable`: written by `init` only, each thread its own rows, and read-only afterwards.
final class DecodedPlane: @unchecked Sendable {
  let rows: Int
  let bins: Int
  private let countBytes: Int
  private let packed: UnsafeMutableRawPointer
  private let packedBytes: Int
  /// `[row]`, and one more: see `nd_plane`.
  private let starts: UnsafeMutablePointer<UInt32>

  /// Bytes that a plane takes at least: if it is empty.
  static func bytesMin(rows: Int) -> Int { rows * wordBytes + startsBytes(rows) }

  private static let wordBytes = MemoryLayout<UInt64>.stride
  private static func startsBytes(_ rows: Int) -> Int { (rows + 1) * MemoryLayout<UInt32>.stride }

  var byteCount: Int { packedBytes + Self.startsBytes(rows) }

  /// Decodes a plane.
  ///
  /// - Parameters:
  ///   - helpers: threads that share the work.
  ///   - bytesMax: what the plane may take; where it would take more, decoding ends soon and there is no plane.
  /// - Throws: `StoreError`.
  init?(_ array: ArrayReader, plane: Int, _ helpers: HelperThreads, bytesMax: Int) throws {
    let rows = array.rows
    guard let packing = Packing(array, plane, roomBytes: bytesMax - Self.startsBytes(rows)) else { return nil }
    do {
      // A small plane is done before a helper has woken up.
      _ = try helpers.map(packing.pieces < 4 ? 1 : helpers.count + 1) { _ in try packing.work() }
    } catch {
      packing.discard()
      throw error
    }
    guard let packedBytes = packing.bytes else {
      packing.discard()
      return nil
    }
    self.rows = rows
    bins = packing.bins
    countBytes = array.metadata.dataType.byteCount
    self.packedBytes = packedBytes
    packed = nd_pages_shrink(packing.packed, packing.roomBytes, packedBytes)
    starts = packing.starts
  }

  deinit {
    nd_pages_free(packed, packedBytes)
    starts.deallocate()
  }

  private var kernel: nd_plane {
    nd_plane(
      packed: packed.assumingMemoryBound(to: UInt64.self), starts: starts, bins: bins, count_bytes: countBytes)
  }

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

  /// A plane that threads are decoding, one piece after another: whoever is done takes the next.
  ///
  /// `@unchecked Sendable`: a thread writes the starts of its piece's rows, and the packed rows where it alone has claimed room.
  private final class Packing: @unchecked Sendable {
    /// Rows of a piece, about: as many as a thread packs within its own cache.
    private static let pieceRows = 256

    let bins: Int
    let packed: UnsafeMutableRawPointer
    let roomBytes: Int
    let starts: UnsafeMutablePointer<UInt32>
    let pieces: Int

    private let array: ArrayReader
    private let plane: Int
    private let pieceChunks: Int
    private let nextPiece = Atomic(0)
    /// Where the next rows go; beyond the room where there was not enough.
    private let nextByte = Atomic(0)

    /// - Returns: `nil` where not even an empty plane has room.
    init?(_ array: ArrayReader, _ plane: Int, roomBytes: Int) {
      guard roomBytes >= array.rows * wordBytes else { return nil }
      self.array = array
      self.plane = plane
      bins = array.rowBytes / array.metadata.dataType.byteCount
      // Starts count words in 32 bits.
      self.roomBytes = min(roomBytes, array.rows * (wordBytes + array.rowBytes), Int(UInt32.max) * wordBytes)
      packed = nd_pages_allocate(self.roomBytes)
      starts = .allocate(capacity: array.rows + 1)
      starts[array.rows] = 0
      pieceChunks = max(1, Self.pieceRows / array.rowsPerChunk)
      pieces = (array.chunks + pieceChunks - 1) / pieceChunks
    }

    /// Bytes of all packed rows; `nil` where they had no room.
    var bytes: Int? {
      let bytes = nextByte.load(ordering: .relaxed)
      return bytes <= roomBytes ? bytes : nil
    }

    func discard() {
      nd_pages_free(packed, roomBytes)
      starts.deallocate()
    }

    /// Decodes pieces until there are none left, or there is no room for more.
    func work() throws(StoreError) {
      let pieceBytes = pieceChunks * array.rowsPerChunk * (wordBytes + array.rowBytes)
      let scratch = UnsafeMutablePointer<UInt64>.allocate(capacity: pieceBytes / wordBytes)
      defer { scratch.deallocate() }
      while bytes != nil {
        let first = nextPiece.add(1, ordering: .relaxed).oldValue * pieceChunks
        guard first < array.chunks else { return }
        try pack(first..<min(first + pieceChunks, array.chunks), scratch)
      }
    }

    private func pack(_ chunks: Range<Int>, _ scratch: UnsafeMutablePointer<UInt64>) throws(StoreError) {
      let (type, rowBytes) = (array.metadata.dataType, array.rowBytes)
      var words = 0
      try array.stream(plane: plane, chunks: chunks) { first, bytes in
        guard let source = bytes.baseAddress else { return }
        for row in 0..<(bytes.count / rowBytes) {
          starts[first + row] = UInt32(words)
          words += pack(source + row * rowBytes, type, to: scratch + words)
        }
      }
      let place = nextByte.add(words * wordBytes, ordering: .relaxed).oldValue
      guard place + words * wordBytes <= roomBytes else { return }
      (packed + place).copyMemory(from: scratch, byteCount: words * wordBytes)
      let rows = (chunks.lowerBound * array.rowsPerChunk)..<min(chunks.upperBound * array.rowsPerChunk, array.rows)
      for row in rows { starts[row] += UInt32(place / wordBytes) }
    }

    private func pack(_ source: UnsafeRawPointer, _ type: DataType, to row: UnsafeMutablePointer<UInt64>) -> Int {
      switch type {
      case .uint8: nd_pack_u8(row, source.assumingMemoryBound(to: UInt8.self), bins)
      case .uint16: nd_pack_u16(row, source.assumingMemoryBound(to: UInt16.self), bins)
      case .uint32: nd_pack_u32(row, source.assumingMemoryBound(to: UInt32.self), bins)
      default: preconditionFailure("\(type) holds no counts")
      }
    }
  }
}
