import CKernels
import CLZ4

/// CRC-32C of `bytes`; `sum` continues an earlier one.
public func crc32c(_ bytes: UnsafeRawBufferPointer, continuing sum: UInt32 = 0) -> UInt32 {
  guard let base = bytes.baseAddress else { return sum }
  return nd_crc32c(sum, base, bytes.count)
}

/// What an inner chunk is decoded to.
public enum ChunkForm: Sendable {
  /// The array's elements.
  case elements
  /// `[bit, byte]`, eight of them, of elements that are single bytes: bit `i & 7` of byte `i >> 3` of plane `k` is bit `k` of element `i`.
  case bitPlanes
}

/// How an inner chunk is compressed (`Tiles/FORMAT.md` §7). The CRC-32C of the compressed bytes (u32, little endian) follows them.
public enum ChunkCodec: Sendable, Equatable {
  /// numcodecs' `lz4`, of stores of version 1: the decoded size (u32, little endian), and an LZ4 block.
  case lz4
  /// `blosc`, of stores since version 2.
  case blosc(Blosc)

  /// Bytes of the checksum.
  private static var sumBytes: Int { 4 }

  /// Most bytes an encoded chunk of `count` decoded bytes takes.
  public func maxEncodedBytes(_ count: Int) -> Int {
    switch self {
    case .lz4: Int(LZ4_compressBound(Int32(count))) + 4 + Self.sumBytes
    case .blosc: Blosc.maxEncodedBytes(count) + Self.sumBytes
    }
  }

  /// Fewest bytes an encoded chunk of `count` decoded bytes takes: a byte of an LZ4 block stands for 255 bytes at most.
  func minEncodedBytes(_ count: Int) -> Int {
    switch self {
    case .lz4: count / 255 + 4 + Self.sumBytes
    case .blosc: count / 255 + Blosc.headerBytes + Self.sumBytes
    }
  }

  /// Encodes `chunk` to the start of `destination` and returns the bytes written.
  /// - Precondition: `destination` holds `maxEncodedBytes(chunk.count)`.
  public func encode(_ chunk: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) -> Int {
    precondition(destination.count >= maxEncodedBytes(chunk.count))
    let checked =
      switch self {
      case .lz4: Self.encodeLZ4(chunk, into: destination)
      case .blosc(let blosc): blosc.encode(chunk, into: destination)
      }
    let sum = crc32c(UnsafeRawBufferPointer(rebasing: destination[..<checked]))
    destination.storeBytes(of: sum.littleEndian, toByteOffset: checked, as: UInt32.self)
    return checked + Self.sumBytes
  }

  private static func encodeLZ4(_ chunk: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer) -> Int
  {
    destination.storeBytes(of: UInt32(chunk.count).littleEndian, as: UInt32.self)
    let body = LZ4_compress_fast(
      chunk.baseAddress, destination.baseAddress! + 4, Int32(chunk.count), Int32(destination.count - 8), 1)
    precondition(body > 0, "LZ4 refused a chunk within its own bound")
    return 4 + Int(body)
  }

  /// Whether an encoded chunk has the checksum that it ends with.
  static func isSound(_ encoded: UnsafeRawBufferPointer) -> Bool {
    let checked = encoded.count - sumBytes
    guard checked >= 0 else { return false }
    // From its first byte on: memory that follows is fetched ahead, and the last bytes would be waited for.
    let sum = crc32c(UnsafeRawBufferPointer(rebasing: encoded[..<checked]))
    return sum == UInt32(littleEndian: encoded.loadUnaligned(fromByteOffset: checked, as: UInt32.self))
  }

  public enum DecodingError: Error, Sendable, Equatable {
    case checksum
    /// It decodes to another size than it should.
    case size
    /// It is not what the codec describes.
    case malformed
  }

