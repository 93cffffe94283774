import CZstd

/// Filter 32015: a bare zstd frame.
enum Zstd {
  /// Bytes that one stored byte can stand for: a block of 128 KiB repeated from 3 bytes.
  static let mostExpansion = 43_691.0

  static func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch: Scratch
  ) throws(Fault) -> Int {
    let result = ZSTD_decompressDCtx(
      try scratch.zstdDecoder(), output.baseAddress, output.count, input.baseAddress, input.count)
    guard ZSTD_isError(result) == 0 else {
      throw .damaged(
        "its zstd frame cannot be decoded to \(output.count) bytes: "
          + String(cString: ZSTD_getErrorName(result)))
    }
    return result
  }
}

extension FilterDescriptor {
  static let zstd = FilterDescriptor(id: 32015, name: "zstd", secondsPerByte: 0.8e-9) { _, _ in
    Stage(name: "zstd", mostExpansion: Zstd.mostExpansion, bytesAfter: { _ in nil }, undo: .decode(Zstd.decode))
  }
}
