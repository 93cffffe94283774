import CLZ4

/// Filter 32004: the original size (big-endian i64), the block size (big-endian i32), then each
/// block with its stored length (big-endian i32). A block stored at full length is not compressed.
///
/// Source: H5Zlz4.c of nexusformat/HDF5-External-Filter-Plugins.
enum LZ4Frame {
  /// Bytes that one stored byte can stand for.
  static let mostExpansion = 255.0

  static func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch _: Scratch
  ) throws(Fault) -> Int {
    var reader = BigEndianReader(input)
    guard let total = reader.next(8), let blockBytes = reader.next(4) else {
      throw damaged("ends within its header")
    }
    guard total <= output.count else {
      throw Pipeline.wrongSize(got: total, expected: output.count, "bytes by its lz4 header")
    }
    guard blockBytes > 0, blockBytes <= Int32.max else {
      throw damaged("has blocks of \(blockBytes) bytes")
    }
    var done = 0
    while done < total {
      let due = min(blockBytes, total - done)
      guard let length = reader.next(4), let block = reader.take(length) else {
        throw damaged("ends at byte \(done) of \(total)")
      }
      let target = output.baseAddress! + done
      if length == due {
        target.copyMemory(from: block.baseAddress!, byteCount: due)
      } else {
        try decodeBlock(block, into: target, due: due, at: done)
      }
      done += due
    }
    guard reader.isAtEnd else { throw damaged("goes on behind its end") }
    return total
  }

  /// No block holds more, in bytes (`LZ4_MAX_INPUT_SIZE`).
  static let blockBytesMax = 0x7E00_0000

  /// Decodes one LZ4 block to exactly `due` bytes.
  static func decodeBlock(
    _ block: UnsafeRawBufferPointer, into target: UnsafeMutableRawPointer, due: Int, at: Int
  ) throws(Fault) {
    guard due <= blockBytesMax, let stored = Int32(exactly: block.count), let size = Int32(exactly: due) else {
      throw damaged("has a block of \(due) bytes at byte \(at), stored as \(block.count), and none can be as large")
    }
    let produced = LZ4_decompress_safe(
      block.baseAddress?.assumingMemoryBound(to: CChar.self),
      target.assumingMemoryBound(to: CChar.self), stored, size)
    guard produced == size else {
      throw damaged(
        produced < 0
          ? "is damaged in the block at byte \(at)"
          : "decodes to \(produced) of \(due) bytes in the block at byte \(at)")
    }
  }

  private static func damaged(_ what: String) -> Fault {
    .damaged("its lz4 data \(what)")
  }
}

/// Reads big-endian counts and runs of bytes, and stops at the end.
struct BigEndianReader {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  /// The next number of `width` bytes; `nil` at the end, or beyond `Int`.
  mutating func next(_ width: Int) -> Int? {
    guard bytes.count - at >= width else { return nil }
    var value: UInt64 = 0
    for _ in 0..<width {
      value = value << 8 | UInt64(bytes[at])
      at += 1
    }
    return Int(exactly: value)
  }

  /// The next `count` bytes, `nil` if there are fewer.
  mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, bytes.count - at >= count else { return nil }
    defer { at += count }
    return UnsafeRawBufferPointer(rebasing: bytes[at..<(at + count)])
  }
}

extension FilterDescriptor {
  static let lz4 = FilterDescriptor(id: 32004, name: "lz4", secondsPerByte: 0.4e-9) { _, _ in
    Stage(
      name: "lz4", mostExpansion: LZ4Frame.mostExpansion, bytesAfter: { _ in nil }, undo: .decode(LZ4Frame.decode))
  }
}