  /// Decodes one encoded chunk to `destination`, which must be exactly its decoded size.
  /// - Precondition: of bit planes, the chunk has a multiple of eight bytes.
  public func decode(
    _ encoded: UnsafeRawBufferPointer, as form: ChunkForm = .elements, into destination: UnsafeMutableRawBufferPointer
  ) throws(DecodingError) {
    guard Self.isSound(encoded) else { throw .checksum }
    if form == .bitPlanes { return try decodePlanes(encoded, into: destination) }
    let body = UnsafeRawBufferPointer(rebasing: encoded[..<(encoded.count - Self.sumBytes)])
    switch self {
    case .lz4:
      guard body.count >= 4 else { throw .size }
      guard Int(UInt32(littleEndian: body.loadUnaligned(as: UInt32.self))) == destination.count else { throw .size }
      let decoded = LZ4_decompress_safe(
        body.baseAddress! + 4, destination.baseAddress, Int32(body.count - 4), Int32(destination.count))
      guard Int(decoded) == destination.count else { throw .malformed }
    case .blosc(let blosc): try blosc.decode(body, into: destination)
    }
  }
}

extension ChunkCodec {
  /// - Parameter encoded: with a checksum that is right.
  private func decodePlanes(
    _ encoded: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) throws(DecodingError) {
    precondition(destination.count % 8 == 0, "bits of incomplete bytes")
    let body = UnsafeRawBufferPointer(rebasing: encoded[..<(encoded.count - Self.sumBytes)])
    if case .blosc(let blosc) = self, blosc.decodePlanes(body, into: destination) { return }
    let plain = UnsafeMutableRawBufferPointer.allocate(byteCount: max(destination.count, 1), alignment: 64)
    defer { plain.deallocate() }
    try decode(encoded, into: UnsafeMutableRawBufferPointer(rebasing: plain[..<destination.count]))
    guard let planes = destination.baseAddress, let bytes = plain.baseAddress else { return }
    nd_bit_shuffle(planes, bytes, destination.count, 1, planes)
  }
}

extension ChunkCodec {
  /// The version of the format whose arrays have it: the first one, or all since the second.
  func isUsed(inVersion formatVersion: Int) -> Bool {
    switch self {
    case .lz4: formatVersion == 1
    case .blosc: formatVersion >= 2
    }
  }

  /// Zarr's metadata of the codecs of inner chunks.
  func json(_ dataType: DataType) -> JSONValue {
    let compressor: JSONValue =
      switch self {
      case .lz4: ["name": "numcodecs.lz4", "configuration": ["acceleration": 1]]
      case .blosc(let blosc): ["name": "blosc", "configuration": blosc.json]
      }
    return [Self.bytes(dataType), compressor, ["name": "crc32c"]]
  }

  /// Zarr's metadata of the codec `bytes`, for elements of a type.
  static func bytes(_ dataType: DataType) -> JSONValue {
    dataType.byteCount == 1 ? ["name": "bytes"] : ["name": "bytes", "configuration": ["endian": "little"]]
  }

  /// Reads Zarr's metadata of the codecs of inner chunks; `nil` where they are others.
  init?(json: JSONValue?, _ dataType: DataType) {
    guard let codecs = json?.array, codecs.count == 3, Self.isBytes(codecs[0], dataType),
      codecs[2]["name"]?.string == "crc32c"
    else { return nil }
    switch codecs[1]["name"]?.string {
    case "numcodecs.lz4": self = .lz4
    case "blosc":
      guard let blosc = Blosc(json: codecs[1]["configuration"], dataType) else { return nil }
      self = .blosc(blosc)
    default: return nil
    }
  }

  /// Whether metadata are of the codec `bytes` in little endian order; of single bytes the order need not be said.
  static func isBytes(_ json: JSONValue, _ dataType: DataType) -> Bool {
    guard json["name"]?.string == "bytes" else { return false }
    let order = json["configuration"]?["endian"]
    return order?.string == "little" || order == nil && dataType.byteCount == 1
  }
}
