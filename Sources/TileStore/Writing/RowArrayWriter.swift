import Glibc

/// Writes an array that is cut along its first axis alone, row by row from the first to the last, and keeps no more than a few inner
/// chunks in memory.
///
/// Has one caller at a time.
public final class RowArrayWriter {
  private let writer: ArrayWriter
  private let chunk: UnsafeMutableRawBufferPointer
  private let encoded: UnsafeMutableRawBufferPointer
  /// Bytes of the chunk at hand.
  private var filled = 0
  /// Number of the chunk at hand.
  private var number = 0
  /// Encoded chunks of one shard that are still to be written.
  private var bytes: [UInt8] = []
  private var chunks: [(number: Int, length: Int)] = []
  /// Bytes that are still to come.
  private var missing: Int

  /// Encoded bytes that are written at once, about.
  private static let writtenAtOnce = 1 << 20

  init(_ writer: ArrayWriter) {
    self.writer = writer
    let metadata = writer.metadata
    missing = metadata.shape.reduce(metadata.dataType.byteCount, *)
    chunk = .allocate(byteCount: metadata.chunkBytes, alignment: 16)
    encoded = .allocate(byteCount: metadata.codec.maxEncodedBytes(metadata.chunkBytes), alignment: 16)
  }

  deinit {
    chunk.deallocate()
    encoded.deallocate()
  }

  /// Appends elements, row-major.
  /// - Throws: `StoreWriteError`.
  public func append<Element: BitwiseCopyable>(_ elements: [Element]) throws {
    precondition(MemoryLayout<Element>.stride == writer.metadata.dataType.byteCount)
    try elements.withUnsafeBytes { try append($0) }
  }

  private func append(_ elements: UnsafeRawBufferPointer) throws {
    precondition(elements.count <= missing, "more rows than the array has")
    missing -= elements.count
    var left = elements[...]
    while !left.isEmpty {
      let some = left.prefix(chunk.count - filled)
      UnsafeMutableRawBufferPointer(rebasing: chunk[filled...]).copyMemory(from: UnsafeRawBufferPointer(rebasing: some))
      filled += some.count
      left = left.dropFirst(some.count)
      if filled == chunk.count { try encode() }
    }
    if missing == 0, filled > 0 {
      memset(chunk.baseAddress! + filled, 0, chunk.count - filled)
      try encode()
    }
    if missing == 0 { try flush() }
  }

  private func encode() throws {
    let perShard = writer.metadata.chunksPerShard[0]
    let length = writer.metadata.codec.encode(UnsafeRawBufferPointer(chunk), into: encoded)
    bytes += encoded[..<length]
    chunks.append((number % perShard, length))
    number += 1
    filled = 0
    if number % perShard == 0 || bytes.count >= Self.writtenAtOnce { try flush() }
  }

  private func flush() throws {
    guard !chunks.isEmpty else { return }
    let perShard = writer.metadata.chunksPerShard[0]
    let shard = [(number - 1) / perShard] + Array(repeating: 0, count: writer.metadata.shape.count - 1)
    try bytes.withUnsafeBytes { try writer.append(shard: shard, chunks: chunks, bytes: $0) }
    bytes.removeAll(keepingCapacity: true)
    chunks.removeAll()
  }

  /// - Precondition: every row was appended.
  public func finish() {
    precondition(missing == 0, "an array was left incomplete")
    writer.finish()
  }
}
