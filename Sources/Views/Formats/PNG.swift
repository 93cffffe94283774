/// A picture as PNG: 8 bits a channel, grey or colour, no filter.
///
/// Source: PNG (Third Edition), https://www.w3.org/TR/png-3/.
package enum PNG {
  /// - Parameters:
  ///   - pixels: `[height, width, channel]`.
  ///   - shape: the three lengths; 1 channel is grey, 3 are red, green and blue.
  package static func encode(_ pixels: [UInt8], shape: [Int]) -> [UInt8] {
    precondition(shape.count == 3 && pixels.count == shape.reduce(1, *))
    let (height, width, channels) = (shape[0], shape[1], shape[2])
    var scanlines: [UInt8] = []
    scanlines.reserveCapacity(pixels.count + height)
    for row in 0..<height {
      scanlines.append(0)
      scanlines += pixels[(row * width * channels)..<((row + 1) * width * channels)]
    }
    var header: [UInt8] = []
    header.append(bigEndian: UInt32(width))
    header.append(bigEndian: UInt32(height))
    header += [8, channels == 1 ? 0 : 2, 0, 0, 0]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", header) + chunk("IDAT", Compression.zlib(scanlines)) + chunk("IEND", [])
  }

  private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    var chunk: [UInt8] = []
    chunk.append(bigEndian: UInt32(data.count))
    let checked = Array(type.utf8) + data
    chunk += checked
    chunk.append(bigEndian: Compression.crc32(checked))
    return chunk
  }
}

extension [UInt8] {
  fileprivate mutating func append(bigEndian value: UInt32) {
    for shift in [24, 16, 8, 0] as [UInt32] { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
}
