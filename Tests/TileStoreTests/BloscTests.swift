import Fixtures
import Foundation
import Testing

@testable import TileStore

/// Blosc's container, beside a decoder that anyone can read. `Tests/EndToEnd/test_readers.py` compares it with libblosc.
struct BloscTests {
  private static let codecs = Blosc.Shuffle.allCases.flatMap { shuffle in
    [1, 2, 4, 8].map { Blosc(shuffle, elementBytes: $0) }
  }

  /// Bytes as arrays have them: mostly zeros, small numbers, or nothing that could be made smaller.
  private func chunk(_ bytes: Int, _ blosc: Blosc, kind: Int, using random: inout SplitMix) -> [UInt8] {
    (0..<bytes).map { place in
      switch kind {
      case 0: 0
      case 1:
        place % blosc.elementBytes == 0 && Int.random(in: 0..<4, using: &random) == 0
          ? .random(in: 0...9, using: &random) : 0
      default: .random(in: 0...255, using: &random)
      }
    }
  }

  private func encoded(_ plain: [UInt8], _ codec: ChunkCodec) -> [UInt8] {
    let most = codec.maxEncodedBytes(plain.count)
    // What lies behind must be left alone.
    var target = [UInt8](repeating: 0xA5, count: most + 64)
    let count = target.withUnsafeMutableBytes { target in
      plain.withUnsafeBytes { codec.encode($0, into: UnsafeMutableRawBufferPointer(rebasing: target[..<most])) }
    }
    #expect(count <= most && count >= codec.minEncodedBytes(plain.count))
    #expect(target[most...].allSatisfy { $0 == 0xA5 })
    return Array(target[..<count])
  }

  /// Bytes that a chunk decodes to; beyond them nothing may be written.
  private func decoded(
    _ chunk: [UInt8], _ codec: ChunkCodec, as form: ChunkForm = .elements, bytes: Int
  ) throws(ChunkCodec.DecodingError) -> [UInt8] {
    var target = [UInt8](repeating: 0x5A, count: bytes + 64)
    // At the end of a mapping of their own, reading beyond them would be noticed by a sanitizer.
    let result = target.withUnsafeMutableBytes { target in
      chunk.withUnsafeBytes { chunk in
        Result { () throws(ChunkCodec.DecodingError) in
          try codec.decode(chunk, as: form, into: UnsafeMutableRawBufferPointer(rebasing: target[..<bytes]))
        }
      }
    }
    #expect(target[bytes...].allSatisfy { $0 == 0x5A })
    try result.get()
    return Array(target[..<bytes])
  }

  @Test(arguments: codecs) func `What is written is read`(blosc: Blosc) throws {
    var random = SplitMix(seed: 3)
    for elements in [8, 16, 24, 64, 256, 264, 4096, 16384] {
      for kind in 0..<3 {
        let plain = chunk(elements * blosc.elementBytes, blosc, kind: kind, using: &random)
        let codec = ChunkCodec.blosc(blosc)
        let chunk = encoded(plain, codec)
        #expect(try decoded(chunk, codec, bytes: plain.count) == plain)
        #expect(chunk == encoded(plain, codec))
        #expect(try slowly(Array(chunk.dropLast(4)), blosc) == plain, "\(blosc) \(elements) \(kind)")
        for wrong in [plain.count - 1, plain.count + 1, plain.count / 2] {
          #expect(throws: ChunkCodec.DecodingError.size) { try decoded(chunk, codec, bytes: wrong) }
        }
      }
    }
  }

  /// Bit `i & 7` of byte `i >> 3` of plane `k` is bit `k` of byte `i`.
  private func planes(_ plain: [UInt8]) -> [UInt8] {
    var planes = [UInt8](repeating: 0, count: plain.count)
    for (place, byte) in plain.enumerated() {
      for bit in 0..<8 { planes[bit * plain.count / 8 + place >> 3] |= (byte >> UInt8(bit) & 1) << UInt8(place & 7) }
    }
    return planes
  }

