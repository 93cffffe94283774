import CDeflate
import CZstd

/// The reusable buffers and decoders of one lane. Owned by the caller, used by one thread at a
/// time; grows to what the largest chunk needs and stays there.
public final class Scratch {
  enum Slot: Int, CaseIterable {
    /// The stored bytes, as read.
    case stored
    /// Elements on the way to the caller's box: runs with gaps, fill values.
    case elements
    /// Steps of a pipeline, in turn; the last is the decoded chunk, if it is to be cut.
    case even, odd
    /// Whole records, and one field of each.
    case records, field
    /// Of a sparse matrix: where lines begin, the values, and their places in a line.
    case starts, values, indices
    /// One block of bitshuffle, twice.
    case block, planes
  }

  private var buffers = [UnsafeMutableRawBufferPointer?](repeating: nil, count: Slot.allCases.count)
  private var deflate: OpaquePointer?
  private var zstd: OpaquePointer?

  public init() {}

  deinit {
    for buffer in buffers { System.release(buffer?.baseAddress) }
    if let deflate { libdeflate_free_decompressor(deflate) }
    if let zstd { ZSTD_freeDCtx(zstd) }
  }

  /// Bytes it holds now.
  public var bytes: Int { buffers.reduce(0) { $0 + ($1?.count ?? 0) } }

  /// A buffer of at least `minimum` bytes, on a cache line's boundary; its contents are arbitrary.
  func buffer(_ slot: Slot, _ minimum: Int) throws(Fault) -> UnsafeMutableRawPointer {
    if let buffer = buffers[slot.rawValue], buffer.count >= minimum, let start = buffer.baseAddress {
      return start
    }
    System.release(buffers[slot.rawValue]?.baseAddress)
    buffers[slot.rawValue] = nil
    // Whole pages, so that chunks of slightly different sizes do not each bring a new buffer.
    let size = (max(minimum, 1) + 4095) & ~4095
    guard let new = System.allocate(size) else {
      throw .unsupported(
        "decoding it needs \(size) bytes of memory, which the system refuses",
        advice: "Free memory, or rewrite the dataset in smaller chunks.")
    }
    buffers[slot.rawValue] = UnsafeMutableRawBufferPointer(start: new, count: size)
    return new
  }

  func deflateDecoder() throws(Fault) -> OpaquePointer {
    if let deflate { return deflate }
    guard let new = libdeflate_alloc_decompressor() else {
      throw .unsupported("there is no memory for a gzip decoder")
    }
    deflate = new
    return new
  }

  func zstdDecoder() throws(Fault) -> OpaquePointer {
    if let zstd { return zstd }
    guard let new = ZSTD_createDCtx() else {
      throw .unsupported("there is no memory for a zstd decoder")
    }
    zstd = new
    return new
  }
}
