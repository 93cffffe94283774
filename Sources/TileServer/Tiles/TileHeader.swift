import TileStore

/// The 32 bytes before the body of a tile (`Tiles/HTTP.md`), little endian.
struct TileHeader: Equatable {
  enum Magic: String {
    case densities = "NDT1"
    case rows = "NDR1"
  }

  static let mediaType = "application/octet-stream"
  static let version: UInt16 = 1
  static let byteCount = 32

  var magic: Magic
  var rows: Int
  /// Bins, or instances.
  var bins: Int
  var level: Int
  /// The share that is coded as 255.
  var scale: Float
  var firstRow: Int
  /// The share of zeros that is coded as 255; 0: `scale`.
  var zeroScale: Float = 0

  /// Header and body in one, with the body's checksum.
  func message(with body: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount + body.count)
    bytes += magic.rawValue.utf8
    bytes.append(littleEndian: Self.version)
    bytes.append(littleEndian: UInt16(Self.byteCount))
    bytes.append(littleEndian: UInt32(rows))
    bytes.append(littleEndian: UInt16(bins))
    bytes.append(littleEndian: UInt16(level))
    bytes.append(littleEndian: scale.bitPattern)
    bytes.append(littleEndian: UInt32(firstRow))
    bytes.append(littleEndian: zeroScale.bitPattern)
    bytes.append(littleEndian: body.withUnsafeBytes { crc32c($0) })
    bytes += body
    return bytes
  }

  /// What says that the header, too, arrived as it was sent: its crc32c, eight hexadecimal digits. It goes beside the message,
  /// in an HTTP header, for the message itself has no room for it that older clients would pass over.
  /// - Returns: `nil` for what is no message of this kind.
  static func checksum(of message: [UInt8]) -> String? {
    guard Magic(rawValue: String(decoding: message.prefix(4), as: UTF8.self)) != nil else { return nil }
    let sum = message.prefix(byteCount).withUnsafeBytes { crc32c($0) }
    let digits = String(sum, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