  @Test func `Bit planes are those of the bytes, whatever wrote the chunk`() throws {
    var random = SplitMix(seed: 8)
    for bytes in [8, 64, 264, 1024, 2048, 16384] {
      for kind in 0..<3 {
        for shuffle in Blosc.Shuffle.allCases {
          let blosc = Blosc(shuffle, elementBytes: 1)
          let plain = chunk(bytes, blosc, kind: kind, using: &random)
          let several = buffer(plain, blosc, blockBytes: max(8, bytes / 16 * 8), isSplit: false, using: &random)
          let sum = several.withUnsafeBytes { crc32c($0) }
          for chunk in [encoded(plain, .blosc(blosc)), several + little(Int(sum))] {
            #expect(try decoded(chunk, .blosc(blosc), as: .bitPlanes, bytes: bytes) == planes(plain))
            for place in chunk.indices.shuffled(using: &random).prefix(8) {
              var damaged = chunk
              damaged[place] ^= 1
              #expect(throws: ChunkCodec.DecodingError.checksum) {
                try decoded(damaged, .blosc(blosc), as: .bitPlanes, bytes: bytes)
              }
              let body = Array(damaged.dropLast(4))
              let sound = body + little(Int(body.withUnsafeBytes { crc32c($0) }))
              // Whatever is made of it, it is the same as of its bytes.
              let (one, other) = (
                Result { try decoded(sound, .blosc(blosc), as: .bitPlanes, bytes: bytes) },
                Result { try decoded(sound, .blosc(blosc), bytes: bytes) }
              )
              switch (one, other) {
              case (.success(let found), .success(let other)): #expect(found == planes(other))
              case (.failure(let found), .failure(let other)): #expect("\(found)" == "\(other)")
              default: Issue.record("\(one) and \(other)")
              }
            }
          }
        }
      }
    }
    let lz4 = chunk(4096, Blosc(.none, elementBytes: 1), kind: 1, using: &random)
    #expect(try decoded(encoded(lz4, .lz4), .lz4, as: .bitPlanes, bytes: 4096) == planes(lz4))
  }

  /// Pictures are not shuffled, and of any size.
  @Test func `Chunks of any number of bytes`() throws {
    var random = SplitMix(seed: 4)
    let blosc = Blosc(.none, elementBytes: 1)
    for bytes in 1...80 {
      let plain = chunk(bytes, blosc, kind: bytes % 3, using: &random)
      let chunk = encoded(plain, .blosc(blosc))
      #expect(try decoded(chunk, .blosc(blosc), bytes: bytes) == plain)
      #expect(try slowly(Array(chunk.dropLast(4)), blosc) == plain)
    }
  }

  // MARK: - Other writers

  /// A buffer of several blocks whose streams are stored, in some order, split or not: what libblosc may write.
  private func buffer(
    _ plain: [UInt8], _ blosc: Blosc, blockBytes: Int, isSplit: Bool, using random: inout SplitMix
  ) -> [UInt8] {
    let starts = Array(stride(from: 0, to: plain.count, by: blockBytes))
    let offsets = 16 + 4 * starts.count
    var body: [UInt8] = []
    var places = [Int](repeating: 0, count: starts.count)
    for block in starts.indices.shuffled(using: &random) {
      let bytes = Array(plain[starts[block]..<min(starts[block] + blockBytes, plain.count)])
      let rows = transposed(bytes, blosc)
      let isApart = isSplit && bytes.count == blockBytes && bytes.count / blosc.elementBytes >= 128
      let parts = isApart ? blosc.elementBytes : 1
      places[block] = offsets + body.count
      for part in 0..<parts {
        let stream = rows[(part * rows.count / parts)..<((part + 1) * rows.count / parts)]
        body += little(stream.count) + stream
      }
    }
    let flags: UInt8 = 0x20 | (isSplit ? 0 : 0x10) | (blosc.shuffle == .none ? 0 : blosc.shuffle == .bytes ? 1 : 4)
    let head = [2, 1, flags, UInt8(blosc.elementBytes)] + little(plain.count) + little(blockBytes)
    return head + little(offsets + body.count) + places.flatMap(little) + body
  }

  private func little(_ number: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(number).littleEndian, Array.init) }

  private func sealed(_ buffer: [UInt8]) -> [UInt8] { buffer + little(Int(buffer.withUnsafeBytes { crc32c($0) })) }

  @Test(arguments: codecs, [false, true])
  func `Blocks of any size and order are read, split or not`(blosc: Blosc, isSplit: Bool) throws {
    var random = SplitMix(seed: 5)
    let plain = chunk(2048 * blosc.elementBytes, blosc, kind: 2, using: &random)
    for block in [8, 64, 128, 136, 1000, 1024, 2048] {
      let chunk = sealed(
        buffer(plain, blosc, blockBytes: block * blosc.elementBytes, isSplit: isSplit, using: &random))
      #expect(try decoded(chunk, .blosc(blosc), bytes: plain.count) == plain, "blocks of \(block)")
    }
  }

  /// libblosc 1 and 2 differ in what they make of these.
  @Test func `Bits of incomplete bytes are refused`() {
    var random = SplitMix(seed: 6)
    let blosc = Blosc(.bits, elementBytes: 2)
    let plain = [UInt8](repeating: 0, count: 512)
    let chunk = sealed(buffer(plain, blosc, blockBytes: 200, isSplit: false, using: &random))
    #expect(throws: ChunkCodec.DecodingError.malformed) { try decoded(chunk, .blosc(blosc), bytes: plain.count) }
  }

  // MARK: - Damage

  @Test func `A flipped byte of a chunk is refused`() {
    var random = SplitMix(seed: 7)
    for blosc in Self.codecs {
      let plain = chunk(512 * blosc.elementBytes, blosc, kind: 1, using: &random)
      let chunk = encoded(plain, .blosc(blosc))
      for place in chunk.indices {
        var damaged = chunk
        damaged[place] ^= .random(in: 1...255, using: &random)
        #expect(throws: ChunkCodec.DecodingError.checksum) {
          try decoded(damaged, .blosc(blosc), bytes: plain.count)
        }
      }
    }
  }

  /// With a checksum that fits: nobody can tell other data from damage, but nothing may be read beyond the buffer, nor written beyond the
  /// chunk; and where only the head was changed, it is the same data or an error.
  @Test func `Changed buffers that are signed are refused, or are other data`() throws {
    var random = SplitMix(seed: 8)
    let numbers = [0, 1, 4, 15, 16, 20, 24, 127, 128, 255, 4096, 65535, 1 << 24, 1 << 31 - 1, 1 << 31, 1 << 32 - 1]
    var refused = 0
    for round in 0..<2000 {
      let blosc = Self.codecs[round % Self.codecs.count]
      let plain = chunk(512 * blosc.elementBytes, blosc, kind: round % 3, using: &random)
      let sound =
        round % 2 == 0
        ? Array(encoded(plain, .blosc(blosc)).dropLast(4))
        : buffer(plain, blosc, blockBytes: 128 * blosc.elementBytes, isSplit: round % 4 == 1, using: &random)
      var damaged = sound
      let head = min(40, damaged.count)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: damaged[.random(in: 0..<head, using: &random)] = .random(in: 0...255, using: &random)
        case 1: damaged[.random(in: 0..<head, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2, 3:
          let place = Int.random(in: 0..<(head / 4), using: &random) * 4
          damaged.replaceSubrange(place..<(place + 4), with: little(numbers.randomElement(using: &random)!))
        default: damaged.removeLast(min(.random(in: 1...9, using: &random), damaged.count - head))
        }
      }
      do {
        let read = try decoded(sealed(damaged), .blosc(blosc), bytes: plain.count)
        if damaged.dropFirst(16) == sound.dropFirst(16) { #expect(read == plain, "round \(round)") }
      } catch {
        refused += 1
      }
    }
    #expect(refused > 1500, "\(refused) of 2000")
  }

  @Test func `What is too short is refused`() {
    let blosc = Blosc(.none, elementBytes: 1)
    let chunk = encoded([UInt8](repeating: 0, count: 512), .blosc(blosc))
    for count in 0..<chunk.count {
      #expect(throws: ChunkCodec.DecodingError.self) { try decoded(Array(chunk[..<count]), .blosc(blosc), bytes: 512) }
      let cut = sealed(Array(chunk[..<min(count, chunk.count - 5)]))
      #expect(throws: ChunkCodec.DecodingError.malformed) { try decoded(cut, .blosc(blosc), bytes: 512) }
    }
  }

  // MARK: - The slow twin

  private func transposed(_ plain: [UInt8], _ blosc: Blosc) -> [UInt8] {
    let width = blosc.elementBytes
    let count = plain.count / width
    var rows = [UInt8](repeating: 0, count: plain.count)
    for (place, value) in plain.enumerated() {
      let (element, byte) = (place / width, place % width)
      switch blosc.shuffle {
      case .none: rows[place] = value
      case .bytes: rows[byte * count + element] = value
      case .bits:
        for bit in 0..<8 {
          let at = (byte * 8 + bit) * count + element
          rows[at / 8] |= (value >> UInt8(bit) & 1) << UInt8(at % 8)
        }
      }
    }
    return rows
  }

  /// Decodes what this project writes: one block, or the data as they are.
  private func slowly(_ buffer: [UInt8], _ blosc: Blosc) throws -> [UInt8] {
    func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(buffer[at + $1]) << (8 * $1) } }
    try #require(buffer[0] == 2 && buffer[1] == 1 && Int(buffer[3]) == blosc.elementBytes)
    try #require(number(12) == buffer.count && number(8) == number(4))
    if buffer[2] & 2 != 0 { return Array(buffer[16...]) }
    try #require(number(16) == 20 && number(20) == buffer.count - 24)
    let rows = unpacked(Array(buffer[24...]))
    try #require(rows.count == number(4))
    // Each place of the plain bytes: what a chunk of its own number there would be transposed to.
    let width = blosc.elementBytes
    let count = rows.count / width
    return rows.indices.map { place in
      let (element, byte) = (place / width, place % width)
      switch blosc.shuffle {
      case .none: return rows[place]
      case .bytes: return rows[byte * count + element]
      case .bits:
        return (0..<8).reduce(0) { value, bit in
          let at = (byte * 8 + bit) * count + element
          return value | (rows[at / 8] >> UInt8(at % 8) & 1) << UInt8(bit)
        }
      }
    }
  }

  /// An LZ4 block. Source: lz4_Block_format.md of lz4/lz4.
  private func unpacked(_ block: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    var at = 0
    func length(_ start: Int) -> Int {
      var sum = start
      guard start == 15 else { return sum }
      repeat {
        sum += Int(block[at])
        at += 1
      } while block[at - 1] == 255
      return sum
    }
    while at < block.count {
      let token = Int(block[at])
      at += 1
      let literals = length(token >> 4)
      out += block[at..<(at + literals)]
      at += literals
      guard at < block.count else { break }
      let distance = Int(block[at]) | Int(block[at + 1]) << 8
      at += 2
      for _ in 0..<(length(token & 15) + 4) { out.append(out[out.count - distance]) }
    }
    return out
  }
}
