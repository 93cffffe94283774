import CKernels
import Foundation
import Synchronization
import TileStore

/// All counts of one plane in memory, one byte each where they fit, so that tiles of any ordering are added up without
/// decoding anything again.
///
/// `@unchecked Sendable`: written by `init` only, each thread its own rows, and read-only afterwards.
final class DecodedPlane: @unchecked Sendable {
  let rows: Int
  let bins: Int
  /// `[row, bin]`: counts, 255 for those above.
  private let counts: UnsafeMutablePointer<UInt8>
  /// `[row]`, and the end: where a row's rests begin.
  private let starts: UnsafeMutablePointer<UInt32>
  /// What counts above 255 have beyond, with their bins (see `nd_plane`).
  private let rests: [UInt64]

  /// Bytes that a plane takes at least, without any rests.
  static func bytesMin(rows: Int, bins: Int) -> Int { rows * (bins + 4) + 64 }

  var byteCount: Int { Self.bytesMin(rows: rows, bins: bins) + rests.count * Target.restBytes }

  /// Decodes a plane.
  ///
  /// - Parameters:
  ///   - helpers: threads that share the work, each with chunks of its own.
  ///   - bytesMax: what the plane may take; where it would take more, decoding ends soon and there is no plane.
  /// - Throws: `StoreError`.
  init?(_ array: ArrayReader, plane: Int, _ helpers: HelperThreads, bytesMax: Int) throws {
    rows = array.rows
    bins = array.rowBytes / array.metadata.dataType.byteCount
    counts = nd_allocate_plane(rows * bins).assumingMemoryBound(to: UInt8.self)
    starts = .allocate(capacity: rows + 1)
    starts.initialize(repeating: 0, count: rows + 1)
    let target = Target(counts: counts, starts: starts, bins: bins)
    let room = Room(bytesMax - Self.bytesMin(rows: rows, bins: bins))
    let parts = array.chunks < 64 ? 1 : helpers.count + 1
    do {
      let rests = try helpers.map(parts) { part in
        try target.decode(
          array, plane, chunks: (array.chunks * part / parts)..<(array.chunks * (part + 1) / parts), room)
      }
      guard room.sufficed else {
        free(counts)
        starts.deallocate()
        return nil
      }
      self.rests = rests.flatMap(\.self)
    } catch {
      free(counts)
      starts.deallocate()
      throw error
    }
    // So far the number of a row's rests stands one place behind the row.
    for row in 0..<rows { starts[row + 1] += starts[row] }
  }

  deinit {
    free(counts)
    starts.deallocate()
  }

  /// Adds chosen rows to a row of sums, of `bins` bins.
  func add(_ chosen: UnsafeBufferPointer<UInt32>, to sums: UnsafeMutablePointer<UInt32>) {
    rests.withUnsafeBufferPointer { rests in
      nd_add_rows(
        sums, nd_plane(counts: counts, starts: starts, rests: rests.baseAddress), bins, chosen.baseAddress,
        chosen.count)
    }
  }

  /// Bytes that rests may still take, whichever thread finds them.
  private final class Room: Sendable {
    private let left: Atomic<Int>

    init(_ bytes: Int) { left = Atomic(bytes) }

    /// Whether so far all that was taken was there.
    var sufficed: Bool { left.load(ordering: .relaxed) >= 0 }

    func take(_ bytes: Int) { _ = left.subtract(bytes, ordering: .relaxed) }
  }

  /// Where threads write, each to the rows of its own chunks: hence `@unchecked Sendable`.
  private struct Target: @unchecked Sendable {
    let counts: UnsafeMutablePointer<UInt8>
    let starts: UnsafeMutablePointer<UInt32>
    let bins: Int

    static let restBytes = MemoryLayout<UInt64>.stride
    /// Chunks that are decoded before a look at what room is left.
    private static let chunksAtOnce = 16

    /// Ends early where there is no room for more rests.
    /// - Returns: the rests of these chunks, in the order of rows.
    func decode(
      _ array: ArrayReader, _ plane: Int, chunks: Range<Int>, _ room: Room
    ) throws(StoreError) -> [UInt64] {
      let (type, rowBytes) = (array.metadata.dataType, array.rowBytes)
      var rests: [UInt64] = []
      try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: bins) { found throws(StoreError) in
        guard let ofRow = found.baseAddress else { return }
        var next = chunks.lowerBound
        while next < chunks.upperBound, room.sufficed {
          let end = min(next + Self.chunksAtOnce, chunks.upperBound)
          let before = rests.count
          try array.stream(plane: plane, chunks: next..<end) { first, bytes in
            guard let source = bytes.baseAddress else { return }
            for row in 0..<(bytes.count / rowBytes) {
              let count = narrow(source + row * rowBytes, type, to: counts + (first + row) * bins, rests: ofRow)
              starts[first + row + 1] = UInt32(count)
              if count > 0 { rests += UnsafeBufferPointer(start: ofRow, count: count) }
            }
          }
          room.take((rests.count - before) * Self.restBytes)
          next = end
        }
      }
      return rests
    }

    private func narrow(
      _ source: UnsafeRawPointer, _ type: DataType, to bytes: UnsafeMutablePointer<UInt8>,
      rests: UnsafeMutablePointer<UInt64>
    ) -> Int {
      switch type {
      case .uint16: return nd_narrow_u16(bytes, rests, source.assumingMemoryBound(to: UInt16.self), bins)
      case .uint32: return nd_narrow_u32(bytes, rests, source.assumingMemoryBound(to: UInt32.self), bins)
      default:
        bytes.update(from: source.assumingMemoryBound(to: UInt8.self), count: bins)
        return 0
      }
    }
  }
}
