import CZstd

/// Filter 32015: a bare zstd frame.
enum Zstd {
  static func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, scratch: Scratch
  ) throws(Fault) -> Int {
    let result = ZSTD_decompressDCtx(
      try scratch.zstdDecoder(), output.baseAddress, output.count, input.baseAddress, input.count)
    guard ZSTD_isError(result) == 0 else {
      throw .badData(
        "its zstd frame cannot be decoded to \(output.count) bytes: "
          + String(cString: ZSTD_getErrorName(result)),
        advice: "Make or copy the file again.")
    }
    return result
  }
}
