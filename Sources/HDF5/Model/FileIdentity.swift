/// What tells one state of a file from another: if none of these differs, it was not rewritten.
public struct FileIdentity: Codable, Sendable, Hashable {
  /// As the caller wrote it.
  public let path: String
  /// Size in bytes.
  public let bytes: Int
  /// Time of the last modification, in nanoseconds since 1970, modulo 2^64.
  public let modifiedNs: Int
  public let inode: UInt64
  public let device: UInt64

  init(path: String, bytes: Int, modifiedNs: Int, inode: UInt64, device: UInt64) {
    self.path = path
    self.bytes = bytes
    self.modifiedNs = modifiedNs
    self.inode = inode
    self.device = device
  }
}
